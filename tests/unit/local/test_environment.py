"""What the services of `make up` are started with."""

import pytest

from nightrec.config import load_config
from nightrec.local.environment import airflow_environment
from nightrec.local.secrets import Secrets


@pytest.mark.parametrize(("schedule", "expected"), [("0 4 * * 1", "0 4 * * 1"), ("", "")])
def test_airflow_is_told_when_nights_run_and_for_whom(schedule, expected, tmp_path, monkeypatch):
    monkeypatch.setenv("NIGHTREC__PATHS__HOME", str(tmp_path))
    monkeypatch.setenv("NIGHTREC__SERVICES__SCHEDULE", schedule)

    monkeypatch.setenv("NIGHTREC__SERVICES__SCHEDULED_DOMAIN", "books")

    environment = airflow_environment(load_config("movielens"), Secrets())

    assert environment["NIGHTREC_SCHEDULE"] == expected
    assert environment["NIGHTREC_SCHEDULED_DOMAIN"] == "books"
