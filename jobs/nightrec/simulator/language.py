"""What items are called and what users write; every text names its category or aspects in one language."""

from collections.abc import Mapping, Sequence

from nightrec.simulator.words import (
    ASPECTS,
    CATEGORIES,
    COMPLAINT,
    DESCRIPTIONS,
    LANGUAGES,
    MIXED,
    PRAISE,
    QUESTIONS,
    SEARCHES,
)

Patterns = Mapping[str, Sequence[str]]
MIDDLING = 3
"""Stars of a review that both praises and complains."""


def title(language: int, category: int, aspects: Sequence[int], number: int) -> str:
    """Return the name of an item, unique by its number."""
    one, name = ASPECTS[aspects[0]][language], CATEGORIES[category][language]
    return f"{one.capitalize()} {name} {number}" if language == 0 else f"{one}{name} {number}"


def tags(aspects: Sequence[int]) -> list[str]:
    """Return an item's aspects as keywords in both languages, so that all users' searches can find it."""
    return [word for aspect in aspects for word in ASPECTS[aspect]]


def description(language: int, category: int, aspects: Sequence[int], draw: float) -> str:
    """Return the longer text of an item; it names the first two aspects."""
    return _say(DESCRIPTIONS, language, category, aspects, draw)


def search(language: int, category: int, aspects: Sequence[int], draw: float) -> str:
    """Return what a user types who looks for a category with two aspects."""
    return _say(SEARCHES, language, category, aspects, draw)


def question(language: int, category: int, aspects: Sequence[int], draw: float) -> str:
    """Return what a user asks about an item, by the first aspect looked for."""
    return _say(QUESTIONS, language, category, aspects, draw)


def review(language: int, category: int, aspects: Sequence[int], stars: int, draw: float) -> str:
    """Return what a user writes about a bought item.

    Args:
        language: Place in `LANGUAGES`.
        category: The item's.
        aspects: The item's, those that it lacks come last.
        stars: 1 to 5. Above `MIDDLING` it praises, below it complains.
        draw: In 0..1, picks the pattern.
    """
    patterns = PRAISE if stars > MIDDLING else COMPLAINT if stars < MIDDLING else MIXED
    return _say(patterns, language, category, aspects, draw)


def _say(patterns: Patterns, language: int, category: int, aspects: Sequence[int], draw: float) -> str:
    known = patterns[LANGUAGES[language]]
    one, two, lacking = (ASPECTS[aspects[place]][language] for place in (0, 1, -1))
    text = known[int(draw * len(known))].format(
        category=CATEGORIES[category][language], one=one, two=two, lacking=lacking
    )
    return text[0].upper() + text[1:] if patterns is not SEARCHES else text
