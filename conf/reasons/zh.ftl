# 推荐理由（中文，Project Fluent）。各种依据的含义见 README 的 “Reasons” 一节。
# $title、$text、$quote 是商店或读者的数据：已并为一行并截短，绝不作为标记解析。
history = 因为您的历史记录中有“{ $title }”。
aspect = 与您历史记录中的“{ $title }”同样含有“{ $text }”。
reviewed = 有 { $n_users } 位评论者在评价它时写到“{ $text }”，您历史记录中另一件的介绍或评论里也有这个词。
reviewed-named = 有 { $n_users } 位评论者在评价它时写到“{ $text }”，您历史记录中“{ $title }”的介绍或评论里也有这个词。
searched = 您搜索过“{ $quote }”，这一件含有“{ $text }”。
asked = 您问过“{ $quote }”，这一件含有“{ $text }”。
wrote = 您在评论中写过“{ $quote }”，这一件含有“{ $text }”。
noted = 您写过“{ $quote }”，这一件含有“{ $text }”。
searched-reviewed = 您搜索过“{ $quote }”，有 { $n_users } 位评论者在评价这一件时写到“{ $text }”。
asked-reviewed = 您问过“{ $quote }”，有 { $n_users } 位评论者在评价这一件时写到“{ $text }”。
wrote-reviewed = 您在评论中写过“{ $quote }”，有 { $n_users } 位评论者在评价这一件时写到“{ $text }”。
noted-reviewed = 您写过“{ $quote }”，有 { $n_users } 位评论者在评价这一件时写到“{ $text }”。
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
