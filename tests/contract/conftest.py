"""A night's tables in a temporary lake, and the gate run over them through its command line."""

from contextlib import contextmanager
from datetime import date, datetime
from types import SimpleNamespace

import pytest

DAY = date(2026, 1, 31)
FLAGS = ["--domain", "movielens", "--run-date", str(DAY)]


class FakeRun(SimpleNamespace):
    """Stands for the MLflow run; keeps what it is told."""

    def log_metrics(self, metrics, step=None):
        self.metrics.update(metrics)


class Night:
    """Tables of one domain, filled row by row over a base row, and the gate."""

    def __init__(self, spark, home):
        from nightrec.tables import Tables

        self.spark, self.home = spark, home
        self.run = FakeRun(metrics={}, task="validate_table")
        self.tables = Tables(str(home / "lake"), "movielens", spark)

    def write(self, table, rows, base):
        from nightrec.schemas import contract

        wanted = contract(table)
        full = [tuple((base | row).get(name) for name in wanted.names) for row in rows]
        self.tables.overwrite(table, DAY, self.spark.createDataFrame(full, wanted.spark()))

    def gate(self, table, *overrides):
        """Run validate_table and return its exit code."""
        from nightrec import context
        from nightrec.quality.job import main

        @contextmanager
        def recorded(*_):
            yield self.run

        sets = [flag for text in (f"paths.home={self.home}", *overrides) for flag in ("--set", text)]
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(context, "task_run", recorded)
            return main([*FLAGS, "--table", table, *sets])

    def failed(self, table):
        """Return the failed rules with their counts."""
        checks = self.tables.read(f"{table}_checks", DAY).collect()
        return {row.rule: row.n_unexpected for row in checks if not row.is_passed}

    def rules(self, table):
        return {row.rule for row in self.tables.read(f"{table}_checks", DAY).collect()}


@pytest.fixture
def night(spark, tmp_path):
    """Return an empty night."""
    return Night(spark, tmp_path)


def at(text):
    """Return a moment of `2026-01-31 12:00` spelling."""
    return datetime.fromisoformat(text)
