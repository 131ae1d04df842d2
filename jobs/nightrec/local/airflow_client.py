"""The few calls to Airflow's REST API that `make night` needs."""

import json
from collections.abc import Mapping
from typing import Any, cast

import requests
from requests.adapters import HTTPAdapter
from urllib3 import Retry

from nightrec.errors import PipelineError

Json = dict[str, Any]
DONE = ("success", "failed")
CALL_LIMIT_S = 30


class AirflowError(PipelineError):
    """Airflow's API refused a call."""


class AirflowClient:
    """A session with the API of one Airflow, logged in by name and password."""

    def __init__(self, url: str, username: str, password: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.trust_env = False  # a proxy has no business with a server on this machine
        self._session.mount(
            "http://", HTTPAdapter(max_retries=Retry(5, backoff_factor=0.5, status_forcelist=[502, 503]))
        )
        token = self._call("POST", "/auth/token", {"username": username, "password": password})["access_token"]
        self._session.headers["Authorization"] = f"Bearer {token}"

    def trigger(self, dag_id: str, form: Mapping[str, object]) -> str:
        """Start a run with the form's values and return its id."""
        run = self._call("POST", f"/api/v2/dags/{dag_id}/dagRuns", {"logical_date": None, "conf": dict(form)})
        return str(run["dag_run_id"])

    def has_dag(self, dag_id: str) -> bool:
        """Tell whether a DAG was parsed already."""
        dags = self._call("GET", "/api/v2/dags?limit=100")["dags"]
        return any(dag["dag_id"] == dag_id for dag in dags)

    def import_errors(self) -> list[str]:
        """Return the stack traces of DAG files that could not be read."""
        return [error["stack_trace"] for error in self._call("GET", "/api/v2/importErrors")["import_errors"]]

    def ensure_pool(self, name: str, slots: int, description: str) -> None:
        """Make a pool unless there is one of that name, whose size the user may have changed."""
        self._create("/api/v2/pools", {"name": name, "slots": slots, "description": description})

    def ensure_connection(self, name: str, conn_type: str, host: str, extra: Mapping[str, str]) -> None:
        """Make a connection unless there is one of that name, which the user may have changed."""
        body = {"connection_id": name, "conn_type": conn_type, "host": host, "extra": json.dumps(extra)}
        self._create("/api/v2/connections", body)

    def active_runs(self) -> list[tuple[str, str]]:
        """Return `(dag_id, run_id)` of all runs that have not ended."""
        runs = self._call("GET", "/api/v2/dags/~/dagRuns?state=running&state=queued")["dag_runs"]
        return [(run["dag_id"], run["dag_run_id"]) for run in runs]

    def fail_run(self, dag_id: str, run_id: str) -> None:
        """Mark a run failed, which ends its running tasks."""
        self._call("PATCH", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}", {"state": "failed"})

    def fail_task(self, dag_id: str, run_id: str, task_id: str) -> None:
        """Mark a task failed, as the UI does; its processes end within seconds."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}"
        self._call("PATCH", path, {"new_state": "failed"})

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return `queued`, `running`, `success` or `failed`."""
        return str(self._call("GET", f"/api/v2/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def tasks(self, dag_id: str, run_id: str) -> list[Json]:
        """Return Airflow's record of every task of a run."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances?limit=100"
        return cast("list[Json]", self._call("GET", path)["task_instances"])

    def runs(self, dag_id: str) -> list[Json]:
        """Return Airflow's record of every run of a DAG, oldest first."""
        path = f"/api/v2/dags/{dag_id}/dagRuns?order_by=run_after&limit=100"
        return cast("list[Json]", self._call("GET", path)["dag_runs"])

    def log(self, dag_id: str, run_id: str, task_id: str, attempt: int) -> list[str]:
        """Return the lines that one attempt of a task logged so far; none before it starts."""
        path = f"/api/v2/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{attempt}"
        answer = self._request("GET", path, headers={"Accept": "application/x-ndjson"})
        if answer.status_code != requests.codes.ok:
            return []
        return [str(json.loads(line)["event"]) for line in answer.text.splitlines() if line]

    def _create(self, path: str, body: Json) -> None:
        self._call("POST", path, body, accept=requests.codes.conflict)

    def _call(self, method: str, path: str, body: Json | None = None, accept: int = requests.codes.ok) -> Json:
        answer = self._request(method, path, json=body)
        if not answer.ok and answer.status_code != accept:
            raise AirflowError(f"{method} {self._url}{path} answered {answer.status_code}: {answer.text[:500]}")
        return cast("Json", answer.json())

    def _request(self, method: str, path: str, **options: Any) -> requests.Response:  # noqa: ANN401 - requests' own
        try:
            return self._session.request(method, self._url + path, timeout=CALL_LIMIT_S, **options)
        except requests.RequestException as err:
            raise AirflowError(f"{method} {self._url}{path}: no answer; are the services up? ({err})") from err
