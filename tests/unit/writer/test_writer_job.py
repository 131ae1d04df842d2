"""The job with a real model: what it writes, refuses, uses again and leaves to the next night."""

import json
import shutil
from dataclasses import replace
from datetime import date, timedelta

import pyarrow as pa
import pytest
from unit.writer.lessons import EVER, LESSONS, of_history

from nightrec.errors import ConfigError
from nightrec.schemas import contract
from nightrec.writer.guide import plain, read_guides
from nightrec.writer.job import main, within_budget, writer_version
from nightrec.writer.model import find_writer, load_writer, write
from nightrec.writer.prompts import ask

D1, D2 = date(2026, 1, 30), date(2026, 1, 31)
QUOTE = "Because you wrote “\u2068nobody's business\u2069” and this one has “\u2068Drum\u2069”."
OUTCOMES = {
    of_history("Wooden train"): None, EVER: None, of_history("Drum"): "names", of_history("Ball"): "drops",
    of_history("Kite"): "language",
}  # fmt: skip
"""Why the model's English sentences are refused."""


def stage(lake, day, templates):
    """Write lists of one row a user, of `(template, kind, language)`."""
    lineage = dict.fromkeys(("run_id", "encoder_version", "collaborative_version", "data_snapshot"), "x")
    row = {"rank": 1, "item_id": "i", "score": 1.0, "source": "text", "arm": "default", "propensity": 1.0, **lineage}
    rows = [
        row | {"user_id": f"u{n}", "reason": template, "evidence": {"kind": kind, "language": language}}
        for n, (template, kind, language) in enumerate(templates)
    ]
    lake.write_arrow("topn", day, pa.Table.from_pylist(rows, contract("topn").arrow()))


def run(model, day=D1, *overrides):
    sets = [flag for text in (f"reasons.writer.model={model}", *overrides) for flag in ("--set", text)]
    return main(["--domain", "tiny", "--run-date", str(day), *sets])


def texts(lake, day=D1):
    return {row["template"]: row for row in lake.read_arrow("reason_texts", day).to_pylist()}


@pytest.fixture
def staged(tiny_lake, caplog):
    caplog.set_level("INFO", "nightrec.writer.job")
    stage(tiny_lake, D1, [*LESSONS, (QUOTE, "wrote", "en"), ("You may not know it yet.", "unmet", "en")])
    return tiny_lake


def test_what_passes_is_written_and_the_rest_says_why_not(staged, trained, caplog):
    assert run(trained) == 0

    got = texts(staged)
    assert got.keys() == {template for template, _, _ in LESSONS}  # no quotation, and nothing without evidence
    for (template, _, language), sentence in LESSONS.items():
        fault = OUTCOMES.get(template)
        assert (got[template]["fault"], got[template]["language"]) == (fault, language)
        assert fault or plain(got[template]["sentence"]) == sentence
    assert "n_generated 6" in caplog.text
    assert "n_written 3, n_refused_empty 0, n_refused_personal 0, n_refused_drops 1" in caplog.text
    before = staged.read_arrow("reason_texts", D1)
    assert run(trained) == 0
    assert staged.read_arrow("reason_texts", D1) == before


def test_sentences_of_earlier_nights_are_used_again(staged, trained, caplog):
    stage(staged, D2, [(of_history("Wooden train"), "history", "en"), (EVER, "ever", "en")])
    assert run(trained, D1) == 0
    caplog.clear()

    assert run(trained, D2) == 0
    assert "n_generated 0" in caplog.text
    assert "n_written 2" in caplog.text
    assert {row["template"] for row in texts(staged, D2).values() if row["listed_date"] == D2} == {
        of_history("Wooden train"), EVER,
    }  # fmt: skip
    late = D1 + timedelta(days=31)  # nobody has read of the others for more than 30 days
    stage(staged, late, [(EVER, "ever", "en")])
    assert run(trained, late) == 0
    assert texts(staged, late).keys() == {of_history("Wooden train"), EVER}


def test_a_sentence_that_todays_checks_refuse_is_not_used_again(staged, trained, tmp_path):
    assert run(trained) == 0
    rows = staged.read_arrow("reason_texts", D1).to_pylist()
    forged = [row | ({"sentence": "Everybody loves it."} if row["template"] == EVER else {}) for row in rows]
    staged.write_arrow("reason_texts", D1, pa.Table.from_pylist(forged, contract("reason_texts").arrow()))
    stage(staged, D2, [(EVER, "ever", "en")])

    assert run(trained, D2) == 0
    assert (texts(staged, D2)[EVER]["sentence"], texts(staged, D2)[EVER]["fault"]) == (None, "drops")


def test_the_budget_goes_to_what_most_rows_say(staged, trained, caplog):
    writer, guides = load_writer(trained), read_guides()
    often = [(EVER, "ever", "en")] * 3 + [(of_history("Drum"), "history", "en")] * 2
    stage(staged, D1, [*often, (of_history("Wooden train"), "history", "en")])
    costs = [ask(*said[:2], guides["en"], writer.tokenizer).n_tokens for said in (often[0], often[-1])]

    assert run(trained, D1, f"reasons.writer.budget_tokens={sum(costs)}") == 0
    assert texts(staged).keys() == {EVER, of_history("Drum")}
    assert "n_over_budget 1" in caplog.text
    assert sum(row["n_tokens"] for row in texts(staged).values()) <= sum(costs)
    assert run(trained, D1, f"reasons.writer.budget_tokens={sum(costs) - 1}") == 0
    assert texts(staged).keys() == {EVER}
    assert within_budget([], guides, writer.tokenizer, 0) == []


def test_neither_batch_nor_order_changes_what_is_written(trained):
    writer, guides = load_writer(trained), read_guides()
    asked = [ask(template, kind, guides[language], writer.tokenizer) for template, kind, language in LESSONS]

    alone = [write(writer, [one], 1)[0] for one in asked]
    assert write(writer, asked, 4) == alone
    assert write(writer, asked[::-1], 6) == alone[::-1]


def test_the_likeliest_token_is_written_whatever_the_author_of_the_model_prefers(trained, tmp_path):
    folder = shutil.copytree(trained, tmp_path / "model")
    preferred = {"repetition_penalty": 1.3, "num_beams": 3, "no_repeat_ngram_size": 2, "suppress_tokens": [300, 301]}
    told = json.loads((folder / "generation_config.json").read_text())
    (folder / "generation_config.json").write_text(json.dumps(told | preferred))
    guides = read_guides()

    said = []
    for writer in (load_writer(trained), load_writer(folder)):
        asked = [ask(template, kind, guides[language], writer.tokenizer) for template, kind, language in LESSONS]
        said.append(write(writer, asked, 6))
    assert said[0] == said[1]


def test_a_chat_model_is_asked_in_its_own_form(trained):
    tokenizer, guide = load_writer(trained).tokenizer, read_guides()["en"]
    tokenizer.chat_template = "{% for m in messages %}[{{ m.role }}]{{ m.content }}{% endfor %}[assistant]"

    prompt = ask(EVER, "ever", guide, tokenizer).prompt
    (one, better), (two, best) = ((plain(before), plain(after)) for before, after in guide.examples["ever"])
    assert prompt == (
        f"[user]{guide.instruction}\n\n{one}[assistant]{better}[user]{two}[assistant]{best}"
        "[user]2 people have turned to it so far.[assistant]"
    )


def test_without_a_model_the_job_says_how_to_name_one(staged, caplog):
    assert run("null") == 2
    assert "reasons.writer.model is empty" in caplog.text
    assert "--set reasons.writer.model=<folder" in caplog.text


def test_without_lists_the_job_says_what_makes_them(tiny_lake, trained, caplog):
    assert run(trained) == 3
    assert "jobs/score_top_n.py" in caplog.text


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("nowhere.gguf", r"reasons\.writer\.model 'nowhere\.gguf': no such file"),
        (
            "package:no_such_package",
            r"reasons\.writer\.model 'package:no_such_package': package 'no_such_package' is not",
        ),
    ],
)
def test_a_model_that_is_not_there_is_named(name, message):
    with pytest.raises(ConfigError, match=message):
        find_writer(name)


def test_an_encoder_is_no_writer(tmp_path):
    from unit.encoder.tiny import write_bert

    write_bert(tmp_path)
    with pytest.raises(ConfigError, match=r"is no causal language model: it has no weights for cls\.predictions"):
        load_writer(tmp_path)


def test_a_model_that_never_ends_a_sentence_is_refused(tmp_path):
    from tokenizers import Tokenizer, models
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    sizes = {"vocab_size": 8, "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    config = LlamaConfig(**sizes, intermediate_size=16, bos_token_id=None, eos_token_id=None)
    LlamaForCausalLM(config).save_pretrained(tmp_path)
    words = Tokenizer(models.WordLevel({"<unk>": 0}, unk_token="<unk>"))
    PreTrainedTokenizerFast(tokenizer_object=words, unk_token="<unk>").save_pretrained(tmp_path)

    with pytest.raises(ConfigError, match=r"no token at which a sentence ends \(eos or line break\)"):
        load_writer(tmp_path)


def test_a_writer_is_named_after_its_weights_and_its_guides(trained, tmp_path):
    guides = read_guides()
    fewer = guides | {"en": replace(guides["en"], words=guides["en"].words - {"know"})}
    name = writer_version(trained, guides)

    assert writer_version(trained, fewer) != name == writer_version(trained, read_guides())
    (tmp_path / "model.safetensors").write_bytes(b"others")
    assert writer_version(tmp_path, guides) != name


def test_a_model_that_cannot_be_read_is_named(trained, tmp_path):
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "no such"}))
    with pytest.raises(ConfigError, match=r"reasons\.writer\.model: cannot load"):
        load_writer(tmp_path)


def test_a_model_that_is_cut_off_is_named(trained, tmp_path):
    folder = shutil.copytree(trained, tmp_path / "cut")
    weights = folder / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1000])
    with pytest.raises(ConfigError, match=rf"reasons\.writer\.model: cannot load {folder}"):
        load_writer(folder)
