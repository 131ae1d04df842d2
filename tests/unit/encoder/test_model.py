import shutil

import numpy as np
import pytest
import torch
from unit.encoder.tiny import WORDS

from nightrec.encoder.model import embed, find_model, load_encoder, pool
from nightrec.errors import ConfigError

TEXTS = ["redcar", "bluehat greencup redsea redcup", "", "bluesea " * 40, "unheard of", "redcar"]


@pytest.mark.parametrize("name", ["encoder", "decoder"])
def test_embed_does_not_depend_on_batch_size_order_or_batch_mates(request, name):
    model = request.getfixturevalue(name)
    alone = np.concatenate([embed(model, [text], batch_size=1) for text in TEXTS])

    for batch_size in (1, 2, 6):
        np.testing.assert_allclose(embed(model, TEXTS, batch_size), alone, atol=1e-5)
    np.testing.assert_allclose(embed(model, TEXTS[::-1], 3), alone[::-1], atol=1e-5)
    assert np.abs(alone[0] - alone[1]).max() > 0.05  # different texts do differ


@pytest.mark.parametrize("name", ["encoder", "decoder"])
def test_embed_gives_finite_float32_unit_vectors_also_for_empty_texts(request, name):
    got = embed(request.getfixturevalue(name), TEXTS, 4)
    assert got.dtype == np.float32
    assert got.shape == (6, 16)
    np.testing.assert_allclose(np.linalg.norm(got, axis=1), 1, atol=1e-6)


def test_embed_of_no_texts_is_an_empty_matrix(encoder):
    assert embed(encoder, [], 4).shape == (0, 16)


def test_embed_agrees_with_a_plain_forward_pass(encoder, decoder):
    for model, layers, reduce in ((encoder, 3, lambda h: h.mean(0)), (decoder, 1, lambda h: h[-1])):
        ids = torch.tensor([model.tokenizer("redcar bluehat")["input_ids"]])
        with torch.no_grad():
            found = model.model(input_ids=ids, output_hidden_states=True).hidden_states
        want = reduce(sum(found[-layers:])[0] / layers)
        np.testing.assert_allclose(embed(model, ["x " * 9, "redcar bluehat"], 2)[1], want / want.norm(), atol=1e-5)


def test_chunks_of_a_long_batch_come_back_in_order(encoder):
    texts = [" ".join(WORDS[: 1 + i % 7]) + f" {WORDS[i % 12]}" for i in range(70)]  # more than two chunks of 32
    with torch.no_grad():
        np.testing.assert_allclose(encoder.vectors(texts).numpy(), embed(encoder, texts, 1), atol=1e-5)


def test_pool_ignores_padding_on_either_side():
    hidden = torch.tensor([[[1.0], [3.0], [9.0]], [[9.0], [2.0], [4.0]]])
    mask = torch.tensor([[1, 1, 0], [0, 1, 1]])
    assert pool(hidden, mask, "mean").tolist() == [[2.0], [3.0]]
    assert pool(hidden, mask, "last").tolist() == [[3.0], [4.0]]


def test_pool_rejects_other_names():
    with pytest.raises(ValueError, match="got 'max'"):
        pool(torch.zeros(1, 1, 1), torch.ones(1, 1), "max")


def test_a_decoder_without_padding_token_gets_one(decoder):
    assert decoder.tokenizer.pad_token == "</s>"


def test_texts_are_cut_at_max_tokens(bert, settings):
    short = load_encoder(bert, settings(max_tokens=3).encoder)  # [CLS] word [SEP]
    got = embed(short, ["redcar bluehat", "redcar"], 2)
    np.testing.assert_allclose(got[0], got[1], atol=1e-5)


def test_find_model_reads_folders_and_packages(bert):
    assert find_model(str(bert)) == bert
    with pytest.raises(ConfigError, match="package 'no_such_package' is not installed"):
        find_model("package:no_such_package/model")
    with pytest.raises(ConfigError, match=r"package 'no_such_package\.inner' is not installed"):
        find_model("package:no_such_package.inner/model")
    with pytest.raises(ConfigError, match=r"no config\.json in .*; expected a transformers model folder"):
        find_model("package:nightrec/encoder")


def test_find_model_says_what_it_tried_when_the_hub_fails(monkeypatch):
    def refuse(name, allow_patterns):
        raise OSError(f"{name} not found")

    monkeypatch.setattr("nightrec.encoder.model.snapshot_download", refuse)
    with pytest.raises(ConfigError, match="'no/model' is no folder, and the hub does not give it: no/model not found"):
        find_model("no/model")


def test_load_refuses_what_is_no_model(tmp_path, settings):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(ConfigError, match=f"cannot load {tmp_path}"):
        load_encoder(tmp_path, settings().encoder)


def test_load_refuses_weights_that_are_cut_off(bert, settings, tmp_path):
    folder = shutil.copytree(bert, tmp_path / "cut")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(ConfigError, match=f"cannot load {folder}: .*fetch it again or name another"):
        load_encoder(folder, settings().encoder)


def test_load_refuses_a_tokenizer_with_nothing_to_pad_with(llama, settings, tmp_path, monkeypatch):
    from transformers import AutoTokenizer

    bare = AutoTokenizer.from_pretrained(llama)
    bare.eos_token = bare.unk_token = None
    monkeypatch.setattr(AutoTokenizer, "from_pretrained", lambda *_args, **_kwargs: bare)
    with pytest.raises(ConfigError, match="has no pad, eos or unk token"):
        load_encoder(llama, settings().encoder)
