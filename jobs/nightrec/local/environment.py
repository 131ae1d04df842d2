"""Settings of the local Airflow and MLflow, as environment variables and files of mode 600."""

import json
import os
from pathlib import Path

from nightrec.local.secrets import Secrets, write_private
from nightrec.places import root
from nightrec.settings import Config


def airflow_environment(config: Config, secrets: Secrets) -> dict[str, str]:
    """Return the environment of all Airflow services, and so of every task; writes the file of passwords."""
    home = config.home / "airflow"
    passwords = home / "passwords.json"
    write_private(passwords, json.dumps({secrets.airflow_username: secrets.airflow_password}))
    core = {
        "dags_folder": root() / "dags",
        "load_examples": False,
        "dags_are_paused_at_creation": False,
        # A night uses two at most (max_active_tasks); the third is for a back-fill that waits for its nights.
        "parallelism": 3,
        "execution_api_server_url": f"{airflow_url(config)}/execution/",
        "simple_auth_manager_users": f"{secrets.airflow_username}:admin",
        "simple_auth_manager_passwords_file": passwords,
        "simple_auth_manager_all_admins": False,
    }
    options = {"core": core, **_server_options(config, secrets)}
    variables = {f"AIRFLOW__{s}__{k}".upper(): str(v) for s, section in options.items() for k, v in section.items()}
    return task_environment(config) | variables | {"AIRFLOW_HOME": str(home)}


def _server_options(config: Config, secrets: Secrets) -> dict[str, dict[str, object]]:
    address = {"host": config.services.host, "port": config.services.airflow_port}
    return {
        "api": {**address, "workers": 1, "secret_key": secrets.airflow_secret_key},
        "api_auth": {"jwt_secret": secrets.airflow_jwt_secret},
        # The defaults leave about a second more between two tasks.
        "scheduler": {"scheduler_idle_sleep_time": 0.5, "scheduler_heartbeat_sec": 1},
        "dag_processor": {"bundle_refresh_check_interval": 2},
        # A task whose call to the API takes longer is failed; on a busy laptop the default of 5 s is soon reached.
        "workers": {"execution_api_timeout": 30},
        "usage_data_collection": {"enabled": False},
    }


def task_environment(config: Config) -> dict[str, str]:
    """Return what a shell needs to run a task's command: the jobs' interpreter first on the path."""
    bin_folder = root() / ".venv" / "bin"
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(("AIRFLOW", "MAKE", "SPARK_", "VIRTUAL_ENV"))}
    return inherited | {
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "PYSPARK_PYTHON": str(bin_folder / "python"),
        "PYTHONPATH": str(root() / "jobs"),
        "NIGHTREC_SCHEDULE": config.services.schedule or "",
        "NIGHTREC_SCHEDULED_DOMAIN": config.services.scheduled_domain,
        "NO_PROXY": ",".join(filter(None, [config.services.host, os.environ.get("NO_PROXY")])),
    }


def mlflow_environment(config: Config, secrets: Secrets) -> dict[str, str]:
    """Return the environment of the MLflow server; writes the file that names its first user."""
    users = config.home / "mlflow" / "basic_auth.ini"
    options = {
        "default_permission": "READ",
        # Otherwise every logged metric pays for hashing the password anew: 0.1 s on a server that all tasks share.
        "auth_cache_ttl_seconds": 300,
        "database_uri": f"sqlite:///{users.with_suffix('.db')}",
        "admin_username": secrets.mlflow_username,
        "admin_password": secrets.mlflow_password,
    }
    write_private(users, "\n".join(["[mlflow]", *(f"{key} = {value}" for key, value in options.items())]))
    return dict(os.environ) | {
        "MLFLOW_AUTH_CONFIG_PATH": str(users),
        "MLFLOW_FLASK_SERVER_SECRET_KEY": secrets.mlflow_secret_key,
        "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false",
        "MLFLOW_DISABLE_TELEMETRY": "true",
    }


def mlflow_command(config: Config) -> list[str]:
    """Return the command of the MLflow server: SQLite, artifacts on disk, one worker."""
    folder: Path = config.home / "mlflow"
    stores = [
        "--backend-store-uri",
        f"sqlite:///{folder / 'mlflow.db'}",
        "--artifacts-destination",
        str(folder / "artifacts"),
    ]
    address = ["--host", config.services.host, "--port", str(config.services.mlflow_port), "--workers", "1"]
    return [str(root() / ".venv/bin/mlflow"), "server", "--app-name", "basic-auth", *stores, *address]


def airflow_url(config: Config) -> str:
    """Return the address of the Airflow UI and API."""
    return f"http://{config.services.host}:{config.services.airflow_port}"


def mlflow_url(config: Config) -> str:
    """Return the address of the local MLflow UI and API."""
    return f"http://{config.services.host}:{config.services.mlflow_port}"
