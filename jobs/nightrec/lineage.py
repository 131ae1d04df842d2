"""Names for what a result was made of: equal inputs give equal names, on any machine and in any order."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

from nightrec.settings import Config

SECTIONS = (
    "ingest", "matrix", "texts", "encoder", "collaborative", "sequence", "projection", "ranker", "scoring", "rules",
    "reasons",
)  # fmt: skip


def digest(value: object) -> str:
    """Return the first 16 hex digits of the SHA-256 of a value's canonical JSON."""
    return hashlib.sha256(json.dumps(value, sort_keys=True, default=str).encode()).hexdigest()[:16]


def data_snapshot(matrix_inputs: Iterable[Mapping[str, Any]], items_fingerprint: str) -> str:
    """Name the data that a night saw.

    Args:
        matrix_inputs: Rows of `matrix_inputs`.
        items_fingerprint: `deliveries.fingerprint` of the items feed.
    """
    deliveries = sorted((str(row["delivery_date"]), row["fingerprint"]) for row in matrix_inputs)
    return digest([deliveries, items_fingerprint])


def collaborative_version(config: Config, snapshot: str) -> str:
    """Name a collaborative model."""
    return digest([config.matrix.model_dump(), config.collaborative.model_dump(), snapshot])


def run_id(config: Config, snapshot: str, encoder_version: str, commit: str) -> str:
    """Name the lists of a night; starts with `r` so that no reader takes it for a number."""
    settings = {section: getattr(config, section).model_dump() for section in SECTIONS}
    return f"r{digest([config.domain, settings, snapshot, encoder_version, commit])}"
