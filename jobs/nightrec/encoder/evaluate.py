"""How well vectors tell texts that were not learnt from: the measure that decides whether a tuned model is kept."""

import numpy as np
import numpy.typing as npt

from nightrec.device import choose_device
from nightrec.encoder.study import Study
from nightrec.histories import Floats
from nightrec.lexical import centred
from nightrec.model_settings import ProjectionConfig
from nightrec.next_item import ndcg_of_next
from nightrec.projection.model import TextProjection
from nightrec.projection.train import fit, make_projection

Gains = npt.NDArray[np.float64]
EPOCHS = 8
"""Passes of the projections that measure: as many for the base as for the tuned model."""
DRAWS = 2
"""Projections that measure one model, from different first weights: a single one is off by more than tuning gains."""
Z_OF_BETTER = 1.64
"""One-sided 95 %: another model means that all texts are embedded again, so chance alone must not change it."""


def measure(vectors: Floats, study: Study, config: ProjectionConfig) -> tuple[TextProjection, Gains]:
    """Rank the held-out items for the users who turned to them, in the two ways in which lists use vectors.

    Args:
        vectors: `(n_items, E)` unit rows of all items, zero without text.
        study: Whose rows the projections learn from.
        config: Section `projection`.

    Returns:
        The projections first drawn, as their last step left them, and `(U,)` for each of the study's users the mean of
        the NDCG of the held-out item by cosine to all that the user has and by learned projections of both, averaged
        over `DRAWS`; 0 for one whose vector is not finite or that of all.
    """
    text = centred(vectors)
    read = np.hstack([text, study.lexical])
    seeds = range(config.seed, config.seed + DRAWS)
    drawn = [_by_projection(read, study, config.model_copy(update={"seed": seed})) for seed in seeds]
    by_cosine = _gains(study.rows[study.user_idx] @ text, text, study)
    gains = (by_cosine + np.mean([one for _, one in drawn], axis=0)) / 2
    # A training that ran off leaves zeros, where all items tie; a place in the middle would be a gain.
    return drawn[0][0], gains * text[study.item_idx].any(axis=1)


def _by_projection(read: Floats, study: Study, config: ProjectionConfig) -> tuple[TextProjection, Gains]:
    model = make_projection(read, config).to(choose_device()[0])
    (users, items), _ = fit(model, study.rows, config, EPOCHS)
    return model, _gains(users[study.user_idx], items, study)


def is_better(gains: Gains, base: Gains, user_idx: npt.NDArray[np.int64]) -> bool:
    """Tell whether gains `(U,)` are above those of the base on the same questions by more than chance among users.

    Fewer than two users cannot tell.
    """
    _, place, counts = np.unique(user_idx, return_inverse=True, return_counts=True)
    by_user = np.bincount(place, gains - base) / counts
    if len(by_user) < 2:
        return False
    error = by_user.std(ddof=1) / np.sqrt(len(by_user))
    return bool(by_user.mean() > Z_OF_BETTER * error)


def _gains(users: Floats, items: Floats, study: Study) -> Gains:
    targets = np.searchsorted(study.held, study.item_idx)
    counts = np.bincount(study.user_idx, minlength=study.rows.shape[0])
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    return ndcg_of_next(users, items[study.held], (targets, starts), study.user_idx, targets)
