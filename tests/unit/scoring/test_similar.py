import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp

from nightrec.ranker.sources import ItemSide
from nightrec.scoring import similar
from nightrec.scoring.rank import Task
from nightrec.scoring.rules import QUANTUM
from nightrec.scoring.similar import KINDS, best_columns, likeness, similar_items, traits_of
from nightrec.vocabulary import vocabulary_of

ROOT_HALF = 0.5**0.5


def item_side(sequence, text, n_users, neighbours=None):
    """Return an item side with what similar items are made of; the other sources know nothing."""
    n = len(n_users)
    none = np.zeros((n, 0), np.float32)
    popularity = np.log1p(np.stack([n_users, n_users], axis=1)).astype(np.float32)
    near = sp.csr_matrix(np.zeros((n, n)) if neighbours is None else neighbours, dtype=np.float32)
    vectors = {"sequence": np.array(sequence, np.float32)}
    return ItemSide(
        vectors, np.array(text, np.float32), none, sp.csr_matrix((n, 0)), vocabulary_of([]), near, popularity, none
    )


@pytest.fixture
def shop():
    """Return four items: 0 and 1 lie near each other, 2 is new, 3 has neither history nor text."""
    sequence = [[1, 0, 9], [2, 0, 0], [0, 5, 0], [1, 1, 0]]  # the last column, popularity, must not matter
    text = [[1, 0], [0, 1], [ROOT_HALF, ROOT_HALF], [0, 0]]
    return item_side(sequence, text, [3, 1, 0, 0])


def lists(monkeypatch, items, shown=None, n=10, block_rows=2):
    """Return item_id and kind to (ranks, similar items) from rows as Spark hands them over."""
    monkeypatch.setattr(similar, "open_pack", lambda *_: (items, None))
    n_items = len(items.popularity)
    shown = np.ones(n_items, np.bool_) if shown is None else np.array(shown)
    task = Task(root="r", domain="d", pack="p", shown=shown, top_n=1, candidates=1, block_rows=block_rows)
    rows = pa.record_batch(
        [pa.array([f"i{k}" for k in range(n_items)]), pa.array(np.arange(n_items, dtype=np.int32))],
        names=["item_id", "item_idx"],
    )
    got = {}
    for row in pa.Table.from_batches(similar_items([rows], task, n)).to_pylist():
        ranks, found = got.setdefault((row["item_id"], row["kind"]), ([], []))
        ranks.append(row["rank"])
        found.append(row["similar_idx"])
    return got


def test_each_kind_lists_what_it_knows_and_never_the_item_itself(shop, monkeypatch):
    got = {key: found for key, (_, found) in lists(monkeypatch, shop).items()}
    assert got == {
        ("i0", "behaviour"): [1],
        ("i0", "text"): [2, 1],  # cosines 0.71 and 0
        ("i0", "joined"): [2, 1],
        ("i1", "behaviour"): [0],
        ("i1", "text"): [2, 0],
        ("i1", "joined"): [2, 0],
        ("i2", "text"): [0, 1],  # new: by its text alone
        ("i2", "joined"): [0, 1],
    }


def test_items_that_cannot_be_shown_have_lists_and_are_in_none(shop, monkeypatch):
    got = lists(monkeypatch, shop, shown=[True, False, True, True])
    assert got["i1", "text"] == ([1, 2], [2, 0])
    assert 1 not in {item for _, found in got.values() for item in found}
    assert ("i0", "behaviour") not in got


def test_behaviour_adds_what_is_taken_after_to_the_cosine_of_sequences():
    sequence = [[1, 0, 0], [0, 1, 0], [-1, 0, 0], [0, 2, 0]]  # cosines of 0 with 1, 2, 3: 0, -1, 0
    near = np.zeros((4, 4))
    near[0, 2] = 0.09
    scores = likeness(np.array([0]), traits_of(item_side(sequence, np.zeros((4, 1)), [1, 1, 1, 1], near)))
    # Of the values 0, -1, 0 and 0, 0.3, 0 the z-scores are +-1/sqrt(2) and -+sqrt(2).
    assert scores["behaviour"][0, 1:] == pytest.approx([0.0, 0.0, 0.0], abs=1e-6)
    assert scores["joined"] == pytest.approx(np.where(np.isinf(scores["behaviour"]), -np.inf, 0.0), abs=1e-6)
    near[0, 2], near[0, 3] = 0.0, 0.09
    scores = likeness(np.array([0]), traits_of(item_side(sequence, np.zeros((4, 1)), [1, 1, 1, 1], near)))
    assert scores["behaviour"][0, 1:] == pytest.approx([0.0, -3 * ROOT_HALF, 3 * ROOT_HALF], abs=1e-6)


def test_joined_is_the_sum_of_z_scores_and_what_is_unknown_counts_as_average():
    sequence = [[1, 0, 0], [1, 0, 0], [0, 1, 0], [1, 1, 0]]
    text = [[1, 0], [0, 1], [1, 0], [1, 0]]
    scores = likeness(np.array([0]), traits_of(item_side(sequence, text, [1, 1, 1, 0])))  # item 3 is new
    assert np.isneginf(scores["behaviour"][0, [0, 3]]).all()
    assert scores["behaviour"][0, 1:3] == pytest.approx([1.0, -1.0])  # z-scores of the cosines 1 and 0
    assert scores["text"][0, 1:] == pytest.approx([0.0, 1.0, 1.0])
    # z-scores of 0, 1, 1 are -sqrt(2) and 1/sqrt(2); those of 1 and -1 are themselves.
    assert scores["joined"][0, 1:] == pytest.approx([1 - 2 * ROOT_HALF, -1 + ROOT_HALF, ROOT_HALF], abs=1e-6)


def test_blocks_hold_every_list_whole_and_do_not_change_it(monkeypatch):
    rng = np.random.default_rng(0)
    near = sp.random(40, 40, 0.1, random_state=0).toarray()
    text = rng.normal(size=(40, 4))
    text /= np.linalg.norm(text, axis=1, keepdims=True)
    items = item_side(rng.normal(size=(40, 5)), text, rng.integers(0, 3, 40), near)
    small, large = (lists(monkeypatch, items, n=7, block_rows=rows) for rows in (3, 100))
    assert small == large
    assert {tuple(ranks) for ranks, _ in small.values()} == {tuple(range(1, 8))}
    assert {kind for _, kind in small} == set(KINDS)


def test_best_columns_equal_a_full_sort_and_ties_go_to_the_lower_column():
    scores = np.random.default_rng(1).integers(0, 4, (50, 30)).astype(np.float32)  # many ties
    scores[::7, ::2] = -np.inf
    found, best = best_columns(scores, 12)
    assert (found == np.argsort(-scores, axis=1, kind="stable")[:, :12]).all()
    assert best == pytest.approx(np.take_along_axis(scores, found, axis=1))


def test_best_columns_round_away_the_last_bits_and_leave_out_what_is_unknown():
    scores = np.array([[0.5, 0.5 + QUANTUM / 8, -np.inf]], np.float32)
    found, best = best_columns(scores, 5)
    assert found.tolist() == [[0, 1, -1]]
    assert best[0, :2] == pytest.approx([0.5, 0.5])


def test_shop_of_one_item_has_no_similar_ones(monkeypatch):
    assert lists(monkeypatch, item_side([[1, 0]], [[1]], [1])) == {}


def test_night_without_vectors_still_compares_by_what_is_taken_after(monkeypatch):
    near = np.array([[0, 0.2, 0.4], [0, 0, 0], [0, 0, 0]])
    items = item_side(np.zeros((3, 0)), np.zeros((3, 0)), [1, 1, 1], near)
    assert lists(monkeypatch, items)["i0", "joined"] == ([1, 2], [2, 1])
