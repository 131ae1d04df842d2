"""A run's state as named tensors, so that it can be written with safetensors and read back; torch only."""

import torch

from nightrec.sequence.model import SequenceModel
from nightrec.sequence.train import Progress

Tensors = dict[str, torch.Tensor]


def to_tensors(model: SequenceModel, optimizer: torch.optim.Optimizer, progress: Progress) -> Tensors:
    """Name everything a resume needs: `model.*`, `best.*`, `optimizer.<parameter>.<moment>` and `progress`."""
    named = {f"model.{name}": value for name, value in model.state_dict().items()}
    named |= {f"best.{name}": value for name, value in progress.best_weights.items()}
    for number, moments in optimizer.state_dict()["state"].items():
        named |= {f"optimizer.{number}.{name}": value for name, value in moments.items()}
    named["progress"] = torch.tensor([progress.epoch, progress.best_epoch, progress.best], dtype=torch.float64)
    return {name: value.detach().cpu().contiguous().clone() for name, value in named.items()}


def from_tensors(named: Tensors, model: SequenceModel, optimizer: torch.optim.Optimizer) -> Progress:
    """Bring a fresh model and optimiser to where the run stood.

    Args:
        named: As of `to_tensors`.
        model: Of the same shape.
        optimizer: Fresh, of that model.

    Returns:
        The progress to go on with.
    """
    model.load_state_dict(_below("model.", named))
    state = optimizer.state_dict()
    for name, value in _below("optimizer.", named).items():
        number, moment = name.split(".")
        state["state"].setdefault(int(number), {})[moment] = value
    optimizer.load_state_dict(state)
    epoch, best_epoch, best = named["progress"].tolist()
    return Progress(int(epoch), best, int(best_epoch), _below("best.", named))


def _below(prefix: str, named: Tensors) -> Tensors:
    return {name.removeprefix(prefix): value for name, value in named.items() if name.startswith(prefix)}
