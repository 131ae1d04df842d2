"""What a listed item shares with the user: categories, tags, and words of texts and reviewers; pure functions."""

from collections.abc import Sequence

from nightrec.reasons.catalogue import Catalogue
from nightrec.reasons.chinese import stands_alone
from nightrec.reasons.evidence import Evidence, Own
from nightrec.reasons.grounds import LEAST
from nightrec.reasons.reader import Knowledge, Reader
from nightrec.reasons.words import excerpt

Found = tuple[Evidence, int]
"""Evidence, and the `item_idx` of the item that it names; -1 for none."""


def shared_aspect(item: int, met: int, catalogue: Catalogue) -> str | None:
    """Return the rarest category or tag that two items share, else the rarest word, as the first one writes it."""
    labels = [term for term in catalogue.labels(item) if term in catalogue.labels(met)]
    if labels:
        return catalogue.labels(item)[_rarest(labels, catalogue)]
    both = catalogue.words(item).keys() & catalogue.words(met).keys()
    shared = [term for term in both if catalogue.is_telling(term) and catalogue.is_word(term)]
    return catalogue.words(item)[_rarest(shared, catalogue)] if shared else None


def quoted(item: int, reader: Reader, catalogue: Catalogue) -> Evidence | None:
    """Find the text of the user that shares the most telling words with an item, of equal ones the newest.

    Where the catalogue's texts share none, the word on which reviewers of the item agree that tells most of it counts.
    """
    of_item, most = catalogue.words(item), 0.0
    best: Evidence | None = None
    for own, written in reader.written:
        shared = [term for term in _meant(of_item, own, written, catalogue) if catalogue.is_telling(term)]
        told = sum(catalogue.rarity(term) for term in shared)
        if told > most:
            word = of_item[_rarest(shared, catalogue)]
            most, best = told, Evidence(own.kind, reader.language, text=word, quote=excerpt(own.text, word))
    if best is not None:
        return best
    for word, n_users in catalogue.aspects(item).items():
        for own, written in reader.written:
            if word in written:
                quote = excerpt(own.text, word)
                return Evidence(own.kind, reader.language, text=word, quote=quote, n_users=n_users)
    return None


def reviewed(place: int, family: str, reader: Reader, known: Knowledge) -> Found | None:
    """Find the word on which reviewers of a listed item agree, and the item of the history that it is also said of.

    The word is the one that tells most of the listed item, the item the nearest by the family, of equals the newest.
    Families other than text say nothing of items that they do not find near.
    """
    item, near = int(reader.listed[place]), reader.nearness(family, known)[:, place]
    for word, n_users in known.catalogue.aspects(item).items():
        met = [at for at in reader.places_of(word, known.catalogue) if family == "text" or near[at] > LEAST]
        if met:
            named = int(reader.past.items[max(met, key=lambda at: (near[at], -at))])
            met_id = known.catalogue.item_id(named)
            return Evidence("reviewed", reader.language, item_id=met_id, text=word, n_users=n_users), named
    return None


def _meant(of_item: dict[str, str], own: Own, written: dict[str, str], catalogue: Catalogue) -> list[str]:
    """Return the words of an item that a user wrote; of Chinese characters those that the user set apart are one."""
    both = [term for term in of_item if term in written]
    return [term for term in both if catalogue.is_word(term) or stands_alone(term, own.text)]


def _rarest(terms: Sequence[str], catalogue: Catalogue) -> str:
    return min(terms, key=lambda term: (catalogue.n_with(term), -len(term), term))
