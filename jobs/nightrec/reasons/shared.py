"""What a listed item shares with the user: categories, tags, and words of texts and reviewers; pure functions."""

from collections.abc import Iterable, Sequence

from nightrec.reasons.catalogue import LABEL_FRAC, Catalogue
from nightrec.reasons.chinese import set_apart
from nightrec.reasons.evidence import Evidence, Own
from nightrec.reasons.grounds import LEAST
from nightrec.reasons.reader import Knowledge, Reader
from nightrec.reasons.words import SHOWN, excerpt, longest_run, words

Found = tuple[Evidence, int]
"""Evidence, and the `item_idx` of the item that it names; -1 for none."""
NAMING = 0.5
"""A common word is the subject of a text if it tells this share of what the text's most telling word does."""


def shared_aspect(item: int, met: int, catalogue: Catalogue) -> str | None:
    """Return the rarest telling category or tag of two items, else the rarest word, as the first one writes it."""
    both = [term for term in catalogue.labels(item) if term in catalogue.labels(met)]
    labels = [term for term in both if catalogue.is_telling(term, LABEL_FRAC)]
    if labels:
        return catalogue.labels(item)[_rarest(labels, catalogue)]
    written = catalogue.words(item).keys() & catalogue.words(met).keys()
    shared = [term for term in written if catalogue.is_telling(term) and catalogue.is_word(term)]
    return catalogue.words(item)[_rarest(shared, catalogue)] if shared else None


def quoted(item: int, reader: Reader, catalogue: Catalogue) -> Evidence | None:
    """Find the text of the user that shares the most telling words with an item, of equal ones the newest.

    Where the catalogue's texts share none, the word on which reviewers of the item agree that tells most of it counts,
    and then what the user named that the title names too.
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
    return _named(item, reader, catalogue)


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


def _named(item: int, reader: Reader, catalogue: Catalogue) -> Evidence | None:
    """Find the text of the user that names most of an item's title, in words that may be common among the items."""
    title, most = catalogue.whole_title(item), 0.0
    in_title = words(title)
    best: Evidence | None = None
    overlapping = ((own, written) for own, written in reader.written if in_title.keys() & written.keys())
    for own, written in overlapping:
        shared = _subject(title, own, written, catalogue)
        told = sum(catalogue.rarity(term) for term in shared)
        if told > most:
            run = _longest(title, in_title[_rarest(shared, catalogue)], own.text)
            most, best = told, Evidence(own.kind, reader.language, text=run, quote=excerpt(own.text, run))
    return best


def _subject(title: str, own: Own, written: dict[str, str], catalogue: Catalogue) -> list[str]:
    """Return the words of a title that a text is about.

    Words that tell little beside the text's most telling one are not, or "for" would be the reason for who looks for a
    strap for a guitar.
    """
    whole = words(" ".join(_whole(title, own.text)))
    named = dict.fromkeys([*_meant(words(title), own, written, catalogue), *whole])
    shared = [term for term in named if catalogue.is_telling(term, LABEL_FRAC)]
    if not shared:
        return []
    known = [term for term in _meant(written, own, written, catalogue) if catalogue.n_with(term)]
    least = NAMING * max((catalogue.rarity(term) for term in known), default=0.0)
    return [term for term in shared if catalogue.rarity(term) >= least]


def _longest(title: str, word: str, text: str) -> str:
    """Return the words around one that a title and a text share, in Chinese what the user set apart."""
    whole = [apart for apart in _whole(title, text) if word in apart]
    return max(whole, key=len, default=longest_run(title, word, text))


def _whole(title: str, text: str) -> list[str]:
    """Return the Chinese that a user set apart and a title has, at most half of `SHOWN`."""
    return sorted(apart for apart in set_apart(text) if apart in title and len(apart) <= SHOWN // 2)


def _meant(of_item: Iterable[str], own: Own, written: dict[str, str], catalogue: Catalogue) -> list[str]:
    """Return the words of an item that a user wrote; of Chinese characters those that the user set apart are one."""
    apart = set_apart(own.text)
    return [term for term in of_item if term in written and (catalogue.is_word(term) or term in apart)]


def _rarest(terms: Sequence[str], catalogue: Catalogue) -> str:
    return min(terms, key=lambda term: (catalogue.n_with(term), -len(term), term))
