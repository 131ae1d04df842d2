"""Read what users did and wrote, as arrays in the order of the indexes."""

import hashlib
from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from nightrec.behaviour.returning import Visits
from nightrec.context import Context
from nightrec.histories import Floats, Ints
from nightrec.lexical import centred

COLUMNS = ["user_id", "event_type", "event_at", "value", "text"]
WRITTEN = ["review", "question", "search"]
RATED = ["review", "rating"]


@dataclass(frozen=True)
class Reviews:
    """What users wrote of items, as far as it has a vector.

    Attributes:
        user_idx: `(n,)`.
        stars: `(n,)` float64, NaN without.
        vectors: `(n, dim)` unit vectors without the mean of all texts.
        mean: `(dim,)` that mean.
    """

    user_idx: Ints
    stars: npt.NDArray[np.float64]
    vectors: Floats
    mean: Floats


def read_events(ctx: Context, user_ids: pa.Array) -> tuple[pa.Table, Ints]:
    """Return what known users did, by deliveries within `texts.window_days`, and their user_idx.

    Impressions, which are what the shop did and by far the most, are left out delivery by delivery.
    """
    inputs = ctx.lake.read_arrow("matrix_inputs", ctx.run_date, ["delivery_date"])["delivery_date"].to_pylist()
    since = ctx.run_date - timedelta(days=ctx.config.texts.window_days)
    days = [day for day in sorted(inputs) if day > since and ctx.lake.is_finished("events", day)]
    is_theirs = (pc.field("event_type") != "impression") & pc.field("user_id").isin(user_ids)
    events = pa.concat_tables([ctx.lake.read_arrow("events", day, COLUMNS).filter(is_theirs) for day in days])
    return events, np.asarray(pc.index_in(events["user_id"], value_set=user_ids)).astype(np.int64)


def visits_of(events: pa.Table, user_idx: Ints, n_users: int) -> Visits:
    """Return the events of `read_events` as visits."""
    at = np.asarray(events["event_at"].cast(pa.int64())) / 1e6
    is_written = np.asarray(pc.is_in(events["event_type"], value_set=pa.array(WRITTEN)))
    return Visits(user_idx, at, is_written, n_users)


def text_hash(text: str, max_chars: int) -> str:
    """Return the key of a text in `text_vectors`, as `matrix.texts` makes it."""
    return hashlib.sha256(text.strip(" ")[:max_chars].encode()).hexdigest()


def reviews_of(ctx: Context, events: pa.Table, user_idx: Ints) -> Reviews:
    """Return reviews and ratings with words; those too old to have a vector are passed over."""
    is_review = pc.and_(
        pc.is_in(events["event_type"], value_set=pa.array(RATED)), pc.fill_null(pc.not_equal(events["text"], ""), False)
    )
    found, owner = events.filter(is_review), user_idx[np.asarray(is_review)]
    hashes = pa.array([text_hash(text, ctx.config.texts.max_chars) for text in found["text"].to_pylist()], pa.string())
    known = ctx.lake.read_arrow("text_vectors", ctx.run_date)
    flat = np.asarray(known["vector"].combine_chunks().flatten(), dtype=np.float32)
    vectors = flat.reshape(known.num_rows, -1) if known.num_rows else np.zeros((0, 1), np.float32)
    place = pc.index_in(hashes, value_set=known["text_hash"].combine_chunks())
    is_known, rows = np.asarray(place.is_valid()), np.asarray(place.drop_null()).astype(np.int64)
    stars = np.asarray(found["value"].to_numpy(zero_copy_only=False), dtype=np.float64)[is_known]
    return Reviews(
        owner[is_known], stars, centred(vectors)[rows], vectors.mean(axis=0) if len(vectors) else vectors[:0]
    )
