"""Show a run while it goes: a live table on a terminal, one line per change elsewhere."""

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from nightrec.local.airflow_client import DONE, AirflowClient, Json

POLL_S = 2.0
LOG_EVERY_S = 15.0
COLORS = {
    "success": "green",
    "failed": "red",
    "running": "cyan",
    "upstream_failed": "magenta",
    "up_for_retry": "yellow",
}
# What Spark's JVM, Airflow and MLflow say about themselves, as against the lines of our jobs.
NOISE = re.compile(
    r"^(\d\d/\d\d/\d\d \d\d:|WARNING: |Using |Setting |To adjust |🏃 |🧪 "
    r"|::|Tmp dir|Running command|Output:|DAG bundles |Filling up |Worker startup|/.*attempt=\d+\.log$"
    r"|Could not read served logs|\s*$)"
)
OWN_LINE = re.compile(r"^[\d-]{10} [\d:,]+ [A-Z]+ nightrec\.(.*)")


class View(Protocol):
    """Takes the state of the run every `POLL_S`."""

    def show(self, tasks: list[Json], last_lines: Mapping[str, str]) -> None:
        """Draw or print."""


def follow(client: AirflowClient, dag_id: str, run_id: str, console: Console) -> str:
    """Show a run until it ends and return its state, `success` or `failed`."""
    last_lines: dict[str, str] = {}
    log_due = time.monotonic() + LOG_EVERY_S
    with _view(console) as view:
        while True:
            tasks = sorted(client.tasks(dag_id, run_id), key=lambda t: (t["start_date"] or "9", t["task_id"]))
            if time.monotonic() >= log_due:
                last_lines = {_name(t): _last_line(client, t) for t in tasks if t["state"] == "running"}
                log_due = time.monotonic() + LOG_EVERY_S
            view.show(tasks, last_lines)
            # No run ends under a running task. One call every 2 s instead of two every second leaves the jobs 10 s of
            # a night's CPU time: a call costs the server 10 to 30 ms.
            state = "running" if _is_running(tasks) else client.run_state(dag_id, run_id)
            if state in DONE:
                return state
            time.sleep(POLL_S)


def _is_running(tasks: list[Json]) -> bool:
    return any(task["state"] == "running" for task in tasks)


def useful_lines(lines: list[str]) -> list[str]:
    """Leave out what Spark and Airflow say about themselves."""
    return [line for line in lines if not NOISE.match(line)]


def progress_line(lines: list[str]) -> str:
    """Return the last thing that one of our jobs said, without its date."""
    return next((own[1] for line in reversed(lines) if (own := OWN_LINE.match(line))), "")


def _last_line(client: AirflowClient, task: Json) -> str:
    return progress_line(client.log(task["dag_id"], task["dag_run_id"], task["task_id"], task["try_number"]))


@contextmanager
def _view(console: Console) -> Iterator[View]:
    if not console.is_terminal:
        yield _Lines(console)
        return
    with Live(console=console, refresh_per_second=4) as live:
        yield _Screen(live)


@dataclass
class _Lines:
    console: Console
    began: float = field(default_factory=time.monotonic)
    states: dict[str, str] = field(default_factory=dict)
    lines: Mapping[str, str] = field(default_factory=dict)

    def show(self, tasks: list[Json], last_lines: Mapping[str, str]) -> None:
        for task in tasks:
            name, state = _name(task), task["state"] or "waiting"
            if state != self.states.get(name) and state not in ("waiting", "scheduled", "queued"):
                self._print(name, state + (f" after {_seconds(task):.0f} s" if state in DONE else ""))
            self.states[name] = state
        if last_lines is not self.lines:
            for name, line in last_lines.items():
                self._print(name, line or "running")
        self.lines = last_lines

    def _print(self, name: str, what: str) -> None:
        self.console.print(f"{time.monotonic() - self.began:6.0f} s  {name:20} {what}", markup=False, soft_wrap=True)


@dataclass
class _Screen:
    live: Live

    def show(self, tasks: list[Json], last_lines: Mapping[str, str]) -> None:
        table = Table("task", "state", "seconds", "it says", expand=True)
        for task in tasks:
            state = task["state"] or "waiting"
            color, seconds = COLORS.get(state, "dim"), f"{_seconds(task):.0f}" if task["start_date"] else ""
            line = last_lines.get(_name(task), "") if state == "running" else ""
            table.add_row(_name(task), f"[{color}]{state}[/]", seconds, escape(line[:200]))
        self.live.update(table)


def _name(task: Json) -> str:
    """Tell the nights of a back-fill, which are one task to Airflow, apart."""
    return str(task["task_id"] if task["map_index"] < 0 else f"{task['task_id']} {task['map_index'] + 1}")


def _seconds(task: Json) -> float:
    if not task["start_date"]:
        return 0.0
    end = datetime.fromisoformat(task["end_date"]) if task["end_date"] else datetime.now(UTC)
    return (end - datetime.fromisoformat(task["start_date"])).total_seconds()
