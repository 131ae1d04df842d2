"""House rules that hold for every DAG."""

import os
import re
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
HEAVY = {"pyspark", "torch", "pandas", "numpy", "great_expectations", "mlflow", "transformers", "pyarrow"}


def test_dags_import_without_errors_and_are_named_like_their_files(bag):
    assert bag.import_errors == {}
    ignored = (ROOT / "dags" / ".airflowignore").read_text().split()
    assert set(bag.dags) == {path.stem for path in (ROOT / "dags").glob("*.py") if path.name not in ignored}


def test_dag_files_are_light_to_parse():
    files = [str(path) for path in (ROOT / "dags").glob("*.py")]
    code = f"import runpy, sys; [runpy.run_path(f) for f in {files}]; print(*({HEAVY} & set(sys.modules)))"

    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT,
        env=os.environ | {"PYTHONPATH": "dags"},
    )  # fmt: skip

    assert loaded.stdout.split("\n")[-2] == ""


def test_dags_do_not_catch_up_and_run_one_at_a_time(bag):
    for dag in bag.dags.values():
        assert not dag.catchup
        assert dag.max_active_runs == 1
        assert dag.doc_md.startswith("###")


def test_every_task_has_a_time_limit(bag):
    for dag in bag.dags.values():
        assert all(task.execution_timeout for task in dag.tasks), dag.dag_id


def test_jobs_are_retried_with_growing_delay_and_failures_are_explained(nightly):
    for task in nightly.tasks:
        if task.task_id != "resolve_night":
            waits = task.task_id == "ingest_logs"
            assert (task.retries, task.max_retry_delay) == ((6, timedelta(minutes=1)) if waits else (2, None))
            assert task.retry_exponential_backoff == 2
            assert [hook.__name__ for hook in task.on_failure_callback] == ["explain_failure"]


def test_gpu_jobs_share_the_gpu_pool_and_have_their_own_limit(nightly):
    on_gpu = {task.task_id for task in nightly.tasks if task.pool == "gpu"}

    assert on_gpu == {"fine_tune_llm", "embed_texts", "train_sequence", "train_projection", "write_reasons"}
    assert all(nightly.get_task(task_id).execution_timeout == timedelta(hours=3) for task_id in on_gpu)


def test_schedule_starts_with_its_next_tick(nightly):
    assert nightly.timetable.expression == "30 2 * * *"
    # With a start date or the default False, Airflow makes a run for a tick of the last 2.4 hours when it first starts.
    assert nightly.start_date is None
    assert nightly.timetable.run_immediately == timedelta(0)


@pytest.mark.parametrize("name", ["nightly_recommendations", "backfill_recommendations"])
def test_schedule_and_its_shop_are_set_by_the_environment(name, monkeypatch):
    from airflow.dag_processing.dagbag import DagBag

    def dag_with(cron, shop):
        monkeypatch.setenv("NIGHTREC_SCHEDULE", cron)
        monkeypatch.setenv("NIGHTREC_SCHEDULED_DOMAIN", shop)
        return DagBag(str(ROOT / "dags" / f"{name}.py")).dags[name]

    weekly, on_demand = dag_with("0 4 * * 1", "books"), dag_with("", "games")

    assert [dag.params["domain"] for dag in (weekly, on_demand)] == ["books", "games"]
    assert getattr(weekly.timetable, "expression", None) == ("0 4 * * 1" if name.startswith("nightly") else None)
    assert not on_demand.timetable.can_be_scheduled


def test_published_lists_are_an_asset(nightly):
    assert [asset.name for asset in nightly.get_task("publish_top_n").outlets] == ["published_lists"]


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        ("domain", "movielens", "x; rm -rf /"),
        ("run_date", "2026-01-31", "yesterday"),
        ("train", False, "perhaps"),
        ("top_n", 50, 0),
        ("top_n", None, 1001),
    ],
)
def test_form_refuses_wrong_values(nightly, field, good, bad):
    param = nightly.params.get_param(field)

    assert param.resolve(good) == good
    with pytest.raises(ValueError, match=re.escape(str(bad))):
        param.resolve(bad)
