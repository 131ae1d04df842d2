"""What the gate advises when it has failed."""

from datetime import date
from types import SimpleNamespace

import pytest

from nightrec.quality.gate import Verdict
from nightrec.quality.job import _next_step


@pytest.mark.parametrize(
    ("failed", "job"),
    [
        (["unfaithful_sentence"], "write_reasons"),
        (["seen_item"], "score_top_n"),
        (["seen_item", "unfaithful_sentence"], "score_top_n"),  # new lists want new sentences anyhow
    ],
)
def test_the_job_to_repeat_is_the_one_that_wrote_what_is_wrong(failed, job):
    ctx = SimpleNamespace(config=SimpleNamespace(domain="tiny"), run_date=date(2026, 1, 31))
    verdicts = [Verdict("coverage_floor", True, 0, 0.0), *(Verdict(rule, False, 1, 0.1) for rule in failed)]

    said = _next_step(ctx, "topn", verdicts)

    assert f"run jobs/{job}.py --domain tiny --run-date 2026-01-31, then this again" in said
