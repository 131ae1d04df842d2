"""The part of `fit_ranker` and `predict_behaviour` that writes what a model rests on, and draws it.

Reads   items/D, and the newest partition of the written table before D and that of 7 days before
"""

import logging
from collections.abc import Mapping
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nightrec.context import Context
from nightrec.histories import Mask, Matrix
from nightrec.importance.measure import Groups, ImportancePlan, measure, top_names
from nightrec.importance.picture import PANELS, picture
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
    cut = matrix.fold("cut")
    lengths = np.diff(cut.starts)[[user for user, _ in lesson.goals]]
    unmet = np.isin(np.arange(len(matrix.item_ids)), cut.item_idx, invert=True)
    rows = measure(*rankers, lesson, Groups(lengths, read_item_groups(ctx, matrix), unmet), plan)
    rows = write_importance(ctx, TABLE, rows)
    show_importance(ctx, TABLE, rows, f"What moves the lists of {ctx.config.domain} ({rankers[0].chosen})")


def write_importance(ctx: Context, table: str, rows: list[Row]) -> list[Row]:
    """Write the rows with their changes since earlier nights, and return them so."""
    changed = with_changes(rows, *(_read_newest(ctx, table, ctx.run_date - timedelta(days=days)) for days in (0, 6)))
    n_rows = ctx.lake.write_arrow(table, ctx.run_date, pa.Table.from_pylist(changed, contract(table).arrow()))
    log.info("wrote %s: %d rows", table, n_rows)
    return changed


def show_importance(ctx: Context, table: str, rows: list[Row], title: str) -> None:
    """Log the first names of each kind, and put the picture into MLflow."""
    for kind in PANELS[table]:
        log.info("%s, by %s: %s", title, kind, ", ".join(top_names(rows, kind)))
    ctx.run.log_figure(picture(rows, f"{title}, {ctx.run_date}", PANELS[table]), f"{table}.png")


def read_item_groups(ctx: Context, matrix: Matrix) -> Mapping[str, Mask]:
    """Read how many users met each item before the held-out interactions, and which categories it has."""
    n_users = np.bincount(matrix.fold("cut").item_idx, minlength=len(matrix.item_ids))
    items = ctx.lake.read_arrow("items", ctx.run_date, ["item_id", "categories"])
    place = pc.index_in(items["item_id"], value_set=matrix.item_ids).to_pylist()
    return item_groups(n_users, zip(place, items["categories"].to_pylist(), strict=True))


def _read_newest(ctx: Context, table: str, before: date) -> list[Row]:
    day = ctx.lake.newest(table, before)
    return [] if day is None else ctx.lake.read_arrow(table, day).to_pylist()
