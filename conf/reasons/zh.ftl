# 推荐理由（中文，Project Fluent）。各种依据的含义见 README 的 “Reasons” 一节。
# $title、$text、$quote 是商店或读者的数据：已并为一行并截短，绝不作为标记解析。
history = 因为您的历史记录中有“{ $title }”。
aspect = 与您历史记录中的“{ $title }”同样含有“{ $text }”。
reviewed = 有 { $n_users } 位评论者提到它的“{ $text }”，您历史记录中的另一件也是如此。
reviewed-named = 有 { $n_users } 位评论者提到它的“{ $text }”，您历史记录中的“{ $title }”也是如此。
searched = 您搜索过“{ $quote }”，这一件含有“{ $text }”。
asked = 您问过“{ $quote }”，这一件含有“{ $text }”。
wrote = 您在评论中写过“{ $quote }”，这一件含有“{ $text }”。
noted = 您写过“{ $quote }”，这一件含有“{ $text }”。
searched-reviewed = 您搜索过“{ $quote }”，有 { $n_users } 位评论者提到这一件的“{ $text }”。
asked-reviewed = 您问过“{ $quote }”，有 { $n_users } 位评论者提到这一件的“{ $text }”。
wrote-reviewed = 您在评论中写过“{ $quote }”，有 { $n_users } 位评论者提到这一件的“{ $text }”。
noted-reviewed = 您写过“{ $quote }”，有 { $n_users } 位评论者提到这一件的“{ $text }”。
popular = 最近 { $days } 天有 { $n_users } 人关注了它。
ever = 至今已有 { $n_users } 人关注过它。
new =
    { $days ->
        [0] 今天上新。
       *[other] { $days } 天前上新。
    }
explored = 换换口味，看看您是否喜欢。
again = 您已经了解它。
unmet = 您可能还不了解它。
