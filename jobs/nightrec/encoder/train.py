"""The training loop: contrastive steps, looks at the held-out users, early stopping."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import torch
from torch import Tensor

from nightrec.encoder.device import choose_precision
from nightrec.encoder.loss import info_nce
from nightrec.encoder.model import Encoder
from nightrec.encoder.pairs import PairSampler
from nightrec.encoder.tuning import trainable
from nightrec.model_settings import EncoderConfig

WARM_UP_FRAC = 0.1
WEIGHT_DECAY = 0.01
MAX_GRADIENT_NORM = 1.0

Log = Callable[[Mapping[str, float], int], None]


@dataclass
class Trainee:
    """A model on its way, with all that a resumed run needs; the draws follow from seed and step alone."""

    encoder: Encoder
    optimizer: torch.optim.Optimizer
    step: int = 0
    best_ndcg: float = -1.0  # below every measure, so that the first look counts
    n_worse: int = 0  # looks since the best one
    best: dict[str, Tensor] = field(default_factory=dict)

    def note(self, ndcg: float) -> None:
        """Remember the weights if they are the best so far."""
        self.n_worse += 1
        if ndcg > self.best_ndcg:
            self.best_ndcg, self.n_worse = ndcg, 0
            self.best = {name: weight.detach().clone() for name, weight in trainable(self.encoder).items()}

    def restore_best(self) -> None:
        """Go back to the weights of the best look."""
        for name, weight in trainable(self.encoder).items():
            weight.copy_(self.best[name])


def new_trainee(encoder: Encoder, config: EncoderConfig) -> Trainee:
    """Return a trainee at step 0; `encoder` comes from `make_trainable`."""
    learning = [weight for weight in encoder.model.parameters() if weight.requires_grad]
    return Trainee(encoder, torch.optim.AdamW(learning, lr=config.learning_rate, weight_decay=WEIGHT_DECAY))


def train(
    trainee: Trainee,
    texts: pa.Array,
    sampler: PairSampler,
    look: Callable[[], float],
    config: EncoderConfig,
    log: Log,
    save: Callable[[Trainee], None],
) -> None:
    """Train until `max_steps` or until `patience` looks brought nothing, then go back to the best weights.

    Args:
        trainee: Where to start; left at the best look.
        texts: Distinct texts; the sampler's numbers are places in it.
        sampler: Gives the batch of a step.
        look: Measures the current weights; higher is better.
        config: Steps, rates and sizes.
        log: Takes `loss` (nats) after each step and `ndcg` after each look, with the step.
        save: Called after each look.
    """
    while trainee.step < config.max_steps and trainee.n_worse < config.patience:
        trainee.step += 1
        log({"loss": _step(trainee, texts, sampler, config)}, trainee.step)
        if trainee.step % config.eval_every == 0 or trainee.step == config.max_steps:
            trainee.note(ndcg := look())
            log({"ndcg": ndcg}, trainee.step)
            save(trainee)
    trainee.restore_best()


def learning_rate(step: int, config: EncoderConfig) -> float:
    """Return the rate of a step from 1: linear warm-up, then half a cosine down to almost 0."""
    warm_up = max(1, round(WARM_UP_FRAC * config.max_steps))
    if step <= warm_up:
        return config.learning_rate * step / warm_up
    gone = (step - warm_up) / (config.max_steps - warm_up + 1)
    return config.learning_rate * (1 + math.cos(math.pi * gone)) / 2


def _step(trainee: Trainee, texts: pa.Array, sampler: PairSampler, config: EncoderConfig) -> float:
    encoder, optimizer = trainee.encoder, trainee.optimizer
    for group in optimizer.param_groups:
        group["lr"] = learning_rate(trainee.step, config)
    # Without dropout: its noise drowned the little that some dozen steps can teach, and the tuned model lost to its
    # base (MovieLens: NDCG@10 0.003 after 15 steps against 0.012).
    encoder.model.train(False)
    loss = _loss(encoder, texts, sampler, trainee.step, config.temperature)
    optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(encoder.model.parameters(), MAX_GRADIENT_NORM)
    optimizer.step()
    return float(loss.item())


def _loss(encoder: Encoder, texts: pa.Array, sampler: PairSampler, step: int, temperature: float) -> Tensor:
    batch = sampler.batch(step)
    device = encoder.model.device
    dtype, _ = choose_precision(device)
    both = np.concatenate([batch.anchors, batch.positives])
    with torch.autocast(device.type, dtype, enabled=dtype != torch.float32):
        anchors, positives = encoder.vectors(texts.take(pa.array(both)).to_pylist()).chunk(2)  # (B, dim) each

    def one_way(queries: Tensor, items: Tensor, numbers: np.ndarray) -> Tensor:
        mask = torch.from_numpy(sampler.consumed(batch.users, numbers)).to(device)  # (B, B)
        return info_nce(queries, items, mask, torch.from_numpy(sampler.log_frequency[numbers]).to(device), temperature)

    return (one_way(anchors, positives, batch.positives) + one_way(positives, anchors, batch.anchors)) / 2
