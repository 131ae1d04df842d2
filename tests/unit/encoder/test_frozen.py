from dataclasses import replace

import numpy as np
import pytest
import torch
from transformers import AutoTokenizer, DebertaV2Config, DebertaV2Model, XLMConfig, XLMModel
from unit.encoder.tiny import WORDS

from nightrec.encoder.frozen import FrozenLayers, ThriftyEncoder, make_thrifty
from nightrec.encoder.model import embed, load_encoder
from nightrec.encoder.tuning import layers_of, make_trainable, trainable

TEXTS = [*WORDS, " ".join(WORDS[:5]), " ".join(WORDS[3:9]), ""]
SHORT = WORDS[:3]


@pytest.fixture(params=["bert", "llama"])
def load(request, settings):
    """Return a function that loads a model of two layers of which one is frozen."""
    folder, pooling = request.getfixturevalue(request.param), {"bert": "mean", "llama": "last"}[request.param]

    def make(**overrides):
        return load_encoder(folder, settings(**{"pooling": pooling, "last_layers": 2} | overrides).encoder)

    return make


def count_texts(layer):
    """Return a list that grows by the size of each batch that the layer itself works on."""
    seen, inside = [], next(part for name, part in layer.named_modules() if "attn" in name or "attention" in name)
    inside.register_forward_hook(lambda _part, _args, output: seen.append(len(output[0])))
    return seen


def test_vectors_are_those_of_the_model_and_known_texts_are_not_read_again(load):
    plain, thrifty = load(), make_thrifty(load(), 1, 10)
    assert isinstance(thrifty, ThriftyEncoder)
    lower, upper = (count_texts(layer) for layer in layers_of(thrifty.model))
    wanted = embed(plain, TEXTS, 4)
    np.testing.assert_allclose(embed(thrifty, TEXTS, 4), wanted, atol=1e-6)
    np.testing.assert_allclose(embed(thrifty, TEXTS[::-1], 5), wanted[::-1], atol=1e-6)  # other mates, other padding
    assert (sum(lower), sum(upper)) == (len(TEXTS), 2 * len(TEXTS))


def test_new_texts_beside_known_ones_are_the_only_ones_read(load):
    thrifty = make_thrifty(load(), 1, 10)
    embed(thrifty, SHORT, 4)
    lower = count_texts(layers_of(thrifty.model)[0])
    np.testing.assert_allclose(embed(thrifty, TEXTS, 32), embed(load(), TEXTS, 32), atol=1e-6)
    assert sum(lower) == len(TEXTS) - len(SHORT)


def test_what_does_not_fit_is_read_anew(load):
    thrifty = make_thrifty(load(), 1, 10)
    of_two = int(thrifty.tokens(SHORT[:2])[1].sum()) * thrifty.dim * 4
    thrifty = replace(thrifty, frozen=FrozenLayers(layers_of(thrifty.model)[:1], of_two))
    lower = count_texts(layers_of(thrifty.model)[0])
    for _ in range(2):
        np.testing.assert_allclose(embed(thrifty, SHORT, 4), embed(load(), SHORT, 4), atol=1e-6)
    assert sum(lower) == 3 + 1


@pytest.mark.parametrize("tuning", ["full", "lora"])
def test_training_above_known_layers_learns_the_same(load, tuning):
    learnt = []
    for cache_mb in (0, 10):
        encoder = make_thrifty(load(), 1, cache_mb)
        embed(encoder, TEXTS, 4)  # in inference mode, as the base's vectors are made
        learner = make_trainable(encoder, tuning, 1, 1)
        optimizer = torch.optim.SGD([w for w in learner.model.parameters() if w.requires_grad], lr=0.1)
        for _ in range(3):
            optimizer.zero_grad()
            learner.vectors(TEXTS)[:, 0].sum().backward()
            optimizer.step()
        learnt.append(trainable(learner))
        assert isinstance(learner, ThriftyEncoder) is bool(cache_mb)
    assert learnt[0]
    for name, weight in learnt[0].items():
        torch.testing.assert_close(learnt[1][name], weight, rtol=1e-4, atol=1e-6)


def test_no_layer_is_passed_by_that_learns_or_that_the_vector_is_made_of(load):
    assert not isinstance(make_thrifty(load(), 2, 10), ThriftyEncoder)
    assert not isinstance(make_thrifty(load(), 1, 0), ThriftyEncoder)
    if load().pooling == "mean":
        assert not isinstance(make_thrifty(load(last_layers=3), 1, 10), ThriftyEncoder)


def test_layers_that_give_more_than_hidden_states(tmp_path, bert, settings):
    torch.manual_seed(0)
    size = {"vocab_size": 32, "hidden_size": 16, "num_attention_heads": 2, "max_position_embeddings": 64}
    DebertaV2Model(DebertaV2Config(**size, num_hidden_layers=2, intermediate_size=32)).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(bert).save_pretrained(tmp_path)
    plain = load_encoder(tmp_path, settings(last_layers=2).encoder)
    thrifty = make_thrifty(load_encoder(tmp_path, settings(last_layers=2).encoder), 1, 10)
    assert isinstance(thrifty, ThriftyEncoder)
    for _ in range(2):
        np.testing.assert_allclose(embed(thrifty, TEXTS, 4), embed(plain, TEXTS, 4), atol=1e-6)


def test_a_model_whose_layers_do_not_give_its_hidden_states_is_read_as_it_is(tmp_path, bert, settings):
    torch.manual_seed(0)
    XLMModel(XLMConfig(vocab_size=32, emb_dim=16, n_layers=2, n_heads=2, pad_index=1)).save_pretrained(tmp_path)
    AutoTokenizer.from_pretrained(bert).save_pretrained(tmp_path)
    encoder = load_encoder(tmp_path, settings(last_layers=2).encoder)
    assert make_thrifty(encoder, 1, 10) is encoder
