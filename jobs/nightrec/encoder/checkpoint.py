"""Checkpoints of fine-tuning: a killed run goes on from its last look and ends with the same weights."""

import hashlib
import logging
import re
import tempfile
from datetime import date
from pathlib import Path

import pyarrow as pa
import torch
from pyarrow import fs
from safetensors.torch import load_file, save_file

from nightrec.encoder.pairs import Histories
from nightrec.encoder.train import Trainee
from nightrec.encoder.tuning import trainable
from nightrec.encoder.versions import MODELS
from nightrec.folders import drop_folder, get_folder, is_whole, put_folder
from nightrec.lake import Lake
from nightrec.model_settings import EncoderConfig

log = logging.getLogger(__name__)


def fingerprint(config: EncoderConfig, base_version: str, texts: pa.Array, histories: Histories) -> str:
    """Return 12 hex digits that change with anything the trained weights depend on."""
    digest = hashlib.sha256(f"{config.model_dump_json()} {base_version}".encode())
    for buffer in texts.buffers():
        digest.update(buffer or b"")
    digest.update(histories.texts.tobytes())
    digest.update(histories.starts.tobytes())
    return digest.hexdigest()[:12]


class Checkpoints:
    """The checkpoints of one run date, one folder a look; those of other settings or data are never used.

    Args:
        lake: Where they lie.
        run_date: The night.
        mark: The `fingerprint` of what is trained now.
    """

    def __init__(self, lake: Lake, run_date: date, mark: str) -> None:
        self._lake, self._mark, self._home = lake, mark, _home(run_date)

    def save(self, trainee: Trainee) -> None:
        """Write the trainee, then remove older checkpoints, so that at every instant one is whole."""
        older = self._names()
        name = f"{self._mark}-{trainee.step:08d}"
        with tempfile.TemporaryDirectory() as scratch:
            write_trainee(trainee, Path(scratch))
            put_folder(self._lake, Path(scratch), f"{self._home}/{name}")
        for old in older:
            if old != name:
                drop_folder(self._lake, f"{self._home}/{old}")

    def resume(self, trainee: Trainee) -> None:
        """Bring a new trainee to the newest whole checkpoint; without one it stays as it is."""
        names = self._names()
        own = [
            n for n in names if re.fullmatch(rf"{self._mark}-\d{{8}}", n) and is_whole(self._lake, f"{self._home}/{n}")
        ]
        if not own:
            if names:
                log.warning("ignored checkpoints of other settings or data, or unfinished: %s", ", ".join(names))
            return
        with tempfile.TemporaryDirectory() as scratch:
            read_trainee(trainee, get_folder(self._lake, f"{self._home}/{max(own)}", Path(scratch)))
        log.info("resumed at step %d from %s", trainee.step, max(own))

    def _names(self) -> list[str]:
        selector = fs.FileSelector(self._lake.path(self._home), allow_not_found=True)
        return sorted(found.base_name for found in self._lake.fs.get_file_info(selector))


def clear_checkpoints(lake: Lake, run_date: date) -> None:
    """Remove all checkpoints of the night."""
    drop_folder(lake, _home(run_date))


def write_trainee(trainee: Trainee, folder: Path) -> None:
    """Write weights as safetensors, and the optimizer with the counters beside them."""
    save_file(
        {name: weight.contiguous() for name, weight in trainable(trainee.encoder).items()}, folder / "now.safetensors"
    )
    save_file(trainee.best, folder / "best.safetensors")
    counters = {"step": trainee.step, "best_ndcg": trainee.best_ndcg, "n_worse": trainee.n_worse}
    torch.save({"optimizer": trainee.optimizer.state_dict(), **counters}, folder / "state.pt")


def read_trainee(trainee: Trainee, folder: Path) -> None:
    """Bring a new trainee of the same model and settings to the written state."""
    device = trainee.encoder.model.device
    now = load_file(folder / "now.safetensors", device=str(device))
    for name, weight in trainable(trainee.encoder).items():
        weight.copy_(now[name])
    trainee.best = load_file(folder / "best.safetensors", device=str(device))
    state = torch.load(folder / "state.pt", weights_only=True, map_location=device)
    trainee.optimizer.load_state_dict(state["optimizer"])
    trainee.step, trainee.best_ndcg, trainee.n_worse = state["step"], state["best_ndcg"], state["n_worse"]


def _home(run_date: date) -> str:
    return f"{MODELS}/_checkpoint-{run_date}"
