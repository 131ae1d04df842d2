"""predict_behaviour: tell what users will do next, and how far such predictions could be trusted so far.

Reads   interactions, held_out, items, user_index, item_index, user_texts, item_texts, item_aspects, text_vectors,
        matrix_inputs, rankers and the folder that it names, and user_* and item_* embeddings, factors, ratings,
        sequences and projections of D; events within texts.window_days; behaviour_importance of earlier nights; for
        reviews without enough stars the encoder, as embed_texts does
Writes  behaviour/D, user_outlook/D, user_interests/D, behaviour_metrics/D, behaviour_importance/D; pictures of the
        curves and of what the goals rest on to MLflow. Replaces those; safe to repeat.
Fails   3 if an input partition is missing

Tonight's lists do not wait for it.
"""

import logging
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa

from nightrec.behaviour.features import Night
from nightrec.behaviour.goals import Chances, GoalModel, learn, predict
from nightrec.behaviour.importance import Asked, measure
from nightrec.behaviour.inputs import read_cut, read_tonight
from nightrec.behaviour.interest_rows import user_interests
from nightrec.behaviour.lesson import Survey, survey_cut, users_of_cut
from nightrec.behaviour.outlook import outlook_rows
from nightrec.behaviour.pictures import draw_curves
from nightrec.behaviour.rates import horizon_of
from nightrec.behaviour.rows import behaviour_rows, metric_rows
from nightrec.context import Context, run_job
from nightrec.histories import Matrix, read_matrix
from nightrec.importance.job import read_item_groups, show_importance, write_importance
from nightrec.schemas import contract

log = logging.getLogger(__name__)
IMPORTANCE = "behaviour_importance"
MIN_USERS = 20
"""With fewer users whose held-out goals can be learnt from, no probability is told."""


def main(argv: Sequence[str]) -> int:
    """Run the job from a command line."""
    return run_job(predict_behaviour, __doc__ or "", argv)


def predict_behaviour(ctx: Context) -> None:
    """Learn on the cut, measure out of fold, predict from everything."""
    matrix = read_matrix(ctx.lake, ctx.run_date)
    tonight, version = read_tonight(ctx, matrix)
    cut = read_cut(ctx, matrix, tonight.items, tonight.ranker)
    goals, of_goals = predict_goals(ctx, matrix, (cut, tonight), version)
    outlook, metrics, n_rows = outlook_rows(ctx, matrix)
    interests, metrics["interest"] = user_interests(ctx, matrix, cut, tonight)
    n_rows["interest"] = sum(len(items) for _, items in matrix.held_goals())
    others = [metric_rows(key, {("none", "all"): found}, {"none": n_rows[key]}) for key, found in metrics.items()]
    measured = pa.concat_tables([of_goals, *others])
    written = {"behaviour": goals, "user_outlook": outlook, "user_interests": interests, "behaviour_metrics": measured}
    rows = sum(ctx.lake.write_arrow(table, ctx.run_date, found) for table, found in written.items())
    ctx.run.log_metrics({"rows_in": len(matrix.histories.user_idx), "rows_out": rows})
    ctx.run.log_metrics(
        {f"{r['prediction']}.{r['negatives']}.{r['features']}.{r['metric']}": r["value"] for r in measured.to_pylist()}
    )


def predict_goals(ctx: Context, matrix: Matrix, nights: tuple[Night, Night], version: str) -> tuple[pa.Table, pa.Table]:
    """Learn on the cut and predict from everything.

    Args:
        ctx: The night.
        matrix: Its matrix.
        nights: What is known of the cut, and of everything.
        version: Of the ranker.

    Returns:
        Rows of `behaviour` and of `behaviour_metrics`; none when there is too little to learn from.
    """
    cut, tonight = nights
    seed, goals = ctx.config.behaviour.seed, matrix.held_goals(matrix.discovered)
    sizes = ctx.config.ranker.candidates, ctx.config.behaviour.max_items, ctx.config.scoring.block_rows
    if len(goals) < MIN_USERS:
        return tell_nothing(ctx, f"{len(goals)} users with held-out goals, {MIN_USERS} are needed")
    horizon = horizon_of(matrix, ctx.config.ranker.newest_frac)
    log.info("goals: describing pairs and candidates; %d users reached held-out goals", len(goals))
    seen = survey_cut(matrix, cut, ctx.config.ranker.max_users, sizes, seed)
    if "uniform" not in seen.usable():
        return tell_nothing(ctx, "users have met all items, and so nothing stands beside their goals")
    log.info("goals: learning from %d pairs", len(seen.pairs["uniform"].user_idx))
    model, measures, chances = learn(seen, users_of_cut(matrix, horizon), horizon, seed)
    upload_curves(ctx, seen, chances)
    explain_goals(ctx, matrix, seen, model)
    for negatives in chances:
        shown = {name: round(found.value, 3) for name, found in measures[negatives, "all"].items()}
        log.info("goals: %s beside %s negatives, out of fold: %s", model.model.kind, negatives, shown)
    found, probability, *expected = predict(model, tonight, sizes)
    rows = behaviour_rows(matrix, found, probability, (expected[0], expected[1]), horizon, version)
    return rows, metric_rows("goal", measures, seen.n_rows())


def tell_nothing(ctx: Context, why: str) -> tuple[pa.Table, pa.Table]:
    """Say why there are no probabilities, and return no rows of `behaviour` and of `behaviour_metrics`."""
    log.warning("no probabilities: %s", why)
    write_importance(ctx, IMPORTANCE, [])
    return contract("behaviour").arrow().empty_table(), contract("behaviour_metrics").arrow().empty_table()


def explain_goals(ctx: Context, matrix: Matrix, seen: Survey, model: GoalModel) -> None:
    """Measure what tells goals from others drawn uniformly, write it and draw it."""
    lengths = np.diff(matrix.fold("cut").starts)
    asked = Asked(seen.pairs["uniform"], seen.lesson("uniform"), lengths, read_item_groups(ctx, matrix))
    rows = measure(model.model, model.crossed, asked, MIN_USERS, ctx.config.behaviour.seed)
    rows = write_importance(ctx, IMPORTANCE, rows)
    show_importance(ctx, IMPORTANCE, rows, f"What tells the goals of {ctx.config.domain} ({model.model.kind})")


def upload_curves(ctx: Context, seen: Survey, chances: dict[str, Chances]) -> None:
    """Put a picture of the curves beside each kind of negatives into MLflow."""
    with TemporaryDirectory() as scratch:
        for negatives, by_features in chances.items():
            title = f"{ctx.config.domain}, {ctx.run_date}: goals beside {negatives} negatives, out of fold by users"
            draw_curves(Path(scratch) / f"goal_{negatives}.png", title, by_features, seen.pairs[negatives].is_goal)
        ctx.run.log_artifacts(Path(scratch), "behaviour")
