import pytest

from nightrec.cleaning.languages import language_of
from nightrec.cleaning.words import Cleaned, Rules, clean, without_markup

RULES = Rules(40, ["US", "CN"], ["en", "zh"])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("good<br/>bad", "good bad"),
        ("<p>one</p><p>two</p>", " one  two "),
        ("<b>wo</b>rd", "word"),
        ("<script>alert(1)</script>hi<!-- no --><style>p{}</style>", "hi"),
        ("&#34;a&#34; &amp; b &copy;", '"a" & b ©'),
        ("&amp;quot;twice&amp;quot; &lt;i&gt;escaped&lt;/i&gt;", '"twice" escaped'),
        ("I <3 it, 3 < 5 and 6 > 2", "I <3 it, 3 < 5 and 6 > 2"),
        ("R&B, AT&T", "R&B, AT&T"),
        ("好<br>用", "好 用"),
        ("a&#" + "1" * 5000 + ";b", "a\ufffdb"),
    ],
)
def test_markup_goes_and_words_stay(text, words):
    assert without_markup(text) == words


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("zero\u200bwidth\ufeff \u202eabc\x07", "zerowidth abc"),
        ("a\0b\n\t c\u3000d", "ab c d"),
        ("ﬁne ㎏ Ｈｅｌｌｏ １２", "fine kg Hello 12"),
        ("e\u0301", "é"),
        ("👩\u200d👧", "👩\u200d👧"),  # joiners make one picture of two
        ("می\u200cخواهم", "می\u200cخواهم"),  # and are letters of Persian spelling
        ("&nbsp; <br>", None),
        ("", None),
    ],
)
def test_text_is_brought_to_one_spelling(text, kept):
    assert clean(text, RULES).text == kept


def test_clean_says_what_it_did():
    text = "Please call me: 1<wbr>3812345678, a@b.com"
    assert clean(text, RULES) == Cleaned("Please call me: <phone>, <email>", "en", 1, 1, 0, 0)


def test_text_is_cut_at_its_limit_and_no_part_of_a_number_stays():
    assert clean("x" * 41, RULES) == Cleaned("x" * 40, "en", 0, 0, 0, 1)
    assert clean("x" * 40, RULES).n_cut == 0
    assert clean("x " * 18 + "13812345678", RULES).text == "x " * 17 + "x"  # nor of its mask
    assert clean("2<3 x", RULES).text == "2<3 x"
    assert clean("好" * 50, RULES).text == "好" * 40


SEARCHES = [
    *(("en", text) for text in ("bread knife", "copper pan", "tea pot", "spade", "usb mic", "lego", "RED DRESS")),
    *(("zh", text) for text in ("花园铲", "炒锅", "蓝牙耳机", "iphone 手机壳", "铲", "耳机 bluetooth", "吉他弦")),
    *((None, text) for text in ("", "123", "5-10 %", "<phone>", "👍")),
]


@pytest.mark.parametrize(("language", "text"), SEARCHES)
def test_short_searches_are_told_apart(language, text):
    assert language_of(text, ["en", "zh"]) == language


def test_more_languages_can_be_told_apart_and_what_could_be_any_has_none():
    assert language_of("gute Gitarre für Anfänger", ["en", "zh", "de"]) == "de"
    assert language_of("lego", ["en", "zh", "de", "fr", "es", "it"]) is None
    assert language_of("lego", []) is None
    with pytest.raises(ValueError, match="Unknown language"):
        language_of("lego", ["en", "xx"])
