"""A fitted ranker and the item side of its sources as a folder of plain files."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import scipy.sparse as sp
from safetensors.numpy import load_file, save_file

from nightrec.errors import InputError
from nightrec.ranker.choose import Ranker
from nightrec.ranker.features import feature_names
from nightrec.ranker.linear import Linear
from nightrec.ranker.sources import FAMILY, TABLES, ItemSide
from nightrec.vocabulary import Vocabulary

ITEMS, RANKER, TREES = "items.safetensors", "ranker.json", "trees.txt"
DENSE = ("text", "lexical", "popularity", "described")
WORDS = ("buckets", "idf")
SPARSE = ("neighbours", "words")
PARTS = ("data", "indices", "indptr")
LINEAR = ("fusion", "linear", "unmet")


def save_pack(folder: Path, items: ItemSide, ranker: Ranker) -> None:
    """Write everything that scoring needs to know of items."""
    arrays = {name: getattr(items, name) for name in DENSE}
    arrays |= {f"vectors.{name}": vectors for name, vectors in items.vectors.items()}
    arrays |= {f"{name}.{part}": getattr(getattr(items, name), part) for name in SPARSE for part in PARTS}
    arrays |= {f"vocabulary.{part}": getattr(items.vocabulary, part) for part in WORDS}
    arrays |= {f"{name}.shape": np.array(getattr(items, name).shape) for name in SPARSE}
    save_file({name: np.ascontiguousarray(array) for name, array in arrays.items()}, folder / ITEMS)
    parts = {name: {key: list(column) for key, column in asdict(getattr(ranker, name)).items()} for name in LINEAR}
    plain = {"names": ranker.names, "simple": ranker.simple, "chosen": ranker.chosen, **parts}
    (folder / RANKER).write_text(json.dumps(plain, indent=1), encoding="utf-8")
    if ranker.trees is not None:
        (folder / TREES).write_text(ranker.trees.model_to_string(), encoding="utf-8")


def load_pack(folder: Path) -> tuple[ItemSide, Ranker]:
    """Read what `save_pack` wrote.

    Raises:
        InputError: If an earlier release wrote it.
    """
    arrays: dict[str, Any] = load_file(folder / ITEMS)
    for name in SPARSE:
        parts = tuple(arrays.pop(f"{name}.{part}") for part in PARTS)
        arrays[name] = sp.csr_matrix(parts, tuple(arrays.pop(f"{name}.shape").tolist()))
    arrays["vocabulary"] = Vocabulary(**{part: arrays.pop(f"vocabulary.{part}") for part in WORDS})
    plain = json.loads((folder / RANKER).read_text(encoding="utf-8"))
    made = [*plain["names"], *(name for name in LINEAR if name in plain)]
    if differing := sorted({*feature_names(FAMILY), *LINEAR} ^ {*made}):
        raise InputError(
            f"the ranker is of an earlier release, which differs in {', '.join(differing)}; "
            f"make it again with: jobs/fit_ranker.py of its night"
        )
    fusion, linear, unmet = (
        Linear(**{key: np.asarray(column) for key, column in plain[name].items()}) for name in LINEAR
    )
    trees = lgb.Booster(model_str=(folder / TREES).read_text(encoding="utf-8")) if (folder / TREES).is_file() else None
    ranker = Ranker(plain["names"], plain["simple"], fusion, linear, trees, unmet, plain["chosen"])
    vectors = {name: arrays.pop(f"vectors.{name}") for name in TABLES}
    return ItemSide(vectors=vectors, **arrays), ranker
