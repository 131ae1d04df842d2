"""Whole nights through a real scheduler, in the order that a user meets them; each test goes on from the one before."""

import socket
import time
from datetime import timedelta

import by_hand
import psutil
import pyarrow.parquet as pq
import pytest
import requests
from rich.console import Console
from tiny_shop import WORDS

from nightrec.lake import Lake
from nightrec.local import processes
from nightrec.local.environment import airflow_url, mlflow_url
from nightrec.local.night import published_night
from nightrec.local.progress import follow
from nightrec.local.secrets import ensure_secrets
from nightrec.published import read_pointer

pytestmark = pytest.mark.slow
NIGHTLY, BACKFILL = "nightly_recommendations", "backfill_recommendations"
TASKS = {
    "resolve_night", "ingest_logs", "validate_events", "build_matrix", "fine_tune_llm", "embed_texts",
    "train_collaborative", "train_sequence", "train_projection", "fit_ranker", "predict_behaviour",
    "score_top_n", "validate_topn", "publish_top_n", "evaluate_night",
}  # fmt: skip


def test_first_night_publishes_lists_and_says_where_they_are(installation):
    night = installation.run("night", "--domain", "tiny")

    assert night.returncode == 0, night.stdout + night.stderr
    succeeded = {line.split()[2] for line in night.stdout.splitlines() if " success after " in line}
    assert succeeded == TASKS
    published = published_night(installation.config)
    assert published["run_date"] == str(installation.deliveries[0])
    assert published["topn"] in night.stdout
    answers = pq.read_table(published["query_results"]).to_pylist()
    assert {row["query"] for row in answers} == {word for words in WORDS.values() for word in words}
    assert all(row["n_users"] >= installation.config.scoring.popular_min_users for row in answers)
    for address in (airflow_url(installation.config), mlflow_url(installation.config), "index.html", "secrets.json"):
        assert address in night.stdout


def test_servers_let_nobody_in_without_password_and_passwords_are_not_shown(installation):
    config, secrets = installation.config, ensure_secrets(installation.config)

    assert requests.get(f"{airflow_url(config)}/api/v2/dags", timeout=30).status_code == 401
    mlflow_api = f"{mlflow_url(config)}/api/2.0/mlflow/experiments/search?max_results=1"
    assert requests.get(mlflow_api, timeout=30).status_code == 401
    assert requests.get(mlflow_api, timeout=30, auth=(secrets.mlflow_username, secrets.mlflow_password)).ok
    logs = "".join(path.read_text(errors="replace") for path in config.home.glob("**/*.log"))
    assert not [key for key, value in secrets.model_dump().items() if key.endswith("password") and value in logs]


def test_servers_listen_on_this_machine_alone(installation):
    mine = {process.pid for process in processes.find(installation.config.home)}
    listening = [c.laddr.ip for c in psutil.net_connections("tcp") if c.pid in mine and c.status == psutil.CONN_LISTEN]

    assert set(listening) == {"127.0.0.1"}


def test_backfill_runs_night_after_night_until_one_fails(installation):
    client, first, rubbish_day = installation.client, installation.deliveries[1], deliver_rubbish(installation)
    form = {"domain": "tiny", "start": str(first), "end": str(rubbish_day + timedelta(days=9)), "train": False}

    assert follow(client, BACKFILL, client.trigger(BACKFILL, form), Console()) == "failed"

    runs = sorted(client.runs(NIGHTLY), key=lambda run: run["start_date"])[1:]
    got = [(run["conf"]["run_date"], run["state"]) for run in runs]
    assert got == [(str(first), "success"), (str(rubbish_day), "failed")]
    assert runs[0]["end_date"] <= runs[1]["start_date"]
    assert published_night(installation.config)["run_date"] == str(first)


def test_backfilled_night_equals_the_same_night_run_by_hand(installation, hand_made):
    scheduled = Lake(installation.config.place(installation.config.paths.lake), "tiny")
    lake, night = Lake(str(hand_made[1]), "tiny"), installation.deliveries[1]
    tables = [table for task in by_hand.IN_ORDER if task != "fine_tune_llm" for table in by_hand.tables_of(task)]

    assert [t for t in tables if not by_hand.rows(lake, t, night).equals(by_hand.rows(scheduled, t, night))] == []
    assert read_pointer(scheduled)["run_id"] == read_pointer(lake)["run_id"]


def test_night_of_rubbish_fails_with_its_log_and_keeps_the_lists(installation):
    before = published_night(installation.config)

    night = installation.run("night", "--domain", "tiny")

    assert night.returncode == 1
    assert "ingest_logs, attempt 1" in night.stdout  # a refusal is not tried again
    assert f"the night of {installation.deliveries[-1]} failed" in night.stdout
    assert published_night(installation.config) == before


def test_killing_a_task_kills_its_spark_application(installation):
    client, night = installation.client, str(installation.deliveries[0])
    run_id = client.trigger(NIGHTLY, {"domain": "tiny", "run_date": night, "train": False})
    wait_until(lambda: len(processes_of(installation, "ingest_logs")) >= 2, "JVM and Python driver")

    client.fail_task(NIGHTLY, run_id, "ingest_logs")

    wait_until(lambda: not processes_of(installation, "ingest_logs"), "both ended", limit_s=30)
    wait_until(lambda: client.run_state(NIGHTLY, run_id) == "failed", "run failed", limit_s=30)


def test_stop_in_the_middle_of_a_night_leaves_no_process_and_no_run(installation):
    client = installation.client
    client.trigger(NIGHTLY, {"domain": "tiny", "run_date": str(installation.deliveries[0]), "train": False})
    wait_until(lambda: len(processes_of(installation, "ingest_logs")) >= 2, "JVM and Python driver")

    assert installation.run("services", "stop").returncode == 0

    assert processes.find(installation.config.home) == []
    assert processes_of(installation, "ingest_logs") == []
    with pytest.raises(OSError, match="refused"):
        socket.create_connection(("127.0.0.1", installation.config.services.airflow_port), timeout=1)


def test_services_start_again_without_taking_up_the_ended_night(installation):
    assert installation.run("services", "up").returncode == 0

    assert installation.client.active_runs() == []


def deliver_rubbish(installation):
    """Deliver nothing but broken lines for the next day, and return that day."""
    day = installation.deliveries[-1] + timedelta(days=1)
    events = installation.landing / f"run_date={day}" / "events"
    events.mkdir(parents=True)
    (events / "part-0.jsonl").write_text("this is no JSON\n" * 50)
    return day


def processes_of(installation, job):
    """Return the living processes of a job: the JVM of spark-submit and the Python driver."""
    return [p for p in processes.find(installation.config.home) if f"jobs/{job}.py" in " ".join(command_of(p))]


def command_of(process):
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def wait_until(holds, what, limit_s=120):
    deadline = time.monotonic() + limit_s
    while not holds():
        assert time.monotonic() < deadline, f"waited {limit_s} s for: {what}"
        time.sleep(0.3)
