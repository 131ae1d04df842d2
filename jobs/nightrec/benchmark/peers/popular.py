"""The most popular items, ever and in the last days, and items drawn at random."""

from collections.abc import Sequence

import numpy as np

from nightrec.benchmark.lists import Floats, Ints
from nightrec.benchmark.peers.known import Known, Model, Peer, Settings, each, row_choices

SECONDS_PER_DAY = 86_400
DAYS = (7, 14, 30, 90, 180, 365)
SEED = 0


def fit_popular(known: Known, settings: Settings) -> Model:
    """Count the users of each item, in the last `days` if there is such a setting."""
    since = known.at.max() - float(settings.get("days", np.inf)) * SECONDS_PER_DAY
    rows = (known.at > since) & (known.is_relevant | (settings["rows"] == "all"))
    n_lately = np.bincount(known.item_idx[rows], minlength=known.shape[1])
    # Of items that are equally popular lately, and most have nobody, those come first that ever were.
    n_ever = np.bincount(known.item_idx, minlength=known.shape[1])
    return same_for_all((n_lately + n_ever / (1.0 + n_ever.sum())).astype(np.float32))


def fit_random(known: Known, settings: Settings) -> Model:
    """Draw a score for every user and item."""
    del settings

    def score(_histories: Known, users: Ints) -> Floats:
        rows = [np.random.default_rng([SEED, user]).random(known.shape[1]) for user in users]
        return np.stack(rows).astype(np.float32)

    return score


def same_for_all(scores: Floats) -> Model:
    """Return a model that knows no users."""
    return lambda _histories, users: np.tile(scores, (len(users), 1))


def _ever(known: Known) -> Sequence[Settings]:
    return [{"rows": rows} for rows in row_choices(known)]


def _lately(known: Known) -> Sequence[Settings]:
    return [{"rows": rows, "days": days} for rows in row_choices(known) for days in DAYS]


PEERS = {
    "random": Peer("none", each(lambda known: [{}], fit_random), fit_random),
    "popular": Peer("rows: all or relevant", each(_ever, fit_popular), fit_popular),
    "popular_recent": Peer(f"rows; days: {DAYS}", each(_lately, fit_popular), fit_popular),
}
