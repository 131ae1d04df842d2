"""build_matrix: carry the user-item matrix forward by one delivery.

Reads   events, events_checks, deliveries up to D; items/D; interactions and matrix_inputs of the newest date before D
Writes  interactions/D, matrix_inputs/D, held_out/D, user_texts/D, item_texts/D, item_aspects/D,
        user_index/D, item_index/D
Fails   3 if an input is missing, 4 if delivery D has not passed its gate

Equals a rebuild from all deliveries, bit for bit. Deliveries that failed their gate are left out; when an earlier one
is repaired, or the matrix settings change, the next run rebuilds.
"""

import logging
from collections.abc import Sequence
from datetime import date, timedelta

import pyarrow as pa
from pyspark.sql import DataFrame

from nightrec.context import SparkContext, run_spark_job
from nightrec.errors import GateError
from nightrec.lake import Lake
from nightrec.lineage import digest
from nightrec.matrix.aspects import item_aspects
from nightrec.matrix.holdout import hold_out, with_past
from nightrec.matrix.plan import Plan, plan_build
from nightrec.matrix.texts import item_texts, recent_texts, user_texts, written_by
from nightrec.matrix.transform import STATE, carry_forward, number, weigh
from nightrec.schemas import contract
from nightrec.settings import MatrixConfig

log = logging.getLogger(__name__)
METRICS = {
    "held_out": "n_held_out",
    "user_texts": "n_user_texts",
    "item_texts": "n_item_texts",
    "item_aspects": "n_item_aspects",
    "user_index": "n_users",
    "item_index": "n_items",
}


def main(argv: Sequence[str]) -> int:
    """Run the job from a command line."""
    return run_spark_job(build_matrix, __doc__ or "", argv)


def build_matrix(ctx: SparkContext) -> None:
    """Write the matrix, the indexes and the texts as of the run date."""
    made_by = digest(ctx.config.matrix.model_dump() | {"state": STATE})  # a state of an earlier form is not carried on
    inputs = passed_deliveries(ctx.lake, ctx.run_date, made_by)
    plan = make_plan(ctx.lake, ctx.run_date, inputs)
    log.info("%s; adding %d deliveries", plan.reason, len(plan.added))
    rows = write_interactions(ctx, plan)
    made_of = [{"delivery_date": day, "fingerprint": a, "settings_hash": b} for day, (a, b) in sorted(inputs.items())]
    ctx.lake.write_arrow(
        "matrix_inputs", ctx.run_date, pa.Table.from_pylist(made_of, contract("matrix_inputs").arrow())
    )
    matrix, items = ctx.tables.read("interactions", ctx.run_date), ctx.tables.read("items", ctx.run_date)
    item_index = number(_keys("item_id", matrix, items), "item_id", "item_idx")
    frames = {"held_out": make_held_out(ctx, list(inputs), matrix), "item_index": item_index}
    written = ctx.tables.overwrite_all(ctx.run_date, frames)
    written |= ctx.tables.overwrite_all(ctx.run_date, make_texts(ctx, list(inputs), items))
    users = _keys("user_id", matrix, ctx.tables.read("user_texts", ctx.run_date))  # some only write
    written["user_index"] = ctx.tables.overwrite("user_index", ctx.run_date, number(users, "user_id", "user_idx"))
    rows_in = sum(ctx.lake.count("events", day) for day in plan.added)
    is_rebuild = float(plan.base is None)
    ctx.run.log_metrics({"rows_in": rows_in, "rows_out": rows, "is_rebuild": is_rebuild})
    ctx.run.log_metrics({METRICS[name]: n for name, n in written.items()})


def passed_deliveries(lake: Lake, run_date: date, settings_hash: str) -> dict[date, tuple[str, str]]:
    """Return the deliveries up to a date that passed their gate, as `plan_build` takes them.

    Raises:
        MissingPartitionError: If the delivery of the date itself was not ingested or not checked.
        GateError: If it was checked and failed.
    """
    lake.require("events", run_date)
    lake.require("events_checks", run_date)
    passed = {}
    for day in lake.finished_dates("events"):
        if day > run_date:
            continue
        if lake.has_passed(day):
            feeds = lake.read_arrow("deliveries", day, ["feed", "fingerprint"]).to_pylist()
            passed[day] = next(f["fingerprint"] for f in feeds if f["feed"] == "events"), settings_hash
        elif day == run_date:
            raise GateError(
                f"events/run_date={day} failed its gate; see events_checks/run_date={day}, repair and redeliver"
            )
        else:
            log.warning("leaving out delivery %s: it has not passed its gate", day)
    return passed


def make_plan(lake: Lake, run_date: date, inputs: dict[date, tuple[str, str]]) -> Plan:
    """Compare tonight's inputs with those of the newest state before the date."""
    base = lake.newest("interactions", before=run_date)
    rows = lake.read_arrow("matrix_inputs", base).to_pylist() if base else []
    made_of = {row["delivery_date"]: (row["fingerprint"], row["settings_hash"]) for row in rows}
    for day in sorted(made_of.keys() - set(lake.finished_dates("events"))):
        gone = "delivery of %s is gone from events; its interactions are left out of the rebuilt matrix"
        log.warning(gone, day)
    return plan_build(base, made_of, inputs)


def write_interactions(ctx: SparkContext, plan: Plan) -> int:
    """Write the matrix and return its row count."""
    state = ctx.tables.read("interactions", plan.base) if plan.base else ctx.tables.empty("interactions")
    weighed = weigh(ctx.tables.read_many("events", plan.added), *_worth(ctx.config.matrix))
    folded = carry_forward(state, weighed, ctx.config.matrix.half_life_days)
    return ctx.tables.overwrite("interactions", ctx.run_date, folded)


def make_held_out(ctx: SparkContext, deliveries: list[date], matrix: DataFrame) -> DataFrame:
    """Hold out; only where lists may show items again is the whole log read for what users did with them before."""
    is_shown_again = ctx.config.scoring.exclude_seen_days is not None
    events = ctx.tables.read_many("events", deliveries if is_shown_again else [])
    weighed, nothing = weigh(events, *_worth(ctx.config.matrix)), ctx.tables.empty("interactions")
    held = hold_out(matrix, ctx.config.ranker, is_shown_again)
    return with_past(held, weighed, nothing, ctx.config.matrix.half_life_days)


def make_texts(ctx: SparkContext, deliveries: list[date], items: DataFrame) -> dict[str, DataFrame]:
    """Return the tables of texts, from the catalogue and the newest events that have text."""
    texts, oldest = ctx.config.texts, ctx.run_date - timedelta(days=ctx.config.texts.window_days)
    delivered = ctx.tables.read_many("events", [day for day in deliveries if day > oldest])
    events = written_by(delivered, ctx.run_date)
    held_out = ctx.tables.read("held_out", ctx.run_date)
    by_user, by_item = (recent_texts(events, key, texts.recent_texts, held_out) for key in ("user_id", "item_id"))
    return {
        "user_texts": user_texts(by_user, texts.max_chars),
        "item_texts": item_texts(items, by_item, texts.max_chars),
        "item_aspects": item_aspects(events, ctx.config.scoring.popular_min_users),
    }


def _keys(key: str, left: DataFrame, right: DataFrame) -> DataFrame:
    return left.select(key).union(right.select(key))


def _worth(matrix: MatrixConfig) -> tuple[dict[str, tuple[float, float]], list[str], float | None]:
    weights = {str(kind): (worth.weight, worth.value_weight) for kind, worth in matrix.event_weights.items()}
    return weights, list(matrix.goal.event_types), matrix.goal.min_value
