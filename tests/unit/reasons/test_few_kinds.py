"""Reasons of a shop with six kinds of items, where the word of every kind is common."""

import numpy as np
import pyarrow as pa
import pytest

from nightrec.quality.reasons import is_told
from nightrec.reasons.catalogue import Catalogue
from nightrec.reasons.evidence import Evidence, Own
from nightrec.reasons.grounds import Past
from nightrec.reasons.reader import Reader
from nightrec.reasons.sentences import read_messages, tell
from nightrec.reasons.shared import quoted, shared_aspect
from nightrec.reasons.words import longest_run

KINDS = ["Noise cancelling headphones", "Drone for travel", "Lamp for desks", "Backpack for travel", "Mug", "无人机"]
TITLES = [f"{KINDS[k % 6]} {100 + k}" for k in range(60)]
LABELS = [f"Home|{'Sound' if k % 6 == 0 else 'Other'}" if k % 6 != 1 else "Air" for k in range(60)]
HEADPHONES, DRONE, LAMP, BACKPACK, MUG, CHINESE = range(6)


def shop(titles=TITLES, labels=LABELS, aspects=None):
    nothing = pa.chunked_array([pa.nulls(len(titles), pa.string())])
    texts = {"title": pa.chunked_array([titles]), "categories": pa.chunked_array([labels])}
    texts |= {"tags": nothing, "description": nothing}
    return Catalogue(pa.array([str(k) for k in range(len(titles))]), texts, np.full(len(titles), -1), aspects)


def found(item, *texts, catalogue=None):
    past = Past(np.zeros(0, np.int64), np.zeros(0, np.float32))
    reader = Reader(past, [Own("searched", text) for text in texts], "en", np.array([item]))
    return quoted(item, reader, catalogue or shop())


def searched(text, quote):
    return Evidence("searched", "en", text=text, quote=quote)


def test_a_search_for_a_kind_of_item_is_a_reason():
    evidence = found(HEADPHONES, "noise cancelling headphones")
    assert evidence == searched("Noise cancelling headphones", "noise cancelling headphones")
    sentence = tell(evidence, None, read_messages("en")).translate({0x2068: None, 0x2069: None})
    assert sentence == (
        "Because you searched for “noise cancelling headphones” and this one has “Noise cancelling headphones”."
    )


@pytest.mark.parametrize(
    ("item", "search", "text"),
    [
        (HEADPHONES, "headphones that are cheap", "headphones"),
        (CHINESE, "安静无人机", "无人机"),
        (MUG, "mugs", None),
        (DRONE, "drone for travel", "Drone for travel"),
        (LAMP, "drone for travel", None),  # "for" stands at half of the items, the drone at a sixth
        (BACKPACK, "drone for travel", "for travel"),
    ],
)
def test_what_a_search_names_is_told_in_its_longest_run(item, search, text):
    evidence = found(item, search)
    assert evidence == (None if text is None else searched(text, search))
    # What the gate of a night asks: the words stand in both texts, and the sentence says its evidence.
    if evidence is not None:
        assert text.lower() in search.lower()
        assert text in TITLES[item]
        messages = read_messages("en")
        assert is_told(
            tell(evidence, None, messages), evidence._asdict(), None, [Own("searched", search)._asdict()], messages
        )


def test_the_text_that_names_most_counts_and_of_equals_the_newest():
    assert found(HEADPHONES, "headphones", "cancelling headphones", "noise").quote == "cancelling headphones"
    assert found(HEADPHONES, "Headphones!", "headphones?").quote == "Headphones!"


def test_rarer_words_and_those_of_reviewers_come_first():
    rare = shop([*TITLES[:4], "Handmade mug", *TITLES[5:]])
    assert found(MUG, "mug", "handmade", catalogue=rare) == searched("Handmade", "handmade")
    said = shop(aspects={MUG: {"sturdy": 4}})
    assert found(MUG, "mug", "sturdy?", catalogue=said) == searched("sturdy", "sturdy?")._replace(n_users=4)


def test_a_search_in_chinese_is_told_whole_where_the_title_has_it():
    titles = [*TITLES, *(f"降噪无线耳机 长续航 {k}" for k in range(12))]
    catalogue = shop(titles, [None] * len(titles))
    assert found(60, "耳机", catalogue=catalogue) == searched("耳机", "耳机")
    assert found(60, "降噪无线耳机", catalogue=catalogue) == searched("降噪无线耳机", "降噪无线耳机")
    assert found(60, "想要无线耳机吗", catalogue=catalogue) is None  # the shop never tells where its words part


def test_a_label_of_most_items_is_no_reason():
    catalogue = shop()
    assert catalogue.n_with("home") == 50
    assert shared_aspect(LAMP, MUG, shop(labels=["Home"] * 60)) is None
    assert shared_aspect(HEADPHONES, HEADPHONES + 6, catalogue) == "Sound"
    assert shared_aspect(DRONE, DRONE + 6, catalogue) == "Air"
    assert shared_aspect(HEADPHONES, MUG, catalogue) is None
    rare = shop([*TITLES[:2], "Brass lamp", *TITLES[3:8], "A brass lamp", *TITLES[9:]], ["Home"] * 60)
    assert shared_aspect(LAMP, LAMP + 6, rare) == "Brass"  # a word tells what the label does not


@pytest.mark.parametrize(
    ("title", "word", "text", "run"),
    [
        ("Sony noise cancelling headphones 102", "noise", "noise cancelling headphones", "noise cancelling headphones"),
        ("Noise-cancelling headphones", "headphones", "noise cancelling headphones", "cancelling headphones"),
        ("Noise can", "Noise", "noise cancelling", "Noise"),
        ("a mug\nfor tea", "mug", "a mug\nfor tea", "a mug"),
        ("one two three four five six seven eight", "one", "one two three four five six seven eight",
         "one two three four five six"),
        ("木制火车", "火车", "木制火车", "火车"),
    ],
)  # fmt: skip
def test_a_run_stands_in_both_texts_as_it_is(title, word, text, run):
    assert longest_run(title, word, text) == run
