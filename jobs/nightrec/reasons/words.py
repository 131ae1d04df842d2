"""Texts as reasons quote and compare them; standard library only."""

import re
from collections.abc import Iterable

LONGEST = 400
"""Characters of a text that are looked at, so that a hostile one costs no more than a long one."""
SHOWN = 60
"""Characters of a title or a quotation that a sentence shows."""
ELLIPSIS = "…"
HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
OF_HAN = re.compile(f"[{HAN}]")
KANA = re.compile("[\u3040-\u30ff]")
LETTER = re.compile(r"[^\W\d_]")
SEEN = re.compile(r"[^\W_]")
"""A title without letters and digits names nothing."""
WORD = re.compile(rf"[{HAN}]+|(?:(?![{HAN}_])\w)+")
# Spaces of every kind, control characters, and marks of direction that could turn the sentence around a title.
UNSEEN = re.compile("[\\s\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff]+")
SHORTEST_WORD, RUN = 3, (2, 4)
"""Letters of the shortest word, and characters of the runs that may be words in Chinese."""


def one_line(text: str) -> str:
    """Return a text on one line, without control characters and marks of direction."""
    return UNSEEN.sub(" ", text).strip()


def shorten(text: str, shown: int = SHOWN) -> str:
    """Return a text on one line with at most `shown` characters, cut between words where there are some.

    One of `LONGEST` characters may have been cut there, which a longer one is, so both are shown alike.
    """
    line = one_line(text[:LONGEST])
    if len(line) <= shown and len(text) < LONGEST:
        return line
    head = line[: shown - 1]
    space = head.rfind(" ")
    whole = head if line[shown - 1 : shown] == " " or space < shown // 2 else head[:space]
    return whole.rstrip() + ELLIPSIS


def excerpt(text: str, word: str) -> str:
    """Return at most `SHOWN` characters of a text in which a word of it stands.

    >>> excerpt("I have had quite a few of them by now, but none of them had as much sustain as my old one", "Sustain")
    '…by now, but none of them had as much sustain as my old one'
    """
    line, head = one_line(text[:LONGEST]), shorten(text)
    found = re.search(rf"(?<!\w){re.escape(word)}(?!\w)", line, re.IGNORECASE) or re.search(
        re.escape(word), line, re.IGNORECASE
    )
    if found is None or found.end() < len(head) or head == line:
        return head
    if len(text) >= LONGEST:
        end = line.rfind(" ")
        line = (line[:end] if end >= found.end() else line) + ELLIPSIS
    start = max(0, min(found.start(), len(line) - SHOWN + 1, found.start() - (SHOWN - len(word)) // 2))
    space = line.find(" ", start, found.start())
    return ELLIPSIS + shorten(line[start if space < 0 else space + 1 :], SHOWN - 1)


def words(text: str) -> dict[str, str]:
    """Return the words of a text in small letters, each with how it is written there first.

    Numbers and the shortest words are left out, and so is one that ends at `LONGEST`, because it may be cut there; in
    Chinese every run of `RUN` characters counts as a word, and `chinese.likely_words` tells which are.
    """
    found: dict[str, str] = {}
    for match in WORD.finditer(text[:LONGEST]):
        word = match[0]
        if OF_HAN.match(word):
            for run in runs(word, *RUN):
                found.setdefault(run, run)
        elif match.end() < LONGEST and len(word) >= SHORTEST_WORD and LETTER.search(word):
            found.setdefault(word.lower(), word)
    return found


def longest_run(title: str, word: str, text: str) -> str:
    """Return the words of a title around one of them that stand in a text in the same order, at most half of `SHOWN`.

    >>> longest_run("Sony noise cancelling headphones 102", "headphones", "the best Noise cancelling headphones")
    'noise cancelling headphones'
    """
    spans = [match.span() for match in WORD.finditer(title) if match.end() < LONGEST]
    held = next((at for at, (start, end) in enumerate(spans) if title[start:end].lower() == word.lower()), None)
    if held is None:  # a part of a stretch of Chinese
        return word

    def stands(first: int, last: int) -> bool:
        if first < 0 or last >= len(spans):
            return False
        run = title[spans[first][0] : spans[last][1]]
        whole = re.search(rf"(?<!\w){re.escape(run.lower())}(?!\w)", text[:LONGEST].lower())
        return whole is not None and one_line(run) == run and len(run) <= SHOWN // 2

    first = last = held
    while stands(first - 1, last):
        first -= 1
    while stands(first, last + 1):
        last += 1
    return title[spans[first][0] : spans[last][1]]


def is_chinese(texts: Iterable[str]) -> bool:
    """Tell whether texts are Chinese rather than written in letters; a character says as much as two letters."""
    n_han = n_letters = 0
    for text in texts:
        head = text[:LONGEST]
        of_han = 0 if KANA.search(head) else len(OF_HAN.findall(head))
        n_han, n_letters = n_han + of_han, n_letters + len(LETTER.findall(head)) - of_han
    return n_han > 0 and 2 * n_han >= n_letters


def runs(word: str, shortest: int, longest: int) -> list[str]:
    """Return every run of so many characters."""
    return [word[at : at + n] for n in range(shortest, longest + 1) for at in range(len(word) - n + 1)]
