import json
from datetime import date

import pytest

from nightrec.config import load_config
from nightrec.errors import ConfigError, InputError
from nightrec.local.night import deliveries_of, next_night, order_of, published_night, what_is_out
from nightrec.local.progress import progress_line, useful_lines
from nightrec.local.secrets import ensure_secrets

D1, D2, D3 = date(2016, 9, 30), date(2016, 10, 3), date(2016, 10, 4)


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.setenv("NIGHTREC__PATHS__HOME", str(tmp_path))
    return load_config("movielens")


@pytest.mark.parametrize(("published", "night"), [(None, D1), (D1, D2), (D2, D3)])
def test_next_night_is_the_oldest_that_is_not_published(published, night):
    assert next_night([D3, D1, D2], published, None) == night


def test_requested_night_may_be_repeated():
    assert next_night([D1, D2], D2, "2016-09-30") == D1


@pytest.mark.parametrize(
    ("requested", "message"),
    [("2016-10-01", "no delivery of 2016-10-01; there are 2, 2016-09-30 to 2016-10-03"), (None, "every delivery is")],
)
def test_next_night_says_what_there_is(requested, message):
    with pytest.raises(InputError, match=message):
        next_night([D1, D2], D2, requested)


def test_requested_night_must_be_a_date():
    with pytest.raises(ConfigError, match="tonight"):
        next_night([D1], None, "tonight")


def test_sample_is_delivered_once_and_listed(config):
    days = deliveries_of(config)

    assert days[0] == D1
    assert len(days) > 10
    assert deliveries_of(config) == days


def test_folder_that_is_no_date_is_no_delivery(config, tmp_path):
    days = deliveries_of(config)
    for name in ("run_date=2026-01-02.tmp", "run_date=2026-02-30"):
        (tmp_path / "landing" / "movielens" / name).mkdir()

    assert deliveries_of(config) == days


@pytest.mark.parametrize(
    ("state", "words"), [("success", "its lists are published all the same"), ("upstream_failed", "is unchanged")]
)
def test_failed_night_says_which_lists_are_out(state, words):
    tasks = [{"task_id": "predict_behaviour", "state": "failed"}, {"task_id": "publish_top_n", "state": state}]
    assert what_is_out(tasks).endswith(words)


def test_published_night_is_read_from_the_pointer(config, tmp_path):
    assert published_night(config) is None

    pointer = tmp_path / "lake" / "movielens" / "published" / "latest.json"
    pointer.parent.mkdir(parents=True)
    pointer.write_text(json.dumps({"run_date": "2016-09-30"}))

    assert published_night(config) == {"run_date": "2016-09-30"}


def test_secrets_are_made_once_and_are_the_owners_alone(config, tmp_path):
    secrets = ensure_secrets(config)

    assert ensure_secrets(config) == secrets
    assert (tmp_path / "secrets.json").stat().st_mode & 0o777 == 0o600
    assert secrets.airflow_password != secrets.mlflow_password
    assert min(len(secrets.airflow_password), len(secrets.mlflow_password)) >= 24


def test_useful_lines_are_those_of_the_jobs():
    log = [
        "26/11/22 03:52:48 WARN Utils: x",
        "::group::Pre Execute",
        "",
        "2026-11-22 INFO nightrec: 7 rows",
        "Traceback",
    ]
    assert useful_lines(log) == ["2026-11-22 INFO nightrec: 7 rows", "Traceback"]


def test_progress_line_is_the_last_of_our_own():
    log = ["2026-11-22 05:18:46,840 INFO nightrec.tables: wrote rejects", "2026-11-22 05:18:47,000 INFO gx: []", "[]"]
    assert progress_line(log) == "tables: wrote rejects"
    assert progress_line(["[]"]) == ""


def test_a_night_says_what_the_order_of_its_lists_rests_on():
    learnt = {"part": "linear", "n_users": 189, "ndcg": 0.0871}
    assert order_of(learnt) == "linear, learnt from 189 users; NDCG@10 0.087 on users that it had not seen"
    assert order_of(learnt | {"n_users": 18, "ndcg": None}).startswith("all sources alike: only 18 users newly reached")
