"""Embed the texts of a night, those that an earlier job or night has embedded with the same model left out."""

import logging
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from nightrec.context import Context
from nightrec.encoder.model import Encoder, embed
from nightrec.encoder.progress import Progress
from nightrec.encoder.reuse import Known, Vectors, fill, is_current, places_of

log = logging.getLogger(__name__)


def embed_new(ctx: Context, encoder: Encoder, version: str, texts: pa.Table) -> tuple[Vectors, int]:
    """Embed what is not known yet.

    Args:
        ctx: The night.
        encoder: The model.
        version: Its version.
        texts: `text_hash`, `text`, distinct.

    Returns:
        The vectors of all texts, ``(rows, dim)`` float32, and how many of them are new.
    """
    batch_size = ctx.config.encoder.batch_size

    def is_usable(known: Known) -> bool:
        usable = is_current(texts, known, lambda some: embed(encoder, some, batch_size))
        if not usable:
            log.warning("%d earlier vectors differ from today's encoder settings: not used again", len(known.hashes))
        return usable

    known = Known.joined(filter(is_usable, read_known(ctx, version, encoder.dim)), encoder.dim)
    places = places_of(texts, known)
    new = texts["text"].filter(pc.is_null(places))
    return fill(places, known, embed_all(encoder, new, batch_size)), len(new)


def embed_all(encoder: Encoder, texts: pa.ChunkedArray, batch_size: int) -> Vectors:
    """Embed texts, showing how far it is."""
    with Progress("texts", len(texts)) as progress:
        return embed(encoder, texts, batch_size, progress.advance)


def read_known(ctx: Context, version: str, dim: int) -> Iterator[Known]:
    """Read what a model made for tonight's comparison, and the newest earlier night's; each by its own settings."""
    lake, day = ctx.lake, ctx.run_date
    found = [(table, lake.newest(table, day)) for table in ("text_vectors", "study_vectors")]
    if lake.is_finished("study_vectors", day):
        found.append(("study_vectors", day))
    for table, made in found:
        if made is not None:
            yield Known.of(lake.read_arrow(table, made), version, dim)
