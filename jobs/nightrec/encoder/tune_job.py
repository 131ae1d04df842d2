"""fine_tune_llm: teach the language model which texts this shop's users turn to.

Reads   interactions/D, held_out/D, user_index/D, item_index/D, item_texts/D; what the ranker learns on is kept from it;
        study_vectors/D and the newest earlier study_vectors and text_vectors, whose vectors of the base are used again
Writes  encoders/D (schemas/encoders.v1.yaml), study_vectors/D and, when the tuned model is kept,
        models/encoder/run_date=D beside the tables and a version of `nightrec-<domain>-encoder` in the MLflow registry.
        Safe to repeat; a killed run goes on from its last checkpoint.
Fails   2 if encoder.model cannot be loaded, 3 if an input partition is missing.

The tuned model is kept only if it ranks items whose texts neither has been trained on better than its base does, by
cosine and by projections that are trained anew on each, and by more than chance among users.
"""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

from nightrec.context import Context, run_job
from nightrec.device import choose_precision
from nightrec.documents import of_fold
from nightrec.encoder.checkpoint import Checkpoints, clear_checkpoints, fingerprint
from nightrec.encoder.embedding import embed_all, embed_new
from nightrec.encoder.evaluate import is_better, measure
from nightrec.encoder.frozen import make_thrifty
from nightrec.encoder.model import find_model, load_encoder
from nightrec.encoder.progress import Progress
from nightrec.encoder.publish import publish
from nightrec.encoder.study import Blocks, Study, make_study
from nightrec.encoder.train import new_trainee, train
from nightrec.encoder.tuning import make_trainable
from nightrec.encoder.versions import MODELS, model_version
from nightrec.folders import drop_folder
from nightrec.histories import read_matrix
from nightrec.schemas import contract

log = logging.getLogger(__name__)


def fine_tune_llm(ctx: Context) -> None:
    """Tune the configured model on D's interactions, keep the better one and record both measures."""
    config = ctx.config.encoder
    folder = find_model(config.model)
    base_version = model_version(folder)
    study = read_study(ctx)
    row: dict[str, object] = {
        "model_version": base_version, "base_version": base_version, "path": config.model, "is_tuned": False,
        "base_ndcg": None, "tuned_ndcg": None,
    }  # fmt: skip
    n_pairs, n_asked = study.rows.nnz, len(study.user_idx)
    if n_pairs < config.min_pairs or n_asked == 0 or Blocks(study, config).n_steps == 0:
        log.warning(
            "kept the base %s untrained: %d interactions (encoder.min_pairs is %d), %d with held-out texts",
            config.model, n_pairs, config.min_pairs, n_asked,
        )  # fmt: skip
        ctx.lake.write_arrow("study_vectors", ctx.run_date, contract("study_vectors").arrow().empty_table())
    else:
        row |= tune(ctx, folder, base_version, study)
    table = pa.Table.from_pylist([row], contract("encoders").arrow())
    rows = ctx.lake.write_arrow("encoders", ctx.run_date, table)
    ctx.run.log_metrics(
        {"rows_out": rows, "n_pairs": n_pairs, "n_eval_pairs": n_asked, "is_tuned": float(row["is_tuned"] is True)}
    )
    ctx.run.set_tags({"encoder_version": str(row["model_version"])})
    clear_checkpoints(ctx.lake, ctx.run_date)
    if not row["is_tuned"]:
        drop_folder(ctx.lake, f"{MODELS}/run_date={ctx.run_date}")  # of an earlier run of this night


def read_study(ctx: Context) -> Study:
    """Read the inputs and part them into what is learnt from and what is asked."""
    matrix = read_matrix(ctx.lake, ctx.run_date)
    item_texts = of_fold(ctx.lake.read_arrow("item_texts", ctx.run_date), "cut")
    ctx.run.log_metrics({"rows_in": len(matrix.histories.user_idx) + item_texts.num_rows})
    return make_study(matrix.fold("cut"), matrix.item_ids, item_texts, ctx.config.encoder)


def tune(ctx: Context, folder: Path, base_version: str, study: Study) -> dict[str, object]:
    """Train, compare with the base, and publish the model if it is better.

    Returns:
        The columns of `encoders` that training decides.
    """
    config, projection = ctx.config.encoder, ctx.config.projection
    encoder = make_thrifty(load_encoder(folder, config), config.tuned_layers, config.frozen_cache_mb)
    read, _ = embed_new(ctx, encoder, base_version, study.texts)
    head, base = measure(study.item_vectors(read), study, projection)
    log.info("base: NDCG %.4f of %d items held out, %d questions", base.mean(), len(study.held), len(base))
    learner = make_trainable(encoder, config.tuning, config.tuned_layers, config.seed)
    trainee = new_trainee(learner, head, study.item_vectors(read), projection.weight_decay)
    checkpoints = Checkpoints(ctx.lake, ctx.run_date, fingerprint(config, projection, base_version, study))
    checkpoints.resume(trainee)
    dtype, reason = choose_precision(encoder.model.device)
    log.info("training %s weights in %s: %s", config.tuning, str(dtype).removeprefix("torch."), reason)
    with Progress("fine_tune_llm", Blocks(study, config).n_steps, trainee.step) as progress:

        def tell(metrics: Mapping[str, float], step: int) -> None:
            ctx.run.log_metrics(metrics, step=step)
            progress.advance(1, ", ".join(f"{key} {value:.4f}" for key, value in metrics.items()))

        train(trainee, study, config, tell, checkpoints.save)
    read_anew = embed_all(learner, study.texts["text"], config.batch_size)
    _, tuned = measure(study.item_vectors(read_anew), study, projection)
    is_tuned = is_better(tuned, base, study.user_idx)
    log.info("tuned: NDCG %.4f, base %.4f: kept the %s", tuned.mean(), base.mean(), "tuned" if is_tuned else "base")
    measured = {"base_ndcg": float(base.mean()), "tuned_ndcg": float(tuned.mean())}
    ctx.run.log_metrics({**measured, "steps": trainee.step})
    published = publish(ctx, learner, base_version) if is_tuned else {}
    made = {base_version: read} | ({published["model_version"]: read_anew} if is_tuned else {})
    ctx.lake.write_arrow("study_vectors", ctx.run_date, study.vector_table(made))
    return {**measured, **published, "is_tuned": is_tuned}


def main(argv: Sequence[str]) -> int:
    """Run from the command line and return the exit code."""
    return run_job(fine_tune_llm, __doc__ or "", argv)
