import os
import subprocess
import sys
import time

import psutil
import pytest

DRIVER = "import time; from nightrec.lifeline import end_with_spark; end_with_spark(); time.sleep(60)"
PARENT = "import subprocess, sys; print(subprocess.Popen([sys.executable, '-c', {!r}]).pid, flush=True); input()"


@pytest.mark.parametrize("under_spark", [True, False])
def test_driver_ends_when_its_parent_is_killed(under_spark):
    marks = {"PYSPARK_GATEWAY_PORT": "1"} if under_spark else {}
    env = {k: v for k, v in os.environ.items() if k != "PYSPARK_GATEWAY_PORT"} | {"PYTHONPATH": "jobs"} | marks
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT.format(DRIVER)], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    driver = psutil.Process(int(parent.stdout.readline()))
    time.sleep(1)
    assert is_alive(driver)

    parent.kill()
    parent.wait()
    time.sleep(3)

    assert is_alive(driver) is not under_spark
    if is_alive(driver):
        driver.kill()


def is_alive(process):
    return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
