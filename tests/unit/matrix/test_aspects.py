from nightrec.matrix.aspects import item_aspects

EVENTS = "item_id string, user_id string, event_type string, text string"


def test_aspects_are_words_that_enough_users_wrote_of_few_items(spark):
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

    got = item_aspects(spark.createDataFrame(rows, EVENTS), min_users=2)

    # "good" is said of all four items, which is more than two and a tenth of them.
    assert sorted((r.item_id, r.place, r.text, r.n_users) for r in got.collect()) == [
        ("amp", 1, "amp", 2), ("cable", 1, "cable", 2), ("pick", 1, "pick", 2),
        ("strap", 1, "leather", 3), ("strap", 2, "strap", 2),
    ]  # fmt: skip


def test_without_reviews_there_are_no_aspects(spark):
    assert item_aspects(spark.createDataFrame([("i", "u", "play", None)], EVENTS), min_users=1).count() == 0


def test_chinese_reviews_agree_on_runs_of_characters(spark):
    rows = [("琴", user, "review", text) for user, text in (("u1", "音色很好"), ("u2", "喜欢音色"))]
    got = item_aspects(spark.createDataFrame(rows, EVENTS), min_users=2).collect()
    assert [(r.text, r.n_users) for r in got] == [("音色", 2)]
