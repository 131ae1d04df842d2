"""Every kind of reason in both languages, worked out by hand on a small shop."""

import numpy as np
import pytest
from reasons.small_shop import (
    BLOCKS,
    DRUM,
    HUOCHE,
    KITE,
    N_USERS,
    ROBOT,
    TITLES,
    TRAIN,
    UNTITLED,
    batch,
    knowledge,
    shares,
    told,
)

from nightrec.reasons.words import LONGEST
from nightrec.reasons.write import block_reasons

NOBODY_YET = ([], [])
TO_LEARN = "to find out whether you like it"


def test_history_names_the_nearest_item_of_the_history():
    follows = np.zeros((7, 7), np.float32)
    follows[DRUM, KITE], follows[TRAIN, KITE] = 0.3, 0.4
    known = knowledge(neighbours=follows)

    # Both were met; the drum is the newest, so it counts 0.3 and the train 0.4 / 2.
    assert told(([TRAIN, DRUM], []), KITE, ["item_item"], known) == (
        "Because “Drum” is in your history.", {"kind": "history", "item_id": "drum"},
    )  # fmt: skip
    assert told(([DRUM, TRAIN], []), KITE, ["item_item"], known)[1]["item_id"] == "train"
    # The chain of vectors: train (1, .5, 0), blocks (0, 1, .5) overlap; drum (0, 0, 1, .5) and train do not.
    assert told(([DRUM, TRAIN], []), BLOCKS, ["collaborative"])[1]["item_id"] in {"train"}


def test_aspect_is_what_both_items_are_filed_under():
    want = {"kind": "aspect", "item_id": "train", "text": "Toys"}
    assert told(([TRAIN], []), BLOCKS, ["text"]) == ("Shares “Toys” with “Wooden train” from your history.", want)
    chinese = knowledge("zh")
    assert told(([TRAIN], []), BLOCKS, ["text"], chinese) == ("与您历史记录中的“Wooden train”同样含有“Toys”。", want)


def test_own_words_are_quoted_where_the_item_has_one_of_them():
    user = ([TRAIN], ["a drum\nfor my son", "hello"])
    assert told(user, DRUM, ["text"]) == (
        "Because you wrote “a drum for my son” in a review and this one has “Drum”.",
        {"kind": "wrote", "text": "Drum", "quote": "a drum for my son"},
    )
    assert told(([], ["想买木制火车"]), HUOCHE, ["text"]) == (
        "您在评论中写过“想买木制火车”，这一件含有“木制火车”。",
        {"kind": "wrote", "text": "木制火车", "quote": "想买木制火车"},
    )


@pytest.mark.parametrize(
    ("kind", "english", "chinese"),
    [
        ("searched", "Because you searched for “drum” and this one has “Drum”.", "您搜索过“drum”，这一件含有“Drum”。"),
        ("asked", "Because you asked “drum” and this one has “Drum”.", "您问过“drum”，这一件含有“Drum”。"),
        (
            "wrote",
            "Because you wrote “drum” in a review and this one has “Drum”.",
            "您在评论中写过“drum”，这一件含有“Drum”。",
        ),
        ("noted", "Because you wrote “drum” and this one has “Drum”.", "您写过“drum”，这一件含有“Drum”。"),
    ],
)
def test_searches_questions_reviews_and_other_texts_are_called_what_they_are(kind, english, chinese):
    for language, want in (("en", english), ("zh", chinese)):
        sentence, evidence = told(([TRAIN], [(kind, "drum")]), DRUM, ["text"], knowledge(language))
        assert (sentence, evidence) == (want, {"kind": kind, "text": "Drum", "quote": "drum"})


ASPECTS = {KITE: {"string": 5, "wind": 4}, UNTITLED: {"wind": 3}, BLOCKS: {"wind": 3, "loud": 9}}
REVIEWED = {"kind": "reviewed", "text": "wind", "n_users": 4}


def test_reviewers_of_both_items_agree_on_a_word():
    known = knowledge(aspects=ASPECTS)
    # Neither is near the kite, so the newest counts; "string" tells more of the kite, but of nothing that was met.
    assert told(([BLOCKS, UNTITLED], []), KITE, ["text"], known) == (
        "4 reviewers of it wrote “wind”, which is also said of something in your history.",
        REVIEWED | {"item_id": "untitled"},
    )
    assert told(([UNTITLED, BLOCKS], []), KITE, ["text"], known) == (
        "4 reviewers of it wrote “wind”, which is also said of “Building blocks” from your history.",
        REVIEWED | {"item_id": "blocks"},
    )
    assert told(([TRAIN], []), KITE, ["text"], known)[1]["kind"] == "popular"
    assert told(([], []), KITE, ["text"], known)[1]["kind"] == "popular"


def test_of_what_reviewers_agree_on_the_nearest_item_is_named():
    known = knowledge(aspects=ASPECTS | {DRUM: {"wind": 3}})
    assert told(([DRUM, BLOCKS, UNTITLED], []), KITE, ["text"], known)[1] == REVIEWED | {"item_id": "drum"}


@pytest.mark.parametrize("title", ["\u200b \n…", None])
def test_reviewers_are_told_of_in_chinese(title):
    chinese = knowledge("zh", titles=[*TITLES[:UNTITLED], title, TITLES[-1]], aspects=ASPECTS)
    assert told(([UNTITLED], []), KITE, ["text"], chinese)[0] == (
        "有 4 位评论者在评价它时写到“wind”，您历史记录中另一件的介绍或评论里也有这个词。"
    )
    assert told(([BLOCKS], []), KITE, ["text"], chinese)[0] == (
        "有 4 位评论者在评价它时写到“wind”，您历史记录中“Building blocks”的介绍或评论里也有这个词。"
    )


def test_a_word_of_reviewers_may_stand_in_the_catalogue_for_what_was_met():
    known = knowledge(aspects={KITE: {"wood": 4, "robot": 3}})
    assert told(([TRAIN], []), KITE, ["text"], known)[1] == REVIEWED | {"text": "wood", "item_id": "train"}
    assert told(([ROBOT], []), KITE, ["text"], known)[1] == REVIEWED | {
        "text": "robot",
        "n_users": 3,
        "item_id": "robot",
    }


def test_other_families_tell_of_reviewers_where_what_they_find_near_has_no_title():
    follows = np.zeros((7, 7), np.float32)
    follows[UNTITLED, KITE] = 0.5
    known = knowledge(neighbours=follows, aspects=ASPECTS)
    # The blocks have the word and are newer, but item-item did not find the kite by them.
    assert told(([UNTITLED, BLOCKS], []), KITE, ["item_item"], known)[1] == REVIEWED | {"item_id": "untitled"}
    assert told(([BLOCKS], []), KITE, ["item_item"], known)[1]["kind"] == "popular"
    follows[BLOCKS, KITE] = 0.1  # what can be named comes first
    known = knowledge(neighbours=follows, aspects=ASPECTS)
    assert told(([UNTITLED, BLOCKS], []), KITE, ["item_item"], known)[1] == {"kind": "history", "item_id": "blocks"}


@pytest.mark.parametrize(
    ("kind", "english", "chinese"),
    [
        ("searched", "Because you searched for “Wind?” and 4 reviewers of this one wrote “wind”.", "您搜索过“Wind?”，"),
        ("asked", "Because you asked “Wind?” and 4 reviewers of this one wrote “wind”.", "您问过“Wind?”，"),
        ("wrote", "Because you wrote “Wind?” in a review and 4 reviewers of this one wrote “wind”.",
         "您在评论中写过“Wind?”，"),
        ("noted", "Because you wrote “Wind?” and 4 reviewers of this one wrote “wind”.", "您写过“Wind?”，"),
    ],
)  # fmt: skip
def test_own_words_are_quoted_where_reviewers_of_the_item_agree_on_one_of_them(kind, english, chinese):
    user = ([UNTITLED], [("wrote", "a gift"), (kind, "Wind?"), ("noted", "wind and string? no")])
    want = {"kind": kind, "text": "wind", "quote": "Wind?", "n_users": 4}
    aspects = {KITE: {"wind": 4, "string": 3}}
    assert told(user, KITE, ["text"], knowledge("en", aspects=aspects)) == (english, want)
    assert told(user, KITE, ["text"], knowledge("zh", aspects=aspects)) == (
        f"{chinese}有 4 位评论者在评价这一件时写到“wind”。", want,
    )  # fmt: skip
    assert told(user, KITE, ["collaborative"], knowledge("en", aspects=aspects))[1]["kind"] == "popular"


def test_what_the_catalogue_says_is_quoted_before_what_reviewers_say():
    known = knowledge(aspects={KITE: {"wind": 4}})
    quoted = {"kind": "wrote", "text": "Kite", "quote": "a kite"}
    assert told(([], ["for wind", "a kite"]), KITE, ["text"], known)[1] == quoted


def test_a_quotation_shows_the_word_that_is_shared():
    long = "I have had quite a few of these by now, but none of them had as much wind as the old one that I gave away"
    sentence, evidence = told(([], [("wrote", long)]), KITE, ["text"], knowledge(aspects={KITE: {"wind": 4}}))
    assert evidence["quote"] == "…none of them had as much wind as the old one that I gave…"
    assert f"“{evidence['quote']}”" in sentence


def test_counts_are_of_the_shortest_window_with_enough_users_else_ever():
    assert told(NOBODY_YET, KITE, ["popularity"]) == (
        "In the last 7 days 4 people turned to it.", {"kind": "popular", "n_users": 4, "days": 7},
    )  # fmt: skip
    assert told(NOBODY_YET, DRUM, ["popularity"]) == (
        "9 people have turned to it so far.", {"kind": "ever", "n_users": 9},
    )  # fmt: skip
    chinese = knowledge("zh")
    assert told(NOBODY_YET, KITE, ["popularity"], chinese)[0] == "最近 7 天有 4 人关注了它。"
    assert told(NOBODY_YET, DRUM, ["popularity"], chinese)[0] == "至今已有 9 人关注过它。"


@pytest.mark.parametrize(
    ("history", "item", "propensity", "kind", "english", "chinese"),
    [
        ([], ROBOT, 1.0, "new", "New in the catalogue for 3 days.", "3 天前上新。"),
        ([], UNTITLED, 1.0, "unmet", "You may not know it yet.", "您可能还不了解它。"),
        ([DRUM], DRUM, 1.0, "again", "You know it already.", "您已经了解它。"),
        ([], KITE, 0.2, "explored", f"Something different, {TO_LEARN}.", "换换口味，看看您是否喜欢。"),
    ],
)  # fmt: skip
def test_reasons_without_words_of_the_item(history, item, propensity, kind, english, chinese):
    for language, want in (("en", english), ("zh", chinese)):
        sentence, evidence = told((history, []), item, ["text"], knowledge(language), propensity)
        assert (sentence, evidence["kind"]) == (want, kind)


def test_a_family_without_evidence_leaves_the_word_to_the_next():
    follows = np.zeros((7, 7), np.float32)
    follows[DRUM, KITE] = 1.0
    known, families = knowledge(neighbours=follows), ["text", "collaborative", "item_item", "popularity"]
    # Drum and kite share no words; collaborative would do, so it speaks before item-item.
    assert told(([DRUM], []), KITE, families, known)[1] == {"kind": "history", "item_id": "drum"}
    assert told(([TRAIN], []), KITE, families, known)[1]["kind"] == "popular"
    assert told(([DRUM], []), KITE, ["popularity", *families[:3]], known)[1]["kind"] == "popular"


def test_a_family_that_spoke_against_the_item_is_no_reason():
    follows = np.zeros((7, 7), np.float32)
    follows[DRUM, KITE] = 1.0
    assert told(([DRUM], []), KITE, [], knowledge(neighbours=follows))[1]["kind"] == "popular"


def test_history_without_a_title_is_not_named():
    follows = np.zeros((7, 7), np.float32)
    follows[UNTITLED, DRUM] = 1.0
    assert told(([UNTITLED], []), DRUM, ["item_item"], knowledge(neighbours=follows))[1]["kind"] == "ever"
    blank = [*TITLES[:UNTITLED], "\u200b \n…", TITLES[-1]]
    assert told(([UNTITLED], []), DRUM, ["item_item"], knowledge(titles=blank, neighbours=follows))[1]["kind"] == "ever"


@pytest.mark.parametrize(
    ("title", "shown"),
    [
        ("two\nlines\r\n\tand\x00more", "two lines and more"),
        ("{ $n_users } {history} -term", "{ $n_users } {history} -term"),
        ("<b onclick='x()'>&amp;</b>", "<b onclick='x()'>&amp;</b>"),
        ('say “yes” or "no" \\', 'say “yes” or "no" \\'),
        ("left \u202eright\u2069 out", "left right out"),
        ("word " * 2000, " ".join(["word"] * 12) + "…"),
        ("x" * 10_000, "x" * 59 + "…"),
    ],
)
def test_hostile_titles_stay_data_on_one_line(title, shown):
    titles = [title, *TITLES[1:]]
    sentence, _ = told(([TRAIN], []), BLOCKS, ["collaborative"], knowledge(titles=titles))
    assert sentence == f"Because “{shown}” is in your history."


def test_language_follows_what_the_user_wrote_then_the_titles():
    follows = np.ones((7, 7), np.float32)
    known = knowledge(neighbours=follows)
    written = {
        "en": [([TRAIN], []), ([HUOCHE], ["a drum please"]), ([], [])],
        "zh": [([HUOCHE], []), ([TRAIN], ["给孩子买 iPhone 手机壳"])],
    }
    for language, users in written.items():
        for user in users:
            rows = np.array([[KITE]]), np.ones((1, 1)), np.array([[shares("popularity")]], np.float32)
            assert block_reasons(batch(user), *rows, known)[1][0]["language"].as_py() == language


def test_order_of_users_in_a_batch_changes_nothing():
    follows = np.random.default_rng(0).random((7, 7)).astype(np.float32)
    known = knowledge(neighbours=follows)
    users = [([TRAIN], ["drum"]), ([], []), ([DRUM, HUOCHE], []), ([TRAIN, DRUM], ["木制火车"])]
    listed = np.array([[BLOCKS, DRUM, KITE], [KITE, ROBOT, -1], [BLOCKS, TRAIN, -1], [KITE, HUOCHE, BLOCKS]])
    parts = np.random.default_rng(1).normal(size=(4, 3, 5)).astype(np.float32)

    def rows(order):
        got = block_reasons(batch(*[users[k] for k in order]), listed[order], np.ones((4, 3)), parts[order], known)
        ends = np.cumsum((listed[order] >= 0).sum(axis=1))
        pairs = list(zip(*(column.to_pylist() for column in got), strict=True))
        return {k: pairs[end - (listed[k] >= 0).sum() : end] for k, end in zip(order, ends, strict=True)}

    assert rows([0, 1, 2, 3]) == rows([3, 1, 0, 2])
    assert [len(rows([0, 1, 2, 3])[k]) for k in range(4)] == [3, 2, 2, 3]
    assert N_USERS[KITE][1] == 4


def test_half_a_label_at_the_end_of_a_cut_text_is_no_label(monkeypatch):
    long = "|".join(["Toys", *(f"shelf {k}" for k in range(99))])[:LONGEST]
    monkeypatch.setattr("reasons.small_shop.CATEGORIES", [long, *[None] * 6])
    labels = knowledge().catalogue.labels(TRAIN)
    assert {"toys", "shelf 0"} <= set(labels)
    assert long.rsplit("|", 1)[1] not in labels
