"""Where a tuned model goes: beside the tables of the lake, and into the MLflow registry."""

import logging
import tempfile
from pathlib import Path

from nightrec.context import Context
from nightrec.encoder.model import Encoder
from nightrec.encoder.tuning import save_model
from nightrec.encoder.versions import MODELS, model_version
from nightrec.folders import put_folder

log = logging.getLogger(__name__)


def publish(ctx: Context, encoder: Encoder, base_version: str) -> dict[str, str]:
    """Save the model to both; return the columns `model_version` and `path` of `encoders`."""
    relative = f"{MODELS}/run_date={ctx.run_date}"
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        save_model(encoder, folder)
        version = model_version(folder)
        put_folder(ctx.lake, folder, relative)
        ctx.run.log_artifacts(folder, "encoder")
    tags = {"model_version": version, "base_version": base_version, "run_date": str(ctx.run_date)}
    number = ctx.run.register_model(f"nightrec-{ctx.config.domain}-encoder", "encoder", tags)
    log.info("registered nightrec-%s-encoder version %s (%s)", ctx.config.domain, number, version)
    lake = ctx.config.place(ctx.config.paths.lake)
    return {"model_version": version, "path": f"{lake}/{ctx.config.domain}/{relative}"}
