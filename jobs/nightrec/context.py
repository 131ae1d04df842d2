"""What surrounds every job: its command line, its settings, its tables, its MLflow run and its exit code."""

from __future__ import annotations

import argparse
import logging
import resource
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, TypeVar

from nightrec.config import list_domains, load_config
from nightrec.dates import parse_day
from nightrec.errors import ConfigError, PipelineError
from nightrec.lake import Lake
from nightrec.settings import Config
from nightrec.tracking import TaskRun, task_run

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

    from nightrec.tables import Tables

log = logging.getLogger(__name__)
EPILOG = """exit codes: 0 done, 2 settings, 3 input missing or empty, 4 data rejected by a gate, 1 a bug
or MLflow that does not answer
Repeating a job is safe: it replaces its own partition of run-date and no other."""


@dataclass(frozen=True)
class Context:
    """What a torch or plain job gets."""

    config: Config
    run_date: date
    run: TaskRun
    lake: Lake
    args: argparse.Namespace


@dataclass(frozen=True)
class SparkContext(Context):
    """What a Spark job gets besides."""

    tables: Tables
    spark: SparkSession


AnyContext = TypeVar("AnyContext", bound=Context)
Arguments = Callable[[argparse.ArgumentParser], None]


def run_job(body: Callable[[Context], None], doc: str, argv: Sequence[str], arguments: Arguments | None = None) -> int:
    """Run a job that needs no Spark and return its exit code.

    Args:
        body: The job; its name is the task's name everywhere.
        doc: The job's contract, shown by `--help`.
        argv: Command line without the script.
        arguments: Adds the job's own flags.
    """
    return _guarded(body, doc, argv, arguments, _plain_context)


def run_spark_job(
    body: Callable[[SparkContext], None], doc: str, argv: Sequence[str], arguments: Arguments | None = None
) -> int:
    """Run a job in a Spark session and return its exit code. Arguments as for `run_job`."""
    return _guarded(body, doc, argv, arguments, _spark_context)


def _guarded(
    body: Callable[[AnyContext], None],
    doc: str,
    argv: Sequence[str],
    arguments: Arguments | None,
    make_context: Callable[[Config, argparse.Namespace, TaskRun], AnyContext],
) -> int:
    task = body.__name__
    args = _parse(task, doc, argv, arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    logging.getLogger("py4j").setLevel(logging.WARNING)
    try:
        config = load_config(args.domain, args.env, args.set)
        with task_run(config, task, args.run_date) as run:
            began = time.monotonic()
            ctx = make_context(config, args, run)
            body(ctx)
            run.log_metrics({"seconds": time.monotonic() - began, **_peak_memory(ctx)})
    except PipelineError as err:
        log.error("%s failed: %s", task, err)
        return err.exit_code
    log.info("%s done for %s, %s", task, args.domain, args.run_date)
    return 0


def _parse(task: str, doc: str, argv: Sequence[str], arguments: Arguments | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog=f"{task}.py", description=doc, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )  # fmt: skip
    parser.add_argument("--domain", required=True, help=f"shop, one of: {', '.join(list_domains())}")
    parser.add_argument("--run-date", required=True, type=_day, help="delivery date, YYYY-MM-DD")
    parser.add_argument("--env", default="local", help="file in conf/env/ (default: local)")
    parser.add_argument(
        "--set", action="extend", nargs="+", default=[], metavar="SECTION.KEY=VALUE", help="settings to override"
    )
    if arguments is not None:
        arguments(parser)
    return parser.parse_args(argv)


def _day(text: str) -> date:
    try:
        return parse_day(text)
    except ConfigError as err:
        raise argparse.ArgumentTypeError(str(err)) from None


def _plain_context(config: Config, args: argparse.Namespace, run: TaskRun) -> Context:
    return Context(config, args.run_date, run, Lake(config.place(config.paths.lake), config.domain), args)


def _spark_context(config: Config, args: argparse.Namespace, run: TaskRun) -> SparkContext:
    return open_spark(_plain_context(config, args, run))


def open_spark(ctx: Context) -> SparkContext:
    """Give a job that may do without Spark a session after all."""
    from nightrec.session import spark_session  # noqa: PLC0415  # torch jobs run where there is no Spark
    from nightrec.tables import Tables  # noqa: PLC0415

    spark = spark_session(ctx.run.task, ctx.config.spark.shuffle_partitions)
    tables = Tables(ctx.config.place(ctx.config.paths.lake), ctx.config.domain, spark)
    return SparkContext(ctx.config, ctx.run_date, ctx.run, tables, ctx.args, tables, spark)


def _peak_memory(ctx: Context) -> dict[str, float]:
    peak = {"peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}
    if isinstance(ctx, SparkContext):
        from nightrec.session import jvm_peak_mb  # noqa: PLC0415  # only where Spark runs

        peak["jvm_peak_memory_mb"] = jvm_peak_mb(ctx.spark)
    return peak
