"""Find the evidence of a list row: what its best family points to, else the next, else what is always true."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from nightrec.histories import Floats, Ints
from nightrec.ranker.candidates import NOBODY
from nightrec.ranker.sources import ItemSide
from nightrec.reasons.catalogue import Catalogue
from nightrec.reasons.evidence import Evidence, Own, ReasonsPlan
from nightrec.reasons.grounds import FAMILIES, Past, behind
from nightrec.reasons.words import shorten, words

NEWEST_MET = 200
"""Items of a history, newest first, whose reviews are looked at; more would tell little of what the user likes now."""
Found = tuple[Evidence, int]
"""Evidence, and the `item_idx` of the item that it names; -1 for none."""


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
        found: History items behind the list by family, filled when asked for.
        said: The newest item of the history by word of its reviewers, likewise.
    """

    past: Past
    texts: Sequence[Own]
    language: str
    listed: Ints
    found: dict[str, Ints] = field(default_factory=dict)
    said: dict[str, int] = field(default_factory=dict)

    def aspects(self, catalogue: Catalogue) -> dict[str, int]:
        """Return the words of reviewers of the newest items of the history, each with the newest item that has it."""
        if not self.said:
            for item in self.past.items[:NEWEST_MET].tolist():
                for word in catalogue.aspects(item):
                    self.said.setdefault(word, item)
        return self.said


def list_evidence(reader: Reader, shares: Floats, propensity: Floats, known: Knowledge) -> list[Found]:
    """Return the evidence of each row of a list, and the `item_idx` of the item that it names, -1 for none.

    Args:
        reader: Whose list, and which.
        shares: `(N, len(FAMILIES))` what each family added to the row's score.
        propensity: `(N,)` below 1 for explored rows.
        known: What there is to find.
    """
    return [
        (Evidence("explored", reader.language), NOBODY)
        if propensity[place] < 1
        else _row(place, shares[place], reader, known)
        for place in range(len(reader.listed))
    ]


def _row(place: int, shares: Floats, reader: Reader, known: Knowledge) -> Found:
    item, language = int(reader.listed[place]), reader.language
    if item in reader.past.items:
        return Evidence("again", language, item_id=known.catalogue.item_id(item)), item
    best_first = np.argsort(-shares, kind="stable")
    spoke_for = [FAMILIES[family] for family in best_first if shares[family] > 0]
    for family in [*spoke_for, "popularity"]:
        found = _of_family(family, place, reader, known)
        if found is not None:
            return found
    days = known.catalogue.new_days(item)
    return Evidence("unmet", language) if days is None else Evidence("new", language, days=days), NOBODY


def _of_family(family: str, place: int, reader: Reader, known: Knowledge) -> Found | None:
    item = int(reader.listed[place])
    if family == "popularity":
        return _without_item(popular(item, reader.language, known.plan))
    if family == "text" and (evidence := quoted(item, reader, known.catalogue)) is not None:
        return evidence, NOBODY
    if family not in reader.found:
        reader.found[family] = behind(family, reader.past, reader.listed, known.items, known.catalogue.has_title)
    met = int(reader.found[family][place])
    if met != NOBODY:
        met_id = known.catalogue.item_id(met)
        if family != "text":
            return Evidence("history", reader.language, item_id=met_id), met
        if (text := shared_aspect(item, met, known.catalogue)) is not None:
            return Evidence("aspect", reader.language, item_id=met_id, text=text), met
    return _without_item(reviewed(item, reader, known.catalogue)) if family == "text" else None


def popular(item: int, language: str, plan: ReasonsPlan) -> Evidence | None:
    """Count the users of an item in the shortest window in which there are enough, else ever."""
    ever, *by_window = plan.n_users[item].tolist()
    for days, n_users in zip(plan.windows, by_window, strict=True):
        if n_users >= plan.min_users:
            return Evidence("popular", language, n_users=n_users, days=days)
    return Evidence("ever", language, n_users=ever) if ever >= plan.min_users else None


def shared_aspect(item: int, met: int, catalogue: Catalogue) -> str | None:
    """Return the rarest category or tag that two items share, else the rarest word, as the first one writes it."""
    labels = [term for term in catalogue.labels(item) if term in catalogue.labels(met)]
    if labels:
        return catalogue.labels(item)[_rarest(labels, catalogue)]
    shared = _telling(catalogue.words(item), catalogue.words(met), catalogue)
    return catalogue.words(item)[_rarest(shared, catalogue)] if shared else None


def reviewed(item: int, reader: Reader, catalogue: Catalogue) -> Evidence | None:
    """Find the most telling word on which reviewers of an item and of one of the user's newest items agree."""
    mine = reader.aspects(catalogue)
    for word, n_users in catalogue.aspects(item).items():
        if word in mine:
            met_id = catalogue.item_id(mine[word])
            return Evidence("reviewed", reader.language, item_id=met_id, text=word, n_users=n_users)
    return None


def quoted(item: int, reader: Reader, catalogue: Catalogue) -> Evidence | None:
    """Find the text of the user that shares the most telling words with an item, of equal ones the newest."""
    of_item, most = catalogue.words(item), 0.0
    best: Evidence | None = None
    for own in reader.texts:
        shared = _telling(of_item, words(own.text), catalogue)
        told = sum(catalogue.rarity(term) for term in shared)
        if told > most:
            word = of_item[_rarest(shared, catalogue)]
            most, best = told, Evidence(own.kind, reader.language, text=word, quote=shorten(own.text))
    return best


def _without_item(evidence: Evidence | None) -> Found | None:
    return None if evidence is None else (evidence, NOBODY)


def _telling(left: dict[str, str], right: dict[str, str], catalogue: Catalogue) -> list[str]:
    return [term for term in left if term in right and catalogue.is_telling(term)]


def _rarest(terms: Sequence[str], catalogue: Catalogue) -> str:
    return min(terms, key=lambda term: (catalogue.n_with(term), -len(term), term))
