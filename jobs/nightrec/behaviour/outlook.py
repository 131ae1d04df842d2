"""Make the rows of `user_outlook` and `user_interests` from a night's tables."""

import logging
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from nightrec.behaviour.events import Reviews, read_events, reviews_of, visits_of
from nightrec.behaviour.features import Night
from nightrec.behaviour.interests import Topics, aspects, categories, lift, nearest, newest_items, profiles
from nightrec.behaviour.metrics import Interval, summary
from nightrec.behaviour.model import Lesson, folds_of_users
from nightrec.behaviour.returning import chance_of_return
from nightrec.behaviour.sentiment import NEGATIVE, POSITIVE, fitted, is_enough, verdicts, zero_shot
from nightrec.context import Context
from nightrec.histories import Floats, Matrix
from nightrec.lexical import centred
from nightrec.reasons.words import words
from nightrec.schemas import contract

log = logging.getLogger(__name__)
Wide = npt.NDArray[np.float64]
Metrics = dict[str, dict[str, Interval]]
CATALOGUE = "title", "categories", "tags", "description"
N_INTERESTS = 3
EVIDENCE_CHARS = 200


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
    n_rows = {"return": int(np.count_nonzero(~np.isnan(chance))), "sentiment": len(positive)}
    metrics = {"return": returning, "sentiment": feeling}
    return pa.table(columns, contract("user_outlook").arrow()), metrics, n_rows


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


def read_topics(ctx: Context, matrix: Matrix, text: Floats) -> tuple[dict[str, Topics], list[str | None]]:
    """Return the topics by kind, and the items' titles."""
    items = ctx.lake.read_arrow("items", ctx.run_date, ["item_id", *CATALOGUE])
    place = pc.index_in(matrix.item_ids, value_set=items["item_id"].combine_chunks())
    columns = [items[name].combine_chunks().take(place).to_pylist() for name in CATALOGUE]
    told = [set().union(*(words(part) for part in parts if part)) for parts in zip(*columns, strict=True)]
    agreed = ctx.lake.read_arrow("item_aspects", ctx.run_date, ["item_id", "text"])
    of_item = pc.index_in(agreed["item_id"], value_set=matrix.item_ids).to_pylist()
    for item, word in zip(of_item, agreed["text"].to_pylist(), strict=True):
        if item is not None:
            told[item].add(word)
    titles, labels = columns[:2]
    return {"category": categories(labels, text), "aspect": aspects(told, text)}, titles


def measure_interests(matrix: Matrix, cut: Night, topics: dict[str, Topics]) -> dict[str, Interval]:
    """Tell by kind how much more often users turned to their topics of the cut than users in general do."""
    goals = matrix.held_goals()
    profile = profiles(newest_items(cut.histories), cut.items.text, centred(cut.learnt.wrote))
    found = {
        f"{kind}_lift": lift(nearest(profile, known, N_INTERESTS)[0], known, goals)
        for kind, known in topics.items()
        if goals and known.names
    }
    return {name: Interval(value) for name, value in found.items() if np.isfinite(value)}


def interest_rows(
    ctx: Context, matrix: Matrix, night: Night, topics: dict[str, Topics], titles: Sequence[str | None]
) -> pa.Table:
    """Return rows of `user_interests`, each with the text that is nearest to it as evidence."""
    text, newest = night.items.text, newest_items(night.histories)
    profile = profiles(newest, text, centred(night.learnt.wrote))
    wrote = own_texts(ctx, matrix)
    rows: list[dict[str, object]] = []
    for kind, known in topics.items():
        chosen, scores = nearest(profile, known, N_INTERESTS)
        for user in np.flatnonzero(profile.any(axis=1)).tolist():
            mine = newest.indices[newest.indptr[user] : newest.indptr[user + 1]]
            for place, topic in enumerate(chosen[user].tolist()):
                centre = known.centres[topic]
                row = {"user_id": matrix.user_ids[user].as_py(), "kind": kind, "rank": place + 1}
                row |= {"name": known.names[topic], "score": float(scores[user, place])}
                texts, vectors = wrote.get(user, ([], text[:0]))
                if texts:
                    said = texts[int((vectors @ centre).argmax())][:EVIDENCE_CHARS]
                    row |= {"evidence_kind": "written", "evidence_item_id": None, "evidence_text": said}
                else:
                    item = int(mine[(text[mine] @ centre).argmax()])
                    row |= {"evidence_kind": "item", "evidence_item_id": matrix.item_ids[item].as_py()}
                    row |= {"evidence_text": titles[item]}
                rows.append(row)
    return pa.Table.from_pylist(rows, contract("user_interests").arrow())


def own_texts(ctx: Context, matrix: Matrix) -> dict[int, tuple[list[str], Floats]]:
    """Return the newest texts of each user who wrote, and their unit vectors without the mean."""
    pieces = ctx.lake.read_arrow("user_texts", ctx.run_date, ["user_id", "text", "text_hash"])
    if not pieces.num_rows:
        return {}
    known = ctx.lake.read_arrow("text_vectors", ctx.run_date)
    flat = np.asarray(known["vector"].combine_chunks().flatten(), dtype=np.float32).reshape(known.num_rows, -1)
    rows = pc.index_in(pieces["text_hash"], value_set=known["text_hash"].combine_chunks())
    vectors = centred(flat)[np.asarray(rows).astype(np.int64)]
    users = np.asarray(pc.index_in(pieces["user_id"], value_set=matrix.user_ids)).astype(np.int64)
    texts, order = pieces["text"].to_pylist(), np.argsort(users, kind="stable")
    keys, first = np.unique(users[order], return_index=True)
    parts = np.split(order, first[1:])
    return {int(k): ([texts[i] for i in p], vectors[p]) for k, p in zip(keys, parts, strict=True)}
