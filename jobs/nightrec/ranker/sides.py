"""Make what the sources know of items and users from the arrays of one fold; NumPy and SciPy only."""

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from nightrec.histories import Floats, Histories, Ints
from nightrec.lexical import ItemTexts
from nightrec.ranker.catalogue import Catalogue
from nightrec.ranker.item_item import ItemItemPlan, item_neighbours, places_from_newest
from nightrec.ranker.popularity import faded_counts, item_ages, window_counts
from nightrec.ranker.sources import ItemSide, UserSide, recency_weights

WINDOWS = (30, 90, 365)
ITEM_NAMES = [*(f"item_users_{days}d" for days in WINDOWS), "item_age_days", "item_idle_days", "item_log_price"]
EVER_DAYS = 1e6


@dataclass(frozen=True)
class Learnt:
    """What other jobs learnt of one fold, in the order of the indexes; zeros for unknown keys.

    Attributes:
        users: `(n_users, D)` of each source in `TABLES`.
        items: `(n_items, D)` likewise.
        wrote: `(n_users, E)` unit vectors of what users wrote.
        wrote_words: `(n_users, V)` unit TF-IDF rows of the words of items in it.
    """

    users: dict[str, Floats]
    items: dict[str, Floats]
    wrote: Floats
    wrote_words: sp.csr_matrix


def item_side(
    histories: Histories,
    learnt: Learnt,
    texts: ItemTexts,
    catalogue: Catalogue,
    now: float,
    recent_days: float,
) -> ItemSide:
    """Gather the item side of every source.

    Args:
        histories: Rows of the fold.
        learnt: Vectors of the same fold.
        texts: What the texts of all items say.
        catalogue: Prices and first days of all items.
        now: End of the popularity windows in seconds.
        recent_days: Half-life of the recent popularity.
    """
    items, at, n_items = histories.item_idx, histories.last_at, histories.shape[1]
    popularity = [faded_counts(items, at, n_items, now, days) for days in (EVER_DAYS, recent_days)]
    ages = item_ages(items, histories.first_at, at, catalogue.available_from, now)
    windows = np.log1p(window_counts(items, at, n_items, now, WINDOWS))
    return ItemSide(
        learnt.items,
        texts.meaning,
        texts.lexical,
        texts.words,
        texts.vocabulary,
        item_neighbours(histories.user_idx, items, histories.weight, n_items, ItemItemPlan()),
        np.log1p(np.stack(popularity, axis=1)),
        np.hstack([windows, np.sign(ages) * np.log1p(np.abs(ages)), catalogue.log_price[:, None]]).astype(np.float32),
    )


def user_side(histories: Histories, learnt: Learnt, users: Ints) -> UserSide:
    """Gather the user side for some users.

    Args:
        histories: Rows of the fold.
        learnt: Vectors of the same fold.
        users: `(B,)` user_idx.
    """
    length = np.diff(histories.starts)[users]
    rows = np.arange(length.sum()) + np.repeat(histories.starts[users] - (np.cumsum(length) - length), length)
    weight, recent, newest = had_by(histories.item_idx[rows], histories.weight[rows], length, histories.shape[1])
    return UserSide(
        {name: vectors[users] for name, vectors in learnt.users.items()},
        weight,
        recent,
        learnt.wrote[users],
        learnt.wrote_words[users],
        newest,
        length,
    )


def had_by(item_idx: Ints, weight: Floats, length: Ints, n_items: int) -> tuple[sp.csr_matrix, sp.csr_matrix, Ints]:
    """Turn histories, end to end and oldest first, into what a user side holds of them.

    Args:
        item_idx: `(n,)`.
        weight: `(n,)`.
        length: `(B,)` rows of each user.
        n_items: Number of items.

    Returns:
        `weight`, `recent` and `newest` as of `UserSide`.
    """
    owner, has_any = np.repeat(np.arange(len(length)), length), length > 0
    faded = recency_weights(weight, places_from_newest(owner), ItemItemPlan().recency_power)
    plain, recent = (sp.csr_matrix((one, (owner, item_idx)), (len(length), n_items)) for one in (weight, faded))
    newest = np.full(len(length), -1)
    newest[has_any] = item_idx[np.cumsum(length)[has_any] - 1]
    return plain, recent, newest


def price_distance(users: UserSide, items: ItemSide, rows: Ints, asked: Ints) -> Floats:
    """Tell how far items' prices lie from what users take, as the distance of logarithms.

    Args:
        users: Of a block; what a user takes is the mean over the history, faded towards the past.
        items: All items.
        rows: Rows of the block, in a shape that broadcasts against `asked`.
        asked: item_idx.

    Returns:
        In the shape of `asked`; zeros for users without history.
    """
    log_price = items.described[:, ITEM_NAMES.index("item_log_price")]
    total = np.asarray(users.recent.sum(axis=1), np.float32).ravel()
    usual = np.divide(users.recent @ log_price, total, out=np.zeros_like(total), where=total > 0)
    distance: Floats = (np.abs(log_price[asked] - usual[rows]) * (total > 0)[rows]).astype(np.float32)
    return distance
