import io
import json
import os
import sys
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
import scipy.sparse as sp
from rich.console import Console
from small_split import write_halves

from nightrec.benchmark import contest, night
from nightrec.benchmark.__main__ import main
from nightrec.benchmark.ablations import reciprocal_ranks
from nightrec.benchmark.contest import Place, run_peers, run_stamped, same_as_published
from nightrec.benchmark.lists import LENGTH, as_table, write_lists
from nightrec.benchmark.report import Section, as_json, as_markdown, cells, show
from nightrec.benchmark.results import Entry, make_rows
from nightrec.benchmark.truth import Truth, head, read_truth
from nightrec.benchmark.vectors import made_of
from nightrec.benchmark.watch import CommandFailedError, Cost, run_watched
from nightrec.config import load_config
from nightrec.errors import ConfigError

DAY = date(2014, 4, 17)


def lists(*rows):
    return np.array([list(row) + [-1] * (LENGTH - len(row)) for row in rows])


@pytest.fixture
def truth():
    """Two users, four items: the first wants item 0, the second items 1 and 3; item 0 is the head."""
    relevant = sp.csr_matrix(np.array([[1, 0, 0, 0], [0, 1, 0, 1]], np.float32))
    masks = [np.array(mask, np.bool_) for mask in ([1, 1, 1, 1], [1, 0], [1, 0, 0, 0])]
    return Truth(pa.array(["a", "b"]), pa.array(list("wxyz")), relevant, *masks, np.eye(4, dtype=np.float32))


def test_commands_are_those_of_the_dag_in_an_order_that_works():
    got = night.commands("toys", DAY)
    tasks = list(got)
    assert tasks[:3] == ["ingest_logs", "validate_events", "build_matrix"]
    assert tasks[-1] == "publish_top_n"
    assert tasks.index("fit_ranker") > max(tasks.index("train_sequence"), tasks.index("train_collaborative"))
    assert "evaluate_night" not in tasks
    assert " ".join(got["embed_texts"]) == "python jobs/embed_texts.py --domain toys --run-date 2014-04-17 --env local"


def test_a_setting_from_the_environment_is_part_of_what_a_night_follows_from(tmp_path, monkeypatch):
    split = write_halves(tmp_path / "split")
    before = night.fingerprint(split, "toys")
    monkeypatch.setenv("NIGHTREC__ENCODER__EPOCHS", "9")
    assert night.fingerprint(split, "toys") != before


def test_vectors_are_made_anew_for_another_reading_of_the_texts():
    config = load_config("toys").encoder
    other = [config.model_copy(update=change) for change in ({"max_tokens": 8}, {"last_layers": 1}, {"pooling": "cls"})]
    assert len({made_of("sha", one) for one in [config, *other]}) == 4
    assert made_of("sha", config.model_copy(update={"epochs": 9})) == made_of("sha", config)


def test_finished_jobs_are_kept_until_something_changes(tmp_path, monkeypatch):
    ran = []
    monkeypatch.setattr(night, "commands", lambda *_: {"one": ["1"], "two": ["2"], "three": ["3"]})
    monkeypatch.setattr(night, "run_watched", lambda command, *_: ran.append(command[0]) or Cost(1.0, 2.0))
    monkeypatch.setattr(night, "is_written", lambda _lake, command, _day: command[0] not in missing)
    split, missing = write_halves(tmp_path / "split"), set()

    def run(resume):
        ran.clear()
        night.run_night(split, tmp_path / "home", ("toys", "purchase"), resume, lambda _line: None)
        return "".join(ran)

    assert run(resume=True) == "123"
    assert run(resume=True) == ""
    missing.add("2")
    assert run(resume=True) == "23"  # what follows a lost job is made anew too
    missing.clear()
    assert run(resume=False) == "123"
    (split / "train.parquet").write_bytes(b"other")
    with pytest.raises(pa.ArrowInvalid):
        run(resume=True)  # made anew from the changed split, which is broken here


def test_partitions_of_a_command_are_found(tiny_lake):
    assert not night.is_written(tiny_lake, ["python", "jobs/embed_texts.py"], DAY)
    assert night.is_written(tiny_lake, ["python", "jobs/publish_top_n.py"], DAY)  # writes no table


def test_total_adds_time_and_takes_the_largest_memory():
    assert night.total({"a": Cost(1.0, 5.0), "b": Cost(2.0, 3.0)}) == Cost(3.0, 5.0)


def test_watch_sees_time_memory_and_output(tmp_path):
    program = [sys.executable, "-c", "import time; x = bytearray(60 << 20); print(len(x)); time.sleep(1)"]
    cost = run_watched(program, dict(os.environ), tmp_path, tmp_path / "logs/a.log")
    assert cost.seconds >= 1
    assert cost.peak_mb > 60
    assert (tmp_path / "logs/a.log").read_text() == f"{60 << 20}\n"


def test_watch_shows_the_end_of_a_failed_log(tmp_path):
    with pytest.raises(CommandFailedError, match=r"ended with 3; .*a.log ends:\nbroken"):
        run_watched([sys.executable, "-c", "print('broken'); exit(3)"], dict(os.environ), tmp_path, tmp_path / "a.log")


def test_stamped_command_runs_again_only_when_the_stamp_or_the_wish_is_another(tmp_path, monkeypatch):
    ran = []
    monkeypatch.setattr(contest, "run_watched", lambda *_: ran.append(1) or Cost(1.0, 2.0))
    place = Place(tmp_path, "toys", "warm")
    for stamp, resume in (("x", True), ("x", True), ("y", True), ("y", False)):
        assert run_stamped(place, "ease", ["ease"], stamp, resume) == Cost(1.0, 2.0)
    assert len(ran) == 3


def test_peers_without_their_environment_say_how_to_make_it(tmp_path, monkeypatch):
    monkeypatch.setattr(contest, "root", lambda: tmp_path)
    with pytest.raises(ConfigError, match=r"no \.venv-benchmark/bin/python; make it with"):
        run_peers(Place(tmp_path, "toys", "warm"), ["ease"], False, lambda _line: None)
    assert run_peers(Place(tmp_path, "toys", "warm"), [], False, lambda _line: None) == {}


def test_reciprocal_ranks_add_over_sources():
    ranks = np.array([[[0, 9], [1, 0]]])  # one user, two candidates, ranks from 0 in two sources
    described = np.stack(
        [np.zeros((1, 2)), -np.log1p(ranks[..., 0]), np.zeros((1, 2)), -np.log1p(ranks[..., 1])], axis=2
    )
    assert reciprocal_ranks(described, 2)[0].tolist() == pytest.approx([1 / 61 + 1 / 70, 1 / 62 + 1 / 61])


def test_rows_compare_the_same_users_and_slice_them(truth):
    ours, theirs = Entry("nightrec", "ours", lists([0], [1, 3])), Entry("popular", "peer", lists([0], [0, 1]))
    rows = make_rows([ours, theirs], truth)
    assert rows[0].metrics["ndcg@10"] == 1.0
    assert rows[0].against_ours == {}
    second = (1 / np.log2(3)) / (1 + 1 / np.log2(3))
    assert rows[1].metrics["ndcg@10"] == pytest.approx((1 + second) / 2)
    assert rows[1].against_ours["ndcg@10"].difference == pytest.approx((second - 1) / 2)
    assert rows[1].metrics["short_histories ndcg@10"] == 1.0
    assert rows[1].metrics["head_items ndcg@10"] == 1.0
    assert rows[1].metrics["tail_items ndcg@10"] == pytest.approx(second)
    assert rows[1].metrics["coverage@10"] == 2 / 4


def test_rows_need_one_that_is_ours(truth):
    with pytest.raises(ValueError, match=r"no entry is named 'nightrec', got \['popular'\]"):
        make_rows([Entry("popular", "peer", lists([0], [0]))], truth)


def test_report_holds_every_number_the_hashes_and_the_settings(truth):
    about = {"settings": {"days": 30}}
    entries = [
        Entry("nightrec", "ours", lists([0], [1]), Cost(12.0, 345.0)),
        Entry("popular_recent", "peer", lists([2], [2]), None, about),
    ]
    section = Section(
        "toys",
        "warm",
        2,
        4,
        {"train.parquet": "abc"},
        {"embed_texts": Cost(1, 2)},
        make_rows(entries, truth),
        ["a note"],
    )
    text, plain = as_markdown([section]), json.loads(as_json([section]))
    for part in (
        "## toys, full ranking: 2 users, 4 items",
        "`train.parquet` abc",
        '"days": 30',
        "a note",
        "night, embed_texts: 1 s, 2 MB",
    ):
        assert part in text
    told = plain["sections"][0]["rows"][0]["metrics"]
    assert told.pop("diversity@10") is None  # lists of one item
    assert told == pytest.approx({k: v for k, v in section.rows[0].metrics.items() if k != "diversity@10"})
    assert plain["about"]["commit"]
    assert cells(section.rows[0])[-3:] == ["", "12", "345"]
    assert cells(section.rows[1])[0] == "popular_recent"


def test_table_on_the_screen_has_whole_numbers_in_80_columns(truth):
    entries = [Entry("nightrec", "ours", lists([0], [1])), Entry("popular_recent", "peer", lists([2], [2]))]
    console = Console(width=80, file=io.StringIO())
    rows = make_rows(entries, truth)
    show(Section("toys", "warm", 2, 4, {}, {}, rows, []), console)
    shown = console.file.getvalue()
    assert "…" not in shown
    assert cells(rows[1])[-3] in shown  # the difference with its interval in brackets


def test_head_is_the_fewest_items_with_half_of_everything():
    assert head(np.array([1, 6, 3, 2])).tolist() == [False, True, False, False]
    assert head(np.array([1, 5, 4, 2])).tolist() == [False, True, True, False]


def test_truth_is_read_from_the_split(tmp_path):
    split = write_halves(tmp_path)
    found = read_truth(split, np.zeros((16, 2), np.float32))
    assert found.relevant.sum() == 24
    assert found.is_short.all()  # all have the same length
    assert found.may_list.all()
    assert found.within(np.full(16, False)).nnz == 0 or found.within(np.full(16, False)).sum() == 0


def test_ablation_is_checked_against_what_was_published(tmp_path):
    place, users, items = Place(tmp_path, "toys", "warm"), pa.array(["a", "b"]), pa.array(list("wxyz"))
    write_lists(place.of("lists") / "nightrec.parquet", as_table(users, items, lists([0, 1], [2])))
    write_lists(place.of("lists") / "ranker.parquet", as_table(users, items, lists([0, 1], [3])))
    assert same_as_published(place) == 0.5


def test_missing_data_is_skipped_with_a_word(tmp_path, capsys):
    assert main(["--data", "toys", "instruments", "--folder", str(tmp_path), "--out", str(tmp_path)]) == 3
    out = capsys.readouterr().out
    assert "skipping toys" in out
    assert "skipping instruments" in out


def test_help_teaches(capsys):
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "exit codes: 0 done" in capsys.readouterr().out
