"""Shared fixtures: one Spark session and one tracking database for the whole run, a lake in a temporary folder."""

import os
import sys

import pytest

from nightrec.config import load_config
from nightrec.lake import Lake

os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
os.environ.setdefault(
    "PYSPARK_SUBMIT_ARGS", "--properties-file conf/spark/local.properties --master local[2] pyspark-shell"
)


@pytest.fixture(scope="session")
def spark():
    """Return a small local session."""
    from nightrec.session import spark_session

    session = spark_session("tests", shuffle_partitions=2)
    yield session
    session.stop()


@pytest.fixture
def tables(spark, tmp_path):
    """Return an empty lake of domain `shop`."""
    from nightrec.tables import Tables

    return Tables(str(tmp_path / "lake"), "shop", spark)


@pytest.fixture(scope="session")
def tracking_uri(tmp_path_factory):
    """Return an MLflow database; making its tables takes seconds, so there is one."""
    return f"sqlite:///{tmp_path_factory.mktemp('mlflow')}/mlflow.db"


@pytest.fixture
def tiny_lake(tmp_path, tracking_uri, monkeypatch):
    """Return the lake that a job called with `--domain tiny` will use."""
    monkeypatch.setenv("NIGHTREC__PATHS__HOME", str(tmp_path))
    monkeypatch.setenv("NIGHTREC__TRACKING__URI", tracking_uri)
    config = load_config("tiny")
    return Lake(config.place(config.paths.lake), "tiny")
