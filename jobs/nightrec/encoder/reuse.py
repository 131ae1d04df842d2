"""Which texts have a vector already, and how old and new vectors come together."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Vectors = NDArray[np.float32]
N_CHECKED = 8
TOLERANCE = 1e-3  # far above what another chip rounds to, far below what another pooling or token limit does


@dataclass(frozen=True)
class Known:
    """Vectors of an earlier night.

    Attributes:
        hashes: Text hashes.
        vectors: ``(len(hashes), dim)`` float32.
    """

    hashes: pa.Array
    vectors: Vectors

    @classmethod
    def none(cls, dim: int) -> Self:
        """Return no vectors."""
        return cls(pa.array([], pa.string()), np.empty((0, dim), dtype=np.float32))

    @classmethod
    def of(cls, embeddings: pa.Table, version: str, dim: int) -> Self:
        """Keep what `version` made.

        Args:
            embeddings: `text_hash`, `model_version` and `vector`; a hash may stand in many rows.
            version: The model of tonight.
            dim: Length of its vectors.
        """
        same = embeddings.filter(pc.field("model_version") == version)
        flat = pc.list_flatten(same["vector"]).combine_chunks().to_numpy()
        return cls(same["text_hash"].combine_chunks(), flat.reshape(same.num_rows, dim))


def split_known(texts: pa.Table, known: Known) -> tuple[pa.Array, pa.Table]:
    """Look up which texts need no embedding.

    Args:
        texts: `text` and `text_hash`; one row per item or user.
        known: Vectors to use again.

    Returns:
        For each row its place in `known`, null where it has none, and the distinct other texts: `text_hash`, `text`.
    """
    places = pc.index_in(texts["text_hash"], value_set=known.hashes).combine_chunks()
    missing = texts.filter(pc.is_null(places))
    new = missing.group_by("text_hash").aggregate([("text", "min")]).sort_by("text_hash")
    return places, new.rename_columns(["text_hash", "text"])


def is_current(texts: pa.Table, places: pa.Array, known: Known, embed: Callable[[pa.Array], Vectors]) -> bool:
    """Tell whether known vectors are what the encoder makes today, by the longest texts among them.

    The version names the weights alone; pooling, token limit and tokenizer can change beneath it, which long
    texts show.

    Args:
        texts: As for `split_known`.
        places: As it returned them.
        known: The vectors.
        embed: Today's encoder.
    """
    found = texts.append_column("place", places).filter(pc.is_valid(places))
    lengths = pc.utf8_length(found["text"])
    some = found.take(pc.sort_indices(lengths, sort_keys=[("", "descending")])[:N_CHECKED])
    if some.num_rows == 0:
        return True
    kept = known.vectors[some["place"].to_numpy()]
    return bool(np.abs(embed(some["text"]) - kept).max() <= TOLERANCE)


def fill(texts: pa.Table, places: pa.Array, known: Known, new: pa.Table, fresh: Vectors) -> Vectors:
    """Bring old and new vectors into the order of the texts.

    Args:
        texts: As for `split_known`.
        places: As it returned them.
        known: Old vectors.
        new: The distinct texts that were embedded.
        fresh: Their vectors, ``(new.num_rows, dim)``.

    Returns:
        ``(texts.num_rows, dim)`` float32.
    """
    out = np.empty((texts.num_rows, fresh.shape[1]), dtype=np.float32)
    is_old = pc.is_valid(places).to_numpy(zero_copy_only=False)
    out[is_old] = known.vectors[places.drop_null().to_numpy()]
    hashes = texts["text_hash"].filter(pa.array(~is_old))
    out[~is_old] = fresh[pc.index_in(hashes, value_set=new["text_hash"].combine_chunks()).to_numpy()]
    return out
