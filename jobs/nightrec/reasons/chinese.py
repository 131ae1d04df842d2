"""Which runs of Chinese characters are words, told by how freely they stand in texts; standard library only."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping

from nightrec.reasons.words import HAN, LONGEST, OF_HAN, RUN, runs

STRETCH = re.compile(f"[{HAN}]+")
LEARNT = 200_000
"""Characters that words are learnt from: two seconds and 100 MB at worst, whatever the catalogue."""
NEARLY = 0.8
"""A run that stands beside the same character, or in the same longer run, more often than this is a cut."""
WHOLE = 0.5
"""Of its rarer part a run must hold more than this share, else it is two words that meet by chance."""


def likely_words(texts: Iterable[str]) -> frozenset[str]:
    """Return the runs of `RUN` characters that are likely words of texts.

    A run is one if no single character nearly always stands before or after it (the ends of a text are others, each
    time), and if none of its two parts mostly stands without the other: branching entropy by its commonest branch, and
    cohesion. Sources: Jin and Tanaka-Ishii 2006, COLING/ACL, 428-435; Feng et al. 2004, Comput. Linguist. 30(1), 75-93.

    >>> sorted(likely_words(["折叠台灯", "折叠安静耳机", "安静台灯", "新款耳机"]))
    ['台灯', '安静', '折叠', '新款耳机', '耳机']
    """
    n = Counter(run for stretch in _stretches(texts) for run in runs(stretch, 1, RUN[1] + 1))
    beside: dict[str, int] = {}
    for longer, count in n.items():
        for part in (longer[1:], longer[:-1]):
            beside[part] = max(count, beside.get(part, 0))
    free = (run for run in n if RUN[0] <= len(run) <= RUN[1] and beside.get(run, 0) <= NEARLY * n[run])
    return frozenset(run for run in free if _is_whole(run, n))


def is_word(term: str, known: frozenset[str]) -> bool:
    """Tell whether a term of `words` is one: in Chinese a known word, else always."""
    return term in known or not OF_HAN.match(term)


def set_apart(text: str) -> set[str]:
    """Return what was written with nothing Chinese on either side."""
    return set(STRETCH.findall(text[:LONGEST]))


def without_cuts(said: Mapping[str, int]) -> dict[str, int]:
    """Leave out the Chinese terms that nearly all who wrote them wrote in the same longer one.

    Args:
        said: How many wrote each term.
    """
    chinese = {term: n for term, n in said.items() if OF_HAN.match(term)}
    cuts = {
        term
        for term, n in chinese.items()
        if any(term != longer and term in longer and m > NEARLY * n for longer, m in chinese.items())
    }
    return {term: n for term, n in said.items() if term not in cuts}


def _stretches(texts: Iterable[str]) -> list[str]:
    """Return the first distinct stretches of Chinese; a sentence that a shop repeats is one."""
    found: dict[str, None] = {}
    n_chars = 0
    for text in texts:
        for stretch in STRETCH.findall(text[:LONGEST]):
            if stretch not in found:
                found[stretch] = None
                n_chars += len(stretch)
        if n_chars >= LEARNT:
            break
    return list(found)


def _is_whole(run: str, n: Counter[str]) -> bool:
    return all(n[run] > WHOLE * min(n[run[:at]], n[run[at:]]) for at in range(1, len(run)))
