"""What the few lines of Python inside the DAG files decide."""

import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest
from airflow.exceptions import AirflowException
from airflow.sdk import Variable
from airflow.sdk.definitions.retry_policy import RetryAction
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, DownstreamTasksSkipped

FORM = {"domain": "movielens", "run_date": None, "train": True, "top_n": None}


@pytest.fixture
def resolve(nightly, manual_run, monkeypatch):
    monkeypatch.setattr(Variable, "get", lambda key, default: default)
    call = nightly.get_task("resolve_night").python_callable
    return lambda **form: call(params=FORM | form, dag_run=manual_run)


def test_resolve_night_takes_yesterday_without_a_date(resolve):
    assert resolve() == {
        "domain": "movielens", "run_date": "2026-01-31", "env": "local", "top_n": 20, "has_writer": False,
    }  # fmt: skip


def test_resolve_night_takes_what_the_form_says(resolve):
    assert resolve(run_date="2016-09-30", top_n=50) | {"env": ""} == {
        "domain": "movielens", "run_date": "2016-09-30", "env": "", "top_n": 50, "has_writer": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("form", "message"),
    [
        ({"domain": "nowhere"}, "nowhere"),
        ({"run_date": "2999-01-01"}, "2999-01-01' is in the future"),
        ({"run_date": "2016-02-30"}, "2016-02-30"),
        ({"top_n": 0.5}, "top_n"),
    ],
)
def test_resolve_night_refuses_for_good_what_cannot_be_done(resolve, form, message):
    with pytest.raises(AirflowFailException, match=message):
        resolve(**form)


@pytest.mark.parametrize("code", [2, 3, 4])
@pytest.mark.parametrize("words", ["Cannot execute: spark-submit x. Error code is: {}.", "Bash … exit code {}."])
def test_refusals_are_not_retried(nightly, code, words):
    decision = nightly.get_task("score_top_n").retry_policy.evaluate(AirflowException(words.format(code)), 1, 2)

    assert decision.action is RetryAction.FAIL
    assert f"{code}." in decision.reason


@pytest.mark.parametrize("message", ["Error code is: 1.", "exit code 137.", "connection lost", "Error code is: 23."])
def test_accidents_are_retried(nightly, message):
    decision = nightly.get_task("score_top_n").retry_policy.evaluate(AirflowException(message), 1, 2)

    assert decision.action is RetryAction.DEFAULT


def test_a_scheduled_night_waits_an_hour_for_a_late_delivery(nightly):
    ingest = nightly.get_task("ingest_logs")

    def decide(code, run_type):
        context = {"dag_run": SimpleNamespace(run_type=run_type)}
        return ingest.retry_policy.evaluate(
            exception=AirflowException(f"Error code is: {code}."), try_number=1, max_tries=6, context=context
        )

    late = decide(3, "scheduled")
    assert late.action is RetryAction.RETRY
    assert late.retry_delay * ingest.retries == timedelta(hours=1)
    assert decide(3, "manual").action is RetryAction.FAIL
    assert [decide(code, "scheduled").action for code in (1, 2, 4)] == [
        RetryAction.DEFAULT, RetryAction.FAIL, RetryAction.FAIL,
    ]  # fmt: skip


def test_training_is_skipped_and_embedding_is_not(nightly, night_context):
    tune = nightly.get_task("fine_tune_llm")
    tune._pre_execute_hook(night_context)

    with pytest.raises(AirflowSkipException):
        tune._pre_execute_hook(night_context | {"params": {"train": False}})
    assert nightly.get_task("embed_texts").trigger_rule == "none_failed"


def test_writer_is_passed_over_without_a_process_where_no_model_is_named(nightly, night_context, monkeypatch, resolve):
    after = nightly.get_task("score_top_n")._post_execute_hook
    with pytest.raises(DownstreamTasksSkipped) as skipped:
        after(night_context, None)

    assert skipped.value.tasks == ["write_reasons"]
    assert nightly.get_task("validate_topn").trigger_rule == "none_failed"
    monkeypatch.setenv("NIGHTREC__REASONS__WRITER__MODEL", "models/writer")
    named = SimpleNamespace(xcom_pull=lambda task_ids: resolve())
    assert after({"ti": named}, None) is None


def test_backfill_plans_one_night_per_delivery_oldest_first(backfill, monkeypatch, tmp_path):
    monkeypatch.setenv("NIGHTREC__PATHS__LANDING", str(tmp_path))
    monkeypatch.setattr(sys.modules["airflow.sdk"].Variable, "get", lambda key, default: default)
    for day in ("2016-10-04", "2016-10-01", "2016-10-09"):
        (tmp_path / "movielens" / f"run_date={day}" / "events").mkdir(parents=True)
    plan = backfill.get_task("plan_nights").python_callable
    form = {"domain": "movielens", "train": False, "start": "2016-09-30", "end": "2016-10-08"}

    assert [night["run_date"] for night in plan(params=form)] == ["2016-10-01", "2016-10-04"]
    with pytest.raises(AirflowFailException, match="no delivery of 'movielens' from 2016-11-01 to 2016-11-02"):
        plan(params=form | {"start": "2016-11-01", "end": "2016-11-02"})
    with pytest.raises(AirflowFailException, match="ends before it starts"):
        plan(params=form | {"end": "2016-01-01"})


def test_backfill_waits_for_each_night_and_stops_at_the_first_failure(backfill):
    run_night = backfill.get_task("run_night")

    assert backfill.fail_fast
    assert run_night.partial_kwargs["max_active_tis_per_dagrun"] == 1
    assert run_night.partial_kwargs["wait_for_completion"] is True
    assert run_night.partial_kwargs["trigger_dag_id"] == "nightly_recommendations"
