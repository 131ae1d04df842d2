"""The part of `fit_ranker` that writes `feature_importance` and its picture.

Reads   items/D, and the newest feature_importance before D and that of 7 days before
"""

import logging
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nightrec.context import Context
from nightrec.histories import Matrix
from nightrec.importance.measure import Groups, ImportancePlan, measure, top_names
from nightrec.importance.picture import picture
from nightrec.importance.rows import Row, with_changes
from nightrec.importance.slices import item_groups
from nightrec.ranker.choose import CrossFitted, Ranker
from nightrec.ranker.describe import Lesson
from nightrec.schemas import contract

log = logging.getLogger(__name__)
TABLE = "feature_importance"


def explain_ranker(ctx: Context, matrix: Matrix, lesson: Lesson, rankers: tuple[Ranker, CrossFitted],
                   min_users: int) -> None:  # fmt: skip
    """Measure what moves the lists, write it and draw it."""
    plan = ImportancePlan(ctx.config.scoring.top_n, min_users, ctx.config.ranker.seed)
    rows = measure(*rankers, lesson, read_groups(ctx, matrix, lesson), plan)
    write_importance(ctx, rows)
    for kind in ("source", "permutation", "shap"):
        log.info("what moves the lists most, by %s: %s", kind, ", ".join(top_names(rows, kind)))
    title = f"What moves the lists of {ctx.config.domain}, {ctx.run_date} ({rankers[0].chosen})"
    ctx.run.log_figure(picture(rows, title), f"{TABLE}.png")


def write_importance(ctx: Context, rows: list[Row]) -> None:
    """Write the rows with their changes since earlier nights."""
    earlier = [_read_newest(ctx, ctx.run_date - timedelta(days=days)) for days in (0, 6)]
    table = pa.Table.from_pylist(with_changes(rows, *earlier), contract(TABLE).arrow())
    n_rows = ctx.lake.write_arrow(TABLE, ctx.run_date, table)
    log.info("wrote %s: %d rows", TABLE, n_rows)


def read_groups(ctx: Context, matrix: Matrix, lesson: Lesson) -> Groups:
    """Read how long the users' histories are, how many users met each item, and which categories it has."""
    histories = matrix.fold("cut")
    n_users = np.bincount(histories.item_idx, minlength=histories.shape[1])
    items = ctx.lake.read_arrow("items", ctx.run_date, ["item_id", "categories"])
    place = pc.index_in(items["item_id"], value_set=matrix.item_ids).to_pylist()
    groups = item_groups(n_users, zip(place, items["categories"].to_pylist(), strict=True))
    return Groups(np.diff(histories.starts)[[user for user, _ in lesson.goals]], groups)


def _read_newest(ctx: Context, before: date) -> list[Row]:
    day = ctx.lake.newest(TABLE, before)
    return [] if day is None else ctx.lake.read_arrow(TABLE, day).to_pylist()
