"""What reasons say of items: titles, categories, tags and words, read once by a worker; Arrow only."""

import zlib
from functools import lru_cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from nightrec.histories import Ints, Mask
from nightrec.lake import Lake
from nightrec.reasons.chinese import is_word, likely_words, without_cuts
from nightrec.reasons.evidence import NEW_DAYS, ReasonsPlan
from nightrec.reasons.words import LETTER, LONGEST, SHOWN, one_line, shorten, words

TEXTS = ("title", "categories", "tags", "description")
BUCKETS = 1 << 18
Aspects = dict[int, dict[str, int]]
SAMPLED = 20_000
"""Items, at most, that tell how common a word is."""
COMMON_FRAC = 0.1
"""A word in more of the items than this tells nothing."""
LABEL_FRAC = 0.5
"""So does a label of more of the items, or a word of a title that the user wrote; small shops have few kinds of items,
and the word of each is common."""


class Catalogue:
    """The catalogue in the order of `item_idx`; items that only the matrix knows have no texts."""

    def __init__(
        self, item_ids: pa.Array, texts: dict[str, pa.ChunkedArray], age_days: Ints, aspects: Aspects | None = None
    ) -> None:
        """Count how common words are.

        Args:
            item_ids: `n` keys.
            texts: Columns of `items`, `n` each.
            age_days: `(n,)` days since the item became available; -1 where that is not known.
            aspects: What reviewers agree on, by item.
        """
        self.item_ids, self.age_days, self._aspects = item_ids, age_days, aspects or {}
        # Read by row, chunks would be searched for every row.
        self._at = {name: column.combine_chunks() for name, column in texts.items()}
        has_letters = pc.match_substring_regex(self._at["title"], r"[\pL\pN]").fill_null(False)
        self.has_title: Mask = np.asarray(has_letters)
        self.labels, self.words = lru_cache(SAMPLED)(self._labels), lru_cache(SAMPLED)(self._words)
        step = max(1, len(item_ids) // SAMPLED)
        self._n_sampled = len(range(0, len(item_ids), step))
        sampled = (self._at[name][item].as_py() or "" for name in TEXTS for item in range(0, len(item_ids), step))
        self._chinese = likely_words(sampled)
        self._counts = np.zeros(BUCKETS, np.int32)
        for item in range(0, len(item_ids), step):
            np.add.at(self._counts, [_bucket(term) for term in {*self.labels(item), *self.words(item)}], 1)

    def item_id(self, item: int) -> str:
        """Return an item's key."""
        return str(self.item_ids[item].as_py())

    def title(self, item: int) -> str:
        """Return an item's shortened title."""
        return shorten(self.whole_title(item))

    def whole_title(self, item: int) -> str:
        """Return an item's title as it is, empty where it has none."""
        return self._at["title"][item].as_py() or ""

    def new_days(self, item: int) -> int | None:
        """Return for how many days an item has been new, None for others."""
        days = int(self.age_days[item])
        return days if 0 <= days <= NEW_DAYS else None

    def aspects(self, item: int) -> dict[str, int]:
        """Return the words that reviewers agree on, the most telling first, and how many wrote each."""
        return self._aspects.get(item, {})

    def is_word(self, term: str) -> bool:
        """Tell whether a term of `words` is a word, and not a cut of Chinese ones."""
        return is_word(term, self._chinese)

    def n_with(self, term: str) -> int:
        """Return how many sampled items have a term."""
        return int(self._counts[_bucket(term)])

    def is_telling(self, term: str, frac: float = COMMON_FRAC) -> bool:
        """Tell whether few enough items have a term."""
        return self.n_with(term) <= max(2.0, frac * self._n_sampled)

    def rarity(self, term: str) -> float:
        """Return how much a term tells, `ln(n / n with it)`."""
        return float(np.log(self._n_sampled / max(1, self.n_with(term))))

    def _labels(self, item: int) -> dict[str, str]:
        joined = [self._at[name][item].as_py() or "" for name in ("categories", "tags")]
        # The last of a cut text may be half a label.
        whole = [text.split("|")[: -1 if len(text) >= LONGEST else None] for text in joined]
        named = [label.strip() for labels in whole for label in labels]
        fit = [label for label in named if LETTER.search(label) and len(label) <= SHOWN and one_line(label) == label]
        return {label.lower(): label for label in fit}

    def _words(self, item: int) -> dict[str, str]:
        return words(self._at["description"][item].as_py() or "") | words(self.whole_title(item))


# A worker keeps the newest, because it is asked for every batch.
_KEPT: dict[tuple[str, str, str], Catalogue] = {}


def open_catalogue(root: str, domain: str, plan: ReasonsPlan) -> Catalogue:
    """Read the catalogue of a night from the lake, without the contracts, which workers do not have."""
    key = root, domain, plan.items
    if key not in _KEPT:
        _KEPT.clear()
        _KEPT[key] = _read(Lake(root, domain), plan)
    return _KEPT[key]


def _read(lake: Lake, plan: ReasonsPlan) -> Catalogue:
    index = ds.dataset(lake.path(plan.index), filesystem=lake.fs).to_table().sort_by("item_idx")
    short = {name: pc.utf8_slice_codeunits(ds.field(name), 0, LONGEST) for name in TEXTS}
    columns = {"item_id": ds.field("item_id"), "available_from": ds.field("available_from"), **short}
    items = ds.dataset(lake.path(plan.items), filesystem=lake.fs).to_table(columns=columns)
    place = pc.index_in(index["item_id"], value_set=items["item_id"].combine_chunks())
    since = pc.cast(pc.floor_temporal(items["available_from"], unit="day"), pa.date32()).cast(pa.int32())
    age = pc.max_element_wise(pc.subtract(plan.last_day, since), 0, skip_nulls=False).fill_null(-1)
    return Catalogue(
        index["item_id"].combine_chunks(),
        {name: items[name].take(place) for name in TEXTS},
        np.asarray(age.take(place).fill_null(-1)).astype(np.int64),
        _aspects(lake, plan, index["item_id"].combine_chunks()),
    )


def _aspects(lake: Lake, plan: ReasonsPlan, item_ids: pa.Array) -> Aspects:
    rows = ds.dataset(lake.path(plan.aspects), filesystem=lake.fs).to_table().sort_by("place")
    found: Aspects = {}
    items = pc.index_in(rows["item_id"], value_set=item_ids).to_pylist()
    for item, text, n_users in zip(items, rows["text"].to_pylist(), rows["n_users"].to_pylist(), strict=True):
        found.setdefault(item, {})[text] = n_users
    return {item: without_cuts(said) for item, said in found.items()}


def _bucket(term: str) -> int:
    return zlib.crc32(term.encode()) % BUCKETS
