"""Make the rows of `user_outlook` from a night's tables."""

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from nightrec.behaviour.events import Reviews, read_events, reviews_of, visits_of
from nightrec.behaviour.metrics import Interval, summary
from nightrec.behaviour.model import Lesson, folds_of_users
from nightrec.behaviour.returning import chance_of_return
from nightrec.behaviour.sentiment import NEGATIVE, POSITIVE, fitted, is_enough, verdicts, zero_shot
from nightrec.context import Context
from nightrec.histories import Floats, Matrix
from nightrec.schemas import contract

log = logging.getLogger(__name__)
Wide = npt.NDArray[np.float64]
Metrics = dict[str, dict[str, Interval]]
CONFUSION = ("true_positives", "false_positives", "false_negatives", "true_negatives")


def outlook_rows(ctx: Context, matrix: Matrix) -> tuple[pa.Table, Metrics, dict[str, int]]:
    """Return rows of `user_outlook`, metrics by prediction, and how many rows each was measured on."""
    events, user_idx = read_events(ctx, matrix.user_ids)
    n_users, days = len(matrix.user_ids), ctx.config.behaviour.return_days
    chance, returning, reason = chance_of_return(visits_of(events, user_idx, n_users), days)
    log.info("return within %d days: %s", days, reason or {k: round(v.value, 3) for k, v in returning.items()})
    reviews = reviews_of(ctx, events, user_idx)
    positive, source, feeling = read_sentiment(ctx, reviews)
    log.info(
        "sentiment of %d reviews: %s %s", len(positive), source, {k: round(v.value, 3) for k, v in feeling.items()}
    )
    n_reviews = np.bincount(reviews.user_idx, minlength=n_users) if source else np.zeros(n_users, np.int64)
    total = np.bincount(reviews.user_idx, weights=2 * positive - 1, minlength=n_users) if source else np.zeros(n_users)
    sentiment = np.divide(total, n_reviews, out=np.full(n_users, np.nan), where=n_reviews > 0)
    why_none = "the user wrote no review" if source or not len(positive) else "too few reviews with stars to learn from"
    columns = {
        "user_id": matrix.user_ids,
        "return_days": np.full(n_users, days, np.int32),
        "return_probability": _nullable(chance),
        "return_reason": _where(np.isnan(chance), reason or "no event before tonight's log"),
        "sentiment": _nullable(sentiment),
        "sentiment_source": _where(~np.isnan(sentiment), source or ""),
        "sentiment_reason": _where(np.isnan(sentiment), why_none),
        "n_reviews": n_reviews.astype(np.int64),
    }
    metrics = {"return": returning, "sentiment": feeling}
    n_rows = {prediction: n_measured(found) for prediction, found in metrics.items()}
    return pa.table(columns, contract("user_outlook").arrow()), metrics, n_rows


def n_measured(found: dict[str, Interval]) -> int:
    """Return how many rows stand behind metrics, of which each is in one field of the confusion matrix."""
    return sum(int(found[field].value) for field in CONFUSION) if found else 0


def read_sentiment(ctx: Context, reviews: Reviews) -> tuple[Wide, str | None, dict[str, Interval]]:
    """Return `(n,)` probabilities that reviews are positive, how they were made, and the metrics out of fold."""
    nothing = np.full(len(reviews.user_idx), np.nan)
    if not len(nothing):
        return nothing, None, {}
    positive, is_clear = verdicts(reviews.stars)
    fold = folds_of_users(int(reviews.user_idx.max()) + 1, ctx.config.behaviour.seed)[reviews.user_idx]
    rated = Lesson(reviews.vectors[is_clear], positive[is_clear], fold[is_clear])
    if is_enough(rated, ctx.config.behaviour.min_rated_reviews):
        chance, measures = fitted(rated, reviews.vectors)
        return chance, "fitted", measures
    if not ctx.config.behaviour.zero_shot:
        return nothing, None, {}
    chance = zero_shot(reviews.vectors, *embed_prototypes(ctx, reviews.mean))
    has_both = positive[is_clear].any() and not positive[is_clear].all()
    found = summary(chance[is_clear], positive[is_clear]) if has_both else {}
    return chance, "zero_shot", {name: Interval(value) for name, value in found.items()}


def embed_prototypes(ctx: Context, mean: Floats) -> tuple[Floats, Floats]:
    """Embed the example sentences with the night's encoder, and take the shop's mean off them."""
    from nightrec.encoder.embed_job import open_encoder  # noqa: PLC0415  # torch, only where stars are too few
    from nightrec.encoder.model import embed, load_encoder  # noqa: PLC0415  # as above

    with TemporaryDirectory() as scratch:
        encoder = load_encoder(open_encoder(ctx, Path(scratch)), ctx.config.encoder)
    vectors = embed(encoder, pa.chunked_array([[*POSITIVE, *NEGATIVE]]), ctx.config.encoder.batch_size) - mean
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors[: len(POSITIVE)], vectors[len(POSITIVE) :]


def _nullable(values: Wide) -> pa.Array:
    return pa.array(values.astype(np.float32), mask=np.isnan(values))


def _where(rows: npt.NDArray[np.bool_], words: str) -> pa.Array:
    return pa.array([words if row else None for row in rows], pa.string())
