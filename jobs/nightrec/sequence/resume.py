"""A run's state as named tensors, so that it can be written with safetensors and read back; torch only."""

import torch

from nightrec.sequence.train import Progress, Training

Tensors = dict[str, torch.Tensor]


def to_tensors(run: Training) -> Tensors:
    """Name all that a resume needs: `model.*`, `average.*`, `best.*`, `optimizer.<parameter>.<moment>`, `progress`."""
    progress = run.progress
    named = {f"model.{name}": value for name, value in run.model.state_dict().items()}
    named |= {f"average.{name}": value for name, value in run.average.model.state_dict().items()}
    named |= {f"best.{name}": value for name, value in progress.best_weights.items()}
    for number, moments in run.optimizer.state_dict()["state"].items():
        named |= {f"optimizer.{number}.{name}": value for name, value in moments.items()}
    counts = [run.average.steps, progress.epoch, *progress.values]
    named["progress"] = torch.tensor(counts, dtype=torch.float64)
    return {name: value.detach().cpu().contiguous().clone() for name, value in named.items()}


def from_tensors(named: Tensors, run: Training) -> None:
    """Bring a fresh run to where the one stood that `to_tensors` named."""
    run.model.load_state_dict(_below("model.", named))
    run.average.model.load_state_dict(_below("average.", named))
    state = run.optimizer.state_dict()
    for name, value in _below("optimizer.", named).items():
        number, moment = name.split(".")
        state["state"].setdefault(int(number), {})[moment] = value
    run.optimizer.load_state_dict(state)
    steps, epoch, *values = named["progress"].tolist()
    run.average.steps = int(steps)
    run.progress = Progress(int(epoch), values, _below("best.", named))


def _below(prefix: str, named: Tensors) -> Tensors:
    return {name.removeprefix(prefix): value for name, value in named.items() if name.startswith(prefix)}
