"""Kill a job in the middle of its work, as a lost machine would."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path

from nightrec.lake import Lake
from nightrec.schemas import contract

START_LIMIT_S = 240
TRIES = 10


def kill_while_writing(command: Sequence[str], lake: Lake, table: str, run_date: date, log: Path) -> None:
    """Kill a job while it writes `table`, and check that nothing reads as finished.

    Args:
        command: The job with its arguments; the environment is this process's.
        lake: A lake on the local disk in which `table` has no partition of `run_date`.
        table: One that the job writes.
        run_date: The partition.
        log: Where the job's output goes.
    """
    staging = Path(lake.path(f"{contract(table).folder}/_writing-{run_date}"))
    final = Path(lake.path(f"{contract(table).folder}/run_date={run_date}"))
    for _ in range(TRIES):
        shutil.rmtree(staging, ignore_errors=True)
        is_killed = kill_when_there(command, staging, log)
        if is_killed and not lake.is_finished(table, run_date):
            return
        # A table of a few rows is written within milliseconds, and the kill came too late.
        assert final.exists(), f"the job never wrote to {staging}:\n{log.read_text(errors='replace')[-3000:]}"
        shutil.rmtree(final)
    raise AssertionError(f"{table} was finished before the kill, {TRIES} times")


def kill_when_there(command: Sequence[str], path: Path, log: Path) -> bool:
    """Start a job and SIGKILL its whole process group as soon as `path` exists; tell whether that was in time."""
    assert not path.exists(), f"left over from an earlier kill: {path}"
    with log.open("wb") as output:
        # A session of its own, so that one signal reaches spark-submit, the JVM and the Python driver.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            _wait_for(path, process)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
    return code == -signal.SIGKILL


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    with _first_in_line():
        while not path.exists() and process.poll() is None:
            assert time.monotonic() < deadline, f"waited {START_LIMIT_S} s for {path}"
            time.sleep(0.0002)


@contextlib.contextmanager
def _first_in_line() -> Iterator[None]:
    """Let this process wake before all others where it may, or on busy cores small tables are whole before the kill."""
    usual = os.getpriority(os.PRIO_PROCESS, 0)
    with contextlib.suppress(PermissionError):
        os.setpriority(os.PRIO_PROCESS, 0, -10)
    try:
        yield
    finally:
        os.setpriority(os.PRIO_PROCESS, 0, usual)
