from datetime import date

from nightrec.matrix.plan import plan_build

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
