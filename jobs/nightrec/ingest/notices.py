"""What a delivery may do and seldom means, said in the log of a night that goes on."""

import logging
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
