"""What the nightly DAG asks around a task: try again, leave out, say how to go on. No DAG: see `.airflowignore`."""

import logging
import re
from datetime import timedelta

from airflow.sdk import Context, RetryDecision, RetryPolicy
from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped


class NoRetryOnRefusal(RetryPolicy):
    """Repeat accidents, not answers: exit codes 2 (settings), 3 (input) and 4 (gate)."""

    def evaluate(self, exception: BaseException, *_: object, **__: object) -> RetryDecision:
        """Read the exit code that both operators put into their message."""
        code = re.search(r"(?:Error code is:|exit code) [234]\.", str(exception))
        return RetryDecision.fail(f"{code[0]} No retry changes that") if code else RetryDecision.default()


class WaitForDelivery(NoRetryOnRefusal):
    """Let a scheduled night look again for input that is missing; a person who starts one is told at once."""

    def evaluate(
        self, exception: BaseException, try_number: int, max_tries: int, context: Context | None = None
    ) -> RetryDecision:
        """Wait apart from the delays after accidents, which stay short."""
        is_missing = re.search(r"(?:Error code is:|exit code) 3\.", str(exception))
        if is_missing and context and context["dag_run"].run_type == "scheduled":
            return RetryDecision.retry(timedelta(minutes=10), "A late delivery may yet arrive")
        return super().evaluate(exception)


WAITING = {"retry_policy": WaitForDelivery(), "retries": 6, "max_retry_delay": timedelta(minutes=1)}
"""Six times ten minutes for a delivery, but a minute at most after an accident."""


def explain_failure(context: Context) -> None:
    """Say in the failed task's log how to go on; the one place to send alerts from."""
    night = context["ti"].xcom_pull(task_ids="resolve_night") or context["dag_run"].conf
    logging.getLogger("airflow.task").error("To go on, clear this task; for a whole new run, trigger with %s", night)


def skip_unless_training(context: Context) -> None:
    """Keep the model as it is when the form says so; what comes after runs all the same."""
    if not context["params"]["train"]:
        raise AirflowSkipException("train is false")


def skip_writer_unless_named(context: Context, _: object) -> None:
    """Pass the writer over where no model is named, without a process of its own, which would take seconds."""
    if not context["ti"].xcom_pull(task_ids="resolve_night")["has_writer"]:
        raise DownstreamTasksSkipped(tasks=["write_reasons"])
