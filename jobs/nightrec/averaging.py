"""The newest weights of a training run, averaged: steadier than the last ones, at next to no cost; torch only."""

import copy
from typing import Generic, TypeVar

import torch
from torch import nn

Network = TypeVar("Network", bound=nn.Module)
ETA = 3.0
"""The average looks back on about the last 1 / (1 + ETA) of all steps, however long the run has been."""


class Average(Generic[Network]):
    """Polynomial-decay averaging (Shamir and Zhang 2013, section 4): step t counts (ETA + 1) / (t + ETA).

    Unlike an exponential average it has no length to be set, so it suits ten steps as well as ten thousand.

    Attributes:
        model: The averaged network, in evaluation mode; buffers are those of the trained one.
        steps: Steps taken up.
    """

    def __init__(self, model: Network, optimizer: torch.optim.Optimizer) -> None:
        """Follow a network: each step of its optimiser is taken up from now on."""
        buffers = {id(buffer): buffer for buffer in model.buffers()}
        self.model: Network = copy.deepcopy(model, buffers).eval()
        self.steps = 0
        optimizer.register_step_post_hook(lambda *_: self._take_up(model))

    @torch.no_grad()
    def _take_up(self, model: Network) -> None:
        self.steps += 1
        share = (ETA + 1) / (self.steps + ETA)
        for mine, newest in zip(self.model.parameters(), model.parameters(), strict=True):
            mine.lerp_(newest, share)
