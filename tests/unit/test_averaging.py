import pytest
import torch

from nightrec.averaging import ETA, Average


def train(values):
    """Let one weight take the given values, a step each, and return what averaging makes of it."""
    model = torch.nn.Linear(1, 1, bias=False)
    model.register_buffer("data", torch.ones(3))
    optimizer = torch.optim.SGD(model.parameters(), lr=1.0)
    average = Average(model, optimizer)
    for value in values:
        model.weight.grad = model.weight.detach() - value
        optimizer.step()
    return model, average


def test_a_constant_weight_is_its_own_average():
    _, average = train([2.0] * 7)
    assert average.model.weight.item() == pytest.approx(2.0)
    assert average.steps == 7


def test_newer_steps_count_more():
    # Weights of Shamir and Zhang's equation for two steps: 1 - (ETA + 1) / (2 + ETA) and (ETA + 1) / (2 + ETA).
    _, average = train([0.0, 1.0])
    assert average.model.weight.item() == pytest.approx((ETA + 1) / (ETA + 2))


def test_noise_about_a_point_is_averaged_out():
    noise = torch.randn(4_000, generator=torch.Generator().manual_seed(0))
    model, average = train((5.0 + noise).tolist())
    assert abs(average.model.weight.item() - 5.0) < 0.1 < abs(noise).mean()
    assert model.weight.item() == pytest.approx(5.0 + noise[-1].item())


def test_buffers_are_not_copied():
    model, average = train([1.0])
    assert average.model.data.data_ptr() == model.data.data_ptr()
    assert average.model.weight.data_ptr() != model.weight.data_ptr()
    assert not average.model.training
