import numpy as np
import pyarrow as pa
import pytest

from nightrec.encoder.study import PAIRS, PIECES, Blocks, make_study
from nightrec.histories import Histories

N_USERS, N_ITEMS = 30, 40
ITEM_IDS = pa.array([f"i{item:02}" for item in range(N_ITEMS)])


@pytest.fixture
def histories():
    """30 users with 8 of 40 items each; the last of every user's rows reached no goal."""
    rng = np.random.default_rng(5)
    items = np.concatenate([rng.choice(N_ITEMS, 8, replace=False) for _ in range(N_USERS)])
    users = np.repeat(np.arange(N_USERS), 8)
    weight = rng.random(len(users)).astype(np.float32) + 0.5
    has_goal = np.arange(len(users)) % 8 < 7
    at = np.arange(len(users), dtype=float)
    return Histories(users, items, weight, at, at, has_goal, (N_USERS, N_ITEMS))


@pytest.fixture
def item_texts(texts_table):
    """One to four pieces an item; the last two items have none, items 0 and 1 share one."""

    def piece(item, place):
        text = "the same" if item < 2 and place == 0 else f"piece {place} of {item}"
        return {f"i{item:02}": text}

    rows = [texts_table("item", piece(item, place)) for item in range(N_ITEMS - 2) for place in range(1 + item % 4)]
    return pa.concat_tables(rows)


@pytest.fixture
def study(histories, item_texts, settings):
    def make(**overrides):
        return make_study(histories, ITEM_IDS, item_texts, settings(**{"eval_goals": 99} | overrides).encoder)

    return make


def test_pieces_say_which_texts_describe_an_item(study, item_texts):
    got = study()
    want = {(row["item_id"], row["text"]) for row in item_texts.to_pylist()}
    items, texts = got.pieces.nonzero()
    found = {(ITEM_IDS[int(i)].as_py(), got.texts["text"][int(t)].as_py()) for i, t in zip(items, texts, strict=True)}
    assert found == want
    assert len(got.texts) == len(set(item_texts["text"].to_pylist()))  # a text that two items share is one
    vectors = np.eye(len(got.texts), dtype=np.float32)
    means = got.item_vectors(vectors)
    np.testing.assert_allclose(np.linalg.norm(means[:-2], axis=1), 1, rtol=1e-6)
    assert not means[-2:].any()


def test_held_out_items_are_not_learnt_from_and_asked_for_where_there_is_a_past(study, histories):
    got = study(eval_items=3)
    assert len(got.held) == 3
    assert got.held.max() < N_ITEMS - 2  # what has no text cannot be asked for by text
    is_held = np.isin(histories.item_idx, got.held)
    assert got.rows[:, got.held].nnz == 0
    assert got.rows.nnz == (~is_held).sum()
    want = set(zip(histories.user_idx[is_held & histories.has_goal], histories.item_idx[is_held & histories.has_goal],
                   strict=True))  # fmt: skip
    assert set(zip(got.user_idx, got.item_idx, strict=True)) == want
    assert len(study(eval_items=99).held) == 4  # a tenth of the 38 with text
    assert len(study(eval_goals=5).user_idx) == 5


def test_what_is_held_out_follows_from_the_seed(study):
    assert study().held.tolist() == study().held.tolist() != study(seed=2).held.tolist()


def test_each_pass_shows_every_met_item_once(study, settings):
    got = study()
    config = settings(train_batch_size=10, epochs=3).encoder
    blocks = Blocks(got, config)
    assert blocks.n_steps == 3 * blocks.per_pass
    met = set(np.flatnonzero(np.diff(got.rows.tocsc().indptr))) - {N_ITEMS - 2, N_ITEMS - 1}
    orders = []
    for epoch in range(2):
        shown = [blocks.block(epoch * blocks.per_pass + place).items for place in range(blocks.per_pass)]
        orders.append(np.concatenate(shown).tolist())
        assert sorted(orders[-1]) == sorted(met)
        assert not set(orders[-1]) & set(got.held)
    assert orders[0] != orders[1]
    assert Blocks(got, settings(max_steps=2).encoder).n_steps == 2


def test_a_block_has_the_interactions_with_its_items_and_some_of_their_texts(study, settings):
    got = study()
    block = Blocks(got, settings(train_batch_size=20).encoder).block(1)
    dense = np.zeros((N_USERS, len(block.items)), np.float32)
    dense[block.users, block.targets] = block.weight
    np.testing.assert_array_equal(dense, got.rows[:, block.items].toarray())
    assert len(block.users) == got.rows[:, block.items].nnz
    n_pieces = np.diff(got.pieces.indptr)[block.items]
    assert np.bincount(block.places, minlength=len(block.items)).tolist() == np.minimum(n_pieces, PIECES).tolist()
    assert all(got.pieces[block.items[place], text] for place, text in zip(block.places, block.texts, strict=True))
    assert len(set(zip(block.places, block.texts, strict=True))) == len(block.texts)  # drawn without repeats


def test_users_with_nothing_else_are_not_predicted_from_it(histories, item_texts, settings):
    is_first = np.diff(histories.user_idx, prepend=-1) > 0
    config = settings(train_batch_size=20).encoder
    got = make_study(histories.where(is_first | (histories.user_idx > 0)), ITEM_IDS, item_texts, config)
    assert got.rows[0].nnz == 1
    assert got.pieces[got.rows[0].indices].nnz  # its item has a text, and so is in a block
    blocks = Blocks(got, config)
    users = np.concatenate([blocks.block(step).users for step in range(blocks.per_pass)])
    assert set(users) == set(range(1, N_USERS))


def test_the_same_step_draws_the_same_block(study, settings):
    config = settings(train_batch_size=10).encoder
    a, b = Blocks(study(), config).block(3), Blocks(study(), config).block(3)
    assert all(np.array_equal(x, y) for x, y in zip(vars(a).values(), vars(b).values(), strict=True))
    drawn = [tuple(Blocks(study(), config).block(step).texts) for step in range(8)]
    assert len(set(drawn)) == 8


def test_interactions_of_a_step_are_bounded(study, settings, monkeypatch):
    monkeypatch.setattr("nightrec.encoder.study.PAIRS", 6)
    assert PAIRS > 6
    assert len(Blocks(study(), settings(train_batch_size=20).encoder).block(0).users) == 6


def test_a_shop_without_texts_has_no_steps(histories, item_texts, settings):
    config = settings().encoder
    empty = make_study(histories, ITEM_IDS, item_texts.slice(0, 0), config)
    assert (len(empty.held), len(empty.user_idx), Blocks(empty, config).n_steps) == (0, 0, 0)
