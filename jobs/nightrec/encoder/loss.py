"""The contrastive loss."""

import torch
from torch import Tensor
from torch.nn import functional as nnf


def info_nce(queries: Tensor, items: Tensor, mask: Tensor, log_frequency: Tensor, temperature: float) -> Tensor:
    """Compute the contrastive loss with in-batch negatives, corrected for how often each item turns up as one.

    Row ``i`` of ``items`` matches row ``i`` of ``queries``; all other unmasked rows are its negatives. Popular
    items are drawn as negatives more often; subtracting the logarithm of their share undoes that.
    Source: van den Oord et al. 2018, arXiv:1807.03748, eq. 4; correction: Yi et al. 2019, RecSys, eq. 3.

    Args:
        queries: ``(B, D)`` float32, rows of unit length.
        items: ``(B, D)`` float32, rows of unit length.
        mask: ``(B, B)`` bool, true where column ``j`` is no negative of row ``i``; the diagonal is ignored.
        log_frequency: ``(B,)`` float32, logarithm of each item's share of the training data; zeros switch it off.
        temperature: Softmax temperature, above 0. Smaller punishes hard negatives more.

    Returns:
        Scalar, mean over the batch, in nats; ``log(B)`` when nothing is masked and all corrected logits are equal.

    Raises:
        ValueError: If the shapes differ or the temperature is not positive.
    """
    if queries.shape != items.shape:
        raise ValueError(f"queries and items differ in shape: {tuple(queries.shape)} and {tuple(items.shape)}")
    if temperature <= 0:
        raise ValueError(f"temperature must be above 0, got {temperature}")
    logits = queries @ items.T / temperature - log_frequency  # (B, B), one column an item
    own = torch.eye(len(queries), dtype=torch.bool, device=mask.device)
    logits = logits.masked_fill(mask & ~own, float("-inf"))
    return nnf.cross_entropy(logits, torch.arange(len(queries), device=queries.device))
