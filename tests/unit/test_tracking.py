from datetime import date

import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import PERMISSION_DENIED, TEMPORARILY_UNAVAILABLE, UNAUTHENTICATED

from nightrec.config import load_config
from nightrec.errors import ConfigError
from nightrec.tracking import TrackingError, flatten, task_run

D = date(2026, 1, 31)


@pytest.fixture
def config(tiny_lake, tmp_path):
    # A database of its own would take seconds; an experiment of its own is as good.
    return load_config("tiny", overrides=[f"tracking.experiment=nightrec-{tmp_path.name}"])


def test_tasks_of_a_night_share_one_parent_that_knows_all_numbers(config):
    for task, rows in (("ingest_logs", 3), ("build_matrix", 2)):
        with task_run(config, task, D) as run:
            run.log_metrics({"rows_out": rows})
            run.set_tags({"encoder_version": "abc"})
    by_name = {run.info.run_name: run for run in runs_of(config)}
    assert set(by_name) == {f"night {D}", "ingest_logs", "build_matrix"}
    night = by_name[f"night {D}"]
    assert night.data.metrics == {"ingest_logs.rows_out": 3.0, "build_matrix.rows_out": 2.0}
    assert night.data.tags["encoder_version"] == "abc"
    assert by_name["build_matrix"].data.tags["mlflow.parentRunId"] == night.info.run_id


def test_each_task_has_its_own_settings_and_commit(config):
    for task, top_n in (("ingest_logs", 10), ("score_top_n", 7)):
        scoring = config.scoring.model_copy(update={"top_n": top_n})
        with task_run(config.model_copy(update={"scoring": scoring}), task, D):
            pass
    children = {run.info.run_name: run.data for run in runs_of(config) if "git_commit" in run.data.tags}
    assert {task: run.params["scoring.top_n"] for task, run in children.items()} == {
        "ingest_logs": "10",
        "score_top_n": "7",
    }


def test_shops_that_share_an_experiment_have_nights_of_their_own(config):
    for domain in ("tiny", "books", "tiny"):
        with task_run(config.model_copy(update={"domain": domain}), "ingest_logs", D):
            pass
    nights = {run.info.run_id: run.data.tags["domain"] for run in runs_of(config) if "kind" in run.data.tags}
    assert sorted(nights.values()) == ["books", "tiny"]
    parents = [nights[run.data.tags["mlflow.parentRunId"]] for run in runs_of(config) if "task" in run.data.tags]
    assert sorted(parents) == ["books", "tiny", "tiny"]


def test_failed_task_fails_its_night_until_it_is_run_again(config):
    with pytest.raises(RuntimeError, match="boom"), task_run(config, "score_top_n", D):
        raise RuntimeError("boom")
    assert statuses(config) == {("score_top_n", "FAILED"), (f"night {D}", "FAILED")}

    with task_run(config, "score_top_n", D):
        assert (f"night {D}", "RUNNING") in statuses(config)
    assert (f"night {D}", "FINISHED") in statuses(config)


def test_why_a_task_failed_is_told_though_mlflow_is_gone_by_then(config, monkeypatch):
    def gone(*_):
        raise MlflowException("no connection", TEMPORARILY_UNAVAILABLE)

    monkeypatch.setattr(MlflowClient, "set_terminated", gone)
    with pytest.raises(RuntimeError, match="boom"), task_run(config, "score_top_n", D):
        raise RuntimeError("boom")


def runs_of(config):
    client = MlflowClient(config.tracking_uri)
    return client.search_runs([client.get_experiment_by_name(config.tracking.experiment).experiment_id])


def statuses(config):
    return {(run.info.run_name, run.info.status) for run in runs_of(config)}


def test_server_that_does_not_answer_is_tried_again(config, monkeypatch):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    down = load_config("tiny", overrides=["tracking.uri=http://127.0.0.1:9"])
    with (
        pytest.raises(TrackingError, match=r"127\.0\.0\.1:9 does not answer.*make up") as told,
        task_run(down, "ingest_logs", D),
    ):
        pass
    assert told.value.exit_code == 1


@pytest.mark.parametrize("code", [UNAUTHENTICATED, PERMISSION_DENIED])
def test_server_that_refuses_the_password_is_a_setting(config, monkeypatch, code):
    def refuse(*_):
        raise MlflowException("who are you", code)

    monkeypatch.setattr(MlflowClient, "get_experiment_by_name", refuse)
    with (
        pytest.raises(ConfigError, match=r"refuses the call: who are you.*MLFLOW_TRACKING_PASSWORD"),
        task_run(config, "ingest_logs", D),
    ):
        pass


def test_flatten_names_by_dots():
    assert flatten({"a": {"b": {"c": 1}}, "d": [2]}) == {"a.b.c": 1, "d": [2]}
