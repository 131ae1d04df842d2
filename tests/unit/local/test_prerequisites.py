import socket

import pytest

from nightrec.errors import ConfigError
from nightrec.local.prerequisites import check_java, check_port_is_free, java_version


@pytest.fixture
def java(tmp_path, monkeypatch):
    """Return a function that puts a Java of a given version in place."""

    def install(version: str) -> None:
        program = tmp_path / "bin" / "java"
        program.parent.mkdir(exist_ok=True)
        program.write_text(f"#!/bin/sh\necho 'openjdk version \"{version}\" 2025-01-01' >&2\n")
        program.chmod(0o755)
        monkeypatch.setenv("JAVA_HOME", str(tmp_path))

    return install


@pytest.mark.parametrize(("version", "release"), [("1.8.0_402", 8), ("11.0.2", 11), ("17.0.15", 17), ("21", 21)])
def test_java_version_is_the_feature_release(java, version, release):
    java(version)
    assert java_version() == release


def test_old_java_is_refused_with_the_way_to_a_newer_one(java):
    java("11.0.2")
    with pytest.raises(ConfigError, match=r"Java 17 or newer and found 11\..*apt-get install openjdk-17"):
        check_java()


def test_missing_java_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    with pytest.raises(ConfigError, match="found none"):
        check_java()


def test_taken_port_is_refused_with_the_setting_to_change():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(ConfigError, match=rf"127.0.0.1:{port} .* NIGHTREC__SERVICES__MLFLOW_PORT={port + 1}"):
            check_port_is_free("127.0.0.1", port, "services.mlflow_port")
    check_port_is_free("127.0.0.1", port, "services.mlflow_port")
