"""Places of a list that are filled by a recorded draw; NumPy only.

The draw is uniform: the importance weight of an explored row is then at most the size of the pool, no item of the pool
goes unseen, and the probabilities mean the same every night. A softmax would follow the ranker's scale, which changes
with the model that a night chooses, and gives the unlikely items weights without bound.
Source: Li, Chu, Langford and Wang 2011, arXiv:1003.5956 (logs of uniform draws evaluate any policy without bias);
Swaminathan and Joachims 2015, arXiv:1502.02362 (the variance grows with the largest inverse propensity).
"""

import hashlib
import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from nightrec.ranker.candidates import NOBODY, Ints
from nightrec.scoring.remaining import Mask

Wide = npt.NDArray[np.float64]


def explored_places(top_n: int, slots: int, first: int) -> Ints:
    """Return `(slots,)` places from 0: the middles of equal stretches below the first ones.

    Args:
        top_n: Length of the list.
        slots: How many, at most `top_n - first`.
        first: Places at the top that are never explored.
    """
    middles = [first + (2 * slot + 1) * (top_n - first) // (2 * slots) for slot in range(slots)]
    return np.array(middles, dtype=np.int64)


def chances(user_ids: Sequence[str], night: str, n: int) -> Wide:
    """Return `(users, n)` numbers in [0, 1) that hang on the user and the night alone.

    Args:
        user_ids: Users.
        night: Domain and run date.
        n: Numbers a user.
    """
    # A hash, because a generator seeded for each user is slower and may change with the library's version.
    digests = [hashlib.shake_128(json.dumps([night, user]).encode()).digest(8 * n) for user in user_ids]
    words = np.frombuffer(b"".join(digests), dtype="<u8").reshape(len(user_ids), n)
    return (words >> np.uint64(11)).astype(np.float64) * 2.0**-53


def draw(pool: Mask, chance: Wide) -> tuple[Ints, Wide]:
    """Draw one candidate a user.

    Args:
        pool: `(B, C)` what can be drawn.
        chance: `(B,)` numbers in [0, 1).

    Returns:
        `(B,)` columns, -1 where the pool is empty, and `(B,)` the probability of what was drawn.
    """
    size = pool.sum(axis=1)
    nth = np.floor(chance * size)[:, None]
    picks = (np.cumsum(pool, axis=1) > nth).argmax(axis=1)
    return np.where(size > 0, picks, NOBODY), 1.0 / np.maximum(size, 1)
