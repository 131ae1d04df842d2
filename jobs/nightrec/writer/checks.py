"""Hold a sentence against the template that it stands for: it says the same evidence, and nothing else. No torch.

The templates put every value between Unicode's marks of isolation, so what is evidence and what is wording is known
exactly. A sentence passes when it holds each value once, in the same order, numbers with their unit, and when all that
stands between them is words of a closed list: those of the language's guide and of the template. A claim, a name or a
number that the evidence does not hold has no word to be said in. Grammar is not checked.
"""

import re
from collections.abc import Collection
from typing import NamedTuple

from nightrec.cleaning.languages import language_of
from nightrec.cleaning.masking import MASKS
from nightrec.reasons.words import HAN, KANA, LETTER, OF_HAN, one_line
from nightrec.writer.guide import INTO, OUT, VALUE, Guide, plain

NUMBER = re.compile(r"\d[\d.,\s]*")
UNIT = re.compile(rf"\s*(?:[{HAN}]|[^\W\d_]+)")
NO_LETTER_BEFORE, NO_LETTER_AFTER = rf"(?<!(?![{HAN}])\w)", rf"(?!(?![{HAN}])\w)"
"""Chinese runs words together, other languages do not."""
GAP = "\ufffc"
QUOTED = re.compile(f'[“"「『《]{GAP}[”"」』》]')
PLAIN = re.compile(rf"[^\W\d_]|[ '’,.!;:，。！；：、—–-]|{GAP}")
WORD = re.compile(rf"[{HAN}]+|(?:(?![{HAN}_\d])\w)+")
END = re.compile(r"[.!。！]$")
FAULTS = ("empty", "personal", "drops", "long", "unfinished", "unsafe", "language", "names")
"""Why a sentence is refused, in the order in which it is asked."""
MOST_CHARS = 100
"""Characters of a sentence besides its values."""


class Settled(NamedTuple):
    """What becomes of a sentence: itself with its values between marks of isolation, or why it is refused."""

    sentence: str | None
    fault: str | None


def settle(written: str, template: str, kind: str, guide: Guide, languages: Collection[str]) -> Settled:
    """Accept a sentence, or say which of `FAULTS` it has.

    Args:
        written: What the model wrote, or a sentence that was accepted before.
        template: The sentence that it stands for, as `reasons.sentences.tell` makes it.
        kind: Of the evidence.
        guide: Of the language.
        languages: Languages that people write in; the sentence must not read like one of the others.
    """
    line = one_line(plain(written))
    if not LETTER.search(line):
        return Settled(None, "empty")
    if any(mask in line for mask in MASKS):
        return Settled(None, "personal")
    values, parts = VALUE.findall(template), _between(line, template)
    if parts is None:
        return Settled(None, "drops")
    fault = _fault_of(GAP.join(parts), template, kind, guide, languages)
    if fault is not None:
        return Settled(None, fault)
    shown = [f"{INTO}{value}{OUT}" for value in values]
    return Settled("".join(piece for pair in zip(parts, [*shown, ""], strict=True) for piece in pair), None)


def _between(line: str, template: str) -> list[str] | None:
    """Return the parts of a line before, between and after the template's values; None where a value is not there."""
    parts, at = [], 0
    for value in VALUE.finditer(template):
        found = _pattern(value[1], template[value.end() :]).search(line, at)
        if found is None:
            return None
        parts.append(line[at : found.start()])
        at = found.end()
    return [*parts, line[at:]]


def _pattern(value: str, behind: str) -> re.Pattern[str]:
    """Find a value as a word of its own, in any case of letters; a number only before its unit."""
    unit, follows = UNIT.match(behind), ""
    if NUMBER.fullmatch(value) and unit is not None:
        said = unit[0].strip()
        follows = rf"(?=\s*{re.escape(said)}{'' if OF_HAN.match(said) else NO_LETTER_AFTER})"
    return re.compile(f"{NO_LETTER_BEFORE}{re.escape(value)}{NO_LETTER_AFTER}{follows}", re.IGNORECASE)


def _fault_of(wording: str, template: str, kind: str, guide: Guide, languages: Collection[str]) -> str | None:
    """Look at what stands around the values, each of which is a `GAP`."""
    if len(wording) > MOST_CHARS:
        return "long"
    if not END.search(wording):
        return "unfinished"
    unquoted = QUOTED.sub(GAP, wording)
    if PLAIN.sub("", unquoted):
        return "unsafe"
    if not _is_in(guide.language, unquoted, languages):
        return "language"
    allowed = guide.words.union(*map(_words, (VALUE.sub(GAP, template), *(after for _, after in guide.examples[kind]))))
    return None if all(_is_made_of(word, allowed) for word in WORD.findall(unquoted.lower())) else "names"


def _is_in(language: str, wording: str, languages: Collection[str]) -> bool:
    letters = [letter for letter in wording if LETTER.match(letter)]
    is_chinese = language == "zh"
    if any(bool(OF_HAN.match(letter)) != is_chinese or KANA.match(letter) for letter in letters):
        return False
    return language_of(wording.replace(GAP, " "), sorted(languages)) in (None, language)


def _words(text: str) -> set[str]:
    return set(WORD.findall(text.lower()))


def _is_made_of(run: str, allowed: Collection[str]) -> bool:
    """Tell whether a word is allowed; in Chinese, which has no spaces, whether allowed words in a row make it up."""
    if run in allowed or not OF_HAN.match(run):
        return run in allowed
    reached = {0}
    for end in range(1, len(run) + 1):
        if any(run[start:end] in allowed for start in tuple(reached)):
            reached.add(end)
    return len(run) in reached
