# Reasons in English (Project Fluent). What each kind of evidence means: README, "Reasons".
# $title, $text and $quote are data of the shop or the reader: already on one line, short, and never read as markup.
history = Because “{ $title }” is in your history.
aspect = Shares “{ $text }” with “{ $title }” from your history.
reviewed =
    { $n_users ->
        [one] { $n_users } reviewer of it wrote “{ $text }”, which is also said of something in your history.
       *[other] { $n_users } reviewers of it wrote “{ $text }”, which is also said of something in your history.
    }
reviewed-named =
    { $n_users ->
        [one] { $n_users } reviewer of it wrote “{ $text }”, which is also said of “{ $title }” from your history.
       *[other] { $n_users } reviewers of it wrote “{ $text }”, which is also said of “{ $title }” from your history.
    }
searched = Because you searched for “{ $quote }” and this one has “{ $text }”.
asked = Because you asked “{ $quote }” and this one has “{ $text }”.
wrote = Because you wrote “{ $quote }” in a review and this one has “{ $text }”.
noted = Because you wrote “{ $quote }” and this one has “{ $text }”.
searched-reviewed =
    { $n_users ->
        [one] Because you searched for “{ $quote }” and { $n_users } reviewer of this one wrote “{ $text }”.
       *[other] Because you searched for “{ $quote }” and { $n_users } reviewers of this one wrote “{ $text }”.
    }
asked-reviewed =
    { $n_users ->
        [one] Because you asked “{ $quote }” and { $n_users } reviewer of this one wrote “{ $text }”.
       *[other] Because you asked “{ $quote }” and { $n_users } reviewers of this one wrote “{ $text }”.
    }
wrote-reviewed =
    { $n_users ->
        [one] Because you wrote “{ $quote }” in a review and { $n_users } reviewer of this one wrote “{ $text }”.
       *[other] Because you wrote “{ $quote }” in a review and { $n_users } reviewers of this one wrote “{ $text }”.
    }
noted-reviewed =
    { $n_users ->
        [one] Because you wrote “{ $quote }” and { $n_users } reviewer of this one wrote “{ $text }”.
       *[other] Because you wrote “{ $quote }” and { $n_users } reviewers of this one wrote “{ $text }”.
    }
popular =
    { $days ->
        [one]
            { $n_users ->
                [one] In the last day { $n_users } person turned to it.
               *[other] In the last day { $n_users } people turned to it.
            }
       *[other]
            { $n_users ->
                [one] In the last { $days } days { $n_users } person turned to it.
               *[other] In the last { $days } days { $n_users } people turned to it.
            }
    }
ever =
    { $n_users ->
        [one] { $n_users } person has turned to it so far.
       *[other] { $n_users } people have turned to it so far.
    }
new =
    { $days ->
        [0] New in the catalogue.
        [one] New in the catalogue for { $days } day.
       *[other] New in the catalogue for { $days } days.
    }
explored = Something different, to find out whether you like it.
again = You know it already.
unmet = You may not know it yet.
