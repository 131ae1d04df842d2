import numpy as np
import pytest
import torch

from nightrec.sequence.data import make_sequences
from nightrec.sequence.epoch import Plan, make_model, step_loss
from nightrec.sequence.evaluate import held_out_ndcg
from nightrec.sequence.model import Shape
from nightrec.sequence.resume import from_tensors, to_tensors
from nightrec.sequence.score import item_table, user_table
from nightrec.sequence.train import Training, Watch, fit

N_USERS, N_ITEMS = 60, 12
SHAPE = Shape(dim=16, n_layers=1, n_heads=2, max_items=6, dropout=0.0, id_dropout=0.0)
PLAN = Plan(learning_rate=0.01, max_epochs=15, batch_tokens=128, patience=3)
NO_TEXT = np.zeros((N_ITEMS, 4), np.float32)


def ring():
    """Each user walks the ring of items from his own start: after item i comes i + 1."""
    users, steps = np.repeat(np.arange(N_USERS), 5), np.tile(np.arange(5), N_USERS)
    return make_sequences(users, (users + steps) % N_ITEMS, steps * 1.0, np.ones(len(users), np.float32), N_USERS)


def fresh(text=NO_TEXT, known=None, shape=SHAPE):
    return make_model(N_ITEMS, text, np.arange(N_ITEMS) if known is None else known, shape, seed=1)


@pytest.mark.parametrize("precision", [torch.float32, torch.bfloat16])
def test_learns_what_comes_next(precision, monkeypatch):
    monkeypatch.setattr("nightrec.device.choose_precision", lambda _device: (precision, "as a GPU would"))
    rows = ring()
    model, _ = fit(Training(fresh(), PLAN), rows, PLAN, None)
    best = (user_table(model, rows, np.arange(N_USERS)) @ item_table(model).T).argmax(1)
    assert (best == (np.arange(N_USERS) + 5) % N_ITEMS).mean() > 0.95


def test_future_items_do_not_change_the_past():
    model = fresh().eval()
    vectors = torch.randn(1, 5, SHAPE.dim)
    changed = vectors.clone()
    changed[0, 4] += 1
    torch.testing.assert_close(model.read(vectors)[:, :4], model.read(changed)[:, :4])


def test_order_of_users_and_batch_mates_change_nothing():
    model, rows = fresh(), ring()
    users = np.array([5, 2, 9])
    np.testing.assert_allclose(
        user_table(model, rows, users), user_table(model, rows, np.arange(N_USERS))[users], rtol=1e-4, atol=1e-6
    )


def test_items_without_interactions_are_their_text_alone():
    text = np.eye(N_ITEMS, 4, dtype=np.float32)
    model = fresh(text, known=np.arange(1, N_ITEMS))
    table = item_table(model)
    np.testing.assert_allclose(table[0, :-1], model.project.weight[:, 0].detach().numpy(), rtol=1e-5)
    assert table[0, -1] == 0


def test_users_without_history_have_no_opinion():
    rows = make_sequences(np.array([0]), np.array([3]), np.zeros(1), np.ones(1, np.float32), 2)
    assert not user_table(fresh(), rows, np.array([1])).any()


def test_early_stopping_keeps_the_best_epoch():
    rows, seen = ring(), {}
    held = (np.arange(N_USERS), (np.arange(N_USERS) + 5) % N_ITEMS)
    model, epochs = fit(
        Training(fresh(), PLAN), rows, PLAN, held, Watch(log=lambda epoch, values: seen.update({epoch: values["ndcg"]}))
    )
    assert seen[epochs] == max(seen.values()) == held_out_ndcg(model, rows, *held)
    assert max(seen) <= epochs + PLAN.patience


def test_what_is_kept_is_an_average_of_weights():
    run = Training(fresh(), PLAN)
    model, _ = fit(run, ring(), PLAN, None)
    assert np.abs(item_table(model) - item_table(run.model)).max() > 1e-3


@pytest.mark.parametrize("stop", [2, 5])
def test_a_resumed_run_equals_one_that_was_not_killed(stop):
    held = (np.arange(N_USERS), (np.arange(N_USERS) + 5) % N_ITEMS)
    shape, plan = Shape(**{**vars(SHAPE), "dropout": 0.3, "id_dropout": 0.2}), Plan(**{**vars(PLAN), "max_epochs": 7})
    whole, epochs = fit(Training(fresh(shape=shape), plan), ring(), plan, held)

    kept, killed = {}, Training(fresh(shape=shape), plan)

    def save() -> None:
        if killed.progress.epoch == stop:
            kept.update(to_tensors(killed))

    fit(killed, ring(), plan, held, Watch(save=save))
    run = Training(fresh(shape=shape), plan)
    from_tensors(kept, run)
    assert run.progress.epoch == stop
    again, epochs_again = fit(run, ring(), plan, held)
    assert epochs_again == epochs
    np.testing.assert_array_equal(item_table(again), item_table(whole))


def test_items_that_nobody_has_met_are_no_negatives(monkeypatch):
    drawn = []

    def spy(model, items, weights, negatives, n_known):
        drawn.append((set(negatives.tolist()), n_known))
        return step_loss(model, items, weights, negatives, n_known)

    monkeypatch.setattr("nightrec.sequence.epoch.step_loss", spy)
    users = np.repeat(np.arange(N_USERS), 5)
    steps = np.tile(np.arange(5), N_USERS)
    rows = make_sequences(users, 1 + (users + steps) % 11, steps * 1.0, np.ones(len(users), np.float32), N_USERS)

    fit(Training(fresh(known=np.arange(1, N_ITEMS)), PLAN), rows, PLAN, None)

    assert all(found == (set(range(1, N_ITEMS)), N_ITEMS - 1) for found in drawn)
