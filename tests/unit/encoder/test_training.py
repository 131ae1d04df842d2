from datetime import date

import numpy as np
import pyarrow as pa
import pytest
import torch
from safetensors.torch import load_file
from unit.encoder.tiny import WORDS

from nightrec.encoder.checkpoint import Checkpoints, clear_checkpoints, fingerprint
from nightrec.encoder.model import embed, load_encoder
from nightrec.encoder.pairs import Histories, PairSampler
from nightrec.encoder.train import learning_rate, new_trainee, train
from nightrec.encoder.tuning import make_trainable, save_model, trainable
from nightrec.lake import Lake

DAY = date(2026, 1, 31)
TEXTS = pa.array(WORDS)
# Twelve users: each consumes the four things of one colour, over and over.
PAIRS = Histories(np.concatenate([np.arange(4) + 4 * (u % 3) for u in range(12)]), np.arange(13) * 4, len(WORDS))


class Killed(BaseException):
    pass


@pytest.fixture
def run(bert, settings):
    """Return a function that trains a fresh tiny model and returns the trainee and its log."""

    def make(looks, save=lambda _trainee: None, resume=lambda _trainee: None, **overrides):
        config = settings(**overrides).encoder
        trainee = new_trainee(make_trainable(load_encoder(bert, config), config.tuning, config.seed), config)
        resume(trainee)
        logged = []
        measures = iter(looks[trainee.step // config.eval_every :])
        sampler = PairSampler(PAIRS, config.train_batch_size, config.seed)
        train(trainee, TEXTS, sampler, lambda: next(measures), config, lambda m, s: logged.append((s, m)), save)
        return trainee, logged

    return make


def weights(trainee):
    return {name: weight.clone() for name, weight in trainable(trainee.encoder).items()}


def assert_same(got, want):
    assert got.keys() == want.keys()
    assert all(torch.equal(got[name], want[name]) for name in want)


def test_training_brings_what_is_consumed_together_closer(run, encoder):
    def spread(model):
        vectors = embed(model, WORDS, 12).reshape(3, 4, -1)  # colour, thing, dim
        centres = vectors.mean(1)
        return (vectors * centres[:, None]).sum(-1).mean() - (vectors * centres[[1, 2, 0], None]).sum(-1).mean()

    trainee, logged = run([0.1] * 20, max_steps=40, eval_every=40, temperature=0.2)
    assert spread(trainee.encoder) > spread(encoder) + 0.3
    losses = [metrics["loss"] for _, metrics in logged if "loss" in metrics]
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("tuning", ["full", "lora"])
def test_a_killed_run_resumes_to_the_same_weights(run, tmp_path, tuning):
    looks = [0.2, 0.1, 0.3]  # the last is the best, so its weights are compared
    want, _ = run(looks, tuning=tuning)
    checkpoints = Checkpoints(Lake(str(tmp_path), "shop"), DAY, "abc")

    def save_then_die(trainee):
        checkpoints.save(trainee)
        if trainee.step == 4:
            raise Killed

    with pytest.raises(Killed):
        run(looks, save_then_die, tuning=tuning)
    found = []

    def resume(trainee):
        checkpoints.resume(trainee)
        found.append((trainee.step, trainee.best_ndcg, trainee.n_worse))

    got, logged = run(looks, resume=resume, tuning=tuning)
    assert found == [(4, 0.2, 1)]

    assert [step for step, _ in logged] == [5, 6, 6]  # only what was left was done
    assert (got.step, got.best_ndcg, got.n_worse) == (6, 0.3, 0)
    assert_same(weights(got), weights(want))
    earlier, _ = run([0.2, 0.3, 0.1], tuning=tuning)
    assert any(not torch.equal(weights(earlier)[name], weight) for name, weight in weights(want).items())


def test_checkpoints_of_other_data_or_unfinished_ones_are_ignored(run, tmp_path, caplog):
    lake = Lake(str(tmp_path), "shop")
    run([0.1, 0.2, 0.3], Checkpoints(lake, DAY, "aaa").save)
    folder = tmp_path / "shop" / "models" / "encoder" / f"_checkpoint-{DAY}"
    assert [path.name for path in folder.iterdir()] == ["aaa-00000006"]  # older looks are gone

    _, logged = run([0.1, 0.2, 0.3], resume=Checkpoints(lake, DAY, "bbb").resume)
    assert logged[0][0] == 1
    assert "ignored checkpoints of other settings or data, or unfinished: aaa-00000006" in caplog.text
    (folder / "aaa-00000006" / "_SUCCESS").unlink()
    _, logged = run([0.1, 0.2, 0.3], resume=Checkpoints(lake, DAY, "aaa").resume)
    assert logged[0][0] == 1

    clear_checkpoints(lake, DAY)
    assert not folder.exists()


def test_fingerprint_changes_with_settings_model_texts_and_data(settings):
    config = settings().encoder
    other = Histories(PAIRS.texts[::-1].copy(), PAIRS.starts, PAIRS.n_texts)
    marks = [
        fingerprint(config, "base", TEXTS, PAIRS),
        fingerprint(settings(seed=2).encoder, "base", TEXTS, PAIRS),
        fingerprint(config, "other", TEXTS, PAIRS),
        fingerprint(config, "base", pa.array([*WORDS[:-1], "greenlake"]), PAIRS),
        fingerprint(config, "base", TEXTS, other),
    ]
    assert len(set(marks)) == 5
    assert marks[0] == fingerprint(config, "base", pa.array(WORDS), PAIRS)


def test_training_stops_when_patience_is_over_and_goes_back_to_the_best(run):
    kept = {}
    trainee, logged = run([0.2, 0.1, 0.1, 0.9], lambda t: kept.setdefault(t.step, weights(t)), max_steps=8, patience=2)
    assert trainee.step == 6
    assert [(step, m["ndcg"]) for step, m in logged if "ndcg" in m] == [(2, 0.2), (4, 0.1), (6, 0.1)]
    assert_same(weights(trainee), kept[2])


def test_a_last_step_off_the_beat_is_looked_at_too(run):
    assert run([0.1, 0.2, 0.3, 0.4], max_steps=7)[0].best_ndcg == 0.4


def test_learning_rate_warms_up_and_comes_down(settings):
    config = settings(max_steps=20, learning_rate=0.1).encoder
    rates = [learning_rate(step, config) for step in range(1, 21)]
    assert rates[:2] == pytest.approx([0.05, 0.1])  # a tenth of the steps
    assert rates[1:] == sorted(rates[1:], reverse=True)
    assert rates[10] == pytest.approx(0.1 * (1 + np.cos(np.pi * 9 / 19)) / 2)
    assert rates[-1] > 0


def test_full_tuning_leaves_token_embeddings_alone(encoder):
    names = trainable(make_trainable(encoder, "full", 1))
    assert "embeddings.word_embeddings.weight" not in names
    assert "encoder.layer.1.output.dense.weight" in names


def test_lora_adds_few_weights_and_starts_as_the_base(encoder, decoder):
    for model in (encoder, decoder):
        before = embed(model, WORDS, 4)
        learner = make_trainable(model, "lora", 1)
        assert all("lora_" in name for name in trainable(learner))
        np.testing.assert_allclose(embed(learner, WORDS, 4), before, atol=1e-6)


@pytest.mark.parametrize("tuning", ["full", "lora"])
def test_a_saved_model_embeds_as_the_trained_one(run, tmp_path, settings, tuning):
    trainee, _ = run([0.1, 0.2, 0.3], tuning=tuning)
    want = embed(trainee.encoder, WORDS, 4)
    save_model(trainee.encoder, tmp_path)
    assert not [name for name in load_file(tmp_path / "model.safetensors") if "lora" in name]
    assert not list(tmp_path.glob("*.bin"))
    np.testing.assert_allclose(embed(load_encoder(tmp_path, settings().encoder), WORDS, 4), want, atol=1e-5)


def test_unknown_tuning_is_refused(encoder):
    with pytest.raises(ValueError, match="got 'some'"):
        make_trainable(encoder, "some", 1)
