"""Message files, words and the column's forms."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nightrec.errors import ConfigError
from nightrec.ranker.job import NAMES
from nightrec.reasons import sentences
from nightrec.reasons.evidence import COLUMNS, EVIDENCE, MESSAGES, Evidence
from nightrec.reasons.grounds import FAMILIES, by_family
from nightrec.reasons.sentences import read_messages, tell
from nightrec.reasons.words import LONGEST, SHOWN, excerpt, is_chinese, shorten, words
from nightrec.schemas import contract


def plain(text):
    return text.translate({0x2068: None, 0x2069: None})


@pytest.mark.parametrize(
    ("evidence", "sentence"),
    [
        (Evidence("popular", "en", n_users=1, days=1), "In the last day 1 person turned to it."),
        (Evidence("popular", "en", n_users=2, days=1), "In the last day 2 people turned to it."),
        (Evidence("popular", "en", n_users=1, days=30), "In the last 30 days 1 person turned to it."),
        (Evidence("ever", "en", n_users=1), "1 person has turned to it so far."),
        (Evidence("ever", "en", n_users=1234), "1,234 people have turned to it so far."),
        (Evidence("new", "en", days=0), "New in the catalogue."),
        (Evidence("new", "en", days=1), "New in the catalogue for 1 day."),
        (Evidence("new", "zh", days=0), "今天上新。"),
    ],
)
def test_counts_follow_the_plural_rules_of_the_language(evidence, sentence):
    assert plain(tell(evidence, None, read_messages("auto"))) == sentence


def test_evidence_that_lacks_something_has_no_sentence():
    messages = read_messages("en")
    assert tell(Evidence("history", "en", item_id="i"), None, messages) is None
    assert tell(Evidence("popular", "en", n_users=3), None, messages) is None
    assert tell(Evidence("reviewed", "en", text="wind", n_users=3), None, messages)  # something in the history
    assert tell(Evidence("wrote", "en", text="wind", n_users=3), None, messages) is None
    assert tell(Evidence("magic", "en"), None, messages) is None
    assert tell(Evidence("unmet", "fr"), None, messages) is None


def test_a_language_is_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(sentences, "resource", lambda _: tmp_path)
    (tmp_path / "reasons").mkdir()
    whole = "\n".join(f"{message} = {message}!" for message in MESSAGES)
    (tmp_path / "reasons/fr.ftl").write_text(whole, encoding="utf-8")
    assert tell(Evidence("unmet", "fr"), None, read_messages("fr")) == "unmet!"
    with pytest.raises(ConfigError, match=r"no conf/reasons/de.ftl for reasons.language 'de'; known: auto, fr"):
        read_messages("de")
    (tmp_path / "reasons/de.ftl").write_text(whole.replace("new = new!", "new = { $"), encoding="utf-8")
    with pytest.raises(ConfigError, match=r"conf/reasons/de.ftl has no readable message for: new"):
        read_messages("fr")


def test_evidence_has_the_form_of_the_contract():
    arrow, spark = contract("topn").arrow(), contract("topn").spark()
    assert arrow.field("evidence").type == EVIDENCE
    assert f"evidence {spark['evidence'].dataType.simpleString()}" in COLUMNS
    assert tuple(EVIDENCE.names) == Evidence._fields


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text("abcdé İ火车.\n\u061c", min_size=1, max_size=25), max_size=30))
def test_an_excerpt_holds_its_word_and_is_short(pieces):
    text = " ".join(pieces)
    for word in words(text).values():
        cut = excerpt(text, word)
        assert len(cut) <= SHOWN
        assert word in cut
        assert cut == excerpt(text[:LONGEST], word)  # as the writer sees it
    assert shorten(text) == shorten(text[:LONGEST])


@pytest.mark.parametrize(
    ("text", "word", "cut"),
    [
        ("short and whole", "whole", "short and whole"),
        ("whole " + "far " * 30, "whole", shorten("whole " + "far " * 30)),
        ("far " * 30, "absent", shorten("far " * 30)),
        ("far " * 97 + "near " + "cu" * 30, "near", "…" + "far " * 13 + "near…"),
        ("start " * 12 + "of art", "art", "…" + "start " * 8 + "of art"),
        ("火" * 80 + "车" + "火" * 80, "车火", "…" + "火" * 29 + "车" + "火" * 28 + "…"),
    ],
)
def test_excerpts_are_cut_around_a_whole_word(text, word, cut):
    assert excerpt(text, word) == cut


def test_contributions_are_summed_by_family():
    shares = np.zeros((1, 1, len(NAMES)), np.float32)
    for name, share in {"projection_rank": 1, "text_last_score": 2, "item_users_30d": 4, "popularity_score": 8,
                        "user_history_length": 16, "item_item_score": 32}.items():  # fmt: skip
        shares[0, 0, NAMES.index(name)] = share
    summed = dict(zip(FAMILIES, by_family(shares, NAMES)[0, 0].tolist(), strict=True))
    assert summed == {"collaborative": 0, "sequence": 0, "text": 3, "item_item": 32, "popularity": 12}


def test_words_are_runs_in_chinese_and_longer_than_two_letters_elsewhere():
    assert words("The 木火车 of_No. 1999 Été") == {
        "the": "The", "木火": "木火", "火车": "火车", "木火车": "木火车", "été": "Été",
    }  # fmt: skip


@pytest.mark.parametrize(("end", "known"), [("hardwooden", []), ("hard. Wooden", ["hard"])])
def test_a_word_that_may_be_cut_is_left_out(end, known):
    text = "." * (LONGEST - 5) + end
    assert list(words(text)) == list(words(text[:LONGEST])) == known


@pytest.mark.parametrize(
    ("text", "is_so"),
    [("木制火车", True), ("iPhone 手机壳", True), ("Crouching Tiger, Hidden Dragon (卧虎藏龙)", False), ("", False),
     ("東京の夜", False), ("1999", False)],
)  # fmt: skip
def test_chinese_is_told_by_its_characters(text, is_so):
    assert is_chinese([text]) == is_so


def test_long_texts_are_cut_between_words():
    assert shorten("a" * 60) == "a" * 60
    assert shorten("ab " * 30) == "ab " * 19 + "ab…"
    assert len(shorten("火" * 100)) == 60
    assert shorten("\n ") == ""
