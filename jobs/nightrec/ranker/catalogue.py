"""What the catalogue says of items, as arrays in the order of the index; NumPy and Arrow only."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

Wide = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Catalogue:
    """What the features of `n` items are made of beside what users did.

    Attributes:
        log_price: `(n,)` `ln(1 + price)` less its mean over the items that have a price; 0 for the others, so that an
            item without price stands in the middle.
        available_from: `(n,)` first moment of availability in seconds; infinite where it is not known.
    """

    log_price: Wide
    available_from: Wide


def catalogue_of(items: pa.Table, item_ids: pa.Array) -> Catalogue:
    """Read prices and first days.

    Args:
        items: `item_id, price, available_from`, unique by the first.
        item_ids: `n` keys; those outside the catalogue are items of which nothing is known.
    """
    place = pc.index_in(item_ids, value_set=items["item_id"].combine_chunks())
    price, since = (items[name].combine_chunks().take(place) for name in ("price", "available_from"))
    logs = np.log1p(np.asarray(price.to_numpy(zero_copy_only=False), dtype=np.float64))
    known = np.isfinite(logs)
    middle = logs[known].mean() if known.any() else 0.0
    seconds = np.asarray(since.cast(pa.int64()).fill_null(0)) / 1e6
    return Catalogue(np.where(known, logs - middle, 0.0), np.where(np.asarray(since.is_valid()), seconds, np.inf))
