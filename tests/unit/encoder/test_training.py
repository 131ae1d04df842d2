from datetime import date

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp
import torch
from safetensors.torch import load_file
from unit.encoder.tiny import WORDS

from nightrec.encoder.checkpoint import Checkpoints, clear_checkpoints, fingerprint
from nightrec.encoder.evaluate import measure
from nightrec.encoder.model import embed, load_encoder
from nightrec.encoder.study import Blocks, Study
from nightrec.encoder.train import learning_rate, new_trainee, train
from nightrec.encoder.tuning import make_trainable, save_model, trainable
from nightrec.lake import Lake

DAY = date(2026, 1, 31)
N_USERS = 24


def make_study(texts=WORDS, seed=1):
    """Users with three of the four things of one colour, each of which is one text."""
    rng = np.random.default_rng(seed)
    rows = np.zeros((N_USERS, 12), np.float32)
    for user in range(N_USERS):
        rows[user, 4 * (user % 3) + rng.permutation(4)[:3]] = rng.random(3) + 0.5
    nobody = np.array([], np.int64)
    lexical = rng.normal(size=(12, 3)).astype(np.float32)
    return Study(
        pa.table({"text_hash": texts, "text": texts}),
        sp.identity(12, np.float32, "csr"),
        lexical,
        sp.csr_matrix(rows),
        *[nobody] * 3,
    )


STUDY = make_study()


class Killed(BaseException):
    pass


@pytest.fixture
def begin(bert, settings):
    """Return a function from overrides to a fresh trainee and its settings."""

    def make(**overrides):
        config = settings(**{"train_batch_size": 6, "epochs": 3} | overrides)
        encoder = load_encoder(bert, config.encoder)
        vectors = STUDY.item_vectors(embed(encoder, STUDY.texts["text"], 12))
        head, _ = measure(vectors, STUDY, config.projection)
        learner = make_trainable(encoder, config.encoder.tuning, config.encoder.tuned_layers, config.encoder.seed)
        return new_trainee(learner, head, vectors, config.projection.weight_decay), config.encoder

    return make


@pytest.fixture
def run(begin):
    """Return a function that trains a fresh tiny model and returns the trainee and its losses by step."""

    def make(save=lambda _trainee: None, resume=lambda _trainee: None, **overrides):
        trainee, config = begin(**overrides)
        resume(trainee)
        losses = {}
        train(trainee, STUDY, config, lambda metrics, step: losses.update({step: metrics["loss"]}), save)
        return trainee, losses

    return make


def weights(trainee):
    return {name: weight.clone() for name, weight in trainable(trainee.encoder).items()}


def assert_same(got, want):
    assert got.keys() == want.keys()
    assert all(torch.equal(got[name], want[name]) for name in want)


def test_training_brings_what_users_turn_to_together_closer(run, encoder):
    def spread(model):
        vectors = embed(model, WORDS, 12).reshape(3, 4, -1)  # colour, thing, dim
        centres = vectors.mean(1)
        return (vectors * centres[:, None]).sum(-1).mean() - (vectors * centres[[1, 2, 0], None]).sum(-1).mean()

    trainee, losses = run(epochs=30, train_batch_size=12)
    assert spread(trainee.encoder) > spread(encoder) + 0.1
    assert np.mean([losses[step] for step in range(26, 31)]) < np.mean([losses[step] for step in range(1, 6)])


def test_the_loss_is_that_of_a_plain_loop_over_interactions(begin, monkeypatch):
    monkeypatch.setattr("nightrec.encoder.train.HEAD_RATE", 0.0)
    trainee, config = begin(epochs=1, learning_rate=1e-12)
    head, fresh = trainee.head, trainee.vectors.clone()
    head.dropout = 0.0
    trainee.vectors += 0.3 * torch.randn(fresh.shape, generator=torch.Generator().manual_seed(1))  # read long ago
    rows, lexical = torch.from_numpy(STUDY.rows.toarray()), torch.from_numpy(STUDY.lexical)
    centre, read, want = trainee.vectors.mean(0), trainee.vectors.clone(), []
    for step in range(2):
        block = Blocks(STUDY, config).block(step)
        items = torch.from_numpy(block.items)
        read[items] = fresh[items]  # what a step reads is as the encoder is now, the rest as it was
        text = torch.cat([torch.nn.functional.normalize(read - centre, dim=1), lexical], dim=1)
        total = 0.0
        for user, target, weight in zip(block.users, block.targets, block.weight, strict=True):
            others = rows[user].clone()
            others[items[target]] = 0
            with torch.no_grad():
                logits = head.users((others @ text)[None]) @ head.items(items, text[items]).T
            total -= float(weight * torch.log_softmax(logits, 1)[0, target])
        want.append(total / block.weight.sum())

    losses = []
    train(trainee, STUDY, config, lambda metrics, _step: losses.append(metrics["loss"]), lambda _trainee: None)

    assert losses == pytest.approx(want, rel=1e-4)


def test_vectors_are_kept_as_they_were_read_last(run):
    still, _ = run(epochs=1, learning_rate=1e-12)
    base = STUDY.item_vectors(embed(still.encoder, STUDY.texts["text"], 12))
    np.testing.assert_allclose(still.vectors.numpy(), base, atol=1e-5)
    moved, _ = run(epochs=2)
    assert np.abs(moved.vectors.numpy() - base).max() > 0.01


@pytest.mark.parametrize("tuning", ["full", "lora"])
def test_a_killed_run_resumes_to_the_same_weights(run, tmp_path, tuning):
    want, all_losses = run(tuning=tuning)
    checkpoints = Checkpoints(Lake(str(tmp_path), "shop"), DAY, "abc")

    def save_then_die(trainee):
        checkpoints.save(trainee)
        if trainee.step == 4:
            raise Killed

    with pytest.raises(Killed):
        run(save_then_die, tuning=tuning)
    got, losses = run(resume=checkpoints.resume, tuning=tuning)
    assert losses == {step: all_losses[step] for step in (5, 6)}  # only what was left was done, and as it was
    assert_same(weights(got), weights(want))
    assert_same(got.head.state_dict(), want.head.state_dict())
    assert torch.equal(got.vectors, want.vectors)


def test_a_long_pass_is_saved_within(run, monkeypatch):
    monkeypatch.setattr("nightrec.encoder.train.ROUND", 2)
    saved = []
    run(lambda trainee: saved.append(trainee.step), train_batch_size=4, epochs=2, max_steps=5)
    assert saved == [2, 3, 5]  # three steps a pass


def test_checkpoints_of_other_data_or_unfinished_ones_are_ignored(run, tmp_path, caplog):
    lake = Lake(str(tmp_path), "shop")
    run(Checkpoints(lake, DAY, "aaa").save)
    folder = tmp_path / "shop" / "models" / "encoder" / f"_checkpoint-{DAY}"
    assert [path.name for path in folder.iterdir()] == ["aaa-00000006"]  # older rounds are gone

    _, losses = run(resume=Checkpoints(lake, DAY, "bbb").resume)
    assert min(losses) == 1
    assert "ignored checkpoints of other settings or data, or unfinished: aaa-00000006" in caplog.text
    (folder / "aaa-00000006" / "_SUCCESS").unlink()
    _, losses = run(resume=Checkpoints(lake, DAY, "aaa").resume)
    assert min(losses) == 1

    clear_checkpoints(lake, DAY)
    assert not folder.exists()


def test_fingerprint_changes_with_settings_model_texts_and_data(settings):
    config = settings()

    def mark(overrides=config, version="base", study=STUDY):
        return fingerprint(overrides.encoder, overrides.projection, version, study)

    marks = [
        mark(),
        mark(settings(seed=2)),
        mark(config.model_copy(update={"projection": config.projection.model_copy(update={"dim": 9})})),
        mark(version="other"),
        mark(study=make_study([*WORDS[:-1], "greenlake"])),
        mark(study=make_study(seed=2)),
    ]
    assert len(set(marks)) == 6
    assert marks[0] == mark(study=make_study())


def test_learning_rate_warms_up_and_comes_down():
    rates = [learning_rate(step, 20, 0.1) for step in range(1, 21)]
    assert rates[:2] == pytest.approx([0.05, 0.1])  # a tenth of the steps
    assert rates[1:] == sorted(rates[1:], reverse=True)
    assert rates[10] == pytest.approx(0.1 * (1 + np.cos(np.pi * 9 / 19)) / 2)
    assert rates[-1] > 0


@pytest.mark.parametrize("tuning", ["full", "lora"])
@pytest.mark.parametrize("name", ["encoder", "decoder"])
def test_only_the_last_layers_learn(request, name, tuning):
    model = request.getfixturevalue(name)
    names = trainable(make_trainable(model, tuning, 1, 1))
    assert names
    assert all(".1." in name and "embed" not in name for name in names)
    assert all("lora_" in name for name in names) == (tuning == "lora")
    assert len(trainable(make_trainable(request.getfixturevalue(name), "full", 9, 1))) > len(names)


def test_lora_adds_few_weights_and_starts_as_the_base(encoder, decoder):
    for model in (encoder, decoder):
        before = embed(model, WORDS, 4)
        learner = make_trainable(model, "lora", 2, 1)
        np.testing.assert_allclose(embed(learner, WORDS, 4), before, atol=1e-6)


@pytest.mark.parametrize("tuning", ["full", "lora"])
def test_a_saved_model_embeds_as_the_trained_one(run, tmp_path, settings, tuning):
    trainee, _ = run(tuning=tuning)
    want = embed(trainee.encoder, WORDS, 4)
    save_model(trainee.encoder, tmp_path)
    assert not [name for name in load_file(tmp_path / "model.safetensors") if "lora" in name]
    assert not list(tmp_path.glob("*.bin"))
    np.testing.assert_allclose(embed(load_encoder(tmp_path, settings().encoder), WORDS, 4), want, atol=1e-5)


def test_unknown_tuning_is_refused(encoder):
    with pytest.raises(ValueError, match="got 'some'"):
        make_trainable(encoder, "some", 1, 1)
