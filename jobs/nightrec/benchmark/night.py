"""Run the night of a split with the project's own jobs: the order and the commands of the DAG, without Airflow."""

import hashlib
import json
import os
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import date
from graphlib import TopologicalSorter
from pathlib import Path

from nightrec.benchmark.delivery import deliver
from nightrec.benchmark.watch import Cost, run_watched
from nightrec.config import load_config
from nightrec.lake import PRODUCER, Lake
from nightrec.places import resource, root

COMMANDS = "tests/dags/golden/nightly_recommendations.json"
"""The DAG's command lines, kept equal to the DAG by its tests; the jobs' environment has no Airflow to ask."""
NOT_RUN = {"evaluate_night", "write_reasons"}
"""Measures the lists of the night before, and there is none; rewrites reasons, which no list is measured by."""
Say = Callable[[str], None]


def commands(domain: str, run_date: date) -> dict[str, list[str]]:
    """Return the command line of each task of a night, in an order in which they can run."""
    tasks = json.loads((root() / COMMANDS).read_text(encoding="utf-8"))
    order = TopologicalSorter({name: set(task["after"]) & set(tasks) for name, task in sorted(tasks.items())})
    out = {}
    for name in order.static_order():
        words = shlex.split(tasks[name]["run"])
        for flag, value in (("--domain", domain), ("--run-date", str(run_date))):
            words[words.index(flag) + 1] = value
        out[name] = words
    return {name: words for name, words in out.items() if name not in NOT_RUN}


def environment(home: Path) -> dict[str, str]:
    """Return the variables of jobs that keep everything, MLflow's runs too, below a folder."""
    programs = Path(sys.executable).parent
    return dict(os.environ) | {
        "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}",
        "PYSPARK_PYTHON": sys.executable,
        "PYTHONPATH": str(root() / "jobs"),
        "NIGHTREC__PATHS__HOME": str(home),
        "NIGHTREC__TRACKING__URI": f"sqlite:///{home / 'mlflow.db'}",
    }


def run_night(split: Path, home: Path, shop: tuple[str, str], resume: bool, say: Say) -> tuple[date, dict[str, Cost]]:
    """Deliver a split and run its night.

    Args:
        split: A split folder.
        home: Folder of this night alone.
        shop: A name from `conf/domains/`, and what its events are.
        resume: Keep finished jobs where neither the split, the code nor the settings changed.
        say: Shows a line of progress.

    Returns:
        The night's date, and what each job cost.

    Raises:
        CommandFailedError: If a job fails.
    """
    domain, event_type = shop
    state, key = home / "night.json", fingerprint(split, domain)
    known = json.loads(state.read_text(encoding="utf-8")) if resume and state.is_file() else {}
    if known.get("key") != key:
        shutil.rmtree(home, ignore_errors=True)
        run_date = deliver(split, home / "landing" / domain, event_type)
        known = {"key": key, "run_date": str(run_date), "jobs": {}}
    run_date, lake = date.fromisoformat(known["run_date"]), Lake(str(home / "lake"), domain)
    costs: dict[str, Cost] = {}
    is_kept = True  # what comes after a job that runs anew runs anew too
    for task, command in commands(domain, run_date).items():
        is_kept = is_kept and task in known["jobs"] and is_written(lake, command, run_date)
        if is_kept:
            costs[task] = Cost(**known["jobs"][task])
            continue
        costs[task] = run_watched(command, environment(home), root(), home / "logs" / f"{task}.log")
        known["jobs"] = {name: asdict(cost) for name, cost in costs.items()}
        state.write_text(json.dumps(known, indent=1), encoding="utf-8")
        say(f"{task}: {costs[task].seconds:.0f} s, {costs[task].peak_mb:.0f} MB")
    return run_date, costs


def fingerprint(split: Path, domain: str) -> str:
    """Return a hash of everything that a night's lists follow from."""
    code = [
        path
        for path in sorted((root() / "jobs").rglob("*.py"))
        if not {"benchmark", "local"} & set(path.relative_to(root()).parts)
    ]
    conf = resource("conf")
    settings = [conf / "spark/local.properties", conf / "locks/jobs.txt", *sorted(resource("schemas").glob("*.yaml"))]
    digest = hashlib.sha256((root() / COMMANDS).read_bytes() + load_config(domain).model_dump_json().encode())
    read = [path for path in sorted(split.glob("*.parquet")) if path.stem != "vectors"]  # a night makes its own
    for path in [*read, *code, *settings]:
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def is_written(lake: Lake, command: list[str], run_date: date) -> bool:
    """Tell whether every partition that a command writes is finished."""
    words = {Path(word).name for word in command}
    tables = [table for table, producer in PRODUCER.items() if set(producer.split()) <= words]
    return all(lake.is_finished(table, run_date) for table in tables)


def total(costs: Mapping[str, Cost]) -> Cost:
    """Return the seconds of all and the largest memory of one."""
    return Cost(sum(cost.seconds for cost in costs.values()), max((c.peak_mb for c in costs.values()), default=0.0))
