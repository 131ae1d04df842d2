"""One step and one epoch of training; torch only."""

from dataclasses import dataclass

import numpy as np
import torch

from nightrec.device import mixed_precision
from nightrec.sequence.data import PADDING, Floats, Ints, Sequences, batches, windows
from nightrec.sequence.model import SequenceModel, Shape
from nightrec.softmax import draw_negatives, sampled_softmax

WARM_UP_STEPS = 50


@dataclass(frozen=True)
class Plan:
    """How to train.

    Attributes:
        learning_rate: Peak, after a short warm-up.
        weight_decay: Pull towards zero per step, times the learning rate.
        batch_tokens: Items a step, padding included.
        n_negatives: Shared negatives a step.
        max_epochs: Upper bound.
        patience: Newest epochs that have to better the NDCG together.
        min_gain: Share by which they have to.
        seed: Of everything random.
    """

    learning_rate: float = 2e-3
    weight_decay: float = 0.01
    batch_tokens: int = 2048
    n_negatives: int = 2048
    max_epochs: int = 60
    patience: int = 3
    min_gain: float = 0.005
    seed: int = 0


def make_model(n_items: int, text: Floats, known: Ints, shape: Shape, seed: int) -> SequenceModel:
    """Make a fresh network whose items outside `known` (those with interactions) have text only."""
    torch.manual_seed(seed)
    model = SequenceModel(n_items, torch.from_numpy(text), shape)
    model.has_id.zero_()
    model.has_id[torch.from_numpy(known)] = 1.0
    return model


def make_optimizer(model: SequenceModel, plan: Plan) -> torch.optim.AdamW:
    """Make the optimiser of a run."""
    return torch.optim.AdamW(model.parameters(), lr=plan.learning_rate, weight_decay=plan.weight_decay)


def step_loss(
    model: SequenceModel, items: torch.Tensor, weights: torch.Tensor, negatives: torch.Tensor, n_known: int
) -> torch.Tensor:
    """Return the loss of one batch.

    Args:
        model: In training mode.
        items: `(B, T + 1)` padded with -1; each item is the target of those before it.
        weights: `(B, T + 1)`.
        negatives: `(N,)` drawn from the items that somebody has met.
        n_known: How many these are.
    """
    items, weights, negatives = (part.to(model.text.device) for part in (items, weights, negatives))
    # One draw of hidden ids a step: an item must look the same as input, target and negative.
    unique, place = torch.unique(torch.cat([items.clamp_min(0).flatten(), negatives]), return_inverse=True)
    read, drawn = place[: items.numel()].view(items.shape), place[items.numel() :]
    with mixed_precision(items.device):
        vectors, popularity = model.item_vectors(unique)
        hidden = model.read(vectors[read[:, :-1]])  # (B, T, D)
    vectors, hidden = vectors.float(), hidden.float()
    inside = items[:, 1:] != PADDING
    users = torch.cat([hidden[inside], hidden.new_ones(int(inside.sum()), 1)], dim=1)  # (P, D + 1)
    table = torch.cat([vectors, popularity[:, None]], dim=1)
    target = read[:, 1:][inside]
    return sampled_softmax(users, table[target], target, table[drawn], drawn, weights[:, 1:][inside], n_known)


def train_epoch(
    model: SequenceModel, optimizer: torch.optim.Optimizer, sequences: Sequences, plan: Plan, epoch: int
) -> float:
    """Run one epoch; all chance comes from the seed and the epoch, so a resumed run repeats it exactly.

    Returns:
        Mean loss over the steps.
    """
    seed = plan.seed * 100_003 + epoch
    torch.manual_seed(seed)
    generator = torch.Generator().manual_seed(seed)
    model.train()
    losses = []
    spans = windows(sequences, model.shape.max_items)
    # Items that nobody has met are no evidence against themselves.
    known = model.has_id[:, 0].cpu().nonzero()[:, 0]
    for step, (items, weights) in enumerate(batches(sequences, spans, plan.batch_tokens, seed)):
        for group in optimizer.param_groups:
            group["lr"] = plan.learning_rate * (min(1.0, (step + 1) / WARM_UP_STEPS) if epoch == 0 else 1.0)
        negatives = known[draw_negatives(len(known), plan.n_negatives, generator)]
        loss = step_loss(model, items, weights, negatives, len(known))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        torch.nn.utils.clip_grad_norm_(model.parameters(), 5.0)
        optimizer.step()
        losses.append(float(loss.detach()))
    return float(np.mean(losses)) if losses else 0.0
