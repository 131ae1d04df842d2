from nightrec.matrix.aspects import item_aspects

EVENTS = "item_id string, user_id string, event_type string, text string, language string"


def found(spark, rows, min_users=2, language="en"):
    events = [row if len(row) == 5 else (*row, language) for row in rows]
    return item_aspects(spark.createDataFrame(events, EVENTS), min_users).collect()


def test_aspects_are_words_that_enough_users_wrote_of_an_item_more_than_of_others(spark):
    said = {"strap": "Good strap, good leather", "pick": "good pick", "cable": "good cable", "amp": "good amp"}
    rows = [(item, f"u{k}", "review", text) for item, text in said.items() for k in range(2)]
    rows += [
        ("strap", "u0", "review", "leather leather"),  # twice by one user is once
        ("strap", "u9", "review", "LEATHER"),
        ("strap", "u9", "review", "squeaks"),  # alone
        ("strap", "u8", "question", "squeaks"),  # no review
        (None, "u8", "review", "squeaks"),
        ("strap", "u8", "review", None),
    ]

    got = found(spark, rows)

    # 8 of 9 reviewers wrote "good", and 8 of the 12 pairs that share an item: chance gives 12 * 64 / 81.
    # 3 of 9 wrote "leather", and 6 pairs, where chance gives 12 / 9; all of 3 against 3 of 9 comes before 2 of 3.
    assert sorted((r.item_id, r.place, r.text, r.n_users) for r in got) == [
        ("amp", 1, "amp", 2), ("cable", 1, "cable", 2), ("pick", 1, "pick", 2),
        ("strap", 1, "leather", 3), ("strap", 2, "strap", 2),
    ]  # fmt: skip


def test_without_reviews_there_are_no_aspects(spark):
    assert found(spark, [("i", "u", "play", None)], min_users=1) == []


def test_chinese_reviews_agree_on_runs_of_characters(spark):
    rows = [("琴", user, "review", text) for user, text in (("u1", "音色很好"), ("u2", "喜欢音色"))]
    rows += [(item, "u3", "review", "很好") for item in ("鼓", "笛")]
    got = found(spark, rows, language="zh")
    assert [(r.text, r.n_users) for r in got] == [("音色", 2)]


def test_words_that_reviewers_of_an_item_share_no_more_than_chance_would_have_it_tell_nothing(spark):
    said = {"amp": ["the loud amp", "the loud one", "the"], "pick": ["the pick", "loud pick", "the"]}
    rows = [(item, f"u{k}", "review", text) for item, texts in said.items() for k, text in enumerate(texts)]

    got = found(spark, rows, language=None)

    # 3 of 6 wrote "loud", and 2 of the 12 pairs, where chance gives 3; 2 of 6 wrote "pick", and 2 pairs, chance 4 / 3.
    assert got == []


def test_agreement_is_measured_among_those_who_write_the_same_language(spark):
    said = {"amp": "the usb"} | {f"i{k}": "the" for k in range(7)}
    rows = [(item, f"u{k}", "review", text, "en") for item, text in said.items() for k in range(2)]
    rows += [(item, f"u{k}", "review", "这个", "zh") for item in ("鼓", "笛") for k in range(2)]
    # One user counts once, in whatever languages.
    rows += [("amp", "u7", "review", "这个 usb", "zh"), ("amp", "u7", "review", "usb", "en")]

    got = found(spark, rows)

    # 5 of 21 wrote "这个", and 4 of the 24 pairs that share an item, where chance gives 1.4; in Chinese it gives all 4.
    # 3 of 17 wrote "usb" in English, and 6 of 20 pairs, where chance gives 0.6.
    assert [(r.item_id, r.text, r.n_users) for r in got] == [("amp", "usb", 3)]
