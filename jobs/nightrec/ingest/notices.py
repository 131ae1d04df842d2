"""What a delivery may do and seldom means, said in the log of a night that goes on."""

import logging
from collections.abc import Collection, Sequence
from datetime import date

from pyspark.sql import DataFrame

from nightrec.context import SparkContext
from nightrec.ingest import transform

log = logging.getLogger(__name__)


def warn_of_lost_titles(ctx: SparkContext, previous: DataFrame, delivered: DataFrame, before: date) -> None:
    """Say how many items lose their title; record `items_title_lost`.

    Args:
        ctx: The job's.
        previous: The catalogue that is carried forward.
        delivered: Items that replace theirs.
        before: Date of the carried catalogue.
    """
    n_lost = transform.lost_titles(previous, delivered).count()
    ctx.run.log_metrics({"items_title_lost": n_lost})
    if n_lost:
        log.warning(
            "%d item(s) had a title in the catalogue of %s and have none now: a delivered row replaces its item's "
            "whole row, so columns that it leaves out become empty; deliver whole rows of these items and run the job "
            "again",
            n_lost, before,
        )  # fmt: skip


def say_ignored_columns(feed: str, seen: Collection[str], columns: Sequence[str]) -> None:
    """Name columns that were delivered and are not read, where there are any."""
    ignored = sorted(set(seen) - set(columns))
    if ignored:
        shown = ", ".join(repr(name[:40]) for name in ignored[:20])
        log.info("%s: %d ignored column(s): %s; read are %s", feed, len(ignored), shown, ", ".join(columns))


def warn_of_empty_column(feed: str, column: str, n_rows: int, n_filled: int) -> None:
    """Say that a column that the night learns from is empty throughout.

    Args:
        feed: Its name.
        column: Its name.
        n_rows: Accepted rows that should have it.
        n_filled: Those that do.
    """
    if n_rows and not n_filled:
        log.warning(
            "%s: %s is empty in all %d accepted rows that should have it, so nothing is learnt from it; deliver it "
            "under this name, and run the job again",
            feed, column, n_rows,
        )  # fmt: skip
