"""Two projections of frozen text vectors, one for what a user has and one for what comes next; torch only."""

import torch
from torch import nn
from torch.nn import functional as nnf

SCALE = 4.0
"""Fixed factor of the inner product, so that projections of unit vectors can tell items apart early."""


class TextProjection(nn.Module):
    """Scores `scale * (A x + c) . (B t) + b`: x the user's mean text vector, t the item's, b its popularity.

    Strong where histories are short: what it learns of one text holds for all texts like it.
    """

    text: torch.Tensor

    def __init__(self, text: torch.Tensor, dim: int, dropout: float) -> None:
        """Make a fresh model.

        Args:
            text: `(n_items, E)`, zero rows for items without text; the mean is taken off the others.
            dim: Length of the projected vectors.
            dropout: Share of projected values dropped in training.
        """
        super().__init__()
        self.dropout = dropout
        has_text = text.abs().sum(1, keepdim=True) > 0
        mean = text.sum(0) / has_text.sum().clamp_min(1)
        self.register_buffer("text", (text - mean) * has_text, persistent=False)
        self.to_user = nn.Linear(text.shape[1], dim, bias=False)
        self.to_item = nn.Linear(text.shape[1], dim, bias=False)
        self.everyone = nn.Parameter(torch.zeros(dim))
        self.popularity = nn.Parameter(torch.zeros(len(text)))

    def users(self, sums: torch.Tensor) -> torch.Tensor:
        """Turn weighted sums of text vectors `(B, E)` into `(B, dim + 1)`; the last column meets the popularity."""
        vectors = self._drop(self.to_user(nnf.normalize(sums, dim=1))) + self.everyone
        return torch.cat([vectors * SCALE, vectors.new_ones(len(vectors), 1)], dim=1)

    def items(self, items: torch.Tensor, text: torch.Tensor | None = None) -> torch.Tensor:
        """Return `(n, dim + 1)` for items `(n,)`, read from their own text or from another `(n, E)`."""
        vectors = self._drop(self.to_item(self.text[items] if text is None else text))
        return torch.cat([vectors, self.popularity[items][:, None]], dim=1)

    def _drop(self, values: torch.Tensor) -> torch.Tensor:
        return nnf.dropout(values, self.dropout, training=self.training)
