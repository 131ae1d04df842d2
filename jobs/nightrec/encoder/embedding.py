"""Embed the texts of a night, those that an earlier job or night has embedded with the same model left out."""

import logging

import pyarrow as pa
import pyarrow.compute as pc

from nightrec.context import Context
from nightrec.encoder.model import Encoder, embed
from nightrec.encoder.progress import Progress
from nightrec.encoder.reuse import Known, Vectors, fill, is_current, places_of

TABLES = ("study_vectors", "text_vectors")
"""Where vectors lie, by text and model: those that `fine_tune_llm` compared, and those that lists were made with."""
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
    known, batch_size = read_known(ctx, version, encoder.dim), ctx.config.encoder.batch_size
    places = places_of(texts, known)
    if not is_current(texts, places, known, lambda some: embed(encoder, some, batch_size)):
        log.warning("earlier vectors differ from today's encoder settings, embedding all again")
        places = places_of(texts, known := Known.none(encoder.dim))
    new = texts["text"].filter(pc.is_null(places))
    return fill(places, known, embed_all(encoder, new, batch_size)), len(new)


def embed_all(encoder: Encoder, texts: pa.ChunkedArray, batch_size: int) -> Vectors:
    """Embed texts, showing how far it is."""
    with Progress("texts", len(texts)) as progress:
        return embed(encoder, texts, batch_size, progress.advance)


def read_known(ctx: Context, version: str, dim: int) -> Known:
    """Read the vectors that a model made tonight for the comparison, or on the newest earlier night."""
    found = []
    for table in TABLES:
        is_tonight = table == "study_vectors" and ctx.lake.is_finished(table, ctx.run_date)
        if (day := ctx.run_date if is_tonight else ctx.lake.newest(table, ctx.run_date)) is not None:
            found.append(ctx.lake.read_arrow(table, day))
    return Known.of(pa.concat_tables(found), version, dim) if found else Known.none(dim)
