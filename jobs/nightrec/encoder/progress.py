"""How far a long loop is: a bar on a terminal, a log line every few seconds elsewhere."""

import logging
import sys
import time
from typing import Self

from tqdm import tqdm

log = logging.getLogger(__name__)
EVERY_S = 10.0


class Progress:
    """Counts towards a total; use it in a `with` statement.

    Args:
        what: Name of the loop.
        total: Units to do.
        done: Units done by an earlier, interrupted run.
    """

    def __init__(self, what: str, total: int, done: int = 0) -> None:
        self._what, self._total, self._done, self._first = what, total, done, done
        self._began = self._said = time.monotonic()
        self._is_terminal = sys.stderr.isatty()
        self._bar = tqdm(desc=what, total=total, initial=done, disable=not self._is_terminal)

    def advance(self, units: int, note: str = "") -> None:
        """Count units done; `note` is shown beside them."""
        self._done += units
        self._bar.set_postfix_str(note, refresh=False)
        self._bar.update(units)
        if not self._is_terminal and time.monotonic() - self._said >= EVERY_S:
            self.say(note)

    def say(self, note: str) -> None:
        """Write one line now."""
        self._said = time.monotonic()
        pace = (self._said - self._began) / max(self._done - self._first, 1)
        left = f"about {pace * (self._total - self._done):.0f} s left"
        line = f"{self._what} {self._done}/{self._total} " + (f"{note}, {left}" if note else left)
        if self._is_terminal:
            self._bar.write(line, file=sys.stderr)
        else:
            log.info("%s", line)

    def __enter__(self) -> Self:
        """Start."""
        return self

    def __exit__(self, *_exc: object) -> None:
        """Close the bar."""
        self._bar.close()
