"""How well vectors tell texts that were not learnt from: the measure that decides whether a tuned model is kept."""

import numpy as np
import numpy.typing as npt
import scipy.sparse as sp

from nightrec.device import choose_device
from nightrec.encoder.study import Study
from nightrec.histories import Floats
from nightrec.lexical import centred
from nightrec.model_settings import ProjectionConfig
from nightrec.next_item import ndcg_of_next
from nightrec.projection.model import TextProjection
from nightrec.projection.train import fit, make_projection

Gains = npt.NDArray[np.float64]
STEPS = 640
"""Of each projection that measures, at most: as many for the base as for the tuned model."""
EPOCHS = range(2, 9)
"""Passes in these steps; where not even the fewest have room, some users are left out."""
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
    rows, epochs = lesson_of(study, STEPS * config.batch_size, config.seed)
    seeds = range(config.seed, config.seed + DRAWS)
    drawn = [_by_projection(read, study, rows, epochs, config.model_copy(update={"seed": seed})) for seed in seeds]
    by_cosine = _gains(study.rows[study.user_idx] @ text, text, study)
    gains = (by_cosine + np.mean([one for _, one in drawn], axis=0)) / 2
    # A training that ran off leaves zeros, where all items tie; a place in the middle would be a gain.
    return drawn[0][0], gains * text[study.item_idx].any(axis=1)


def lesson_of(study: Study, n_pairs: int, seed: int) -> tuple[sp.csr_matrix, int]:
    """Choose what a measuring projection learns from, so that its cost is bounded however large the shop is.

    Args:
        study: Its users who are asked about are all kept, since their vectors are made of the same rows.
        n_pairs: Interactions to read in all passes together.
        seed: Draws the others who are kept where there is no room for all.

    Returns:
        `(n_users, n_items)` rows, empty for users left out, and the passes over them.
    """
    length = np.diff(study.rows.indptr)
    order = np.random.default_rng(seed).permutation(len(length))
    order = order[np.argsort(~np.isin(order, study.user_idx), kind="stable")]
    before = np.cumsum(length[order]) - length[order]
    is_kept = np.isin(np.arange(len(length)), [*order[before < n_pairs // EPOCHS.start], *study.user_idx])
    owner = np.repeat(np.arange(len(length)), length)
    kept = is_kept[owner]
    pairs = study.rows.data[kept], (owner[kept], study.rows.indices[kept])
    rows = sp.csr_matrix(pairs, study.rows.shape)
    return rows, int(np.clip(n_pairs // max(1, rows.nnz), EPOCHS.start, EPOCHS[-1]))


def _by_projection(
    read: Floats, study: Study, rows: sp.csr_matrix, epochs: int, config: ProjectionConfig
) -> tuple[TextProjection, Gains]:
    model = make_projection(read, config).to(choose_device()[0])
    (users, items), _ = fit(model, rows, config, epochs)
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
