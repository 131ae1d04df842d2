"""An installation of its own for the tests: own folder, own ports, real Airflow, real MLflow, the domain `tiny`."""

import contextlib
import os
import random
import shutil
import socket
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import by_hand
import pytest
import tiny_shop
from filelock import FileLock

from nightrec.config import load_config
from nightrec.local.airflow_client import AirflowClient
from nightrec.local.environment import airflow_url
from nightrec.local.secrets import ensure_secrets
from nightrec.settings import Config

NIGHT_LIMIT_S = 900


@dataclass(frozen=True)
class Installation:
    """One set of services and the lake that they write."""

    config: Config
    environment: dict[str, str]

    def run(self, module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command line of `nightrec.local` as `make` does."""
        command = [sys.executable, "-m", f"nightrec.local.{module}", *arguments]
        # Not the variables of jobs that run in this process beside it, with which running services are refused.
        return subprocess.run(
            command, capture_output=True, text=True, timeout=NIGHT_LIMIT_S, check=False, stdin=subprocess.DEVNULL,
            env=self.environment,
        )  # fmt: skip

    @property
    def landing(self) -> Path:
        return Path(self.config.place(self.config.paths.landing)) / tiny_shop.DOMAIN

    @property
    def deliveries(self) -> list[date]:
        return sorted(date.fromisoformat(folder.name.removeprefix("run_date=")) for folder in self.landing.iterdir())

    @property
    def client(self) -> AirflowClient:
        secrets = ensure_secrets(self.config)
        return AirflowClient(airflow_url(self.config), secrets.airflow_username, secrets.airflow_password)


@pytest.fixture(scope="session")
def installation(tmp_path_factory):
    """Deliver the tiny domain into an empty installation; end whatever the tests leave running."""
    home = tmp_path_factory.mktemp("nightrec")
    settings = {
        "NIGHTREC__PATHS__HOME": str(home),
        "NIGHTREC__SERVICES__AIRFLOW_PORT": str(free_port()),
        "NIGHTREC__SERVICES__MLFLOW_PORT": str(free_port()),
        "NIGHTREC__SERVICES__SCHEDULE": "",  # the tests may run at half past two, too
    }
    os.environ |= settings
    installation = Installation(load_config(tiny_shop.DOMAIN), dict(os.environ))
    tiny_shop.deliver(installation.landing.parent)
    yield installation
    installation.run("services", "stop")
    for name in settings:
        del os.environ[name]


@pytest.fixture(scope="module")
def local_jobs(tmp_path_factory):
    """Have the jobs that a module runs in this process share one small session and one tracking database."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(
            "PYSPARK_SUBMIT_ARGS",
            f"--properties-file {by_hand.ROOT}/conf/spark/local.properties --master local[2] pyspark-shell",
        )
        patch.setenv("NIGHTREC__TRACKING__URI", f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db")
        yield
        from pyspark.sql import SparkSession

        if session := SparkSession.getActiveSession():
            session.stop()


@pytest.fixture(scope="module")
def hand_made(local_jobs, tmp_path_factory, worker_id):
    """Run two nights by hand, job after job, once for all workers.

    Returns:
        Their folder, which the tests of killed jobs may damage, and a copy of its lake, which is only read.
    """
    alone = worker_id == "master"
    home = (tmp_path_factory.mktemp("all") if alone else tmp_path_factory.getbasetemp().parent) / "by_hand"
    copy = home.with_name("by_hand_copy")
    with FileLock(f"{home}.lock"), pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHTREC__PATHS__HOME", str(home))
        if not copy.exists():
            tiny_shop.deliver(home / "landing")
            by_hand.run_nights(tiny_shop.DOMAIN, tiny_shop.NIGHTS)
            shutil.copytree(home / "lake", copy)
    return home, copy


def free_port() -> int:
    """Return a port that nobody listens on, below those that systems hand out, which others may get in the meantime."""
    for port in random.sample(range(20_000, 32_000), 100):
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port
    raise OSError("no free port between 20000 and 32000")
