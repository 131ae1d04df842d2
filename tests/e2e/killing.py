"""Kill a job in the middle of its writing, as a lost machine would."""

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from nightrec.lake import Lake
from nightrec.schemas import contract

START_LIMIT_S = 240


def kill_midway(command: Sequence[str], lake: Lake, table: str, run_date: date, log: Path) -> None:
    """Start a job, SIGKILL its whole process group while it writes `table`, and check that nothing reads as finished.

    Args:
        command: The job with its arguments; the environment is this process's.
        lake: A lake on the local disk in which `table` has no partition of `run_date` yet.
        table: One that the job writes.
        run_date: The partition.
        log: Where the job's output goes.
    """
    staging = Path(lake.path(f"{contract(table).folder}/_writing-{run_date}"))
    assert not staging.exists(), f"left over from an earlier kill: {staging}"
    assert not lake.is_finished(table, run_date)
    with log.open("wb") as output:
        # A session of its own, so that one signal reaches spark-submit, the JVM and the Python driver.
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            _wait_for(staging, process, log)
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()

    assert code == -signal.SIGKILL, f"the job had ended by itself with {code}"
    assert staging.is_dir(), "the kill came after the writing"
    assert not lake.is_finished(table, run_date)


def _wait_for(staging: Path, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not staging.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise AssertionError(f"the job never wrote to {staging}:\n{log.read_text(errors='replace')[-3000:]}")
        time.sleep(0.002)
