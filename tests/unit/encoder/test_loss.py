import math

import pytest
import torch
from torch.nn import functional as nnf

from nightrec.encoder.loss import info_nce

NONE = torch.zeros(4, 4, dtype=torch.bool)


def unit(seed, rows=4):
    return nnf.normalize(torch.randn(rows, 3, generator=torch.Generator().manual_seed(seed)), dim=-1)


def test_loss_is_log_batch_when_all_similarities_are_equal():
    same = torch.ones(4, 3)
    assert info_nce(same, same, NONE, torch.zeros(4), 0.1).item() == pytest.approx(math.log(4))


def test_loss_agrees_with_a_plain_loop():
    queries, items, frequency = unit(1), unit(2), torch.tensor([0.5, 0.25, 0.125, 0.125]).log()
    mask = NONE.clone()
    mask[0, 2] = mask[3, 3] = True  # the second is a row's own item, which always counts
    want = 0.0
    for i in range(4):
        terms = [math.exp(float(queries[i] @ items[j]) / 0.2 - float(frequency[j])) for j in range(4)]
        kept = [terms[j] for j in range(4) if j == i or not mask[i, j]]
        want -= math.log(terms[i] / sum(kept)) / 4
    assert info_nce(queries, items, mask, frequency, 0.2).item() == pytest.approx(want, rel=1e-5)


def test_a_masked_negative_gets_no_gradient():
    items = unit(2).requires_grad_()
    mask = NONE.clone()
    mask[:, 1] = True
    info_nce(unit(1), items, mask, torch.zeros(4), 0.2).backward()
    own = nnf.softmax(unit(1)[1] @ items.detach().T / 0.2 + torch.tensor([0.0, 0, 0, 0]), dim=0)[1]
    want = -(1 - own) * unit(1)[1] / 0.2 / 4  # item 1 appears in its own row alone
    torch.testing.assert_close(items.grad[1], want)


def test_loss_rejects_wrong_shapes_and_temperatures():
    with pytest.raises(ValueError, match=r"\(4, 3\) and \(3, 3\)"):
        info_nce(unit(1), unit(2, rows=3), NONE, torch.zeros(4), 0.1)
    with pytest.raises(ValueError, match="above 0, got 0"):
        info_nce(unit(1), unit(2), NONE, torch.zeros(4), 0)
