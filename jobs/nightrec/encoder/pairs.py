"""What the encoder learns from: who consumed which texts in which order, what is held out, and how pairs are drawn.

Everything is counted in texts, not items: items with the same text are one thing to an encoder, and must never be each
other's negatives.
"""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

Ints = NDArray[np.int64]
NEAR = 5  # consumed at most this many items apart: close in time, and enough variety for short histories
QUERY_ITEMS = 20  # newest items whose mean vector asks for the next one


@dataclass(frozen=True)
class Histories:
    """Goal texts of all users, one run after the other.

    Attributes:
        texts: Text numbers, by user, then oldest first.
        starts: Where each user begins in `texts`; one more entry than users, the last is the length.
        n_texts: Number of distinct texts.
    """

    texts: Ints
    starts: Ints
    n_texts: int

    @property
    def n_pairs(self) -> int:
        """Number of neighbouring pairs, the measure of how much there is to learn."""
        return int(np.maximum(np.diff(self.starts) - 1, 0).sum())

    @property
    def users(self) -> Ints:
        """User number of each entry of `texts`."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))


@dataclass(frozen=True)
class HeldOut:
    """Newest goal text of some users, and the texts to find it among.

    Attributes:
        candidates: ``(C,)`` numbers of the texts to rank; the other attributes are places in it.
        targets: ``(U,)`` the texts to be found.
        queries: Per user the newest texts before the target, at most `QUERY_ITEMS`, oldest first.
        seen: Per user every text consumed before, which a list would not show again.
    """

    candidates: Ints
    targets: Ints
    queries: list[Ints]
    seen: list[Ints]


@dataclass(frozen=True)
class Batch:
    """Training pairs, each from another place in the histories.

    Attributes:
        anchors: ``(B,)`` text numbers.
        positives: ``(B,)`` text numbers that the same users consumed close to the anchors.
        users: ``(B,)`` user numbers.
    """

    anchors: Ints
    positives: Ints
    users: Ints


def number_texts(item_texts: pa.Table) -> tuple[pa.Table, pa.Array]:
    """Give each distinct text a number.

    Args:
        item_texts: `item_id`, `text`; one row per item.

    Returns:
        `item_id`, `text_idx` in item order, and the distinct texts, so that number ``i`` is entry ``i``. Numbers follow
        the order of the texts, not that of delivery.
    """
    distinct = pc.unique(item_texts["text"]).sort()
    numbers = pc.index_in(item_texts["text"], value_set=distinct)
    return pa.table({"item_id": item_texts["item_id"], "text_idx": numbers}), distinct


def make_histories(interactions: pa.Table, numbered: pa.Table, n_texts: int) -> Histories:
    """Order each user's goal items by time; equal times are ordered by item_id.

    Args:
        interactions: `user_id`, `item_id`, `n_goals`, `last_at`; rows without goal and items without text are left out.
        numbered: `item_id`, `text_idx` of `number_texts`.
        n_texts: Number of distinct texts.
    """
    goals = interactions.filter(pc.field("n_goals") > 0).join(numbered, "item_id", join_type="inner")
    goals = goals.sort_by([("user_id", "ascending"), ("last_at", "ascending"), ("item_id", "ascending")])
    lengths = pc.run_end_encode(goals["user_id"].combine_chunks()) if goals.num_rows else None
    ends = lengths.run_ends.to_numpy() if lengths is not None else np.array([], np.int64)
    texts = goals["text_idx"].to_numpy().astype(np.int64)
    return Histories(texts, np.concatenate([[0], ends]).astype(np.int64), n_texts)


def hold_out(histories: Histories, max_users: int, max_texts: int, seed: int) -> tuple[Histories, HeldOut]:
    """Take the newest text out of the histories of up to `max_users` random users who have an earlier, other one.

    The text leaves the user's history wholly, also where an older item has the same one: no training pair holds it.

    Args:
        histories: All users.
        max_users: Users, at most.
        max_texts: Texts to rank; targets and queries are always among them, random others fill up.
        seed: Of the users and the random others.

    Returns:
        The histories that are left for training, and what was taken.
    """
    starts, texts = histories.starts, histories.texts
    rng = np.random.default_rng(seed)
    keep = np.ones(len(texts), dtype=bool)
    targets: list[int] = []
    earlier: list[Ints] = []
    for user in rng.permutation(len(starts) - 1):
        own = slice(starts[user], starts[user + 1])
        if len(targets) == max_users or not (others := texts[own] != texts[own][-1:]).any():
            continue
        targets.append(texts[own][-1])
        earlier.append(texts[own][others])
        keep[own] = others
    left = Histories(texts[keep], np.concatenate([[0], np.cumsum(keep)])[starts], histories.n_texts)
    return left, _held_out(np.array(targets, np.int64), earlier, rng.permutation(histories.n_texts), max_texts)


def _held_out(targets: Ints, earlier: list[Ints], fillers: Ints, max_texts: int) -> HeldOut:
    newest = [texts[-QUERY_ITEMS:] for texts in earlier]
    needed = np.unique(np.concatenate([targets, *newest]))
    others = fillers[~np.isin(fillers, needed)][: max(0, max_texts - len(needed))]
    candidates = np.union1d(needed, others)
    return HeldOut(
        candidates,
        np.searchsorted(candidates, targets),
        [np.searchsorted(candidates, texts) for texts in newest],
        [np.flatnonzero(np.isin(candidates, texts)) for texts in earlier],
    )


class PairSampler:
    """Draws training batches. The same seed and step give the same batch, so a resumed run needs no generator state."""

    def __init__(self, histories: Histories, batch_size: int, seed: int) -> None:
        self.batch_size, self.seed = batch_size, seed
        self._texts, self._users = histories.texts, histories.users
        self._starts, self._n_texts = histories.starts, histories.n_texts
        self._places = np.flatnonzero(np.diff(histories.starts)[self._users] > 1)
        self._consumed = np.unique(self._users * histories.n_texts + self._texts)
        counts = np.bincount(self._texts, minlength=histories.n_texts)
        self.log_frequency = np.log(np.maximum(counts, 1) / max(len(self._texts), 1)).astype(np.float32)

    def batch(self, step: int) -> Batch:
        """Draw the pairs of one step: any place of any history, and another one at most `NEAR` places away."""
        rng = np.random.default_rng([self.seed, step])
        places = rng.choice(self._places, self.batch_size, replace=len(self._places) < self.batch_size)
        users = self._users[places]
        low = np.maximum(places - NEAR, self._starts[users])
        high = np.minimum(places + NEAR, self._starts[users + 1] - 1)
        drawn = rng.integers(low, high)  # one short of the range: the anchor's own place is skipped
        positives = drawn + (drawn >= places)
        return Batch(self._texts[places], self._texts[positives], users)

    def consumed(self, users: Ints, texts: Ints) -> NDArray[np.bool_]:
        """Tell which texts would be false negatives.

        Returns:
            ``(len(users), len(texts))``, true where the user of the row consumed the text of the column; that
            covers repeats of the positive and identical texts too.
        """
        keys = users[:, None] * self._n_texts + texts[None, :]
        places = np.minimum(np.searchsorted(self._consumed, keys), len(self._consumed) - 1)
        return np.asarray(self._consumed[places] == keys)
