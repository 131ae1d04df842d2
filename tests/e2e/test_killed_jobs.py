"""Every writing job killed with SIGKILL in the middle, then simply run again: the same rows as without the accident."""

import json
import os
import shutil
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import tiny_shop
from by_hand import IN_ORDER, ROOT, command, rows, run_here, tables_of
from killing import kill_when_there, kill_while_writing

from nightrec.config import load_config
from nightrec.encoder.versions import MODELS
from nightrec.lake import VERDICTS, Lake
from nightrec.published import FOLDER, TABLES, read_pointer

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("local_jobs")]
DOMAIN, (D0, D1) = tiny_shop.DOMAIN, tiny_shop.NIGHTS


@pytest.fixture(scope="module")
def lake(hand_made):
    """Return a lake of two nights."""
    home, _ = hand_made
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHTREC__PATHS__HOME", str(home))
        patch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")
        patch.chdir(ROOT)
        config = load_config(DOMAIN)
        yield Lake(config.place(config.paths.lake), DOMAIN)


@pytest.mark.parametrize("task", [task for task in IN_ORDER if task not in {"fine_tune_llm", "publish_top_n"}])
def test_job_killed_while_writing_leaves_nothing_finished_and_runs_again(lake, task, tmp_path):
    before = {table: rows(lake, table, D1) for table in tables_of(task)}
    for table in before:
        shutil.rmtree(lake.partition(table, D1))

    kill_while_writing(command(task, DOMAIN, D1), lake, next(iter(before)), D1, tmp_path / "log")

    assert run_here(task, DOMAIN, D1) == 0
    assert {table for table in before if not rows(lake, table, D1).equals(before[table])} == set()
    for verdict in (verdict for verdict, judged in VERDICTS.items() if not before.keys().isdisjoint(judged)):
        assert not lake.is_finished(verdict, D1)  # it was about the rows before
        assert run_here(f"validate_{verdict.removesuffix('_checks')}", DOMAIN, D1) == 0


def test_fine_tuning_killed_after_a_checkpoint_goes_on_from_it_to_the_same_weights(lake, tmp_path, caplog):
    before = rows(lake, "encoders", D0)
    shutil.rmtree(lake.partition("encoders", D0))
    checkpoint = Path(lake.path(f"{MODELS}/_checkpoint-{D0}"))

    assert kill_when_there(command("fine_tune_llm", DOMAIN, D0), checkpoint, tmp_path / "log")

    assert not lake.is_finished("encoders", D0)
    assert run_here("fine_tune_llm", DOMAIN, D0) == 0
    assert rows(lake, "encoders", D0).equals(before)
    assert not checkpoint.exists()


def test_publishing_killed_midway_shows_the_night_before_or_the_new_one_whole(lake, tmp_path):
    pointers, new = Path(lake.path(FOLDER)), read_pointer(lake)
    shutil.copy(pointers / f"run_date={D0}.json", pointers / "latest.json")
    (pointers / f"run_date={D1}.json").unlink()
    shutil.rmtree(pointers / f"run_date={D1}")

    assert kill_when_there(command("publish_top_n", DOMAIN, D1), pointers / f"run_date={D1}", tmp_path / "log")

    shown = json.loads((pointers / "latest.json").read_text())
    assert shown in (read_pointer(lake, D0), new)
    for table in TABLES:
        assert pq.read_table(shown[table]).num_rows == lake.count(table, D0 if shown != new else D1)
    assert run_here("publish_top_n", DOMAIN, D1) == 0
    assert read_pointer(lake) == new
    assert pq.read_table(new["topn"]).num_rows == lake.count("topn", D1)
