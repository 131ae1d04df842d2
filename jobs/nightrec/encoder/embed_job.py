"""embed_texts: turn item and user texts into vectors with the night's encoder.

Reads   item_texts/D, user_texts/D; encoders/D, or the newest earlier one, or without any encoder.model of the settings;
        item_embeddings and user_embeddings of the newest earlier night, whose vectors are used again
Writes  item_embeddings/D, user_embeddings/D. Replaces those two partitions; safe to repeat.
Fails   2 if encoder.model cannot be loaded, 3 if an input partition or the encoder's folder is missing or damaged.
"""

import logging
import tempfile
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa

from nightrec.context import Context, run_job
from nightrec.encoder.model import Encoder, embed, find_model, load_encoder
from nightrec.encoder.progress import Progress
from nightrec.encoder.reuse import Known, fill, is_current, split_known
from nightrec.encoder.versions import MODELS, model_version
from nightrec.errors import InputError
from nightrec.folders import get_folder
from nightrec.schemas import contract

log = logging.getLogger(__name__)


def embed_texts(ctx: Context) -> None:
    """Embed D's item and user texts, reusing what the newest earlier night has."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = open_encoder(ctx, Path(scratch))
        encoder, version = load_encoder(folder, ctx.config.encoder), model_version(folder)
    ctx.run.set_tags({"encoder_version": version})
    began = time.monotonic()
    items = embed_table(ctx, encoder, version, "item")
    users = embed_table(ctx, encoder, version, "user")
    n_texts, n_embedded, n_reused = (a + b for a, b in zip(items, users, strict=True))
    ctx.run.log_metrics(
        {
            "rows_in": n_texts,
            "rows_out": n_texts,
            "n_texts": n_texts,
            "n_embedded": n_embedded,
            "reused_frac": n_reused / n_texts if n_texts else 0.0,
            "texts_per_second": n_embedded / (time.monotonic() - began),
        }
    )


def open_encoder(ctx: Context, scratch: Path) -> Path:
    """Return a local folder with the weights to embed with.

    Raises:
        InputError: If the weights are not the ones that `encoders` names.
    """
    is_tonight = ctx.lake.is_finished("encoders", ctx.run_date)
    day = ctx.run_date if is_tonight else ctx.lake.newest("encoders", ctx.run_date)
    if day is None:
        log.warning("no night has an encoder yet: embedding with the base %s", ctx.config.encoder.model)
        return find_model(ctx.config.encoder.model)
    row = ctx.lake.read_arrow("encoders", day).to_pylist()[0]
    folder = get_folder(ctx.lake, f"{MODELS}/run_date={day}", scratch) if row["is_tuned"] else find_model(row["path"])
    if (found := model_version(folder)) != row["model_version"]:
        raise InputError(
            f"encoders/run_date={day} names model_version {row['model_version']}, the weights at {row['path']} have "
            f"{found}; make them again with: jobs/fine_tune_llm.py --domain {ctx.config.domain} --run-date {day}"
        )
    log.info("embedding with %s (%s) of %s", row["model_version"], "tuned" if row["is_tuned"] else "base", day)
    return folder


def embed_table(ctx: Context, encoder: Encoder, version: str, kind: str) -> tuple[int, int, int]:
    """Write one embeddings partition.

    Args:
        ctx: The night.
        encoder: The model.
        version: Its version.
        kind: `item` or `user`.

    Returns:
        Rows, distinct texts embedded, rows that reused a vector.
    """
    texts = ctx.lake.read_arrow(f"{kind}_texts", ctx.run_date)
    known = read_known(ctx, f"{kind}_embeddings", version, encoder.dim)
    batch_size = ctx.config.encoder.batch_size
    reused, new = split_known(texts, known)
    if not is_current(texts, reused, known, lambda some: embed(encoder, some, batch_size)):
        log.warning("%s_embeddings: earlier vectors differ from today's encoder settings, embedding all again", kind)
        reused, new = split_known(texts, known := Known.none(encoder.dim))
    with Progress(f"embed_texts {kind}s", new.num_rows) as progress:
        fresh = embed(encoder, new["text"], batch_size, progress.advance)
    vectors = fill(texts, reused, known, new, fresh)
    table = embeddings_table(f"{kind}_embeddings", texts, version, vectors)
    ctx.lake.write_arrow(f"{kind}_embeddings", ctx.run_date, table)
    return texts.num_rows, new.num_rows, texts.num_rows - reused.null_count


def read_known(ctx: Context, name: str, version: str, dim: int) -> Known:
    """Read the vectors that the same model made on the newest earlier night."""
    day: date | None = ctx.lake.newest(name, ctx.run_date)
    if day is None:
        return Known.none(dim)
    table = ctx.lake.read_arrow(name, day, ["text_hash", "model_version", "vector"])
    return Known.of(table, version, dim)


def embeddings_table(name: str, texts: pa.Table, version: str, vectors: np.ndarray) -> pa.Table:
    """Join keys, hashes and vectors, ``(rows, dim)`` float32, in the contract's schema with fixed-size lists."""
    schema = contract(name).arrow(vectors.shape[1])
    key = schema.names[0]
    lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), type=schema.field("vector").type)
    versions = pa.repeat(pa.scalar(version), texts.num_rows)
    return pa.table([texts[key], texts["text_hash"], versions, lists], schema=schema)


def main(argv: Sequence[str]) -> int:
    """Run from the command line and return the exit code."""
    return run_job(embed_texts, __doc__ or "", argv)
