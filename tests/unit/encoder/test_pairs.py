from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from nightrec.encoder.pairs import NEAR, Histories, PairSampler, hold_out, make_histories, number_texts

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def interactions():
    """Return a function from (user, item, hours after noon, goals) to the table."""

    def make(*rows):
        users, items, hours, goals = zip(*rows, strict=True) if rows else ([], [], [], [])
        at = pa.array([NOON + timedelta(hours=h) for h in hours], pa.timestamp("us", tz="UTC"))
        return pa.table(
            {"user_id": pa.array(users, pa.string()), "item_id": pa.array(items, pa.string()),
             "n_goals": pa.array(goals, pa.int64()), "last_at": at}
        )  # fmt: skip

    return make


@pytest.fixture
def numbered():
    return pa.table({"item_id": ["a", "b", "c", "d"], "text_idx": pa.array([0, 1, 2, 3], pa.int32())})


def histories(*users, n_texts=None):
    starts = np.cumsum([0, *map(len, users)])
    texts = np.array([text for user in users for text in user], np.int64)
    return Histories(texts, starts, n_texts or int(texts.max()) + 1)


def test_items_with_the_same_text_share_a_number():
    table = pa.table({"item_id": ["x", "y", "z"], "text": ["Hat", "Cup", "Hat"]})
    numbered, texts = number_texts(table)
    assert numbered.to_pydict() == {"item_id": ["x", "y", "z"], "text_idx": [1, 0, 1]}
    assert texts.to_pylist() == ["Cup", "Hat"]


def test_histories_are_goals_with_text_in_order_of_time_then_item(interactions, numbered):
    got = make_histories(
        interactions(
            ("u2", "a", 5, 1), ("u1", "c", 1, 1), ("u1", "b", 1, 2), ("u1", "d", 0, 1),
            ("u1", "a", 2, 0),  # no goal
            ("u2", "no text", 6, 1),
        ), numbered, n_texts=4,
    )  # fmt: skip
    assert got.texts.tolist() == [3, 1, 2, 0]
    assert got.starts.tolist() == [0, 3, 4]
    assert got.users.tolist() == [0, 0, 0, 1]
    assert got.n_pairs == 2


def test_no_interactions_give_no_histories(interactions, numbered):
    got = make_histories(interactions(), numbered, n_texts=4)
    assert got.starts.tolist() == [0]
    assert got.n_pairs == 0
    left, held = hold_out(got, 5, 5, seed=1)
    assert len(left.texts) == len(held.targets) == 0


def test_hold_out_takes_the_newest_text_and_every_trace_of_it():
    left, held = hold_out(histories([0, 1, 2], [3, 4, 3], [5], [6, 6]), max_users=9, max_texts=99, seed=1)
    assert left.texts.tolist() == [0, 1, 4, 5, 6, 6]  # users with one text only are not asked
    assert left.starts.tolist() == [0, 2, 3, 4, 6]
    asked = {
        int(held.candidates[target]): (held.candidates[query].tolist(), held.candidates[seen].tolist())
        for target, query, seen in zip(held.targets, held.queries, held.seen, strict=True)
    }
    assert asked == {2: ([0, 1], [0, 1]), 3: ([4], [4])}


def test_hold_out_keeps_to_its_limits_and_repeats_itself():
    many = histories(*[[user, user + 1] for user in range(40)], n_texts=100)
    left, held = hold_out(many, max_users=3, max_texts=20, seed=1)
    assert len(held.targets) == 3
    assert len(left.texts) == 80 - 3
    assert len(held.candidates) == 20
    again = hold_out(many, max_users=3, max_texts=20, seed=1)[1]
    assert np.array_equal(held.candidates, again.candidates)
    # targets and queries are there whatever the limit: three users with two texts each
    assert len(hold_out(many, max_users=3, max_texts=1, seed=1)[1].candidates) in (4, 5, 6)


def test_queries_are_the_newest_twenty():
    _, held = hold_out(histories(list(range(30))), max_users=1, max_texts=99, seed=1)
    assert held.candidates[held.queries[0]].tolist() == list(range(9, 29))
    assert len(held.seen[0]) == 29


def test_pairs_are_near_in_one_history_and_never_the_same_place():
    sampler = PairSampler(histories(list(range(30)), [40], list(range(50, 53))), batch_size=200, seed=1)
    batch = sampler.batch(1)
    gaps = np.abs(batch.anchors - batch.positives)  # texts are numbered by place here
    assert gaps.min() == 1
    assert gaps.max() == NEAR
    assert 40 not in batch.anchors
    assert set(batch.users.tolist()) == {0, 2}
    assert np.array_equal(batch.users == 2, batch.anchors >= 50)


def test_batches_follow_from_seed_and_step_alone():
    def draw(seed, step):
        return PairSampler(histories(list(range(30))), 16, seed).batch(step).anchors.tolist()

    assert draw(1, 7) == draw(1, 7)
    assert draw(1, 7) != draw(1, 8)
    assert draw(1, 7) != draw(2, 7)


def test_consumed_marks_false_negatives():
    sampler = PairSampler(histories([0, 1], [2, 3], n_texts=9), 2, seed=1)
    got = sampler.consumed(np.array([0, 1]), np.array([1, 3, 8]))
    assert got.tolist() == [[True, False, False], [False, True, False]]


def test_log_frequency_is_the_share_of_the_data():
    sampler = PairSampler(histories([0, 1, 0], [0, 2]), 2, seed=1)
    np.testing.assert_allclose(np.exp(sampler.log_frequency), [3 / 5, 1 / 5, 1 / 5], rtol=1e-6)
