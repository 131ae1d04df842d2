"""What the nightly DAG asks around a task: try again, leave out, say how to go on. No DAG: see `.airflowignore`."""

import logging
import re

from airflow.sdk import Context, RetryDecision, RetryPolicy
from airflow.sdk.exceptions import AirflowSkipException, DownstreamTasksSkipped


class NoRetryOnRefusal(RetryPolicy):
    """Repeat accidents, not answers: exit codes 2 (settings), 4 (gate) and 3 (input, unless it may yet arrive)."""

    def __init__(self, refusals: str = "234") -> None:
        self.refusals = refusals

    def evaluate(self, exception: BaseException, *_: object, **__: object) -> RetryDecision:
        """Read the exit code that both operators put into their message."""
        code = re.search(rf"(?:Error code is:|exit code) [{self.refusals}]\.", str(exception))
        return RetryDecision.fail(f"{code[0]} No retry changes that") if code else RetryDecision.default()


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
