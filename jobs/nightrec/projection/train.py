"""Train the projections: each interaction is predicted from its user's other ones; torch and SciPy."""

from collections.abc import Callable

import numpy as np
import scipy.sparse as sp
import torch

from nightrec.averaging import Average
from nightrec.device import mixed_precision
from nightrec.histories import Floats
from nightrec.model_settings import ProjectionConfig
from nightrec.projection.model import TextProjection
from nightrec.softmax import draw_negatives, sampled_softmax
from nightrec.stopping import has_stalled

Tables = tuple[Floats, Floats]
"""User vectors `(n_users, dim + 1)` and item vectors `(n_items, dim + 1)`; their inner products are scores."""


def make_projection(text: Floats, config: ProjectionConfig) -> TextProjection:
    """Make a fresh model; the same seed gives the same one."""
    torch.manual_seed(config.seed)
    return TextProjection(torch.from_numpy(text), config.dim, config.dropout)


def fit(
    model: TextProjection, rows: sp.csr_matrix, config: ProjectionConfig, epochs: int | None,
    check: Callable[[Tables], float] = lambda _tables: 0.0,
    log: Callable[[int, dict[str, float]], None] = lambda _epoch, _values: None,
) -> tuple[Tables, int]:  # fmt: skip
    """Train for a number of epochs, or until the check no longer improves; tables are those of the averaged weights.

    Args:
        model: Fresh.
        rows: `(n_users, n_items)` weights without what is held out.
        config: The section `projection`.
        epochs: Exact number, as found on the cut; None stops early.
        check: Value of tables on what is held out, higher is better; unused with `epochs`.
        log: Called after each epoch with the number of epochs done and named values.

    Returns:
        The best tables and the epochs that gave them.
    """
    optimizer = torch.optim.AdamW(model.parameters(), lr=config.learning_rate, weight_decay=config.weight_decay)
    average = Average(model, optimizer).model
    best, checked = tables(average, rows), list[float]()
    for epoch in range(1, (config.max_epochs if epochs is None else epochs) + 1):
        values = {"loss": train_epoch(model, optimizer, rows, config, epoch)}
        if epochs is None:
            found = tables(average, rows)
            values["ndcg"] = check(found)
            if values["ndcg"] > max(checked, default=-np.inf):
                best = found
            checked.append(values["ndcg"])
        log(epoch, values)
        if has_stalled(checked, config.patience, config.min_gain):
            break
    return (best, int(np.argmax(checked)) + 1) if epochs is None else (tables(average, rows), epochs)


def train_epoch(
    model: TextProjection, optimizer: torch.optim.Optimizer, rows: sp.csr_matrix, config: ProjectionConfig, epoch: int
) -> float:
    """Run one epoch over all interactions of users with at least two; all chance comes from the seed and the epoch.

    Returns:
        Mean loss over the steps; 0 where there is nothing to learn from.
    """
    text, device = model.text, model.text.device
    generator = torch.Generator().manual_seed(config.seed * 100_003 + epoch)
    torch.manual_seed(config.seed * 100_003 + epoch)
    model.train()
    sums, pairs = user_sums(model, rows), rows.tocoo()
    usable = np.flatnonzero(np.diff(rows.indptr)[pairs.row] > 1)
    if not len(usable):  # torch would split nothing into one batch of nothing
        return 0.0
    user_idx, item_idx = (torch.from_numpy(side[usable].astype(np.int64)) for side in (pairs.row, pairs.col))
    weight = torch.from_numpy(pairs.data[usable].astype(np.float32))
    # Items that nobody has met are no evidence against themselves.
    known = torch.from_numpy(np.unique(pairs.col).astype(np.int64))
    losses = []
    for batch in torch.split(torch.randperm(len(usable), generator=generator), config.batch_size):
        targets, worth = item_idx[batch].to(device), weight[batch].to(device)
        others = sums[user_idx[batch].to(device)] - text[targets] * worth[:, None]  # (B, E), the target taken out
        negatives = known[draw_negatives(len(known), config.negatives, generator)].to(device)
        # One projection for both, so that a dropped value is dropped for an item wherever it stands.
        unique, place = torch.unique(torch.cat([targets, negatives]), return_inverse=True)
        with mixed_precision(device):
            table, users = model.items(unique), model.users(others)
        table, users = table.float(), users.float()
        wanted, drawn = place[: len(targets)], place[len(targets) :]
        loss = sampled_softmax(users, table[wanted], wanted, table[drawn], drawn, worth, len(known))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch leaves it untyped
        optimizer.step()
        losses.append(float(loss.detach()))
    return float(np.mean(losses))


@torch.inference_mode()
def tables(model: TextProjection, rows: sp.csr_matrix) -> Tables:
    """Project users and items; users without history stand where the average user stands."""
    model.eval()
    items = model.items(torch.arange(len(model.text), device=model.text.device))
    return model.users(user_sums(model, rows)).cpu().numpy(), items.cpu().numpy()


def user_sums(model: TextProjection, rows: sp.csr_matrix) -> torch.Tensor:
    """Return `(n_users, E)` the weighted sum of the texts of each user's items."""
    return torch.from_numpy(np.asarray(rows @ model.text.cpu().numpy(), dtype=np.float32)).to(model.text.device)
