"""MLflow: one parent run a night, one child run a task."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nightrec.errors import ConfigError, PipelineError
from nightrec.places import root
from nightrec.settings import Config

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from mlflow import MlflowClient
    from mlflow.exceptions import MlflowException

log = logging.getLogger(__name__)
PARENT_TAG = "mlflow.parentRunId"
SERVER_ERROR = 500
"""HTTP status from which on another try may find the server well; MLflow gives it to a lost connection, too."""


class TrackingError(PipelineError):
    """The tracking server does not answer now; another try may find it."""


class TaskRun:
    """The child run of one task; what it records shows in the parent under `<task>.<key>` too."""

    def __init__(self, client: MlflowClient, parent_id: str, run_id: str, task: str) -> None:
        self.client, self.parent_id, self.run_id, self.task = client, parent_id, run_id, task

    def log_metrics(self, metrics: Mapping[str, float], step: int | None = None) -> None:
        """Record numbers; with a step they make a curve in the child alone."""
        if not metrics:
            return
        _log_metrics(self.client, self.run_id, metrics, step or 0)
        if step is None:
            _log_metrics(self.client, self.parent_id, {f"{self.task}.{k}": v for k, v in metrics.items()}, 0)

    def set_tags(self, tags: Mapping[str, str]) -> None:
        """Record words, such as model versions, in child and parent."""
        for key, value in tags.items():
            self.client.set_tag(self.run_id, key, value)
            self.client.set_tag(self.parent_id, key, value)

    def log_artifacts(self, folder: Path, name: str) -> None:
        """Upload a folder."""
        self.client.log_artifacts(self.run_id, str(folder), name)

    def log_figure(self, figure: Figure, name: str) -> None:
        """Upload a picture; `name` ends in the file's type."""
        self.client.log_figure(self.run_id, figure, name)

    def register_model(self, name: str, artifact: str, version_tags: Mapping[str, str]) -> str:
        """Enter an uploaded folder into the model registry and return the registry's version number."""
        from mlflow.exceptions import MlflowException  # noqa: PLC0415  # heavy

        try:
            self.client.create_registered_model(name)
        except MlflowException as err:
            if err.error_code != "RESOURCE_ALREADY_EXISTS":
                raise
        source = f"{self.client.get_run(self.run_id).info.artifact_uri}/{artifact}"
        made = self.client.create_model_version(name, source, self.run_id, tags=dict(version_tags))
        return str(made.version)


@contextmanager
def task_run(config: Config, task: str, run_date: date) -> Iterator[TaskRun]:
    """Open the task's child run under the night's parent, close it as finished or failed.

    Settings and commit stand in the child: those of a night's tasks may differ, by `--set` and when one is repeated.

    Raises:
        ConfigError: If the tracking server refuses the call or the password.
        TrackingError: If it does not answer.
    """
    from mlflow.entities import Param  # noqa: PLC0415  # heavy

    client = _client(config)
    parent_id = _parent(client, config, run_date)
    experiment_id = client.get_run(parent_id).info.experiment_id
    tags = {PARENT_TAG: parent_id, "task": task, "git_commit": git_commit()}
    child = client.create_run(experiment_id, run_name=task, tags=tags)
    settings = flatten(config.model_dump(mode="json"))
    client.log_batch(child.info.run_id, params=[Param(key, str(value)) for key, value in settings.items()])
    client.log_text(child.info.run_id, config.model_dump_json(indent=2), "config.json")
    try:
        yield TaskRun(client, parent_id, child.info.run_id, task)
    except BaseException:
        _close_as_failed(client, [child.info.run_id, parent_id])
        raise
    client.set_terminated(child.info.run_id)
    # Each task moves the end of its night; a failure beside it stays to be seen.
    client.set_terminated(parent_id, "FAILED" if client.get_run(parent_id).info.status == "FAILED" else "FINISHED")


def git_commit() -> str:
    """Return the commit of the checkout, or `unknown` for an installed wheel."""
    # A fixed command on a fixed folder; git is absent on most cluster nodes, which is no failure.
    try:
        done = subprocess.run(
            ["git", "-C", str(root()), "rev-parse", "HEAD"], capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        return "unknown"
    return done.stdout.strip() if done.returncode == 0 else "unknown"


def _client(config: Config) -> MlflowClient:
    # The library would retry for minutes; a night should say at once that its server is down.
    os.environ.setdefault("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "3")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    secrets = Path(config.place(config.paths.secrets))
    if secrets.is_file():
        known = json.loads(secrets.read_text(encoding="utf-8"))
        os.environ.setdefault("MLFLOW_TRACKING_USERNAME", known["mlflow_username"])
        os.environ.setdefault("MLFLOW_TRACKING_PASSWORD", known["mlflow_password"])
    from mlflow import MlflowClient  # noqa: PLC0415  # takes seconds, and reads the variables above

    return MlflowClient(tracking_uri=config.tracking_uri)


def _parent(client: MlflowClient, config: Config, run_date: date) -> str:
    """Return the night's parent run, made by whichever task comes first and found again by its tags."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415  # heavy

    name = config.tracking.experiment.format(domain=config.domain)
    try:
        found = client.get_experiment_by_name(name)
        # A server knows where its artifacts go; a bare database would put them into the working folder.
        artifacts = None if config.tracking_uri.startswith("http") else (config.home / "mlruns").as_uri()
        experiment_id = found.experiment_id if found else client.create_experiment(name, artifacts)
    except MlflowException as err:
        raise _explained(err, config) from None
    tags = {"kind": "night", "run_date": str(run_date), "domain": config.domain}
    same_night = " and ".join(f"tags.{key} = '{value}'" for key, value in tags.items())
    if runs := client.search_runs([experiment_id], same_night, max_results=1):
        client.update_run(runs[0].info.run_id, "RUNNING")
        return str(runs[0].info.run_id)
    return str(client.create_run(experiment_id, run_name=f"night {run_date}", tags=tags).info.run_id)


def _explained(err: MlflowException, config: Config) -> PipelineError:
    why = str(err).splitlines()[0][:200]
    elsewhere = "pass another one: --set tracking.uri=sqlite:////tmp/mlflow.db"
    if err.get_http_status_code() >= SERVER_ERROR:  # type: ignore[no-untyped-call]
        return TrackingError(
            f"tracking.uri {config.tracking_uri} does not answer: {why}; start the local server with: make up, "
            f"or {elsewhere}"
        )
    return ConfigError(
        f"tracking.uri {config.tracking_uri} refuses the call: {why}; check the address, and name and password in "
        f"MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD or {config.place(config.paths.secrets)}, or {elsewhere}"
    )


def _close_as_failed(client: MlflowClient, run_ids: list[str]) -> None:
    """Close runs if that is possible; why the task failed matters more than what the server says of it."""
    from mlflow.exceptions import MlflowException  # noqa: PLC0415  # heavy

    for run_id in run_ids:
        try:
            client.set_terminated(run_id, "FAILED")
        except MlflowException as err:
            log.warning("MLflow run %s stays open: %s", run_id, str(err).splitlines()[0][:200])


def _log_metrics(client: MlflowClient, run_id: str, metrics: Mapping[str, float], step: int) -> None:
    """Send all at once: a server that checks a password takes its time for every request."""
    from mlflow.entities import Metric  # noqa: PLC0415  # heavy

    now = int(time.time() * 1000)
    client.log_batch(run_id, metrics=[Metric(key, float(value), now, step) for key, value in metrics.items()])


def flatten(nested: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Turn nested settings into dotted names.

    >>> flatten({"a": {"b": 1}, "c": 2})
    {'a.b': 1, 'c': 2}
    """
    flat: dict[str, Any] = {}
    for key, value in nested.items():
        flat |= flatten(value, f"{prefix}{key}.") if isinstance(value, Mapping) else {f"{prefix}{key}": value}
    return flat
