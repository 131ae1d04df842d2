"""Run a command to its end and say how long it took and how much memory it held."""

import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil

from nightrec.errors import PipelineError

TICK_S = 0.2
TAIL_LINES = 30


class CommandFailedError(PipelineError):
    """A job or a peer ended with an error; the end of its log is in the message."""


@dataclass(frozen=True)
class Cost:
    """What a command took.

    Attributes:
        seconds: From start to end.
        peak_mb: Largest sum of the resident memory of the command and all its children, sampled five times a second.
    """

    seconds: float
    peak_mb: float


def run_watched(command: Sequence[str], environment: Mapping[str, str], folder: Path, log: Path) -> Cost:
    """Run a command with its output in a file.

    Args:
        command: Program and arguments.
        environment: All variables.
        folder: Working folder.
        log: File that gets standard output and error.

    Raises:
        CommandFailedError: If the exit code is not 0.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    began, peak = time.monotonic(), 0.0
    with log.open("wb") as out, subprocess.Popen(
        command, env=dict(environment), cwd=folder, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT
    ) as running:  # fmt: skip
        while running.poll() is None:
            peak = max(peak, _resident_mb(running.pid))
            time.sleep(TICK_S)
    if running.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-TAIL_LINES:])
        raise CommandFailedError(f"{' '.join(command)} ended with {running.returncode}; {log} ends:\n{tail}")
    return Cost(time.monotonic() - began, peak)


def _resident_mb(pid: int) -> float:
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0.0
    return sum(map(_memory, family)) / 2**20


def _memory(process: psutil.Process) -> int:
    try:
        return int(process.memory_info().rss)
    except psutil.Error:  # it ended between two looks
        return 0
