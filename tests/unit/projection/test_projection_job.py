import numpy as np
import pytest
import scipy.sparse as sp
import torch
from small_night import DAY, N_ITEMS, N_USERS, write, write_night

from nightrec.config import load_config
from nightrec.histories import read_matrix, read_vectors
from nightrec.next_item import ndcg_of_next
from nightrec.projection.job import main
from nightrec.projection.model import TextProjection
from nightrec.projection.train import fit, make_projection

ARGS = ["--domain", "tiny", "--run-date", str(DAY)]


def vectors(lake, fold="all"):
    matrix = read_matrix(lake, DAY)
    ids = {"user": matrix.user_ids, "item": matrix.item_ids}
    return [read_vectors(lake, f"{side}_projections", DAY, ids[side], fold) for side in ids]


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_items_are_found_by_their_text_also_the_one_that_nobody_has_met(tiny_lake, precision, monkeypatch):
    monkeypatch.setattr("nightrec.device.choose_precision", lambda _device: (precision, "as a GPU would"))
    write_night(tiny_lake)

    assert main([*ARGS, "--set", "projection.max_epochs=20", "--set", "projection.batch_size=8"]) == 0

    users, items = vectors(tiny_lake)
    scores = users[:, :-1] @ items[:, :-1].T
    own = np.arange(N_USERS)[:, None] % 2 == np.arange(N_ITEMS) % 2
    assert scores[own].mean() > scores[~own].mean() + 0.5
    assert scores[:, -1][own[:, -1]].min() > scores[:, -1][~own[:, -1]].max()
    assert items[-1, -1] == 0  # no evidence of its popularity, not even against it


def test_repeat_gives_the_same_vectors_and_the_cut_others(tiny_lake):
    write_night(tiny_lake)
    assert main(ARGS) == 0
    before = [vectors(tiny_lake, fold) for fold in ("cut", "all")]
    assert main(ARGS) == 0
    after = [vectors(tiny_lake, fold) for fold in ("cut", "all")]
    assert all(np.array_equal(a, b) for x, y in zip(before, after, strict=True) for a, b in zip(x, y, strict=True))
    assert not np.array_equal(before[0][1], before[1][1])


def test_night_without_goals_is_trained_for_a_fixed_time(tiny_lake, caplog):
    write_night(tiny_lake)
    write(tiny_lake, "held_out", [])
    caplog.set_level("INFO")
    assert main(ARGS) == 0
    assert "cut fold, epoch 5 of at most 5" in caplog.text


def test_night_without_a_weight_is_exit_3(tiny_lake, caplog):
    write_night(tiny_lake)
    rows = tiny_lake.read_arrow("interactions", DAY).to_pylist()
    write(tiny_lake, "interactions", [row | {"weight": 0.0} for row in rows])

    assert main(ARGS) == 3

    assert "user_projections" in caplog.text


def test_training_stops_when_nothing_improves_and_returns_the_best():
    config = load_config("tiny").projection.model_copy(update={"max_epochs": 20, "patience": 3})
    rows = sp.csr_matrix(np.array([[1, 1, 0], [0, 1, 1]], np.float32))
    values, seen = iter([0.1, 0.5, 0.4, 0.3, 0.2, 0.9]), []

    (_, items), epochs = fit(
        make_projection(np.eye(3, dtype=np.float32), config), rows, config, None,
        lambda found: seen.append(found[1]) or next(values), lambda *_: None,
    )  # fmt: skip

    assert (epochs, len(seen)) == (2, 5)
    assert np.array_equal(items, seen[1])


def test_items_without_text_stand_at_the_mean_text():
    text = torch.tensor([[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    assert TextProjection(text, 4, 0.0).text.tolist() == [[0.5, -0.5], [-0.5, 0.5], [0.0, 0.0]]


def test_ndcg_of_next_ranks_among_the_unseen():
    items = np.array([[3.0], [2.0], [1.0], [0.0]], np.float32)
    seen = np.array([0, 1]), np.array([0, 1, 2])  # user 0 has item 0, user 1 item 1
    got = ndcg_of_next(np.ones((3, 1), np.float32), items, seen, np.array([0, 1, 1]), np.array([1, 2, 3]))
    assert got == pytest.approx([1, 1 / np.log2(3), 1 / np.log2(4)])


def test_ndcg_of_next_shares_places_among_equals():
    seen = np.array([0]), np.array([0, 1])  # of items 1 to 4 each has half of the three others above it
    got = ndcg_of_next(
        np.ones((2, 1), np.float32), np.ones((5, 1), np.float32), seen, np.zeros(2, int), np.arange(1, 3)
    )
    assert got == pytest.approx([1 / np.log2(3.5)] * 2)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_ndcg_of_next_is_nothing_where_scores_are_not_finite(value):
    users = np.array([[value], [1.0]], np.float32)
    items = np.array([[2.0], [1.0], [0.5]], np.float32)
    seen = np.array([], int), np.zeros(3, int)
    assert ndcg_of_next(users, items, seen, np.arange(2), np.zeros(2, int)).tolist() == [0, 1]
