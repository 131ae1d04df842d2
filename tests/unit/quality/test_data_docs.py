"""The site keeps the newest results; Great Expectations runs here on pandas, which needs no session."""

import great_expectations as gx
import pandas as pd
import pytest
from great_expectations import expectations as gxe
from great_expectations.core.run_identifier import RunIdentifier

from nightrec.quality import data_docs
from nightrec.quality.data_docs import open_context, publish_results


@pytest.fixture
def run_night(tmp_path):
    def run(name):
        context = open_context(tmp_path, "shop")
        rule = gxe.ExpectColumnValuesToNotBeNull(column="user_id")
        suite = context.suites.add_or_update(gx.ExpectationSuite(name="topn", expectations=[rule]))
        batch = context.data_sources.add_pandas("lake").add_dataframe_asset("topn").add_batch_definition("night")
        asked = context.validation_definitions.add(gx.ValidationDefinition(name="topn", data=batch, suite=suite))
        frame = pd.DataFrame({"user_id": ["u"]})
        asked.run(batch_parameters={"dataframe": frame}, run_id=RunIdentifier(run_name=name))
        publish_results(context, name, ["topn"])

    return run


def pages(tmp_path):
    return sorted(path.parts[-3] for path in (tmp_path / "shop/validations").rglob("*.html"))


def test_site_collects_nights(run_night, tmp_path):
    run_night("2026-01-30 topn")
    first = next((tmp_path / "shop/validations").rglob("*.html"))
    written = first.stat().st_mtime_ns
    run_night("2026-01-31 topn")

    index = (tmp_path / "shop/index.html").read_text(encoding="utf-8")
    assert pages(tmp_path) == ["2026-01-30 topn", "2026-01-31 topn"]
    assert all(name in index for name in pages(tmp_path))
    assert first.stat().st_mtime_ns == written  # pages of other nights are not built again


def test_oldest_results_leave_the_site(run_night, tmp_path, monkeypatch):
    monkeypatch.setattr(data_docs, "RESULTS_KEPT", 2)
    for name in ("first", "second", "third"):
        run_night(name)

    assert pages(tmp_path) == ["second", "third"]
    assert "first" not in (tmp_path / "shop/index.html").read_text(encoding="utf-8")
