"""What a model is called: the hash of its weights."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from nightrec.errors import ConfigError

MODELS = "models/encoder"
"""Folder of the lake that holds tuned weights and checkpoints."""


def weight_files(folder: Path) -> list[Path]:
    """Return the safetensors files of a model, in order.

    Raises:
        ConfigError: If there are none; pickled weights are refused because loading them runs code.
    """
    whole = folder / "model.safetensors"
    files = [whole] if whole.is_file() else sorted(folder.glob("model-*-of-*.safetensors"))
    if not files:
        raise ConfigError(f"no model.safetensors in {folder}; convert the weights with model.save_pretrained(folder)")
    return files


def model_version(folder: Path) -> str:
    """Return the first 12 hex digits of the SHA-256 of the weights, shards in order."""
    return hash_files(weight_files(folder))


def hash_files(paths: Iterable[Path]) -> str:
    """Return the first 12 hex digits of the SHA-256 of files, one after the other."""
    digest = hashlib.sha256()
    for path in paths:
        with path.open("rb") as opened:
            for chunk in iter(lambda: opened.read(1 << 20), b""):
                digest.update(chunk)
    return digest.hexdigest()[:12]
