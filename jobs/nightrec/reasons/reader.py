"""Who a list is for, and what reasons for it are found in."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from nightrec.histories import Floats, Ints
from nightrec.ranker.sources import ItemSide
from nightrec.reasons.catalogue import Catalogue
from nightrec.reasons.evidence import Own, ReasonsPlan
from nightrec.reasons.grounds import Past, nearness
from nightrec.reasons.words import words

NEWEST_MET = 200
"""Items of a history, newest first, whose words are looked at; more would tell little of what the user likes now."""


@dataclass(frozen=True)
class Knowledge:
    """What reasons are found in.

    Attributes:
        items: Item side of all sources.
        catalogue: The catalogue.
        plan: How.
    """

    items: ItemSide
    catalogue: Catalogue
    plan: ReasonsPlan


@dataclass(frozen=True)
class Reader:
    """A user and the list that reasons are given for.

    Attributes:
        past: The history.
        texts: What the user wrote, newest first.
        language: Of the sentences.
        listed: `(N,)` item_idx, without padding.
        near: By family `(H, N)`, how near the history is to the list, filled when asked for.
        said: Places in the history by word of the list's reviewers, likewise.
    """

    past: Past
    texts: Sequence[Own]
    language: str
    listed: Ints
    near: dict[str, Floats] = field(default_factory=dict)
    said: dict[str, list[int]] = field(default_factory=dict)

    @cached_property
    def written(self) -> list[tuple[Own, dict[str, str]]]:
        """Each of the texts with its words."""
        return [(own, words(own.text)) for own in self.texts]

    def nearness(self, family: str, known: Knowledge) -> Floats:
        """Return how near each item of the history is to each listed one, `(H, N)`."""
        if family not in self.near:
            self.near[family] = nearness(family, self.past, self.listed, known.items)
        return self.near[family]

    def places_of(self, word: str, catalogue: Catalogue) -> list[int]:
        """Return the newest places of the history whose reviewers or catalogue texts have a word of the list's."""
        if not self.said:
            self.said.update({said: [] for item in self.listed.tolist() for said in catalogue.aspects(item)})
            for place, item in enumerate(self.past.items[:NEWEST_MET].tolist() if self.said else ()):
                texts = catalogue.labels(item).keys() | catalogue.words(item).keys() | catalogue.aspects(item).keys()
                for said in self.said.keys() & texts:
                    self.said[said].append(place)
        return self.said.get(word, [])
