"""fit_ranker: learn how the sources of tonight's lists are joined.

Reads   interactions/D, held_out/D, user_index/D, item_index/D, items/D, item_texts/D, user_texts/D, and both folds of
        item_embeddings/D, user_embeddings/D and of the factors, ratings, sequences and projections of D, user_* and
        item_*; feature_importance of earlier nights
Writes  rankers/D, feature_importance/D and models/ranker/run_date=D beside the tables. Replaces those; safe to repeat.
Fails   3 if an input partition is missing

Sources that have not seen the held-out interactions propose candidates, and the ranker learns to put what users
turned to next before the rest. Whether a weighted sum, trees or both order the lists is decided by cross-validation.
"""

import hashlib
import logging
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from nightrec.context import Context, run_job
from nightrec.folders import put_folder
from nightrec.histories import Matrix, read_matrix, read_vectors
from nightrec.importance.job import TABLE, explain_ranker, write_importance
from nightrec.lexical import ItemTexts, read_item_texts, read_user_words
from nightrec.next_item import Goals, sample
from nightrec.ranker.catalogue import catalogue_of
from nightrec.ranker.choose import Ranker, RankerPlan, choose_ranker, equal_fusion
from nightrec.ranker.describe import Lesson, describe, listable, seen_rows
from nightrec.ranker.features import feature_names
from nightrec.ranker.pack import save_pack
from nightrec.ranker.sides import Learnt, item_side
from nightrec.ranker.sources import FAMILY, TABLES, ItemSide
from nightrec.ranker.trees import TreesPlan
from nightrec.schemas import contract

log = logging.getLogger(__name__)
NAMES = feature_names(FAMILY)
MIN_USERS = 20
"""With fewer users to learn from, all sources count the same."""


def main(argv: Sequence[str]) -> int:
    """Run the job from a command line."""
    return run_job(fit_ranker, __doc__ or "", argv)


def fit_ranker(ctx: Context) -> None:
    """Fit on the cut, then pack the ranker with what the sources know from everything."""
    matrix, config = read_matrix(ctx.lake, ctx.run_date), ctx.config.ranker
    goals = sample(matrix.held_goals(), config.max_users, config.seed)
    ranker, ndcg = fit_on_cut(ctx, matrix, goals)
    log.info(
        "lists are ordered by %s; NDCG@10 beside fusion, which is not chosen: %s",
        ranker.chosen,
        {k: round(v, 4) for k, v in ndcg.items()},
    )
    row = publish(ctx, read_fold(ctx, matrix, "all")[1], ranker)
    row |= {"n_users": len(goals), "ndcg": ndcg.get(ranker.chosen)}
    rows = ctx.lake.write_arrow("rankers", ctx.run_date, pa.Table.from_pylist([row], contract("rankers").arrow()))
    ctx.run.set_tags({"ranker_version": str(row["model_version"]), "ranker_part": ranker.chosen})
    ctx.run.log_metrics({f"ndcg.{part}": value for part, value in ndcg.items()})
    rows_in = len(matrix.histories.user_idx)
    ctx.run.log_metrics({"rows_in": rows_in, "rows_out": rows, "n_users": len(goals)})


def fit_on_cut(ctx: Context, matrix: Matrix, goals: Goals) -> tuple[Ranker, dict[str, float]]:
    """Fit on the lesson of the cut and explain the result; also return the NDCG@10 of each way of joining."""
    config = ctx.config.ranker
    lesson = read_lesson(ctx, matrix, goals) if len(goals) >= MIN_USERS else None
    # A goal that is no candidate teaches nothing.
    n_users = len(goals) if lesson is None else int(lesson.relevant.any(axis=1).sum())
    if lesson is None or n_users < MIN_USERS:
        few = "all sources count the same: %d users to learn from, %d are needed, who newly reached matrix.goal of late"
        log.warning(few, n_users, MIN_USERS)
        write_importance(ctx, TABLE, [])
        return equal_fusion(NAMES), {}
    plan = RankerPlan(trees=TreesPlan(seed=config.seed), min_users_for_trees=config.min_users_for_trees)
    ranker, ndcg, crossed = choose_ranker(lesson, NAMES, config.seed, plan)
    explain_ranker(ctx, matrix, lesson, (ranker, crossed), MIN_USERS)
    return ranker, ndcg


def read_lesson(ctx: Context, matrix: Matrix, goals: Goals) -> Lesson:
    """Let sources that have not seen the goals propose candidates."""
    histories, scoring = matrix.fold("cut"), ctx.config.scoring
    learnt, items = read_fold(ctx, matrix, "cut")
    seen = seen_rows(histories, scoring.exclude_seen_days)
    sizes = ctx.config.ranker.candidates, scoring.block_rows
    return describe(histories, learnt, items, listable(goals, seen), seen, sizes)


def read_fold(ctx: Context, matrix: Matrix, fold: str, texts: ItemTexts | None = None) -> tuple[Learnt, ItemSide]:
    """Read what other jobs learnt from a fold, and gather the item side of every source.

    `texts` is what they say, when it is known already.
    """
    lake, day, config = ctx.lake, ctx.run_date, ctx.config.ranker
    texts = texts or read_item_texts(lake, day, matrix.item_ids, fold, config.seed)
    users, items = (
        {name: read_vectors(lake, f"{side}_{table}", day, ids, fold) for name, table in TABLES.items()}
        for side, ids in (("user", matrix.user_ids), ("item", matrix.item_ids))
    )
    dim = texts.meaning.shape[1]  # 0 where no item has a text: then what users wrote says nothing of items
    wrote = read_vectors(lake, "user_embeddings", day, matrix.user_ids, fold, dim)[:, :dim]
    words = read_user_words(lake, day, matrix.user_ids, fold, texts.vocabulary)
    learnt, histories = Learnt(users, items, wrote, words), matrix.fold(fold)
    now = float(histories.last_at.max(initial=0.0))
    catalogue = catalogue_of(lake.read_arrow("items", day, ["item_id", "price", "available_from"]), matrix.item_ids)
    return learnt, item_side(histories, learnt, texts, catalogue, now, config.recent_days)


def publish(ctx: Context, items: ItemSide, ranker: Ranker) -> dict[str, object]:
    """Put the pack into the lake and MLflow, and return the columns of `rankers` that name it."""
    relative = f"models/ranker/run_date={ctx.run_date}"
    with tempfile.TemporaryDirectory() as scratch:
        save_pack(Path(scratch), items, ranker)
        digest = hashlib.sha256()
        for path in sorted(Path(scratch).iterdir()):
            digest.update(path.read_bytes())
        put_folder(ctx.lake, Path(scratch), relative)
    return {"model_version": digest.hexdigest()[:12], "path": relative, "part": ranker.chosen}
