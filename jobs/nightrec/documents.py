"""The pieces of text that describe an item, as one document; Arrow and NumPy only."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

JOINT = ". "


def of_fold(texts: pa.Table, fold: str) -> pa.Table:
    """Return the rows of `item_texts` or `user_texts` that models of a fold may read."""
    return texts.filter(~pc.field("is_held_out")) if fold == "cut" else texts


def first_pieces(texts: pa.Table, n: int) -> pa.Table:
    """Return the first `n` pieces of each item or user, ordered by key and place."""
    key = _key(texts)
    ordered = texts.sort_by([(key, "ascending"), ("place", "ascending")])
    codes = ordered[key].combine_chunks().dictionary_encode().indices.to_numpy()  # rising, as keys are met in order
    place = np.arange(len(codes)) - np.searchsorted(codes, codes)
    return ordered.filter(pa.array(place < n))


def documents(texts: pa.Table) -> pa.Table:
    """Join pieces in the order of their places.

    Args:
        texts: Rows of `item_texts` or `user_texts`.

    Returns:
        The key and `text`, one row a key, ordered by key.
    """
    key = _key(texts)
    ordered = texts.select([key, "place", "text"]).sort_by([(key, "ascending"), ("place", "ascending")])
    grouped = ordered.group_by(key, use_threads=False).aggregate([("text", "list")])
    return pa.table({key: grouped[key], "text": pc.binary_join(grouped["text_list"], JOINT)})


def _key(texts: pa.Table) -> str:
    return str(next(name for name in texts.column_names if name.endswith("_id")))
