"""Find the evidence of a list row: what its best family points to, else the next, else what is always true."""

import numpy as np

from nightrec.histories import Floats
from nightrec.ranker.candidates import NOBODY
from nightrec.reasons.evidence import Evidence, ReasonsPlan
from nightrec.reasons.grounds import FAMILIES, behind
from nightrec.reasons.reader import Knowledge, Reader
from nightrec.reasons.shared import Found, quoted, reviewed, shared_aspect


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
    item, catalogue = int(reader.listed[place]), known.catalogue
    if family == "popularity":
        return _without_item(popular(item, reader.language, known.plan))
    if family == "text" and (evidence := quoted(item, reader, catalogue)) is not None:
        return evidence, NOBODY
    if not len(reader.past.items):
        return None
    met = behind(reader.nearness(family, known)[:, place], reader.past, catalogue.has_title)
    if met != NOBODY:
        met_id = catalogue.item_id(met)
        if family != "text":
            return Evidence("history", reader.language, item_id=met_id), met
        if (text := shared_aspect(item, met, catalogue)) is not None:
            return Evidence("aspect", reader.language, item_id=met_id, text=text), met
    return reviewed(place, family, reader, known)


def popular(item: int, language: str, plan: ReasonsPlan) -> Evidence | None:
    """Count the users of an item in the shortest window in which there are enough, else ever."""
    ever, *by_window = plan.n_users[item].tolist()
    for days, n_users in zip(plan.windows, by_window, strict=True):
        if n_users >= plan.min_users:
            return Evidence("popular", language, n_users=n_users, days=days)
    return Evidence("ever", language, n_users=ever) if ever >= plan.min_users else None


def _without_item(evidence: Evidence | None) -> Found | None:
    return None if evidence is None else (evidence, NOBODY)
