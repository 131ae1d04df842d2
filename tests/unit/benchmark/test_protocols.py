import numpy as np
import pyarrow as pa
import pytest
from small_split import LAST_OUT, event, table

from nightrec.benchmark.protocols import (
    PROTOCOLS,
    Protocol,
    by_clock,
    by_user,
    cold_items,
    leave_one_out,
    truth,
)
from nightrec.benchmark.splits import make_split
from nightrec.data_sets import READERS
from nightrec.places import root

SHARED = root().parent / "shared/data"


def pairs(found):
    return [(row["user_id"], row["item_id"]) for row in found.to_pylist()]


def test_leave_one_out_takes_the_last_two_of_each_user():
    events = table(*[event("a", str(k), k) for k in range(4)], *[event("b", str(k), k) for k in range(3)])
    want = ["train", "train", "validation", "test", "train", "validation", "test"]
    assert leave_one_out(events).tolist() == want


def test_by_clock_cuts_the_log_of_all_users_and_breaks_ties_by_user():
    events = table(*[event("a", str(k), k) for k in range(8)], event("b", "x", 7), event("c", "x", 7))
    assert by_clock(events).tolist() == ["train"] * 8 + ["validation", "test"]


@pytest.mark.parametrize(("n", "want"), [(10, (7, 1, 2)), (9, (6, 1, 2)), (3, (2, 0, 1)), (1, (1, 0, 0))])
def test_by_user_rounds_70_and_80_percent_of_each_user(n, want):
    parts = by_user(table(*[event("a", str(k), k) for k in range(n)]))
    assert tuple((parts == part).sum() for part in ("train", "validation", "test")) == want


def test_truth_is_what_was_relevant_and_new():
    past = table(event("a", "1", 0), event("b", "2", 0))
    future = table(
        event("a", "1", 1), event("a", "2", 1), event("a", "9", 1), event("b", "1", 1, value=3.0), event("c", "1", 1)
    )
    assert pairs(truth(past, future, LAST_OUT)) == [("a", "2"), ("a", "9")]


def test_truth_can_ask_for_known_items_and_a_relevant_past():
    past = table(event("a", "1", 0), event("b", "2", 0, value=2.0))
    future = table(event("a", "2", 1), event("a", "9", 1), event("b", "1", 1))
    assert pairs(truth(past, future, Protocol(by_user, needs_relevant_past=True, needs_known_items=True))) == [
        ("a", "2")
    ]
    assert pairs(truth(past, future, PROTOCOLS["movielens"], pa.array(["9"]))) == [("a", "9")]


def test_cold_items_are_a_tenth_whatever_the_order():
    ids = [f"i{k}" for k in range(40)]
    drawn = cold_items(pa.array(ids))
    assert len(drawn) == 4
    assert drawn.equals(cold_items(pa.array(ids[::-1])))
    assert not drawn.equals(cold_items(pa.array(ids), seed=7))


@pytest.mark.parametrize(
    ("data", "n_users", "n_cold"), [("toys", 19412, 1192), ("instruments", 265, 90), ("movielens", 655, 907)]
)
def test_protocols_give_the_users_that_the_peers_were_measured_on(data, n_users, n_cold):
    if data != "movielens" and not SHARED.is_dir():
        pytest.skip(f"the data sets are no part of this repository, and there is no {SHARED}")
    shop = READERS[data](SHARED)
    warm, cold = (make_split(shop, PROTOCOLS[data], variant) for variant in ("warm", "cold"))
    assert len(warm["truth_test"]["user_id"].unique()) == n_users
    assert len(cold["candidates"]) == n_cold
    hidden = set(cold["candidates"]["item_id"].to_pylist())
    assert not hidden & {i for part in ("train", "validation") for i in cold[part]["item_id"].to_pylist()}
    assert set(cold["truth_test"]["item_id"].to_pylist()) <= hidden
    n_rows = sum(warm[part].num_rows for part in ("train", "validation", "test"))
    assert n_rows == len(np.unique(shop.events["user_id"].to_numpy() + " " + shop.events["item_id"].to_numpy()))
