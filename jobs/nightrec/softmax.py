"""Softmax over sampled items; torch only."""

import math

import torch
from torch.nn import functional as nnf


def draw_negatives(n_items: int, n_negatives: int, generator: torch.Generator) -> torch.Tensor:
    """Draw items to compare every target of a step with.

    Args:
        n_items: Number of items.
        n_negatives: Wanted number; all items are taken when there are not many more than that.
        generator: Source of chance, on the CPU.

    Returns:
        `(n,)` different items when all are taken, else a uniform draw with repeats.
    """
    if n_items <= 2 * n_negatives:
        return torch.arange(n_items)
    return torch.randint(n_items, (n_negatives,), generator=generator)


def sampled_softmax(users: torch.Tensor, targets: torch.Tensor, target_idx: torch.Tensor, negatives: torch.Tensor,
                    negative_idx: torch.Tensor, weights: torch.Tensor, n_items: int) -> torch.Tensor:  # fmt: skip
    """Cross-entropy of each target among shared negatives, as an estimate of the softmax over all items.

    A uniform draw of n shows an item with `n / n_items`, so each negative stands for `n_items / n` items (logQ).

    Args:
        users: `(P, D)` user vectors.
        targets: `(P, D)` vectors of the items that came next.
        target_idx: `(P,)` their item_idx.
        negatives: `(N, D)` vectors of the drawn items.
        negative_idx: `(N,)` their item_idx; where it is the target itself the pair is left out.
        weights: `(P,)` what each target is worth.
        n_items: Number of items.

    Returns:
        Scalar, the weighted mean.
    """
    positive = (users * targets).sum(-1, keepdim=True)  # (P, 1)
    others = users @ negatives.T + math.log(n_items / len(negative_idx))  # (P, N)
    others = others.masked_fill(target_idx[:, None] == negative_idx[None, :], -torch.inf)
    logits = torch.cat([positive, others], dim=1)
    per_target = nnf.cross_entropy(logits, logits.new_zeros(len(logits), dtype=torch.long), reduction="none")
    return (per_target * weights).sum() / weights.sum().clamp_min(1e-9)
