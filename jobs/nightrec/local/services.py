"""Start and stop the local Airflow and MLflow: `python -m nightrec.local.services up|stop`."""

import contextlib
import subprocess
import sys
import time
from collections.abc import Callable, Mapping

from rich.console import Console
from rich.markup import escape

from nightrec.config import list_domains, load_config
from nightrec.errors import ConfigError, PipelineError
from nightrec.local import processes
from nightrec.local.airflow_client import AirflowClient
from nightrec.local.environment import (
    airflow_environment,
    airflow_url,
    mlflow_command,
    mlflow_environment,
    mlflow_url,
    task_environment,
)
from nightrec.local.health import airflow_answers, mlflow_answers
from nightrec.local.prerequisites import check_java, check_port_is_free
from nightrec.local.secrets import ensure_secrets
from nightrec.places import root
from nightrec.settings import Config

AIRFLOW = str(root() / ".venv-airflow/bin/airflow")
AIRFLOW_SERVICES = {
    "airflow-api-server": ["api-server"],
    # Its log server would listen on all addresses; on one machine the API reads the log files itself.
    "airflow-scheduler": ["scheduler", "--skip-serve-logs"],
    "airflow-dag-processor": ["dag-processor"],
}
START_LIMIT_S = 180


class ServiceError(PipelineError):
    """A service did not start; the message ends with what it printed last."""


def up(config: Config, console: Console) -> AirflowClient:
    """Start what is not running yet, wait until all of it answers, and log in.

    Raises:
        ConfigError: If Java is missing, a port is taken or services run with other settings.
        ServiceError: If a service dies or does not answer in time.
    """
    check_java()
    refuse_other_settings(config)
    _start_mlflow(config, console)
    _start_airflow(config, console)
    _wait(config, "mlflow", lambda: mlflow_answers(config))
    for name in AIRFLOW_SERVICES:
        _wait(config, name, lambda name=name: airflow_answers(config, name))  # type: ignore[misc]
    secrets = ensure_secrets(config)
    client = AirflowClient(airflow_url(config), secrets.airflow_username, secrets.airflow_password)
    client.ensure_pool("gpu", 1, "one job on the GPU at a time")
    client.ensure_connection("spark_default", "spark", "local[2]", {"spark-binary": "spark-submit"})
    _wait(config, "airflow-dag-processor", lambda: _dags_are_read(client))
    return client


def stop(config: Config, console: Console) -> None:
    """End all runs and all processes of this installation."""
    if airflow_answers(config, "airflow-api-server"):
        secrets = ensure_secrets(config)
        client = AirflowClient(airflow_url(config), secrets.airflow_username, secrets.airflow_password)
        # Airflow would take an unfinished run up again at the next start.
        for dag_id, run_id in client.active_runs():
            console.print(f"ending {dag_id} {run_id}")
            client.fail_run(dag_id, run_id)
    console.print(f"{processes.stop(config.home)} processes ended")


def refuse_other_settings(config: Config) -> None:
    """Make sure that tasks see the variables that are set now: they inherit those under which Airflow was started.

    Raises:
        ConfigError: With the names of those that differ.
    """
    wanted = _our_variables(task_environment(config))
    running = [found for name in AIRFLOW_SERVICES for found in processes.environments(config.home, name)]
    differing = {name for found in running for name, _ in _our_variables(found).items() ^ wanted.items()}
    if differing:
        raise ConfigError(
            f"Airflow was started with other values of {', '.join(sorted(differing))} than are set now, and its tasks "
            f"would take those; `make stop` first"
        )


def _our_variables(environment: Mapping[str, str]) -> dict[str, str]:
    marks = (processes.MARK, processes.NAME)
    return {k: v for k, v in environment.items() if k.startswith("NIGHTREC") and k not in marks}


def _start_mlflow(config: Config, console: Console) -> None:
    if processes.find(config.home, "mlflow"):
        return
    check_port_is_free(config.services.host, config.services.mlflow_port, "services.mlflow_port")
    console.print("starting MLflow")
    environment = mlflow_environment(config, ensure_secrets(config))
    processes.start("mlflow", mlflow_command(config), environment, config.home, config.home / "mlflow")


def _start_airflow(config: Config, console: Console) -> None:
    missing = [name for name in AIRFLOW_SERVICES if not processes.find(config.home, name)]
    if not missing:
        return
    if "airflow-api-server" in missing:
        check_port_is_free(config.services.host, config.services.airflow_port, "services.airflow_port")
    console.print("starting Airflow")
    environment = airflow_environment(config, ensure_secrets(config))
    _prepare_database(config, environment)
    for name in missing:
        processes.start(name, [AIRFLOW, *AIRFLOW_SERVICES[name]], environment, config.home, root())


def _prepare_database(config: Config, environment: dict[str, str]) -> None:
    with processes.open_log(config.home, "airflow-setup") as out:
        command = [AIRFLOW, "db", "migrate"]
        done = subprocess.run(command, env=environment, cwd=root(), stdout=out, stderr=out, check=False)
    if done.returncode:
        raise ServiceError(f"airflow db migrate failed:\n{processes.log_tail(config.home, 'airflow-setup')}")


def _wait(config: Config, name: str, is_ready: Callable[[], bool]) -> None:
    deadline = time.monotonic() + START_LIMIT_S
    while not is_ready():
        if not processes.find(config.home, name):
            raise ServiceError(f"{name} ended while starting:\n{processes.log_tail(config.home, name)}")
        if time.monotonic() > deadline:
            raise ServiceError(
                f"{name} gave no sign of life in {START_LIMIT_S} s; if it was started with other settings, `make stop` "
                f"first. It printed last:\n{processes.log_tail(config.home, name)}"
            )
        time.sleep(0.5)


def _dags_are_read(client: AirflowClient) -> bool:
    for trace in client.import_errors():
        raise ServiceError(f"Airflow cannot read a DAG file:\n{trace}")
    return client.has_dag("nightly_recommendations")


def _any_config() -> Config:
    """Return the settings of a domain whose file can be read: the services are the same for every domain."""
    *others, last = list_domains()
    for domain in others:
        with contextlib.suppress(ConfigError):
            return load_config(domain)
    return load_config(last)


def main(arguments: list[str]) -> int:
    """Run `up` or `stop`."""
    console = Console()
    try:
        config = _any_config()
        if arguments == ["stop"]:
            stop(config, console)
        else:
            up(config, console)
            console.print(f"Airflow {airflow_url(config)}  MLflow {mlflow_url(config)}")
            console.print(f"names and passwords: {config.place(config.paths.secrets)}")
    except PipelineError as err:
        console.print(f"[red]error[/red]: {escape(str(err))}")
        return err.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
