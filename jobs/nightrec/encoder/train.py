"""The training loop: the encoder learns through the projections that turn its vectors into scores.

A step reads a block of items anew and predicts, for each interaction with one of them, which of the block it was from
all else that its user has. That is the loss of `nightrec.projection` with the texts themselves in it: the projections
take up what is the shop's own, popularity and taste, and leave to the encoder what needs reading.

Only items of the block are compared. Beside them the vectors of all others, kept from when they were read last, would
tell the encoder which vectors are fresh instead of which text fits (on Toys the projection's NDCG@10 of unseen texts
fell from 0.088 to 0.082).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import scipy.sparse as sp
import torch
from torch import Tensor
from torch.nn import functional as nnf

from nightrec.device import mixed_precision
from nightrec.encoder.model import Encoder
from nightrec.encoder.study import Block, Blocks, Study
from nightrec.histories import Floats
from nightrec.model_settings import EncoderConfig
from nightrec.projection.model import TextProjection

WARM_UP_FRAC = 0.1
WEIGHT_DECAY = 0.01
MAX_GRADIENT_NORM = 1.0
HEAD_RATE = 5e-4
"""Learning rate of the projections, which come trained."""
ROUND = 64
"""Steps, at most, between two looks at all vectors: the mean is taken off anew and a checkpoint is written."""

Log = Callable[[Mapping[str, float], int], None]


@dataclass
class Trainee:
    """A model on its way, with all that a resumed run needs; the draws follow from seed and step alone.

    Attributes:
        encoder: Of `make_trainable`.
        head: Projections that are trained on the vectors of the base.
        vectors: `(n_items, E)` unit vectors of all items as they were last read.
        optimizer: Of both.
        step: Steps done.
    """

    encoder: Encoder
    head: TextProjection
    vectors: Tensor
    optimizer: torch.optim.Optimizer
    step: int = 0


def new_trainee(encoder: Encoder, head: TextProjection, vectors: Floats, head_decay: float) -> Trainee:
    """Return a trainee at step 0; the rates of the encoder's weights are set in each step."""
    learning = [weight for weight in encoder.model.parameters() if weight.requires_grad]
    groups = [
        {"params": learning, "weight_decay": WEIGHT_DECAY},
        {"params": list(head.parameters()), "weight_decay": head_decay, "lr": HEAD_RATE},
    ]
    device = encoder.model.device
    return Trainee(encoder, head.to(device), torch.from_numpy(vectors).to(device), torch.optim.AdamW(groups))


def train(trainee: Trainee, study: Study, config: EncoderConfig, log: Log, save: Callable[[Trainee], None]) -> None:
    """Train to the last step.

    Args:
        trainee: Where to start.
        study: What to learn from.
        config: Steps, rates and sizes.
        log: Takes `loss` (nats) after each step, with the step from 1.
        save: Called every `ROUND` steps and after each pass.
    """
    blocks = Blocks(study, config)
    while trainee.step < blocks.n_steps:
        centre, sums = _look(trainee, study)
        in_pass = trainee.step % blocks.per_pass
        for _ in range(min(ROUND, blocks.per_pass - in_pass, blocks.n_steps - trainee.step)):
            trainee.optimizer.param_groups[0]["lr"] = learning_rate(
                trainee.step + 1, blocks.n_steps, config.learning_rate
            )
            torch.manual_seed(config.seed * 100_003 + trainee.step)  # of the projections' dropout
            loss = _step(trainee, study, blocks.block(trainee.step), centre, sums)
            trainee.step += 1
            log({"loss": loss}, trainee.step)
        save(trainee)


def learning_rate(step: int, n_steps: int, peak: float) -> float:
    """Return the rate of a step from 1: linear warm-up, then half a cosine down to almost 0."""
    warm_up = max(1, round(WARM_UP_FRAC * n_steps))
    if step <= warm_up:
        return peak * step / warm_up
    gone = (step - warm_up) / (n_steps - warm_up + 1)
    return peak * (1 + math.cos(math.pi * gone)) / 2


def _look(trainee: Trainee, study: Study) -> tuple[Tensor, Tensor]:
    """Return the mean of all vectors and `(n_users, E + F)` what each user has; the head gets what it reads anew."""
    vectors = trainee.vectors
    has_text = vectors.any(dim=1, keepdim=True)
    centre = vectors.sum(0) / has_text.sum().clamp_min(1)
    lexical = torch.from_numpy(study.lexical).to(vectors.device)
    trainee.head.text = torch.cat([nnf.normalize((vectors - centre) * has_text, dim=1), lexical], dim=1)
    return centre, _times(study.rows, trainee.head.text)


def _step(trainee: Trainee, study: Study, block: Block, centre: Tensor, sums: Tensor) -> float:
    head = trainee.head
    # Without dropout in the encoder: its noise drowned the little that some dozen steps can teach, and the tuned model
    # lost to its base.
    trainee.encoder.model.train(False)
    head.train()
    read = _read(trainee.encoder, study, block)  # (B, E)
    before = head.text[block.items]  # (B, E + F)
    live = torch.cat([nnf.normalize(read - centre, dim=1), before[:, read.shape[1] :]], dim=1)
    news = live - before
    users, targets, weight = (torch.from_numpy(a).to(live.device) for a in (block.users, block.targets, block.weight))
    # What each user has, the target taken out and the block's own vectors put in.
    others = torch.from_numpy(study.rows[block.users][:, block.items].toarray()).to(live.device)  # (P, B)
    others[torch.arange(len(targets)), targets] = 0
    has = sums[users] - before[targets] * weight[:, None] + others @ news
    logits = head.users(has) @ head.items(torch.from_numpy(block.items).to(live.device), live).T  # (P, B)
    per_pair = nnf.cross_entropy(logits, targets, reduction="none")
    loss = (per_pair * weight).sum() / weight.sum().clamp_min(1e-9)
    trainee.optimizer.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_(trainee.encoder.model.parameters(), MAX_GRADIENT_NORM)
    trainee.optimizer.step()
    with torch.no_grad():
        met = study.rows[:, block.items]
        concerned = np.flatnonzero(np.diff(met.indptr))  # all users at once would be gigabytes a step in a large shop
        sums[concerned] += _times(met[concerned], news)
        trainee.vectors[block.items] = read.detach()
    return float(loss.item())


def _read(encoder: Encoder, study: Study, block: Block) -> Tensor:
    device = encoder.model.device
    with mixed_precision(device):
        vectors = encoder.vectors(study.texts["text"].take(pa.array(block.texts)).to_pylist())  # (T, E)
    sums = vectors.new_zeros(len(block.items), vectors.shape[1])
    return nnf.normalize(sums.index_add(0, torch.from_numpy(block.places).to(device), vectors), dim=1)


def _times(rows: sp.csr_matrix, vectors: Tensor) -> Tensor:
    product = np.asarray(rows @ vectors.detach().cpu().numpy(), dtype=np.float32)
    return torch.from_numpy(product).to(vectors.device)
