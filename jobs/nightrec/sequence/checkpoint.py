"""Checkpoints of a training run: a killed run goes on from its last one and ends with the same weights."""

import hashlib
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors.torch import load_file, save_file

from nightrec.folders import drop_folder, get_folder, is_whole, put_folder
from nightrec.lake import Lake
from nightrec.sequence.resume import from_tensors, to_tensors
from nightrec.sequence.train import Training

EVERY_S = 30.0
"""Seconds of training that a kill may cost."""
FILE = "state.safetensors"
FORM = b"with average and values"
"""What a checkpoint holds; one of another form is not used."""


class Checkpoint:
    """The one checkpoint of a night and fold.

    Args:
        lake: Where it lies.
        run_date: The night.
        fold: What is learnt from.
        made_of: Settings and data; a checkpoint of others is not used.
    """

    def __init__(self, lake: Lake, run_date: date, fold: str, made_of: Sequence[str | npt.NDArray[np.generic]]) -> None:
        digest = hashlib.sha256(FORM)
        for part in made_of:
            digest.update(part.encode() if isinstance(part, str) else np.ascontiguousarray(part).tobytes())
        self._lake, self._path = lake, f"{_home(run_date)}/{fold}-{digest.hexdigest()[:12]}"
        self._saved = time.monotonic()

    @staticmethod
    def clear(lake: Lake, run_date: date) -> None:
        """Remove all checkpoints of a night."""
        drop_folder(lake, _home(run_date))

    def resume(self, run: Training) -> None:
        """Bring a fresh run to where the killed one stood; nothing changes without a checkpoint."""
        if not is_whole(self._lake, self._path):
            return
        with tempfile.TemporaryDirectory() as scratch:
            folder = get_folder(self._lake, self._path, Path(scratch))
            from_tensors(load_file(folder / FILE), run)

    def saver(self, run: Training) -> Callable[[], None]:
        """Return what to call after each epoch; it writes when the last checkpoint is old enough."""

        def save() -> None:
            if time.monotonic() - self._saved < EVERY_S:
                return
            with tempfile.TemporaryDirectory() as scratch:
                save_file(to_tensors(run), Path(scratch) / FILE)
                put_folder(self._lake, Path(scratch), self._path)
            self._saved = time.monotonic()

        return save


def _home(run_date: date) -> str:
    return f"models/sequence/_checkpoint-{run_date}"
