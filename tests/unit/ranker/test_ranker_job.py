import json
from datetime import timedelta
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import scipy.sparse as sp
from small_night import DAY, N_EACH, N_ITEMS, N_USERS, write, write_night

from nightrec.errors import InputError
from nightrec.histories import read_matrix, read_vectors
from nightrec.projection.job import main as train_projection
from nightrec.ranker.job import MIN_USERS, main
from nightrec.ranker.pack import load_pack
from nightrec.ranker.sides import Learnt, user_side
from nightrec.ranker.sources import FAMILY, TABLES, score_blocks
from nightrec.reasons.evidence import OWN_TEXTS, ReasonsPlan
from nightrec.reasons.sentences import read_messages
from nightrec.schemas import contract
from nightrec.scoring.rank import Task, rank_users, user_side_of
from nightrec.scoring.remaining import category_rows
from nightrec.scoring.rules import Rules
from nightrec.sequence.job import main as train_sequence

ARGS = ["--domain", "tiny", "--run-date", str(DAY)]
NO_RULES = Rules()
HALVES = category_rows([(k, "pan" if k % 2 else "spade") for k in range(N_ITEMS)], N_ITEMS)


@pytest.fixture
def fitted(tiny_lake):
    write_learnt(tiny_lake)
    assert main(ARGS) == 0
    return tiny_lake


def write_learnt(lake):
    write_night(lake)
    assert train_sequence(ARGS) == train_projection(ARGS) == 0


def folder(lake):
    return Path(lake.path(lake.read_arrow("rankers", DAY)["path"][0].as_py()))


def user_batch(lake, wrote=None, hides=True):
    """Return the users as Spark hands them to scoring."""
    matrix = read_matrix(lake, DAY)
    rows = matrix.histories
    parts = [slice(a, b) for a, b in zip(rows.starts[:-1], rows.starts[1:], strict=True)]
    users = {
        "user_id": matrix.user_ids.to_pylist(),
        **{n: list(read_vectors(lake, f"user_{t}", DAY, matrix.user_ids, "all")) for n, t in TABLES.items()},
        "wrote": [wrote] * N_USERS,
        "texts": [[]] * N_USERS,
        "items": [rows.item_idx[part].astype(np.int32) for part in parts],
        "weights": [rows.weight[part].astype(np.float64) for part in parts],
        "hidden": [rows.item_idx[part if hides else slice(0)].astype(np.int32) for part in parts],
    }
    kinds = [
        pa.string(),
        *[pa.list_(pa.float32())] * (len(TABLES) + 1),
        OWN_TEXTS,
        pa.list_(pa.int32()),
        pa.list_(pa.float64()),
        pa.list_(pa.int32()),
    ]
    return pa.record_batch([pa.array(v, k) for v, k in zip(users.values(), kinds, strict=True)], names=list(users))


def lists(lake, block_rows=7, top_n=5, shown=None, wrote=None, rules=NO_RULES, reasons=None, hides=True):
    shown = np.ones(N_ITEMS, np.bool_) if shown is None else shown
    row = lake.read_arrow("rankers", DAY).to_pylist()[0]
    task = Task(lake.root.removesuffix("/tiny"), "tiny", row["path"], shown, top_n, 20, block_rows, rules, reasons)
    return pa.Table.from_batches(rank_users([user_batch(lake, wrote, hides)], task)).to_pylist()


def test_lists_repeat_what_users_repeat_where_they_may(tiny_lake):
    write_night(tiny_lake)
    rows, held, favourites = tiny_lake.read_arrow("interactions", DAY).to_pylist(), [], {}
    for user in range(N_USERS):
        favourite = rows[user * N_EACH]  # taken first, often, and again at the end
        again_at = favourite["last_at"] + timedelta(days=9)
        held.append(favourite | {"weight": 8.0, "cut_at": again_at})
        favourites[favourite["user_id"]] = favourite["item_id"]
        rows[user * N_EACH] = favourite | {"weight": 9.0, "last_at": again_at, "last_goal_at": again_at}
    write(tiny_lake, "interactions", rows)
    write(tiny_lake, "held_out", held)
    again = [*ARGS, "--set", "scoring.exclude_seen_days=0"]
    assert train_sequence(again) == train_projection(again) == main(again) == 0

    first = {row["user_id"]: row["item_idx"] for row in lists(tiny_lake, hides=False) if row["rank"] == 1}

    assert np.mean([f"i{first[user]}" == item for user, item in favourites.items()]) > 0.9
    found = tiny_lake.read_arrow("feature_importance", DAY).to_pylist()
    worth = {r["name"]: r["value"] for r in found if r["kind"] == "source" and r["slice"] == "all"}
    assert worth["repeat"] > 0.1


def test_goals_that_are_no_candidates_teach_nothing(tiny_lake, caplog):
    write_learnt(tiny_lake)
    hides = [*ARGS, "--set", "ranker.candidates=1"]  # of each source; what users turned to next is seldom among them
    held = tiny_lake.read_arrow("held_out", DAY).to_pylist()
    write(tiny_lake, "held_out", held[: MIN_USERS + 1])
    assert main(hides) == 0
    assert "users to learn from, 20 are needed" in caplog.text
    assert tiny_lake.read_arrow("rankers", DAY)["part"].to_pylist() == ["fusion"]
    assert np.isfinite([row["score"] for row in lists(tiny_lake)]).all()


def test_users_who_write_are_listed_in_a_shop_whose_items_have_no_text(tiny_lake):
    write_learnt(tiny_lake)
    write(tiny_lake, "item_texts", [])
    write(tiny_lake, "item_embeddings", [])
    wrote = [{"fold": f, "user_id": "u0", "model_version": "m", "vector": [1.0, 0.0]} for f in ("cut", "all")]
    write(tiny_lake, "user_embeddings", wrote)
    assert main(ARGS) == 0
    assert {row["user_id"] for row in lists(tiny_lake)} == {f"u{k}" for k in range(N_USERS)}


def test_lists_keep_to_the_users_half_and_show_nothing_seen_or_unavailable(fitted):
    matrix, shown = read_matrix(fitted, DAY), np.arange(N_ITEMS) != 3
    seen = set(zip(matrix.histories.user_idx.tolist(), matrix.histories.item_idx.tolist(), strict=True))
    rows = [(int(row["user_id"][1:]), row["item_idx"], row["source"]) for row in lists(fitted, top_n=3, shown=shown)]
    assert len(rows) == 3 * N_USERS
    assert not seen & {(user, item) for user, item, _ in rows}
    assert 3 not in {item for _, item, _ in rows}
    assert {source for _, _, source in rows} <= set(FAMILY.values())
    assert np.mean([user % 2 == item % 2 for user, item, _ in rows]) > 0.9


def test_block_size_does_not_change_the_lists(fitted):
    small, large = lists(fitted, block_rows=3), lists(fitted, block_rows=1000)
    assert [(r["user_id"], r["item_idx"], r["source"]) for r in small] == [
        (r["user_id"], r["item_idx"], r["source"]) for r in large
    ]
    assert [r["score"] for r in small] == pytest.approx([r["score"] for r in large], abs=2e-5)


def test_long_lists_hold_every_item_that_is_left(fitted):
    rows = lists(fitted, top_n=100)
    assert len(rows) == N_USERS * N_ITEMS - len(read_matrix(fitted, DAY).histories.item_idx)


def test_rules_act_on_the_lists_and_every_row_says_how_likely_it_was(fitted):
    plain = lists(fitted, top_n=6)
    ruled = lists(fitted, top_n=6, rules=Rules(HALVES, 3, 0.2, 1, 4, "tiny/2026-01-31"))
    for rows in (plain, ruled):
        assert [row["rank"] for row in rows] == [1, 2, 3, 4, 5, 6] * N_USERS
        assert len({(row["user_id"], row["item_idx"]) for row in rows}) == 6 * N_USERS
        scores = np.array([row["score"] for row in rows]).reshape(N_USERS, 6)
        assert (np.diff(scores, axis=1) <= 0).all()
    assert {row["propensity"] for row in plain} == {1.0}
    assert {row["rank"] for row in ruled if row["propensity"] < 1} == {5}  # the middle of 4 to 6
    halves = np.array([row["item_idx"] % 2 for row in ruled]).reshape(N_USERS, 6).sum(axis=1)
    assert halves.tolist() == [3] * N_USERS
    own = [row["item_idx"] % 2 == int(row["user_id"][1:]) % 2 for row in plain]
    assert np.mean(own) > 0.6  # four of the six, all that are left of the user's half


def test_block_size_does_not_change_lists_under_rules(fitted):
    rules = Rules(HALVES, 3, 0.2, 2, 5, "tiny/2026-01-31")
    small, large = (lists(fitted, rows, 6, rules=rules) for rows in (3, 1000))
    kept = ("user_id", "rank", "item_idx", "source", "propensity")
    assert [[row[name] for name in kept] for row in small] == [[row[name] for name in kept] for row in large]


def test_reasons_are_of_the_users_own_half_and_blocks_do_not_change_them(fitted):
    items = dict.fromkeys(contract("items").names)
    write(fitted, "items", [items | {"item_id": f"i{k}", "title": f"Item {k}"} for k in range(N_ITEMS)])
    write(fitted, "item_aspects", [])
    tables = [f"{name}.v1/run_date={DAY}" for name in ("items", "item_index", "item_aspects")]
    plan = ReasonsPlan(*tables, 0, read_messages("auto"), "auto", (), np.zeros((N_ITEMS, 1), np.int64), 3)
    rules = Rules(HALVES, 3, 0.2, 1, 4, "tiny/2026-01-31")
    small, large = (lists(fitted, rows, 6, rules=rules, reasons=plan) for rows in (7, 1000))

    assert [(r["reason"], r["evidence"]) for r in small] == [(r["reason"], r["evidence"]) for r in large]
    assert all((row["evidence"]["kind"] == "explored") == (row["propensity"] < 1) for row in small)
    taken = {k: set(row) for k, row in enumerate(user_batch(fitted).column("items").to_pylist())}
    named = [(row, int(row["evidence"]["item_id"][1:])) for row in small if row["evidence"]["item_id"]]
    assert len(named) > 0.5 * len(small)  # the cap fills half of each list from the half that the user never met
    assert all(item in taken[int(row["user_id"][1:])] for row, item in named)
    assert all(f"Item {item}\u2069" in row["reason"] for row, item in named)


def test_what_a_user_wrote_moves_the_list(fitted):
    items, _ = load_pack(folder(fitted))
    plain, wrote = (
        score_blocks(user_side_of(user_batch(fitted, vector), items), items)["text"] for vector in (None, items.text[0])
    )
    assert wrote - plain == pytest.approx(np.tile(items.text @ items.text[0], (N_USERS, 1)), abs=1e-5)


def test_scoring_sees_the_numbers_that_the_ranker_was_fitted_on(fitted):
    matrix, (items, _) = read_matrix(fitted, DAY), load_pack(folder(fitted))
    ids = {"user": matrix.user_ids, "item": matrix.item_ids}
    vectors = [
        {name: read_vectors(fitted, f"{side}_{table}", DAY, ids[side], "all") for name, table in TABLES.items()}
        for side in ids
    ]
    learnt = Learnt(*vectors, np.tile(items.text[:1], (N_USERS, 1)), sp.csr_matrix((N_USERS, items.words.shape[1])))
    sides = (
        user_side(matrix.histories, learnt, np.arange(N_USERS)),
        user_side_of(user_batch(fitted, items.text[0]), items),
    )
    for part in ("weight", "recent"):
        mine, other = (getattr(side, part).toarray() for side in sides)
        assert mine.any()
        np.testing.assert_allclose(mine, other, rtol=1e-6)
    ours, theirs = (score_blocks(side, items) for side in sides)
    for source in FAMILY:
        assert ours[source] == pytest.approx(theirs[source], abs=1e-6), source


def test_a_ranker_of_an_earlier_release_is_to_be_made_again(fitted, tmp_path):
    for path in folder(fitted).iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    now = json.loads((tmp_path / "ranker.json").read_text())
    without = {key: value for key, value in now.items() if key != "unmet"}
    renamed = now | {"names": [f"old_{name}" if name == "repeat_weight" else name for name in now["names"]]}
    for old, what in ((without, "unmet"), (renamed, "old_repeat_weight, repeat_weight")):
        (tmp_path / "ranker.json").write_text(json.dumps(old))
        with pytest.raises(InputError, match=rf"differs in {what}; make it again with: jobs/fit_ranker\.py"):
            load_pack(tmp_path)


def test_too_few_users_to_learn_from_let_all_sources_count_the_same(tiny_lake, caplog):
    write_learnt(tiny_lake)
    with caplog.at_level("INFO"):
        assert main([*ARGS, "--set", "ranker.max_users=19"]) == 0
    assert "wrote feature_importance: 0 rows" in caplog.text
    assert "all sources count the same: 19 users to learn from, 20 are needed" in caplog.text
    assert tiny_lake.read_arrow("rankers", DAY).to_pylist()[0]["part"] == "fusion"
    plain = json.loads((folder(tiny_lake) / "ranker.json").read_text())
    assert set(plain["fusion"]["weights"]) == {1.0}
    assert len(lists(tiny_lake, top_n=2)) == 2 * N_USERS
    assert tiny_lake.read_arrow("feature_importance", DAY).num_rows == 0


def test_repeating_the_job_gives_the_same_ranker(fitted):
    before = fitted.read_arrow("rankers", DAY)
    assert main(ARGS) == 0
    assert fitted.read_arrow("rankers", DAY).equals(before)


def test_importance_says_what_moves_the_lists_and_how_that_changed(fitted, tracking_uri, caplog):
    from mlflow import MlflowClient

    before = fitted.read_arrow("feature_importance", DAY)
    rows = {(row["kind"], row["name"]): row for row in before.to_pylist() if row["slice"] == "all"}
    assert {kind for kind, _ in rows} == {"shap", "permutation", "source"}
    assert {name for kind, name in rows if kind == "source"} == {*FAMILY.values(), "recency"}
    assert len([name for kind, name in rows if kind == "permutation"]) == 2 * (len(FAMILY) - 1) + 5  # no ratings
    assert not {"price_distance", "user_history_length"} & {name for _, name in rows}  # no prices, all histories alike
    assert {row["n_users"] for row in rows.values()} == {N_USERS}
    assert {row["change_1d"] for row in rows.values()} == {None}
    for days, moved in ((1, -0.5), (9, 2.0)):
        value = pc.subtract(before["value"], moved)
        fitted.write_arrow("feature_importance", DAY - timedelta(days), before.set_column(4, "value", value))
    with caplog.at_level("INFO"):
        assert main(ARGS) == 0
    after = fitted.read_arrow("feature_importance", DAY)
    assert after["change_1d"].to_pylist() == pytest.approx([-0.5] * len(after))
    assert after["change_7d"].to_pylist() == pytest.approx([2.0] * len(after))
    (ranker,) = fitted.read_arrow("rankers", DAY).to_pylist()
    assert f"What moves the lists of tiny ({ranker['part']}), by source: " in caplog.text
    runs = MlflowClient(tracking_uri)
    experiment = runs.get_experiment_by_name("nightrec-tiny").experiment_id
    (newest,) = runs.search_runs([experiment], "tags.task = 'fit_ranker'", max_results=1)
    assert "feature_importance.png" in {file.path for file in runs.list_artifacts(newest.info.run_id)}
