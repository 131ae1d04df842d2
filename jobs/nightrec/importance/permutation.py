"""Permutation importance (Breiman 2001): what the lists lose when a feature says nothing."""

from collections.abc import Sequence

import numpy as np

from nightrec.importance.gains import Score, Wide, slice_gains
from nightrec.importance.slices import Slice
from nightrec.ranker.describe import Lesson


def permutation_drops(score: Score, lesson: Lesson, slices: Sequence[Slice], seed: int) -> Wide:
    """Shuffle one feature after the other among all candidates of all users.

    Features that say the same stand in for each other, so each alone may drop little; `family_shares` does not have
    this weakness. A feature that is the same for all is left as it is.

    Args:
        score: The model, not fitted on these users.
        lesson: Of `U` users.
        slices: What counts.
        seed: Of the shuffles.

    Returns:
        `(F, S, U)` loss of NDCG@10; NaN for users outside the slice.
    """
    rng, inside, changed = np.random.default_rng(seed), lesson.inside, lesson.features.copy()
    before = slice_gains(score(changed, inside), inside, slices)
    drops = np.repeat(before[None] * 0, changed.shape[2], axis=0)  # NaN outside the slice even if nothing is shuffled
    for column in range(changed.shape[2]):
        kept = lesson.features[inside, column]
        if kept.min() == kept.max():
            continue
        changed[inside, column] = rng.permutation(kept)
        drops[column] = before - slice_gains(score(changed, inside), inside, slices)
        changed[inside, column] = kept
    return drops
