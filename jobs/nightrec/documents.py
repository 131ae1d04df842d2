"""The pieces of text that describe an item, as one document; Arrow only."""

import pyarrow as pa
import pyarrow.compute as pc

JOINT = ". "


def of_fold(texts: pa.Table, fold: str) -> pa.Table:
    """Return the rows of `item_texts` or `user_texts` that models of a fold may read."""
    return texts.filter(~pc.field("is_held_out")) if fold == "cut" else texts


def documents(texts: pa.Table) -> pa.Table:
    """Join pieces in the order of their places.

    Args:
        texts: Rows of `item_texts` or `user_texts`.

    Returns:
        The key and `text`, one row a key, ordered by key.
    """
    key = next(name for name in texts.column_names if name.endswith("_id"))
    ordered = texts.select([key, "place", "text"]).sort_by([(key, "ascending"), ("place", "ascending")])
    grouped = ordered.group_by(key, use_threads=False).aggregate([("text", "list")])
    return pa.table({key: grouped[key], "text": pc.binary_join(grouped["text_list"], JOINT)})
