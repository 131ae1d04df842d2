"""What the page is made of, read from a night's tables; Arrow only."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds

from nightrec.explorer.sample import PageUser, pick_users
from nightrec.explorer.scan import aligned, rows, tally
from nightrec.lake import Lake
from nightrec.writer.replace import replace_reasons

MAX_ITEMS = 20_000
"""Items of the page; beyond it only those that its lists and histories name."""
NEWEST = 20
"""Newest items of a history."""


@dataclass(frozen=True)
class Night:
    """What a night made, as far as the page tells of it.

    Attributes:
        domain: Shop.
        run_date: The night.
        n_users: Users who have a list.
        n_items: Items in the catalogue or in an interaction.
        users: Those on the page.
        history: Their newest interactions, newest first.
        listed: Their rows of `topn`, best first.
        popular: `popular_items`.
        answers: `query_results`.
        items: Those on the page: `item_id`, `n_lists` that hold it, `n_first` that begin with it, and from the
            catalogue `title`, `description`, `categories`, `tags`.
        similar: Rows of `similar_items` for these.
    """

    domain: str
    run_date: date
    n_users: int
    n_items: int
    users: list[PageUser]
    history: pa.Table
    listed: pa.Table
    popular: pa.Table
    answers: pa.Table
    items: pa.Table
    similar: pa.Table


def read_night(lake: Lake, run_date: date, max_users: int, texts: pa.Table | None = None) -> Night:
    """Read what a page with at most `max_users` users needs; rows of `reason_texts` take the place of templates.

    Raises:
        MissingPartitionError: If a table of the night is not finished.
    """
    n_items = _history_lengths(lake, run_date)
    users = pick_users(n_items, lake.domain, max_users)
    theirs = ds.field("user_id").isin(pa.array([user.user_id for user in users], pa.string()))
    listed = rows(lake, "topn", run_date, theirs).sort_by("rank")
    parts = {
        "history": _newest(rows(lake, "interactions", run_date, theirs)),
        "listed": listed if texts is None else replace_reasons(listed, texts),
        "popular": rows(lake, "popular_items", run_date).sort_by("rank"),
        "answers": rows(lake, "query_results", run_date).sort_by("rank"),
    }
    named = [*(part["item_id"] for part in parts.values()), pc.struct_field(parts["listed"]["evidence"], "item_id")]
    items = _page_items(lake, run_date, pa.chunked_array([chunk for ids in named for chunk in ids.chunks], pa.string()))
    similar = rows(lake, "similar_items", run_date, ds.field("item_id").isin(items["item_id"].combine_chunks()))
    n_known = lake.count("item_index", run_date)
    return Night(lake.domain, run_date, len(n_items), n_known, users, items=items, similar=similar, **parts)


def _history_lengths(lake: Lake, run_date: date) -> dict[str, int]:
    with_list = tally(lake, "topn", run_date, "user_id")["user_id"]
    lengths = aligned(with_list, tally(lake, "interactions", run_date, "user_id"), "user_id", "n")
    return dict(zip(with_list.to_pylist(), lengths.fill_null(0).to_pylist(), strict=True))


def _newest(history: pa.Table) -> pa.Table:
    ordered = history.sort_by([("user_id", "ascending"), ("last_at", "descending"), ("item_id", "ascending")])
    lengths = np.asarray(ordered["user_id"].value_counts().field("counts")) if len(ordered) else np.zeros(0, np.int64)
    place = np.arange(len(ordered)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return ordered.filter(pa.array(place < NEWEST))


def _page_items(lake: Lake, run_date: date, named: pa.ChunkedArray) -> pa.Table:
    """Return the page's items: those named, then those in most lists, then those that most users met."""
    indexed = lake.read_arrow("item_index", run_date)["item_id"]
    known = pa.chunked_array([*indexed.chunks, *named.drop_null().chunks]).unique()
    listed = tally(lake, "topn", run_date, "item_id", n_first=ds.field("rank") == 1)
    counts = {
        "n_lists": aligned(known, listed, "item_id", "n"),
        "n_first": aligned(known, listed, "item_id", "n_first"),
        "n_users": aligned(known, tally(lake, "interactions", run_date, "item_id"), "item_id", "n"),
    }
    counts = {name: count.fill_null(0) for name, count in counts.items()}
    is_named = pc.is_in(known, value_set=named)
    table = pa.table({"item_id": known, "is_named": is_named.cast(pa.int8()), **counts})
    order = [("is_named", "descending"), ("n_lists", "descending"), ("n_users", "descending"), ("item_id", "ascending")]
    best = table.sort_by(order).slice(0, max(MAX_ITEMS, pc.sum(is_named).as_py() or 0))
    catalogue = rows(lake, "items", run_date, ds.field("item_id").isin(best["item_id"].combine_chunks()))
    for column in ("title", "description", "categories", "tags"):
        best = best.append_column(column, aligned(best["item_id"], catalogue, "item_id", column))
    return best
