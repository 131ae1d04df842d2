import pytest

pytest.importorskip("yaml")

from nightrec.local.reference import README, renewed


def test_readme_says_what_the_model_and_the_contracts_say():
    text = README.read_text(encoding="utf-8")
    assert renewed(text) == text, "stale; run: python -m nightrec.local.reference"
    assert "`scoring.top_n`" in text
