"""The commands of a night's tasks as the DAG tests keep them, for running by hand."""

import json
import runpy
import shlex
import sys
from datetime import date
from pathlib import Path

import pyarrow as pa
import pytest

from nightrec.lake import PRODUCER, Lake
from nightrec.schemas import contract

ROOT = Path(__file__).parents[2]
GOLDEN = json.loads((ROOT / "tests/dags/golden/nightly_recommendations.json").read_text())
IN_ORDER = [
    "ingest_logs", "validate_events", "build_matrix", "evaluate_night", "fine_tune_llm", "embed_texts",
    "train_collaborative", "train_sequence", "train_projection", "fit_ranker", "predict_behaviour",
    "score_top_n", "validate_topn", "publish_top_n",
]  # fmt: skip


def command(task: str, domain: str, run_date: date) -> list[str]:
    """Return a task's command line for another night of another domain."""
    words = shlex.split(GOLDEN[task]["run"])
    for flag, value in {"--domain": domain, "--run-date": str(run_date), "--set": "scoring.top_n=10"}.items():
        if flag in words:
            words[words.index(flag) + 1] = value
    return words


def run_here(task: str, domain: str, run_date: date) -> int:
    """Run a task's entry script with its arguments in this process, whose Spark session is warm."""
    words = command(task, domain, run_date)
    script = next(k for k, word in enumerate(words) if word.startswith("jobs/"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", words[script:])
        try:
            runpy.run_path(str(ROOT / words[script]), run_name="__main__")
        except SystemExit as end:
            return int(end.code or 0)
    return 0


def run_nights(domain: str, nights: list[date]) -> None:
    """Run nights one after the other here; the model that the first one tunes serves the others."""
    for night in nights:
        tasks = [task for task in IN_ORDER if night == nights[0] or task != "fine_tune_llm"]
        assert [run_here(task, domain, night) for task in tasks] == [0] * len(tasks)


def tables_of(task: str) -> list[str]:
    """Return the tables that a task writes."""
    line = " ".join(GOLDEN[task]["run"].split())
    return [table for table, (script, *flags) in _producers().items() if script in line and " ".join(flags) in line]


def _producers() -> dict[str, list[str]]:
    return {table: shlex.split(producer) for table, producer in PRODUCER.items()}


def rows(lake: Lake, table: str, run_date: date) -> pa.Table:
    """Read a partition in the order of its key."""
    return lake.read_arrow(table, run_date).sort_by([(key, "ascending") for key in contract(table).primary_key])
