"""The DAGs as Airflow loads them; runs in .venv-airflow, without a database."""

import os
import sys
import tempfile
from datetime import datetime
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).parents[2]
# Airflow reads these when it is imported, which the fixtures below do.
os.environ |= {
    "AIRFLOW_HOME": tempfile.mkdtemp(prefix="airflow-home-"),
    "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
    "AIRFLOW_CONN_SPARK_DEFAULT": '{"conn_type": "spark", "host": "local[2]"}',
}
sys.path[:0] = [str(ROOT / "jobs"), str(ROOT / "dags")]  # as the services and Airflow do

NIGHT = {"domain": "movielens", "run_date": "2026-01-31", "env": "local", "top_n": 20, "has_writer": False}


@pytest.fixture(scope="session")
def bag():
    from airflow.dag_processing.dagbag import DagBag

    return DagBag(str(ROOT / "dags"))


@pytest.fixture(scope="session")
def nightly(bag):
    return bag.dags["nightly_recommendations"]


@pytest.fixture(scope="session")
def backfill(bag):
    return bag.dags["backfill_recommendations"]


@pytest.fixture
def night_context():
    """Return what templates and hooks of one night see."""
    ti = SimpleNamespace(xcom_pull=lambda task_ids: NIGHT if task_ids == "resolve_night" else None)
    return {"ti": ti, "params": {"train": True}}


@pytest.fixture
def manual_run():
    """Return a run without logical date, as the trigger form makes it."""
    return SimpleNamespace(logical_date=None, run_after=datetime(2026, 2, 1, 9, 30))
