"""Words of a small Chinese shop, planted so that they are known."""

import numpy as np
import pyarrow as pa
import pytest

from nightrec.behaviour.interest_rows import catalogue_words
from nightrec.behaviour.interests import aspects
from nightrec.reasons.catalogue import Catalogue
from nightrec.reasons.chinese import is_word, likely_words, set_apart, without_cuts
from nightrec.reasons.evidence import Own
from nightrec.reasons.shared import _meant, shared_aspect
from nightrec.reasons.words import words
from nightrec.vectors import unit

TRAITS = ["安静", "折叠", "可折叠", "智能", "新款", "防水"]
KINDS = ["无人机", "降噪耳机", "蓝牙耳机", "降噪音箱", "台灯"]
LASTS = ["长续航", "续航持久", "超长续航"]
TITLES = [f"{a}{b}{kind}{last}" for a in TRAITS for b in TRAITS for kind in KINDS for last in LASTS if a[-1] != b[-1]]
TITLES += [f"{kind} wireless {last}" for kind in KINDS for last in LASTS]
CUTS = {"叠安", "叠安静", "可折叠安", "机长", "机长续", "款台", "水无人机", "降噪无", "噪无", "叠无人机", "安静智能"}
PLANTED = {"无人机", "折叠", "降噪", "耳机", "续航", "安静", "智能", "新款", "防水", "台灯", "蓝牙耳机", "降噪音箱"}


def shop(titles):
    texts = {name: pa.chunked_array([pa.nulls(len(titles), pa.string())]) for name in ("categories", "tags")}
    texts |= {"title": pa.chunked_array([titles]), "description": texts["tags"]}
    return Catalogue(pa.array([str(k) for k in range(len(titles))]), texts, np.full(len(titles), -1))


def test_planted_words_come_out_and_cuts_do_not():
    found = {word for title in TITLES for word in words(title)}
    known = likely_words(TITLES)
    after = {word for word in found if is_word(word, known)}

    assert {"叠安", "机长", "款台", "水无人机", "安静智能", "叠无人机"} <= found  # as it was before
    assert after >= PLANTED | {"wireless"}
    assert not after & CUTS
    assert after - PLANTED == {"wireless", "可折叠", "长续航", "超长续航", "续航持久"}
    assert known == likely_words(TITLES[::-1])
    assert known == likely_words(TITLES * 2)  # repeating a sentence tells nothing


def test_interests_are_words():
    told = catalogue_words([TITLES, [None] * len(TITLES)])
    assert told[0] >= {"安静", "折叠", "无人机", "续航"}
    assert not set().union(*told) & CUTS
    assert told[-1] == {"台灯", "wireless", "超长续航", "长续航", "续航"}

    of_kind = np.array([[kind in title for kind in KINDS] for title in TITLES], np.float32)
    noise = np.random.default_rng(0).normal(size=of_kind.shape).astype(np.float32)
    text = unit(of_kind - of_kind.mean(axis=0) + 0.1 * noise)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nightrec.behaviour.interests.MAX_ITEMS_FRAC", 0.9)
        patch.setattr("nightrec.behaviour.interests.N_ASPECTS", 5)
        assert {"无人机", "台灯"} <= set(aspects(told, text).names)


def test_what_items_share_is_a_word():
    drones = ["可折叠安静无人机", "防水无人机"]
    catalogue = shop([*drones, *TITLES[:60], *[f"thing {k}" for k in range(900)]])
    assert shared_aspect(0, 1, catalogue) == "无人机"
    every = shop([*TITLES, *[f"thing {k}" for k in range(9000)]])
    said = {shared_aspect(item, met, every) for item in range(0, 200, 7) for met in range(item % 7, 200, 9)}
    assert not said & CUTS


def test_own_words_are_words_of_the_catalogue_or_set_apart_by_the_user():
    catalogue = shop(["木制火车", *TITLES])

    def meant(text):
        return set(_meant(catalogue.words(0), Own("searched", text), words(text), catalogue))

    assert meant("想买木制火车") == {"木制火车"}
    assert meant("火车 toy") == {"火车"}
    assert meant("坐火车去") == set()


def test_what_is_written_apart():
    assert set_apart("买 火车! ok 木火车 no") == {"买", "火车", "木火车"}


def test_what_reviewers_wrote_in_a_longer_term_is_left_out():
    said = {"音质": 9, "音质好": 4, "质好": 4, "很舒": 3, "很舒服": 3, "wind": 3, "windy": 3}
    assert without_cuts(said) == {"音质": 9, "音质好": 4, "很舒服": 3, "wind": 3, "windy": 3}
