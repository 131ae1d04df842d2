"""The part of score_top_n that writes the items for each frequent query."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import scipy.sparse as sp
from pyspark.sql import DataFrame

from nightrec.context import SparkContext
from nightrec.documents import documents
from nightrec.histories import Floats, Ints, read_vectors
from nightrec.schemas import contract
from nightrec.scoring.inputs import read_events
from nightrec.scoring.queries import head_queries, searches, spelt, turned_to, within
from nightrec.scoring.query_items import best_items, by_meaning, by_words
from nightrec.scoring.rank import Task
from nightrec.vectors import unit


def write_query_results(ctx: SparkContext, task: Task, lineage: dict[str, str]) -> int:
    """Write `query_results` for the queries of enough users; no rows, at the cost of one look, where nobody searches.

    Args:
        ctx: The job's.
        task: Which items can be shown, and how long lists are.
        lineage: Columns that every row carries.

    Returns:
        Number of rows.
    """
    scoring, events = ctx.config.scoring, _events(ctx)
    asked = searches(events)
    # Ordered and limited on the way, so a few rows.
    heads = head_queries(asked, scoring.popular_min_users, scoring.query_n).toArrow()
    rows = _lists(ctx, task, heads, asked, events) if heads.num_rows else []
    schema = contract("query_results").arrow()
    table = pa.Table.from_pylist([row | lineage for row in rows], schema)
    return ctx.lake.write_arrow("query_results", ctx.run_date, table)


def _events(ctx: SparkContext) -> DataFrame:
    days = ctx.config.texts.window_days
    return within(read_events(ctx, days), ctx.run_date, days)


def _lists(
    ctx: SparkContext, task: Task, heads: pa.Table, asked: DataFrame, events: DataFrame
) -> list[dict[str, object]]:
    """Return the rows of all lists without their lineage."""
    item_ids = ctx.lake.read_arrow("item_index", ctx.run_date).sort_by("item_idx")["item_id"].combine_chunks()
    queries = heads["query"].combine_chunks()
    items = read_vectors(ctx.lake, "item_embeddings", ctx.run_date, item_ids, "all")
    vectors, turned = _vectors(ctx, queries, items.shape[1]), _turned(ctx, queries, item_ids, asked, events)
    described = documents(ctx.lake.read_arrow("item_texts", ctx.run_date))
    place = pc.index_in(item_ids, value_set=described["item_id"].combine_chunks())
    words = by_words(queries.to_pylist(), described["text"].combine_chunks().take(place).fill_null("").to_pylist())
    sizes, rows, keys = (task.candidates, task.top_n), [], heads.to_pylist()
    for start in range(0, len(queries), task.block_rows):
        block = slice(start, start + task.block_rows)
        meaning = by_meaning(vectors[block], items)
        found, scores = best_items(meaning, words[block].toarray(), turned[block].toarray(), task.shown, sizes)
        for row, place in np.argwhere(found >= 0).tolist():
            listed = {"rank": place + 1, "item_id": item_ids[found[row, place]].as_py(), "score": scores[row, place]}
            rows.append(keys[start + row] | listed)
    return rows


def _vectors(ctx: SparkContext, queries: pa.Array, dim: int) -> Floats:
    """Return `(Q, dim)` the mean vector of all spellings of each query; zeros where nobody wrote it lately."""
    heads = ctx.spark.createDataFrame([(query,) for query in queries.to_pylist()], "query string")
    spellings = spelt(ctx.tables.read("user_texts", ctx.run_date), heads)
    kept = ctx.tables.read("text_vectors", ctx.run_date).select("text_hash", "vector")
    found = spellings.join(kept, on=["text_hash"], how="inner").toArrow()
    found = found.sort_by([("query", "ascending"), ("text_hash", "ascending")])
    vectors = np.zeros((len(queries), dim), np.float32)
    if dim:  # 0 where no item has a text
        flat = np.asarray(pc.list_flatten(found["vector"]), dtype=np.float32)
        np.add.at(vectors, _places(found["query"], queries), flat.reshape(found.num_rows, dim))
    return unit(vectors)


def _turned(
    ctx: SparkContext, queries: pa.Array, item_ids: pa.Array, asked: DataFrame, events: DataFrame
) -> sp.csr_matrix:
    """Return `(Q, n)` how many users turned to each item after each query."""
    scoring = ctx.config.scoring
    of_heads = asked.where(asked["query"].isin(queries.to_pylist()))
    found = turned_to(of_heads, events, scoring.query_minutes, scoring.popular_min_users).toArrow()
    known = found.filter(pc.is_in(found["item_id"], value_set=item_ids))
    pairs = _places(known["query"], queries), _places(known["item_id"], item_ids)
    users = np.asarray(known["n_users"], dtype=np.float32)
    return sp.csr_matrix((users, pairs), (len(queries), len(item_ids)))


def _places(keys: pa.ChunkedArray, ids: pa.Array) -> Ints:
    return np.asarray(pc.index_in(keys, value_set=ids)).astype(np.int64)
