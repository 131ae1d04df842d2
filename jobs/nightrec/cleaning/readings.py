"""What a delivered line says to a reader: escapes of JSON, entities and tags read, and where each character came from.

Rougher than the parser that cleans texts, which cannot say where: it leaves the words of scripts and styles in.
"""

import re
import unicodedata
from array import array
from collections.abc import Callable, Iterator, Sequence
from html import unescape
from typing import NamedTuple

BLOCKS = {"br", "p", "div", "li", "ul", "ol", "td", "th", "tr", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "blockquote"}
"""Tags that part words; others may stand inside one."""
SPACE = re.compile(r"\s+")
CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\xad\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")
ESCAPE = re.compile(r"\\(?:u([0-9a-fA-F]{4})|[^u])")
ENTITY = re.compile(r"&(?:#[0-9]{1,20}+|#[xX][0-9a-fA-F]{1,20}+|[A-Za-z][A-Za-z0-9]{1,31}+);?")
# No `<` inside, so that a line of many takes linear time. The JSON of PHP writes `<\/b>`, which is read as `< b>`.
TAG = re.compile(r"<(?:/| (?=[A-Za-z0-9]{1,10}+>))?([A-Za-z!][A-Za-z0-9]*+)[^<>]*+>")


class Reading(NamedTuple):
    """A line as read, and where in the line each of its characters starts and ends."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]


Read = Callable[[re.Match[str]], str]


def readings(raw: str) -> Iterator[Reading]:
    """Yield a line with its escapes read, and, each only where it reads differently, with more and more markup read.

    Entities come before tags, since an address may stand in a link; twice, as some shops escape what is escaped.
    """
    reading = _replaced(Reading(raw, range(len(raw)), range(1, len(raw) + 1)), ESCAPE, _of_escape)
    yield reading
    steps: list[tuple[re.Pattern[str], Read]] = [(ENTITY, _of_most_entities), (TAG, _of_tag), (ENTITY, _of_entity)]
    for pattern, read in [*steps, (TAG, _of_tag)]:
        further = _replaced(reading, pattern, read)
        if further.text != reading.text:
            yield further
        reading = further


def plain_characters(text: str) -> str:
    """Return a text with one form of each character, single spaces, and no control characters."""
    return CONTROL.sub("", SPACE.sub(" ", unicodedata.normalize("NFKC", text)))


def _replaced(reading: Reading, pattern: re.Pattern[str], read: Read) -> Reading:
    """Put what `read` returns in the place of each match; all its characters stand where the match does."""
    text, from_starts, from_ends = reading
    parts: list[str] = []
    starts, ends = array("q"), array("q")
    done = 0
    for found in pattern.finditer(text):
        start, end = found.span()
        parts += [text[done:start], instead := read(found)]
        starts.extend([*from_starts[done:start], *[from_starts[start]] * len(instead)])
        ends.extend([*from_ends[done:start], *[from_ends[end - 1]] * len(instead)])
        done = end
    if done == 0:
        return reading
    starts.extend(array("q", from_starts[done:]))
    ends.extend(array("q", from_ends[done:]))
    return Reading("".join([*parts, text[done:]]), starts, ends)


def _of_escape(escape: re.Match[str]) -> str:
    """Return a letter; all else reads as a space, so that the `n` of a line break does not begin an address."""
    character = chr(int(escape[1], 16)) if escape[1] else " "
    return " " if "\ud800" <= character <= "\udfff" else character


def _of_entity(entity: re.Match[str]) -> str:
    return plain_characters(unescape(entity[0]))


def _of_most_entities(entity: re.Match[str]) -> str:
    """Return the character, but leave `<` and `>` escaped: they would end the tag in which they stand."""
    character = _of_entity(entity)
    return entity[0] if character in {"<", ">"} else character


def _of_tag(tag: re.Match[str]) -> str:
    return " " if tag[1].lower() in BLOCKS else ""
