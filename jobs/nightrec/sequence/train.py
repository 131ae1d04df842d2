"""Train the network with early stopping on the night's own cut, and go on after a kill; torch only."""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from nightrec.sequence.data import Ints, Sequences
from nightrec.sequence.epoch import Plan, train_epoch
from nightrec.sequence.evaluate import held_out_ndcg
from nightrec.sequence.model import SequenceModel


@dataclass
class Progress:
    """Where a run stands; with the model's and the optimiser's state, all that a resume needs.

    Attributes:
        epoch: Epochs done.
        best: Best held-out NDCG so far; below 0 before the first.
        best_epoch: Epochs done when it was reached.
        best_weights: The model's state then.
    """

    epoch: int = 0
    best: float = -1.0
    best_epoch: int = 0
    best_weights: dict[str, torch.Tensor] = field(default_factory=dict)

    def is_over(self, plan: Plan, has_held_out: bool) -> bool:
        """Say whether the epochs are used up or nothing has improved for long."""
        stale = has_held_out and self.epoch - self.best_epoch >= plan.patience
        return self.epoch >= plan.max_epochs or stale


@dataclass(frozen=True)
class Watch:
    """What to do after each epoch.

    Attributes:
        log: Called with the number of epochs done and named values.
        save: Called with the progress; a place to write a checkpoint.
    """

    log: Callable[[int, dict[str, float]], None] = lambda epoch, values: None
    save: Callable[[Progress], None] = lambda progress: None


def fit(
    model: SequenceModel,
    optimizer: torch.optim.Optimizer,
    sequences: Sequences,
    plan: Plan,
    held_out: tuple[Ints, Ints] | None,
    watch: Watch = Watch(),
    progress: Progress | None = None,
) -> int:
    """Train, with early stopping when there is something held out; the best weights stay in the model.

    Args:
        model: Fresh, or as of `progress`.
        optimizer: Of the model, likewise.
        sequences: Histories without what is held out.
        plan: How; `max_epochs` is exact when nothing is held out.
        held_out: Users `(B,)` and their next items `(B,)`.
        watch: Where values and checkpoints go.
        progress: Of the run to go on with; None starts one.

    Returns:
        Number of epochs that gave the best weights, to refit on all data with.
    """
    progress = progress or Progress()
    while not progress.is_over(plan, held_out is not None):
        values = {"loss": train_epoch(model, optimizer, sequences, plan, progress.epoch)}
        progress.epoch += 1
        if held_out is not None:
            values["ndcg"] = held_out_ndcg(model, sequences, *held_out)
            if values["ndcg"] > progress.best:
                progress.best, progress.best_epoch = values["ndcg"], progress.epoch
                progress.best_weights = {name: value.detach().clone() for name, value in model.state_dict().items()}
        watch.log(progress.epoch, values)
        watch.save(progress)
    if held_out is None:
        return progress.epoch
    model.load_state_dict(progress.best_weights)
    return progress.best_epoch
