"""Train the network with early stopping on the night's own cut, and go on after a kill; torch only.

What is measured and kept is the average of the newest steps' weights, never the last step's.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from nightrec.averaging import Average
from nightrec.sequence.data import Ints, Sequences
from nightrec.sequence.epoch import Plan, make_optimizer, train_epoch
from nightrec.sequence.evaluate import held_out_ndcg
from nightrec.sequence.model import SequenceModel
from nightrec.stopping import has_stalled


@dataclass
class Progress:
    """How far a run is.

    Attributes:
        epoch: Epochs done.
        values: Held-out NDCG after each, where something is held out.
        best_weights: The average's state after the best.
    """

    epoch: int = 0
    values: list[float] = field(default_factory=list)
    best_weights: dict[str, torch.Tensor] = field(default_factory=dict)

    @property
    def best_epoch(self) -> int:
        """Epochs done when the best value was first reached."""
        return self.values.index(max(self.values)) + 1

    def is_over(self, plan: Plan) -> bool:
        """Say whether the epochs are used up or nothing has improved for long."""
        return self.epoch >= plan.max_epochs or has_stalled(self.values, plan.patience, plan.min_gain)


class Training:
    """A run: all that its end follows from and that a resume needs.

    Attributes:
        model: The network that steps are taken with.
        optimizer: Of that network.
        average: Of its newest weights.
        progress: How far the run is.
    """

    def __init__(self, model: SequenceModel, plan: Plan) -> None:
        """Start a run of a fresh network."""
        self.model, self.optimizer = model, make_optimizer(model, plan)
        self.average = Average(model, self.optimizer)
        self.progress = Progress()


@dataclass(frozen=True)
class Watch:
    """What to do after each epoch.

    Attributes:
        log: Called with the number of epochs done and named values.
        save: Called without anything; a place to write a checkpoint.
    """

    log: Callable[[int, dict[str, float]], None] = lambda epoch, values: None
    save: Callable[[], None] = lambda: None


def fit(
    run: Training, sequences: Sequences, plan: Plan, held_out: tuple[Ints, Ints] | None, watch: Watch = Watch()
) -> tuple[SequenceModel, int]:
    """Train, with early stopping when there is something held out.

    Args:
        run: Fresh, or as a checkpoint had it.
        sequences: Histories without what is held out.
        plan: How; `max_epochs` is exact when nothing is held out.
        held_out: Users `(B,)` and their next items `(B,)`.
        watch: Where values and checkpoints go.

    Returns:
        The network with its best weights, and the number of epochs that gave them, to refit on all data with.
    """
    best, progress = run.average.model, run.progress
    while not progress.is_over(plan):
        values = {"loss": train_epoch(run.model, run.optimizer, sequences, plan, progress.epoch)}
        progress.epoch += 1
        if held_out is not None:
            values["ndcg"] = held_out_ndcg(best, sequences, *held_out)
            progress.values.append(values["ndcg"])
            if progress.best_epoch == progress.epoch:
                progress.best_weights = {name: value.detach().clone() for name, value in best.state_dict().items()}
        watch.log(progress.epoch, values)
        watch.save()
    if held_out is None:
        return best, progress.epoch
    best.load_state_dict(progress.best_weights)
    return best, progress.best_epoch
