import os
import sys
import time

from nightrec.local import processes

# A service that starts a grandchild in a session of its own, which ignores being asked to end.
SERVICE = """
import subprocess, sys, time
stubborn = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(60)"
subprocess.Popen([sys.executable, "-c", stubborn], start_new_session=True)
print("started", flush=True)
time.sleep(60)
"""


def start(home, name="one"):
    processes.start(name, [sys.executable, "-c", SERVICE], dict(os.environ), home, home)
    wait_until(lambda: len(processes.find(home, name)) == 2)


def wait_until(holds):
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_stop_ends_whole_families_of_one_installation_only(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "GRACE_S", 1)
    mine, other = tmp_path / "mine", tmp_path / "other"
    for home in (mine, other):
        home.mkdir()
        start(home)

    assert processes.stop(mine) == 2

    assert processes.find(mine) == []
    assert len(processes.find(other)) == 2
    processes.stop(other)


def test_find_tells_services_apart_and_log_tail_shows_their_last_words(tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "GRACE_S", 1)
    start(tmp_path, "one")

    assert processes.find(tmp_path, "two") == []
    wait_until(lambda: processes.log_tail(tmp_path, "one") == "started")
    processes.stop(tmp_path)
