"""Lists for queries from the lake to the lake."""

import argparse
from datetime import date, datetime, timedelta
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pytest

from nightrec.config import load_config
from nightrec.context import SparkContext
from nightrec.schemas import contract
from nightrec.scoring.query_results import write_query_results
from nightrec.scoring.rank import Task

DAY = date(2026, 1, 31)
NOON = datetime(2026, 1, 31, 12)
LINEAGE = {"run_id": "r", "encoder_version": "e", "collaborative_version": "c", "data_snapshot": "d"}
TITLES = ["copper pan", "tea pot", "花园铲", "iron pan"]
AXES = np.eye(4, dtype=np.float32)


@pytest.fixture
def shop(spark, tables):
    """Return a function from searches and clicks to tonight's lists by query."""

    def write(table, rows):
        wanted = contract(table).arrow()
        full = [{name: row.get(name) for name in wanted.names} for row in rows]
        tables.write_arrow(table, DAY, pa.Table.from_pylist(full, wanted))

    def lists(events, shown=(True,) * 4):
        texts = [{"text": text, "text_hash": text, "is_held_out": False} for text in TITLES]
        wrote = sorted({event["text"] for event in events if event.get("text")})
        write("events", [{"event_id": str(k), "event_at": NOON} | event for k, event in enumerate(events)])
        write("matrix_inputs", [{"delivery_date": DAY, "fingerprint": "f", "settings_hash": "s"}])
        write("item_index", [{"item_id": f"i{k}", "item_idx": k} for k in range(4)])
        write("item_texts", [text | {"item_id": f"i{k}", "place": 0} for k, text in enumerate(texts)])
        write("item_embeddings", [{"fold": "all", "item_id": f"i{k}", "model_version": "m", "vector": AXES[k].tolist()}
                                  for k in range(4)])  # fmt: skip
        spelt = [{"text": text, "text_hash": text, "is_held_out": False} for text in wrote]
        write(
            "user_texts", [text | {"user_id": "u", "place": k, "event_type": "search"} for k, text in enumerate(spelt)]
        )
        near = [
            {"text_hash": text, "model_version": "m", "vector": AXES[2].tolist()} for text in wrote if text == "spade"
        ]
        write("text_vectors", near)
        ctx = SparkContext(load_config("tiny"), DAY, SimpleNamespace(), tables, argparse.Namespace(), tables, spark)
        task = Task("r", "d", "p", np.array(shown), top_n=2, candidates=3, block_rows=1)
        n_rows = write_query_results(ctx, task, LINEAGE)
        rows = tables.read_arrow("query_results", DAY).to_pylist()
        assert len(rows) == n_rows
        assert all(row[name] == value for row in rows for name, value in LINEAGE.items())
        found = {}
        for row in sorted(rows, key=lambda row: (row["query"], row["rank"])):
            found.setdefault((row["query"], row["n_users"]), []).append(row["item_id"])
        return found

    return lists


def searched(text, users=3, at=NOON):
    return [{"user_id": f"u{k}", "event_type": "search", "text": text, "event_at": at} for k in range(users)]


def clicked(item, users=3):
    return [{"user_id": f"u{k}", "event_type": "click", "item_id": item} for k in range(users)]


def test_queries_get_items_by_words_by_meaning_and_by_clicks(shop):
    long_ago = NOON - timedelta(days=365)
    events = [
        *searched("Copper  pan"), *searched("copper pan", users=4), *searched("spade"), *searched("bow"),
        *searched("secret", users=2), *searched("old", at=long_ago),
    ]  # fmt: skip
    # Nothing is known of the bow, neither a word nor a vector.
    assert shop(events) == {("copper pan", 4): ["i0", "i3"], ("spade", 3): ["i2", "i0"]}
    assert shop([*events, *clicked("i1"), *clicked("not in the shop")])["bow", 3] == ["i1"]
    assert shop(events, shown=[False, True, True, True])["copper pan", 4] == ["i3"]


def test_shop_without_searches_has_an_empty_table(shop):
    assert shop(clicked("i1")) == {}
