"""Embed the texts of a split with the frozen encoder: for the peers that use it, and for the diversity of lists."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from nightrec.benchmark.splits import read
from nightrec.encoder.model import embed, find_model, load_encoder
from nightrec.encoder.progress import Progress
from nightrec.encoder.versions import model_version
from nightrec.model_settings import EncoderConfig


def made_of(texts_sha: str, config: EncoderConfig) -> str:
    """Name all that the vectors of a split follow from, given the SHA-256 of its texts."""
    reading = config.model_dump_json(include={"pooling", "last_layers", "max_tokens"})
    return f"{texts_sha} {model_version(find_model(config.model))} {reading}"


def write_vectors(split: Path, config: EncoderConfig) -> None:
    """Write `vectors.parquet` into a split folder: the rows of `texts.parquet` with a unit vector each.

    Args:
        split: A split folder.
        config: Which model, and how much of a text it reads: as much as the night's.

    Raises:
        ConfigError: If the model cannot be loaded.
    """
    texts = read(split, "texts")
    encoder = load_encoder(find_model(config.model), config)
    with Progress(f"embed {split.parent.parent.name}", texts.num_rows) as progress:
        vectors = embed(encoder, texts["text"], config.batch_size, progress.advance)
    lists = pa.FixedSizeListArray.from_arrays(pa.array(vectors.ravel()), encoder.dim)
    pq.write_table(texts.append_column("vector", lists), split / "vectors.parquet")
