"""Clean one text: markup, entities, control characters, variants of Unicode, whitespace, personal data, length."""

import re
from collections.abc import Sequence
from html import unescape
from typing import NamedTuple

import nh3

from nightrec.cleaning.languages import language_of
from nightrec.cleaning.masking import mask
from nightrec.cleaning.readings import BLOCKS, plain_characters

TAG = re.compile(r"<[^>]*>")
HUGE_REFERENCE = re.compile("&#[0-9]{1000,}+;?")
"""No character has a number so long, and `unescape` fails on one of more than 4300 digits."""
CUT_MASK = re.compile("<[a-z]{0,5}$")
LONGEST_PERSONAL = 100
"""Characters read beyond the limit, so that a number across it is seen whole."""


class Rules(NamedTuple):
    """How texts are cleaned: longest text, countries of plain phone numbers, languages to tell apart."""

    max_chars: int
    phone_regions: Sequence[str]
    languages: Sequence[str]


class Cleaned(NamedTuple):
    """A text as it is kept, None where nothing is left; its language, and what was done to it."""

    text: str | None
    language: str | None
    n_emails: int
    n_phones: int
    n_cards: int
    n_cut: int


def clean(text: str, rules: Rules) -> Cleaned:
    """Make a text fit to keep.

    >>> clean("Write to a@b.com<br>&quot;soon&quot;", Rules(99, ["US"], ["en", "zh"])).text
    'Write to <email> "soon"'
    """
    plain = plain_characters(without_markup(text))
    masked = mask(plain.strip()[: rules.max_chars + LONGEST_PERSONAL], rules.phone_regions)
    is_cut = len(masked.text) > rules.max_chars
    kept = (CUT_MASK.sub("", masked.text[: rules.max_chars]) if is_cut else masked.text).strip()
    return Cleaned(kept or None, language_of(kept, rules.languages), *masked[1:], int(is_cut))


def without_markup(text: str) -> str:
    """Return the words of a text that may be HTML; `<` and `&` that are no markup stay.

    Twice, because some shops escape what is escaped already. The parser is the one of HTML 5, which leaves out scripts,
    styles and comments with all they hold.
    """
    for _ in range(2):
        if "<" in text:
            # In what the parser writes every `<` begins a tag.
            text = TAG.sub(" ", nh3.clean(text, tags=BLOCKS, attributes={}))
        if "&" in text:
            text = unescape(HUGE_REFERENCE.sub("\ufffd", text))
    return text
