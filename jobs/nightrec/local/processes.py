"""Start, find and end the background processes of one installation.

Every process that is started here carries the installation's folder in its environment, and so does everything that it
starts in turn: supervisors, Spark's JVM, Python workers. Looking for that mark finds them all, also those whose parent
died; a file of process ids would not.
"""

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import IO

import psutil

MARK = "NIGHTREC_STARTED_FROM"
NAME = "NIGHTREC_SERVICE"
GRACE_S = 15


def start(name: str, command: Sequence[str], env: Mapping[str, str], home: Path, cwd: Path) -> None:
    """Start a service in a session of its own; what it prints is added to `logs/<name>.log`."""
    # Without SPT_NOENV, setproctitle (Airflow calls it) writes over the environment that holds the mark.
    marked = {**env, MARK: str(home), NAME: name, "SPT_NOENV": "1"}
    with open_log(home, name) as out:
        subprocess.Popen(
            command, env=marked, cwd=cwd, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True
        )


def open_log(home: Path, name: str) -> IO[bytes]:
    """Open the output file of a service for adding to it."""
    path = log_path(home, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("ab")


def log_path(home: Path, name: str) -> Path:
    """Return where the output of a service goes."""
    return home / "logs" / f"{name}.log"


def log_tail(home: Path, name: str, lines: int = 20) -> str:
    """Return the last lines of a service's output."""
    return "\n".join(log_path(home, name).read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def find(home: Path, name: str | None = None) -> list[psutil.Process]:
    """Return the living processes of an installation, or of one of its services."""
    return [p for p in psutil.process_iter() if _environment(p, str(home), name)]


def environments(home: Path, name: str) -> list[dict[str, str]]:
    """Return what the living processes of a service have in their environments."""
    return [found for p in psutil.process_iter() if (found := _environment(p, str(home), name))]


def stop(home: Path) -> int:
    """End every process of an installation and return how many there were; those that do not listen are killed."""
    running = find(home)
    for process in running:
        _signal(process.terminate)
    # Looked up again: what was killed may have started something in its last seconds.
    for process in _left_after(GRACE_S, home):
        _signal(process.kill)
    _left_after(GRACE_S, home)
    return len(running)


def _left_after(seconds: float, home: Path) -> list[psutil.Process]:
    # Not `psutil.wait_procs`: it also waits for the dead that nobody reaps, as in a container without an init.
    deadline = time.monotonic() + seconds
    while (left := find(home)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left


def _environment(process: psutil.Process, home: str, name: str | None) -> dict[str, str]:
    """Return the environment of a living process of ours, and nothing for others."""
    try:
        environment: dict[str, str] = process.environ()
        ours = environment.get(MARK) == home and name in (None, environment.get(NAME))
        lives = ours and process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.Error:
        return {}
    return environment if lives else {}


def _signal(send: Callable[[], None]) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        send()
