"""A search made yesterday moves that user's list tonight: from the event over text and vector to the scores."""

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from small_night import DAY, N_ITEMS, N_USERS, write, write_night
from unit.encoder.tiny import WORDS, write_bert

from nightrec.encoder.embed_job import main as embed_texts
from nightrec.histories import read_matrix, read_vectors
from nightrec.matrix.texts import recent_texts, user_texts
from nightrec.projection.job import main as train_projection
from nightrec.ranker.job import main as fit_ranker
from nightrec.ranker.sources import TABLES
from nightrec.reasons.evidence import OWN_TEXTS
from nightrec.scoring.rank import Task, rank_users
from nightrec.sequence.job import main as train_sequence

ARGS = ["--domain", "tiny", "--run-date", str(DAY)]
EVENTS = "user_id string, item_id string, event_id string, event_at timestamp, text string, event_type string"
TITLES = [f"{WORDS[k % 12]} {WORDS[(5 * k + 3) % 12]}" for k in range(N_ITEMS)]
SEARCHER, WANTED = "u0", 7  # an item of the half of the shop that this user never touched


def piece(text):
    return {"place": 0, "text": text, "text_hash": sha256(text.encode()).hexdigest(), "is_held_out": False}


def write_search(spark, lake, *events):
    """Take searches the way of every night: numbered by user, shortened, hashed."""
    nobody = spark.createDataFrame([], "user_id string, item_id string, cut_at timestamp")
    written = recent_texts(spark.createDataFrame(events, EVENTS), "user_id", 20, nobody)
    write(lake, "user_texts", [row.asDict() for row in user_texts(written, max_chars=100).collect()])


def tonights_lists(lake):
    """Return each user's items, best first, as the workers of score_top_n make them."""
    matrix = read_matrix(lake, DAY)
    rows = matrix.histories
    parts = [slice(a, b) for a, b in zip(rows.starts[:-1], rows.starts[1:], strict=True)]
    vectors = {name: read_vectors(lake, f"user_{table}", DAY, matrix.user_ids, "all") for name, table in TABLES.items()}
    wrote = read_vectors(lake, "user_embeddings", DAY, matrix.user_ids, "all", empty_dim=16)
    columns = {"user_id": matrix.user_ids}
    columns |= {
        name: pa.array(list(part), pa.list_(pa.float32())) for name, part in (vectors | {"wrote": wrote}).items()
    }
    columns["items"] = pa.array([rows.item_idx[part].astype(np.int32) for part in parts])
    columns["weights"] = pa.array([rows.weight[part].astype(np.float64) for part in parts])
    columns["hidden"] = columns["items"]
    said = {row["user_id"]: row["text"] for row in lake.read_arrow("user_texts", DAY).to_pylist()}
    own = [[{"kind": "searched", "text": said[user]}] if user in said else [] for user in matrix.user_ids.to_pylist()]
    columns["texts"] = pa.array(own, OWN_TEXTS)
    pack = lake.read_arrow("rankers", DAY)["path"][0].as_py()
    task = Task(lake.root.removesuffix("/tiny"), "tiny", pack, np.ones(N_ITEMS, np.bool_), N_ITEMS, N_ITEMS, 100)
    found = pa.Table.from_batches(rank_users([pa.record_batch(columns)], task)).to_pylist()
    return {user: [r["item_idx"] for r in found if r["user_id"] == user] for user in matrix.user_ids.to_pylist()}


@pytest.fixture
def shop(tiny_lake, tmp_path):
    write_bert(tmp_path / "bert")
    write_night(tiny_lake)
    write(tiny_lake, "item_texts", [piece(title) | {"item_id": f"i{k}"} for k, title in enumerate(TITLES)])
    return tiny_lake, [*ARGS, "--set", f"encoder.model={Path(tmp_path / 'bert')}"]


def test_search_moves_its_users_list_and_no_other(spark, shop):
    lake, args = shop
    write_search(spark, lake)
    assert [job(args) for job in (embed_texts, train_sequence, train_projection)] == [0] * 3
    # Too few users to learn from, so all sources count the same.
    assert fit_ranker([*args, "--set", "ranker.max_users=19"]) == 0
    before = tonights_lists(lake)

    write_search(
        spark, lake, (SEARCHER, None, "e1", datetime(2026, 1, 31, 12, tzinfo=UTC), f" {TITLES[WANTED]} ", "search")
    )
    assert embed_texts(args) == 0
    after = tonights_lists(lake)

    assert len(before) == N_USERS
    assert {user for user in before if after[user] != before[user]} == {SEARCHER}
    assert after[SEARCHER].index(WANTED) < before[SEARCHER].index(WANTED)
