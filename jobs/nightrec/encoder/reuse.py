"""Which texts have a vector already, and how old and new vectors come together."""

from collections.abc import Callable, Iterable
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
    """Vectors that one model has made with the same settings.

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
    def of(cls, rows: pa.Table, version: str, dim: int) -> Self:
        """Keep what `version` made.

        Args:
            rows: Rows of `text_vectors` or `study_vectors`.
            version: The model.
            dim: Length of its vectors.
        """
        same = rows.filter(pc.field("model_version") == version)
        flat = pc.list_flatten(same["vector"]).combine_chunks().to_numpy()
        return cls(same["text_hash"].combine_chunks(), flat.reshape(same.num_rows, dim))

    @classmethod
    def joined(cls, parts: Iterable[Self], dim: int) -> Self:
        """Join several; of a text that two have, one is as good as the other."""
        kept = [cls.none(dim), *parts]
        return cls(pa.concat_arrays([one.hashes for one in kept]), np.concatenate([one.vectors for one in kept]))


def distinct_texts(tables: Iterable[pa.Table]) -> pa.Table:
    """Return `text_hash, text` of every distinct text of some tables, ordered by hash."""
    both = pa.concat_tables([table.select(["text_hash", "text"]) for table in tables])
    rows = both.group_by("text_hash", use_threads=False).aggregate([("text", "min")]).sort_by("text_hash")
    return rows.rename_columns(["text_hash", "text"])


def places_of(texts: pa.Table, known: Known) -> pa.Array:
    """Look up which texts need no embedding.

    Args:
        texts: Rows of `distinct_texts`.
        known: Vectors to use again.

    Returns:
        For each text its place in `known`, null where it has none.
    """
    return pc.index_in(texts["text_hash"], value_set=known.hashes).combine_chunks()


def is_current(texts: pa.Table, known: Known, embed: Callable[[pa.Array], Vectors]) -> bool:
    """Tell whether known vectors are what the encoder makes today, by the longest texts among them.

    The version names the weights alone; pooling, token limit and tokenizer can change beneath it, which long
    texts show.

    Args:
        texts: As for `places_of`.
        known: The vectors.
        embed: Today's encoder.
    """
    places = places_of(texts, known)
    found = texts.append_column("place", places).filter(pc.is_valid(places))
    lengths = pc.utf8_length(found["text"])
    some = found.take(pc.sort_indices(lengths, sort_keys=[("", "descending")])[:N_CHECKED])
    if some.num_rows == 0:
        return True
    kept = known.vectors[some["place"].to_numpy()]
    return bool(np.abs(embed(some["text"]) - kept).max() <= TOLERANCE)


def fill(places: pa.Array, known: Known, fresh: Vectors) -> Vectors:
    """Bring old and new vectors into the order of the texts.

    Args:
        places: Of `n` texts, as `places_of` returned them.
        known: Old vectors.
        fresh: Vectors of the texts without a place, in their order.

    Returns:
        ``(n, dim)`` float32.
    """
    out = np.empty((len(places), fresh.shape[1]), dtype=np.float32)
    is_old = pc.is_valid(places).to_numpy(zero_copy_only=False)
    out[is_old] = known.vectors[places.drop_null().to_numpy()]
    out[~is_old] = fresh
    return out
