"""Checkpoints of fine-tuning: a killed run goes on from its last round and ends with the same weights.

The same up to rounding where frozen layers had read a text among others before it was kept (`nightrec.encoder.frozen`).
"""

import hashlib
import logging
import re
import tempfile
from datetime import date
from pathlib import Path

import torch
from pyarrow import fs
from safetensors.torch import load_file, save_file
from torch import Tensor

from nightrec.encoder.study import Study
from nightrec.encoder.train import Trainee
from nightrec.encoder.tuning import trainable
from nightrec.encoder.versions import MODELS
from nightrec.folders import drop_folder, get_folder, is_whole, put_folder
from nightrec.lake import Lake
from nightrec.model_settings import EncoderConfig, ProjectionConfig

log = logging.getLogger(__name__)


def fingerprint(config: EncoderConfig, projection: ProjectionConfig, base_version: str, study: Study) -> str:
    """Return 12 hex digits that change with anything the trained weights depend on."""
    settings = config.model_dump_json(exclude={"frozen_cache_mb"})
    digest = hashlib.sha256(f"{settings} {projection.model_dump_json()} {base_version}".encode())
    for text_hash in study.texts["text_hash"].to_pylist():
        digest.update(text_hash.encode())
    for matrix in (study.pieces, study.rows):
        for part in (matrix.indptr, matrix.indices, matrix.data):
            digest.update(part.tobytes())
    return digest.hexdigest()[:12]


class Checkpoints:
    """The checkpoints of one run date, one folder a round; those of other settings or data are never used.

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
    """Write what is learnt as safetensors, and the optimizer with the step beside it."""
    save_file({name: tensor.contiguous() for name, tensor in _learnt(trainee).items()}, folder / "learnt.safetensors")
    torch.save({"optimizer": trainee.optimizer.state_dict(), "step": trainee.step}, folder / "state.pt")


def read_trainee(trainee: Trainee, folder: Path) -> None:
    """Bring a new trainee of the same model and settings to the written state."""
    device = trainee.encoder.model.device
    written = load_file(folder / "learnt.safetensors", device=str(device))
    for name, tensor in _learnt(trainee).items():
        tensor.copy_(written[name])
    state = torch.load(folder / "state.pt", weights_only=True, map_location=device)
    trainee.optimizer.load_state_dict(state["optimizer"])
    trainee.step = state["step"]


def _learnt(trainee: Trainee) -> dict[str, Tensor]:
    weights = {f"encoder.{name}": weight for name, weight in trainable(trainee.encoder).items()}
    return weights | {f"head.{name}": t for name, t in trainee.head.state_dict().items()} | {"vectors": trainee.vectors}


def _home(run_date: date) -> str:
    return f"{MODELS}/_checkpoint-{run_date}"
