import importlib.util
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import scipy.sparse as sp
from small_split import N_ITEMS, write_halves

from nightrec.benchmark.peers import ease, neighbours, popular, projection
from nightrec.benchmark.peers.__main__ import COLD, MODULE, main, tune
from nightrec.benchmark.peers.known import Known, Peer, join_texts, read_known

TASTE = [name for name in MODULE if name not in ("random", "popular", "popular_recent")]


def known(*rows, n_users=3, n_items=4, vectors=None):
    """Return what rows (user, item, at, is_relevant) tell."""
    user, item, at, is_relevant = (np.array(column) for column in zip(*rows, strict=True))
    keys = [pa.array([f"{side}{k}" for k in range(n)]) for side, n in (("u", n_users), ("i", n_items))]
    return Known(user, item, at, is_relevant.astype(np.bool_), *keys, [""] * n_items, vectors)


THREE = known((0, 0, 0, 1), (0, 1, 1, 1), (1, 0, 0, 1), (1, 1, 5, 0), (2, 2, 9, 1))


def test_profiles_fade_by_place_from_the_newest_of_the_kept_rows():
    rows = known((0, 0, 0, 1), (0, 1, 1, 1), (0, 2, 2, 0))
    assert rows.profile("all", 1.0)[0].toarray()[0].tolist() == pytest.approx([1 / 3, 1 / 2, 1, 0])
    assert rows.profile("relevant", 1.0)[0].toarray()[0].tolist() == pytest.approx([1 / 2, 1, 0, 0])
    assert rows.profile("all", 0.0)[0].toarray()[0].tolist() == [1, 1, 1, 0]


def test_popular_counts_users_and_knows_the_days():
    def score(settings):
        return popular.fit_popular(THREE, settings)(THREE, np.array([0]))[0]

    assert score({"rows": "all"}).round().tolist() == [2, 2, 1, 0]
    assert score({"rows": "relevant"}).round().tolist() == [2, 1, 1, 0]
    days = known((0, 0, 0, 1), (1, 0, 0, 1), (0, 1, 10 * 86_400, 1))
    lately = popular.fit_popular(days, {"rows": "all", "days": 7})(days, np.array([0]))[0]
    assert lately.argsort()[::-1][:2].tolist() == [1, 0]  # the second for having been popular once


def test_neighbours_are_cosines_with_shrinkage():
    score = neighbours.fit_neighbours(THREE, {"rows": "all", "neighbours": 9, "shrink": 2.0, "power": 0.0})
    likes_first = known((0, 0, 0, 1))
    # Items 0 and 1 have both of their two users in common: 2 / (sqrt(2 * 2) + 2).
    assert score(likes_first, np.array([0]))[0].tolist() == pytest.approx([0, 1 / 2, 0, 0])


def test_ease_solves_its_least_squares():
    rng = np.random.default_rng(0)
    pairs = [(u, i, i, 1) for u in range(20) for i in range(6) if rng.random() < 0.5]
    rows = known(*pairs, n_users=20, n_items=6)
    x = rows.seen.toarray().astype(np.float64)
    got = ease.weights(rows, "all", 3.0)
    for item in range(6):  # a ridge regression of each item on all others
        others = np.arange(6) != item
        gram = x[:, others].T @ x[:, others] + 3.0 * np.eye(5)
        want = np.linalg.solve(gram, x[:, others].T @ x[:, item])
        assert got[others, item] == pytest.approx(want, abs=1e-5)
    assert np.diag(got).tolist() == [0.0] * 6


def test_ease_refuses_what_cannot_be_inverted():
    with pytest.raises(ValueError, match=r"ridge -1\.0 cannot be inverted"):
        ease.weights(THREE, "all", -1.0)


def test_projection_refuses_epochs_out_of_reach():
    rows = known((0, 0, 0, 1), (0, 1, 1, 1), vectors=np.eye(4, dtype=np.float32))
    with pytest.raises(ValueError, match="epochs must be 1 to 40, got 99"):
        projection.fit_projection(rows, {"rows": "all", "decay": 0.1, "epochs": 99})


def test_tuning_takes_the_best_and_ends_when_patience_does():
    asked = []

    def course(name, good):
        for epoch in range(4):
            asked.append(f"{name}{epoch}")
            scores = np.arange(4, dtype=np.float32) if epoch == good else np.array([0, 2, 1, 1], np.float32)
            yield {"name": name, "epoch": epoch}, popular.same_for_all(scores)

    def courses(_known):
        return (course(name, good) for name, good in (("a", 3), ("b", 1)))

    wanted = sp.csr_matrix(np.array([[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]], np.float32))
    found = [tune(Peer("", courses, None, patience=p), THREE, wanted, np.full(4, True)) for p in (1, None)]
    assert found == [({"name": "b", "epoch": 1}, 1.0), ({"name": "a", "epoch": 3}, 1.0)]
    assert asked[:5] == ["a0", "a1", "b0", "b1", "b2"]  # a is left before it becomes good
    assert len(asked[5:]) == 8


def test_texts_of_an_item_are_joined_and_their_vectors_averaged():
    vectors = pa.FixedSizeListArray.from_arrays(pa.array([1.0, 0.0, 0.0, 1.0, 0.0, 3.0], pa.float32()), 2)
    rows = pa.table({"item_id": ["a", "a", "b"], "text": ["x", "y", "z"], "vector": vectors})
    texts, got = join_texts(rows, pa.array(["b", "a", "bare"]))
    assert texts == ["z", "x. y", ""]
    assert got.tolist() == [[0, 1], pytest.approx([0.5**0.5, 0.5**0.5]), [0, 0]]


def test_tuning_knows_nothing_of_the_validation(tmp_path):
    write_halves(tmp_path)
    train, past = read_known(tmp_path, ["train"]), read_known(tmp_path, ["train", "validation"])
    assert (len(train.user_idx), len(past.user_idx)) == (24 * 4, 24 * 5)
    assert train.users.equals(past.users)


@pytest.mark.parametrize("name", TASTE)
def test_every_peer_finds_the_users_half(tmp_path, name):
    if name == "sasrec" and importlib.util.find_spec("rectools") is None:
        pytest.skip("RecTools pins an older NumPy and lives in .venv-benchmark alone")
    split = write_halves(tmp_path / "split")
    assert main(["--peer", name, "--split", str(split), "--lists", str(tmp_path)]) == 0
    rows = pq.read_table(tmp_path / f"{name}.parquet").to_pylist()
    first = [(int(row["user_id"][1:]), int(row["item_id"][1:])) for row in rows if row["rank"] <= 2]
    assert np.mean([user % 2 == item % 2 for user, item in first]) > 0.9
    told = json.loads((tmp_path / f"{name}.json").read_text())
    assert told["settings"]
    assert told["grid"]
    assert told["fitted_on"] == "train and validation"
    assert (tmp_path / f"{name}_train_only.parquet").is_file() == (name == "sasrec")


@pytest.mark.parametrize("name", COLD)
def test_cold_variant_lists_cold_items_alone(tmp_path, name):
    split = write_halves(tmp_path / "split", "cold")
    assert main(["--peer", name, "--split", str(split), "--lists", str(tmp_path)]) == 0
    listed = set(pq.read_table(tmp_path / f"{name}.parquet")["item_id"].to_pylist())
    assert listed == set(pq.read_table(split / "candidates.parquet")["item_id"].to_pylist())
    assert len(listed) == round(N_ITEMS / 10)
