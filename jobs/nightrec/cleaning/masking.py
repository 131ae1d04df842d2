"""Find e-mail addresses, phone numbers and card numbers in texts and put a mask in their place."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import NamedTuple

from phonenumbers import Leniency, PhoneNumberMatcher
from stdnum import luhn
from stdnum.cn import ric

from nightrec.cleaning.readings import readings

EMAIL, PHONE, CARD = MASKS = ("<email>", "<phone>", "<card>")
LETTERS = "A-Za-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u052f\u1e00-\u1fff"
"""Latin, Greek and Cyrillic: a Chinese character beside an address ends it."""
MAILBOX = f"[{LETTERS}0-9._%+-]"
# Possessive, so that long texts take linear time.
ADDRESS = re.compile(rf"(?<!{MAILBOX}){MAILBOX}++@(?:[{LETTERS}0-9-]{{1,63}}\.)+[{LETTERS}]{{2,63}}")
DIGITS = re.compile(r"[0-9]{3,}+")
"""No card is printed in shorter groups."""
RUN = re.compile(rf"{DIGITS.pattern}(?:[ -]{DIGITS.pattern})*+")
MOST_GROUPS = 6
IDENTITY = re.compile(r"(?<![0-9A-Za-z])[0-9]{17}[0-9Xx](?![0-9A-Za-z])")
SEVEN_DIGITS = re.compile(r"(?:[0-9][\s()./+-]{0,3}){7}")
CARD_DIGITS = range(14, 20)
"""Cards of 13 digits are no longer given out, and barcodes have as many."""
FIRST_DIGITS = "23456"
"""Of payment cards: ISO/IEC 7812 keeps the others for airlines, health and the like."""
FULL_WIDTH = {0xFF00 + k: 0x20 + k for k in range(1, 0x5F)} | {0x3000: 0x20}
LETTER_BESIDE = re.compile(r"[A-Za-z](?=\+?[0-9]{10})|(?<=[0-9]{10})[A-Za-z]")
MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9]{2}:[0-9]{2}[0-9:.+]*)?")
MAX_TRIES = 1000
"""Wrong numbers after which a line, which can be a megabyte, is taken for a table of figures."""


class Span(NamedTuple):
    """Where something personal stands, and the mask for it."""

    start: int
    end: int
    mask: str


Find = Callable[[str], Iterator[Span]]


class Masked(NamedTuple):
    """A text without personal data, and how often each kind was found."""

    text: str
    n_emails: int
    n_phones: int
    n_cards: int


def mask(text: str, phone_regions: Sequence[str]) -> Masked:
    """Put masks in place of personal data.

    Args:
        text: Any text; full-width digits and letters are read like plain ones.
        phone_regions: Countries (ISO 3166) whose numbers are known without their `+` and country code.
    """
    spans = _find(text.translate(FULL_WIDTH), phone_regions)
    counts = (sum(span.mask == kind for span in spans) for kind in (EMAIL, PHONE, CARD))
    return Masked(_cut(text, spans), *counts)


def mask_line(raw: str, phone_regions: Sequence[str]) -> str:
    """Put masks in place of personal data in a delivered line, which may spell it in escapes of JSON and in HTML."""
    spans = {
        Span(reading.starts[start], reading.ends[end - 1], of_kind)
        for reading in readings(raw)
        for start, end, of_kind in _find(reading.text.translate(FULL_WIDTH), phone_regions)
    }
    return _cut(raw, _joined(spans))


def mask_bytes(raw: bytes, phone_regions: Sequence[str]) -> bytes:
    """Put masks in place of personal data in a delivered line of unknown encoding; other bytes stay as they are.

    Read twice, because a byte beyond ASCII may be a letter of an address, or half a Chinese character beside a number.
    """
    once = mask_line(raw.decode("latin-1"), phone_regions).encode("latin-1")
    return mask_line(once.decode("ascii", "surrogateescape"), phone_regions).encode("ascii", "surrogateescape")


def _joined(spans: Iterable[Span]) -> list[Span]:
    """Return spans in order and apart; those that overlap become one."""
    apart: list[Span] = []
    for span in sorted(spans):
        if apart and span.start < apart[-1].end:
            apart[-1] = apart[-1]._replace(end=max(apart[-1].end, span.end))
        else:
            apart.append(span)
    return apart


def _find(plain: str, phone_regions: Sequence[str]) -> list[Span]:
    """Return where personal data stands, in order and apart."""
    spans: list[Span] = []
    regions: Sequence[str | None] = phone_regions or [None]
    finders: list[Find] = [_emails, _cards, *(partial(_phones, region=region) for region in regions)]
    for find in finders:
        found = sorted(find(plain))
        plain = _cut(plain, found, blank=True)
        spans += found
    return sorted(spans)


def _cut(text: str, spans: Sequence[Span], blank: bool = False) -> str:
    """Replace spans, in order and apart, by their masks, or blank them so that nothing moves."""
    parts, done = [], 0
    for start, end, of_kind in spans:
        parts += [text[done:start], " " * (end - start) if blank else of_kind]
        done = end
    return "".join([*parts, text[done:]])


def _emails(text: str) -> Iterator[Span]:
    if "@" in text:
        yield from (Span(*found.span(), EMAIL) for found in ADDRESS.finditer(text))


def _cards(text: str) -> Iterator[Span]:
    """Yield payment cards and Chinese identity cards with the right check digit."""
    identities = [found.span() for found in IDENTITY.finditer(text) if ric.is_valid(found[0].upper())]
    yield from (Span(*place, CARD) for place in identities)
    for run in RUN.finditer(text):
        if len(run[0]) >= CARD_DIGITS.start and not any(start <= run.start() < end for start, end in identities):
            yield from (Span(run.start() + start, run.start() + end, CARD) for start, end in _cards_of_run(run[0]))


def _cards_of_run(run: str) -> Iterator[tuple[int, int]]:
    """Yield the places of cards in groups of digits, which may have other numbers before and after them."""
    groups = [found.span() for found in DIGITS.finditer(run)]
    done = 0
    for first, (start, _) in enumerate(groups):
        if start < done or run[start] not in FIRST_DIGITS:
            continue
        for _, end in reversed(groups[first : first + MOST_GROUPS]):
            if _is_card(re.sub("[ -]", "", run[start:end])):
                yield start, end
                done = end
                break


def _is_card(digits: str) -> bool:
    return len(digits) in CARD_DIGITS and luhn.is_valid(digits)


def _phones(text: str, region: str | None) -> Iterator[Span]:
    if not SEVEN_DIGITS.search(text):
        return
    text = MOMENT.sub(lambda moment: " " * len(moment[0]), text)
    if not SEVEN_DIGITS.search(text):
        return
    # The library takes digits that touch a Latin letter for a code, but people write tel13812345678 too.
    text = LETTER_BESIDE.sub(" ", text)
    for found in PhoneNumberMatcher(text, region, Leniency.VALID, max_tries=MAX_TRIES):
        yield Span(found.start, found.end, PHONE)
