"""fine_tune_llm: teach the language model what this shop's users consume together.

Reads   interactions/D, item_texts/D
Writes  encoders/D (schemas/encoders.v1.yaml) and, when the tuned model is kept, models/encoder/run_date=D beside the
        tables and a version of `nightrec-<domain>-encoder` in the MLflow registry. Safe to repeat; a killed run goes on
        from its last checkpoint.
Fails   2 if encoder.model cannot be loaded, 3 if an input partition is missing.

The tuned model is kept only if it finds the newest goal items of held-out users better than its base does (NDCG@10).
"""

import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa

from nightrec.context import Context, run_job
from nightrec.documents import documents, of_fold
from nightrec.encoder import evaluate
from nightrec.encoder.checkpoint import Checkpoints, clear_checkpoints, fingerprint
from nightrec.encoder.device import choose_precision
from nightrec.encoder.model import Encoder, embed, find_model, load_encoder
from nightrec.encoder.pairs import HeldOut, Histories, Ints, PairSampler, hold_out, make_histories, number_texts
from nightrec.encoder.progress import Progress
from nightrec.encoder.train import Trainee, new_trainee, train
from nightrec.encoder.tuning import make_trainable, save_model
from nightrec.encoder.versions import MODELS, model_version
from nightrec.folders import drop_folder, put_folder
from nightrec.schemas import contract

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Study:
    """What there is to learn from, and what is asked at the end."""

    texts: pa.Array
    training: Histories
    held_out: HeldOut


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
    n_pairs, n_users = study.training.n_pairs, len(study.held_out.targets)
    if n_pairs < config.min_pairs or n_users == 0:
        log.warning(
            "kept the base %s untrained: %d training pairs (encoder.min_pairs is %d), %d held-out users",
            config.model, n_pairs, config.min_pairs, n_users,
        )  # fmt: skip
    else:
        row |= tune(ctx, folder, base_version, study)
    table = pa.Table.from_pylist([row], contract("encoders").arrow())
    rows = ctx.lake.write_arrow("encoders", ctx.run_date, table)
    ctx.run.log_metrics(
        {"rows_out": rows, "n_pairs": n_pairs, "n_eval_users": n_users, "is_tuned": float(row["is_tuned"] is True)}
    )
    ctx.run.set_tags({"encoder_version": str(row["model_version"])})
    clear_checkpoints(ctx.lake, ctx.run_date)
    if not row["is_tuned"]:
        drop_folder(ctx.lake, f"{MODELS}/run_date={ctx.run_date}")  # of an earlier run of this night


def read_study(ctx: Context) -> Study:
    """Read the inputs and part them into training and held-out."""
    columns = ["user_id", "item_id", "n_goals", "last_at"]
    interactions = ctx.lake.read_arrow("interactions", ctx.run_date, columns)
    item_texts = documents(of_fold(ctx.lake.read_arrow("item_texts", ctx.run_date), "cut"))
    ctx.run.log_metrics({"rows_in": interactions.num_rows + item_texts.num_rows})
    numbered, texts = number_texts(item_texts)
    histories = make_histories(interactions, numbered, len(texts))
    config = ctx.config.encoder
    return Study(texts, *hold_out(histories, config.eval_users, config.eval_texts, config.seed))


def tune(ctx: Context, folder: Path, base_version: str, study: Study) -> dict[str, object]:
    """Train, compare with the base, and publish the model if it is better.

    Returns:
        The columns of `encoders` that training decides.
    """
    encoder = load_encoder(folder, ctx.config.encoder)
    base = held_out_ranks(encoder, study, ctx.config.encoder.batch_size)
    log.info("base: NDCG@10 %.4f over %d users", base_ndcg := evaluate.ndcg_at_k(base), len(base))
    checkpoints = Checkpoints(
        ctx.lake, ctx.run_date, fingerprint(ctx.config.encoder, base_version, study.texts, study.training)
    )
    trainee = run_training(ctx, encoder, study, checkpoints)
    is_tuned = trainee.best_ndcg > base_ndcg
    log.info(
        "tuned: NDCG@10 %.4f, base %.4f: kept the %s", trainee.best_ndcg, base_ndcg, "tuned" if is_tuned else "base"
    )
    ctx.run.log_metrics(
        {
            "base_ndcg": base_ndcg,
            "tuned_ndcg": trainee.best_ndcg,
            "base_recall": evaluate.recall_at_k(base),
            "steps": trainee.step,
        }
    )
    measured: dict[str, object] = {"base_ndcg": base_ndcg, "tuned_ndcg": trainee.best_ndcg, "is_tuned": is_tuned}
    if is_tuned:
        measured |= publish(ctx, trainee.encoder, base_version)
    return measured


def run_training(ctx: Context, encoder: Encoder, study: Study, checkpoints: Checkpoints) -> Trainee:
    """Train from the base or the newest checkpoint and return the trainee at its best."""
    config = ctx.config.encoder
    learner = make_trainable(encoder, config.tuning, config.seed)
    trainee = new_trainee(learner, config)
    checkpoints.resume(trainee)
    dtype, reason = choose_precision(encoder.model.device)
    log.info("training %s weights in %s: %s", config.tuning, str(dtype).removeprefix("torch."), reason)
    sampler = PairSampler(study.training, config.train_batch_size, config.seed)

    with Progress("fine_tune_llm", config.max_steps, trainee.step) as progress:

        def tell(metrics: Mapping[str, float], step: int) -> None:
            ctx.run.log_metrics(metrics, step=step)
            note = ", ".join(f"{key} {value:.4f}" for key, value in metrics.items())
            if "loss" in metrics:
                progress.advance(1, note)
            else:
                progress.say(note)

        def look() -> float:
            ranks = held_out_ranks(learner, study, config.batch_size)
            ctx.run.log_metrics({"recall": evaluate.recall_at_k(ranks)}, step=trainee.step)
            return evaluate.ndcg_at_k(ranks)

        train(trainee, study.texts, sampler, look, config, tell, checkpoints.save)
    return trainee


def held_out_ranks(encoder: Encoder, study: Study, batch_size: int) -> Ints:
    """Return the rank of each held-out text with the encoder as it is now."""
    candidates = study.texts.take(pa.array(study.held_out.candidates))
    with Progress("held-out texts", len(candidates)) as progress:
        vectors = embed(encoder, candidates, batch_size, progress.advance)
    return evaluate.target_ranks(vectors, study.held_out)


def publish(ctx: Context, encoder: Encoder, base_version: str) -> dict[str, str]:
    """Save the model to the lake and the registry; return its version and where it lies."""
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
    return {
        "model_version": version,
        "path": f"{ctx.config.place(ctx.config.paths.lake)}/{ctx.config.domain}/{relative}",
    }


def main(argv: Sequence[str]) -> int:
    """Run from the command line and return the exit code."""
    return run_job(fine_tune_llm, __doc__ or "", argv)
