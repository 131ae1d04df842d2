from datetime import UTC, date, datetime

import pyarrow as pa

from nightrec.lake import Lake
from nightrec.matrix.job import make_plan
from nightrec.matrix.plan import plan_build
from nightrec.schemas import contract

A, B, C = date(2026, 1, 1), date(2026, 1, 2), date(2026, 1, 3)
X, Y = ("x", "s"), ("y", "s")


def test_first_night_adds_everything():
    plan = plan_build(None, {}, {A: X})
    assert (plan.base, plan.added) == (None, [A])


def test_unchanged_base_is_carried_forward():
    plan = plan_build(B, {A: X, B: Y}, {A: X, B: Y, C: X})
    assert (plan.base, plan.added) == (B, [C])


def test_repaired_delivery_forces_a_rebuild():
    plan = plan_build(B, {A: X, B: Y}, {A: Y, B: Y, C: X})
    assert (plan.base, plan.added) == (None, [A, B, C])
    assert "2026-01-01" in plan.reason


def test_other_settings_force_a_rebuild():
    assert plan_build(A, {A: ("x", "old")}, {A: ("x", "new"), B: ("y", "new")}).base is None


def test_delivery_that_arrived_late_for_an_old_date_forces_a_rebuild():
    plan = plan_build(B, {B: Y}, {A: X, B: Y, C: X})
    assert (plan.base, plan.added) == (None, [A, B, C])
    assert "arrived after" in plan.reason


def test_delivery_withdrawn_since_forces_a_rebuild():
    assert plan_build(B, {A: X, B: Y}, {B: Y, C: X}).base is None


def test_delivery_that_is_gone_from_the_lake_is_named_once(tmp_path, caplog):
    lake, at = Lake(str(tmp_path), "shop"), datetime(2026, 1, 1, tzinfo=UTC)
    pair = {"user_id": "u", "item_id": "i", "weight": 1.0, "n_events": 1, "n_goals": 1, "first_at": at, "last_at": at}
    event = {"event_id": "e", "user_id": "u", "event_type": "view", "event_at": at, "item_id": "i"}
    made_of = [{"delivery_date": day, "fingerprint": "x", "settings_hash": "s"} for day in (A, B)]
    for table, rows in {"interactions": [pair], "matrix_inputs": made_of, "events": [event]}.items():
        lake.write_arrow(table, B, pa.Table.from_pylist(rows, contract(table).arrow()))

    plan = make_plan(lake, C, {B: X, C: X})

    assert (plan.base, plan.added) == (None, [B, C])
    gone = "delivery of 2026-01-01 is gone from events; its interactions are left out of the rebuilt matrix"
    assert [record.getMessage() for record in caplog.records] == [gone]
