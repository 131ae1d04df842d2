import os
import sys
import time

import pytest

from nightrec.config import load_config
from nightrec.errors import ConfigError
from nightrec.local import processes, services
from nightrec.local.environment import task_environment


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("NIGHTREC__PATHS__HOME", str(tmp_path))
    return load_config("tiny")


@pytest.fixture
def scheduler(config, monkeypatch):
    """Start a stand-in for Airflow's scheduler as `up` does."""
    monkeypatch.setattr(processes, "GRACE_S", 1)
    command = [sys.executable, "-c", "import time; time.sleep(60)"]
    processes.start("airflow-scheduler", command, task_environment(config), config.home, config.home)
    deadline = time.monotonic() + 10
    while not processes.find(config.home, "airflow-scheduler"):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    yield
    processes.stop(config.home)


@pytest.mark.usefixtures("scheduler")
def test_variables_that_running_services_do_not_have_are_refused_by_name(config, monkeypatch):
    services.refuse_other_settings(config)

    monkeypatch.setenv("NIGHTREC__SCORING__TOP_N", "50")
    monkeypatch.setenv("NIGHTREC__SERVICES__SCHEDULED_DOMAIN", "secret_shop")
    names = "NIGHTREC_SCHEDULED_DOMAIN, NIGHTREC__SCORING__TOP_N, NIGHTREC__SERVICES__SCHEDULED_DOMAIN"
    with pytest.raises(ConfigError, match=rf"other values of {names} than.*`make stop` first") as told:
        services.refuse_other_settings(load_config("tiny"))
    assert "secret_shop" not in str(told.value)


@pytest.mark.usefixtures("scheduler")
def test_a_variable_that_is_set_no_longer_is_refused_too(config, monkeypatch):
    monkeypatch.delenv("NIGHTREC__PATHS__HOME")
    with pytest.raises(ConfigError, match="other values of NIGHTREC__PATHS__HOME than"):
        services.refuse_other_settings(config)


def test_without_services_every_variable_will_do(config, monkeypatch):
    monkeypatch.setitem(os.environ, "NIGHTREC__SCORING__TOP_N", "50")
    services.refuse_other_settings(config)


def test_a_shop_that_cannot_be_read_does_not_keep_services_from_ending(config, monkeypatch):
    ended = []
    monkeypatch.setattr(services, "list_domains", lambda: ["no_such_shop", "tiny"])
    monkeypatch.setattr(services, "stop", lambda config, _: ended.append(config.domain))

    assert services.main(["stop"]) == 0
    assert ended == ["tiny"]
