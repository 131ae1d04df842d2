"""The encoder on CUDA: the same vectors as on the CPU, and a training in bfloat16."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the jobs' environment (.venv)")

import torch
from unit.encoder.conftest import *  # noqa: F403  # the tiny models and the delivered night
from unit.encoder.tiny import WORDS

from nightrec.device import choose_precision
from nightrec.encoder.model import embed
from nightrec.encoder.tune_job import fine_tune_llm

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(
        not torch.cuda.is_available(), reason="compares CUDA with the CPU; this machine has no CUDA device"
    ),
]
TEXTS = ["", *WORDS, "redcar " * 40]


@pytest.mark.parametrize("name", ["encoder", "decoder"])
def test_vectors_are_those_of_the_cpu(request, name):
    model = request.getfixturevalue(name)
    assert model.model.device.type == "cuda"
    on_gpu = embed(model, TEXTS, 5)
    model.model.cpu()
    np.testing.assert_allclose(on_gpu, embed(model, TEXTS, 3), atol=1e-4)


def test_training_runs_in_mixed_precision_and_keeps_a_better_model(delivered, night):
    ctx = night(epochs=40, train_batch_size=64)
    fine_tune_llm(ctx)
    assert choose_precision(torch.device("cuda"))[0] in (torch.bfloat16, torch.float32)
    assert np.isfinite([loss for _, loss in ctx.run.curves["loss"]]).all()
    assert ctx.run.metrics["tuned_ndcg"] > ctx.run.metrics["base_ndcg"]
