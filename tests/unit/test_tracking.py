from datetime import date

import pytest
from mlflow import MlflowClient

from nightrec.config import load_config
from nightrec.errors import ConfigError
from nightrec.tracking import flatten, task_run

D = date(2026, 1, 31)


@pytest.fixture
def config(tiny_lake, tmp_path):
    # A database of its own would take seconds; an experiment of its own is as good.
    return load_config("tiny", overrides=[f"tracking.experiment=nightrec-{tmp_path.name}"])


def test_tasks_of_a_night_share_one_parent_that_knows_settings_commit_and_all_numbers(config):
    for task, rows in (("ingest_logs", 3), ("build_matrix", 2)):
        with task_run(config, task, D) as run:
            run.log_metrics({"rows_out": rows})
            run.set_tags({"encoder_version": "abc"})
    client = MlflowClient(config.tracking_uri)
    experiment = client.get_experiment_by_name(config.tracking.experiment)
    by_name = {run.info.run_name: run for run in client.search_runs([experiment.experiment_id])}
    assert set(by_name) == {f"night {D}", "ingest_logs", "build_matrix"}
    night = by_name[f"night {D}"]
    assert night.data.metrics == {"ingest_logs.rows_out": 3.0, "build_matrix.rows_out": 2.0}
    assert night.data.params["scoring.top_n"] == "10"
    assert {"git_commit", "encoder_version"} <= set(night.data.tags)
    assert by_name["build_matrix"].data.tags["mlflow.parentRunId"] == night.info.run_id


def test_failed_task_fails_its_night_until_it_is_run_again(config):
    with pytest.raises(RuntimeError, match="boom"), task_run(config, "score_top_n", D):
        raise RuntimeError("boom")
    assert statuses(config) == {("score_top_n", "FAILED"), (f"night {D}", "FAILED")}

    with task_run(config, "score_top_n", D):
        assert (f"night {D}", "RUNNING") in statuses(config)
    assert (f"night {D}", "FINISHED") in statuses(config)


def statuses(config):
    client = MlflowClient(config.tracking_uri)
    experiment = client.get_experiment_by_name(config.tracking.experiment)
    return {(run.info.run_name, run.info.status) for run in client.search_runs([experiment.experiment_id])}


def test_server_that_does_not_answer_is_a_setting_with_a_way_out(config, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    down = load_config("tiny", overrides=["tracking.uri=http://127.0.0.1:9"])
    with pytest.raises(ConfigError, match=r"127\.0\.0\.1:9 does not answer.*make up"), task_run(down, "ingest_logs", D):
        pass


def test_flatten_names_by_dots():
    assert flatten({"a": {"b": {"c": 1}}, "d": [2]}) == {"a.b.c": 1, "d": [2]}
