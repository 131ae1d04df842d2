"""The network: item vectors from id and text, a causal transformer over them; torch only."""

from dataclasses import dataclass

import torch
from torch import nn
from torch.nn import functional as nnf


@dataclass(frozen=True)
class Shape:
    """Sizes of the network.

    Attributes:
        dim: Length of item and user vectors without the popularity column.
        n_layers: Transformer blocks.
        n_heads: Attention heads.
        max_items: Latest items that are read.
        dropout: Share of activations dropped in training.
        id_dropout: Share of items whose id vector is hidden in a step, so that text alone learns to work.
    """

    dim: int = 64
    n_layers: int = 2
    n_heads: int = 2
    max_items: int = 50
    dropout: float = 0.4
    id_dropout: float = 0.1


class Block(nn.Module):
    """Pre-norm causal attention and a two-layer perceptron."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.n_heads, self.dropout = shape.n_heads, shape.dropout
        self.norm_attention, self.norm_mlp = nn.LayerNorm(shape.dim), nn.LayerNorm(shape.dim)
        self.qkv, self.out = nn.Linear(shape.dim, 3 * shape.dim), nn.Linear(shape.dim, shape.dim)
        self.up, self.down = nn.Linear(shape.dim, 2 * shape.dim), nn.Linear(2 * shape.dim, shape.dim)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Map `(B, T, D)` to `(B, T, D)`; position t sees positions up to t."""
        n, steps, dim = hidden.shape
        qkv = self.qkv(self.norm_attention(hidden)).view(n, steps, 3, self.n_heads, dim // self.n_heads)
        query, key, value = qkv.permute(2, 0, 3, 1, 4)  # (B, H, T, D/H) each
        share = self.dropout if self.training else 0.0
        mixed = nnf.scaled_dot_product_attention(query, key, value, is_causal=True, dropout_p=share)
        mixed = self.out(mixed.transpose(1, 2).reshape(n, steps, dim))
        hidden = hidden + nnf.dropout(mixed, share)
        return hidden + nnf.dropout(self.down(nnf.gelu(self.up(self.norm_mlp(hidden)))), share)


class SequenceModel(nn.Module):
    """Users and items in one space: a user's score for an item is the inner product of their vectors.

    The last column of an item vector is its learned popularity, met by a constant 1 in every user vector.
    """

    text: torch.Tensor
    has_id: torch.Tensor

    def __init__(self, n_items: int, text: torch.Tensor, shape: Shape) -> None:
        """Make a fresh network.

        Args:
            n_items: Number of items.
            text: `(n_items, E)` text vectors; zero rows for items without text. Frozen.
            shape: Sizes.
        """
        super().__init__()
        self.shape = shape
        self.register_buffer("text", text, persistent=False)
        self.register_buffer("has_id", torch.ones(n_items, 1))
        self.ids = nn.Embedding(n_items, shape.dim)
        self.popularity = nn.Embedding(n_items, 1)
        self.project = nn.Linear(text.shape[1], shape.dim, bias=False)
        self.places = nn.Embedding(shape.max_items, shape.dim)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.n_layers))
        self.norm = nn.LayerNorm(shape.dim)
        for table in (self.ids, self.places):
            nn.init.normal_(table.weight, std=0.02)
        nn.init.normal_(self.project.weight, std=0.02)
        nn.init.zeros_(self.popularity.weight)

    def item_vectors(self, items: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Return `(n, D)` vectors and `(n,)` popularity of items `(n,)`; ids are hidden at random in training."""
        keep = self.has_id[items]
        if self.training and self.shape.id_dropout > 0:
            keep = keep * (torch.rand_like(keep) >= self.shape.id_dropout)
        vectors = self.ids(items) * keep + self.project(self.text[items])
        return vectors, (self.popularity(items) * keep)[:, 0]

    def read(self, vectors: torch.Tensor) -> torch.Tensor:
        """Turn item vectors in order into the user's vector after each item.

        Args:
            vectors: `(B, T, D)`, padded on the right; T at most `max_items`.

        Returns:
            `(B, T, D)`.
        """
        share = self.shape.dropout if self.training else 0.0
        places = torch.arange(vectors.shape[1], device=vectors.device)
        hidden = nnf.dropout(vectors * self.shape.dim**0.5 * 0.5 + self.places(places), share)
        for block in self.blocks:
            hidden = block(hidden)
        out: torch.Tensor = self.norm(hidden)
        return out
