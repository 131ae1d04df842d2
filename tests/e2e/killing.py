"""Kill a job in the middle of its work, as a lost machine would."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path

from nightrec.lake import Lake
from nightrec.schemas import contract

HELD = Path(__file__).parent / "held"
START_LIMIT_S = 240


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
    held = {"HELD_TABLE": table, "PYTHONPATH": f"{HELD}:{os.environ.get('PYTHONPATH', '')}"}
    assert kill_when_there(command, staging, log, held)
    assert staging.exists()
    assert not lake.is_finished(table, run_date)


def kill_when_there(command: Sequence[str], path: Path, log: Path, env: Mapping[str, str] | None = None) -> bool:
    """Start a job and SIGKILL its whole process group as soon as `path` exists; tell whether that was in time."""
    assert not path.exists(), f"left over from an earlier kill: {path}"
    with log.open("wb") as output:
        # A session of its own, so that one signal reaches spark-submit, the JVM and the Python driver.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env=os.environ | (env or {}),
        )
        try:
            _wait_for(path, process)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
    assert path.exists(), f"the job never wrote to {path}:\n{log.read_text(errors='replace')[-3000:]}"
    return code == -signal.SIGKILL


def _wait_for(path: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not path.exists() and process.poll() is None:
        assert time.monotonic() < deadline, f"waited {START_LIMIT_S} s for {path}"
        time.sleep(0.001)
