"""embed_texts: turn item and user texts into vectors with the night's encoder.

Reads   item_texts/D, user_texts/D; encoders/D, or the newest earlier one, or without any encoder.model of the settings;
        study_vectors of D, and text_vectors and study_vectors of the newest earlier nights, which are used again
Writes  text_vectors/D, item_embeddings/D, user_embeddings/D. Replaces those partitions; safe to repeat.
Fails   2 if encoder.model cannot be loaded, 3 if an input partition or the encoder's folder is missing or damaged.
"""

import logging
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from nightrec.context import Context, run_job
from nightrec.documents import of_fold
from nightrec.encoder.embedding import embed_new
from nightrec.encoder.means import mean_vectors
from nightrec.encoder.model import find_model, load_encoder
from nightrec.encoder.reuse import Vectors, distinct_texts
from nightrec.encoder.versions import MODELS, model_version
from nightrec.errors import InputError
from nightrec.folders import get_folder
from nightrec.histories import FOLDS, vector_table

KINDS = ("item", "user")
log = logging.getLogger(__name__)


def embed_texts(ctx: Context) -> None:
    """Embed D's item and user texts, reusing what is known."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = open_encoder(ctx, Path(scratch))
        encoder, version = load_encoder(folder, ctx.config.encoder), model_version(folder)
    ctx.run.set_tags({"encoder_version": version})
    texts = {kind: ctx.lake.read_arrow(f"{kind}_texts", ctx.run_date) for kind in KINDS}
    distinct = distinct_texts(texts.values())
    began = time.monotonic()
    vectors, n_embedded = embed_new(ctx, encoder, version, distinct)
    hashes = distinct["text_hash"].combine_chunks()
    kept = vector_table("text_vectors", hashes, vectors, model_version=version)
    rows = ctx.lake.write_arrow("text_vectors", ctx.run_date, kept)
    for kind, pieces in texts.items():
        folds = [fold_table(f"{kind}_embeddings", pieces, hashes, vectors, fold, version) for fold in FOLDS]
        rows += ctx.lake.write_arrow(f"{kind}_embeddings", ctx.run_date, pa.concat_tables(folds))
    n_texts = distinct.num_rows
    ctx.run.log_metrics(
        {
            "rows_in": sum(pieces.num_rows for pieces in texts.values()),
            "rows_out": rows,
            "n_texts": n_texts,
            "n_embedded": n_embedded,
            "reused_frac": 1 - n_embedded / n_texts if n_texts else 0.0,
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
    if not is_tonight and model_version(find_model(ctx.config.encoder.model)) != row["base_version"]:
        log.warning(
            "encoder.model is %s, but the newest model stands on another, %s; a night that trains takes it up",
            ctx.config.encoder.model, row["base_version"],
        )  # fmt: skip
    log.info("embedding with %s (%s) of %s", row["model_version"], "tuned" if row["is_tuned"] else "base", day)
    return folder


def fold_table(name: str, pieces: pa.Table, hashes: pa.Array, vectors: Vectors, fold: str, version: str) -> pa.Table:
    """Return one fold's rows of `item_embeddings` or `user_embeddings`."""
    keys, means = mean_vectors(of_fold(pieces, fold), hashes, vectors)
    return vector_table(name, keys, means, fold=fold, model_version=version)


def main(argv: Sequence[str]) -> int:
    """Run from the command line and return the exit code."""
    return run_job(embed_texts, __doc__ or "", argv)
