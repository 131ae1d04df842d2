"""What the machine must have before anything starts; each failure says how to get it."""

import os
import re
import shutil
import socket
import subprocess

from nightrec.errors import ConfigError

OLDEST_JAVA = 17
HOW_TO_GET_JAVA = (
    "Debian and Ubuntu: apt-get install openjdk-17-jre-headless; Fedora: dnf install java-17-openjdk-headless; "
    "macOS: brew install openjdk@17; or point JAVA_HOME to one"
)


def check_java() -> None:
    """Refuse to go on without a Java that Spark runs on.

    Raises:
        ConfigError: If there is none, or an older one.
    """
    found = java_version()
    if found is None:
        raise ConfigError(f"Spark needs Java {OLDEST_JAVA} or newer and found none. {HOW_TO_GET_JAVA}")
    if found < OLDEST_JAVA:
        raise ConfigError(f"Spark needs Java {OLDEST_JAVA} or newer and found {found}. {HOW_TO_GET_JAVA}")


def java_version() -> int | None:
    """Return the feature release of the Java that Spark would use, 8 for `1.8`."""
    home = os.environ.get("JAVA_HOME")
    java = f"{home}/bin/java" if home else shutil.which("java")
    if not java or not os.access(java, os.X_OK):
        return None
    shown = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(?:1\.)?(\d+)', shown)
    return int(version[1]) if version else None


def check_port_is_free(host: str, port: int, setting: str) -> None:
    """Refuse a port that another program has.

    Raises:
        ConfigError: With the setting to change.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as err:
            variable = f"NIGHTREC__{setting.upper().replace('.', '__')}"
            raise ConfigError(
                f"{host}:{port} is in use by another program ({err.strerror}); "
                f"choose another port for {setting}, for example {variable}={port + 1} make night"
            ) from None
