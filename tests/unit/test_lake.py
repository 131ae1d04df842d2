"""Partitions are whole or not there: the marker is written last and removed first."""

from datetime import date

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from nightrec.errors import EmptyOutputError, InputError, MissingPartitionError
from nightrec.lake import MARKER, Lake, arrow_uri
from nightrec.schemas import contract

D0, D1, D2 = date(2026, 1, 30), date(2026, 1, 31), date(2026, 2, 1)


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path), "shop")


def index(*users):
    rows = [{"user_id": user, "user_idx": n} for n, user in enumerate(users)]
    return pa.Table.from_pylist(rows, contract("user_index").arrow())


def users(lake, day):
    return lake.read_arrow("user_index", day).column("user_id").to_pylist()


def folder(tmp_path, day):
    return tmp_path / f"shop/user_index.v1/run_date={day}"


def test_written_rows_read_back(lake):
    rows = lake.write_arrow("user_index", D1, index("a", "b'\n字"))

    assert rows == 2
    assert lake.read_arrow("user_index", D1).equals(index("a", "b'\n字"))
    assert lake.read_arrow("user_index", D1, ["user_idx"]).column_names == ["user_idx"]


def test_extra_columns_are_not_written(lake):
    lake.write_arrow("user_index", D1, index("a").append_column("extra", pa.array([1])))

    assert lake.read_arrow("user_index", D1).column_names == ["user_id", "user_idx"]


def test_vectors_come_back_as_plain_lists(lake):
    row = {"fold": "all", "item_id": "i", "vector": [1.0, 2.0]}
    lake.write_arrow("item_factors", D1, pa.Table.from_pylist([row], contract("item_factors").arrow(dim=2)))

    got = lake.read_arrow("item_factors", D1)

    assert got.schema.field("vector").type == contract("item_factors").arrow().field("vector").type
    assert got.to_pylist() == [row]


def test_count_needs_no_data_files(lake, tmp_path):
    lake.write_arrow("user_index", D1, index("a", "b", "c"))
    for part in folder(tmp_path, D1).glob("*.parquet"):
        part.unlink()

    assert lake.count("user_index", D1) == 3


def test_run_again_replaces_its_partition_and_no_other(lake, tmp_path):
    lake.write_arrow("user_index", D0, index("old"))
    lake.write_arrow("user_index", D1, index("a", "b"))
    (folder(tmp_path, D1) / "part-00007.parquet").write_bytes(b"left by a run with more parts")

    lake.write_arrow("user_index", D1, index("c"))

    assert users(lake, D0) == ["old"]
    assert users(lake, D1) == ["c"]
    assert sorted(path.name for path in folder(tmp_path, D1).parent.iterdir()) == [f"run_date={D0}", f"run_date={D1}"]


def test_missing_partition_is_refused_with_the_newest_and_the_command(lake):
    lake.write_arrow("user_index", D0, index("a"))

    with pytest.raises(MissingPartitionError) as caught:
        lake.read_arrow("user_index", D1)

    said = str(caught.value)
    assert "user_index/run_date=2026-01-31 not found or unfinished" in said
    assert "(newest finished: 2026-01-30)" in said
    assert "produce it with: jobs/build_matrix.py --domain shop --run-date 2026-01-31" in said


def test_a_partition_without_a_column_names_the_job_that_makes_it_again(lake, tmp_path):
    lake.write_arrow("user_index", D0, index("a"))
    pq.write_table(index("a").drop_columns("user_idx"), folder(tmp_path, D0) / "part-00000.parquet")
    with pytest.raises(InputError, match=r"user_index/run_date=2026-01-30 .*user_idx.*jobs/build_matrix\.py"):
        users(lake, D0)


@pytest.mark.parametrize("ask", ["require", "count", "read_arrow"])
def test_unfinished_partition_is_refused(lake, tmp_path, ask):
    lake.write_arrow("user_index", D1, index("a"))
    (folder(tmp_path, D1) / MARKER).unlink()

    with pytest.raises(MissingPartitionError, match=r"newest finished: none"):
        getattr(lake, ask)("user_index", D1)


def test_empty_result_keeps_what_was_there(lake, tmp_path):
    lake.write_arrow("user_index", D1, index("a"))

    with pytest.raises(EmptyOutputError, match=f"user_index: no rows for {D1}; kept what was at .*run_date={D1}"):
        lake.write_arrow("user_index", D1, index())

    assert users(lake, D1) == ["a"]
    assert [path.name for path in folder(tmp_path, D1).parent.iterdir()] == [f"run_date={D1}"]


def test_empty_result_is_written_where_the_contract_allows_it(lake):
    assert lake.write_arrow("rejects", D1, contract("rejects").arrow().empty_table()) == 0
    assert lake.read_arrow("rejects", D1).num_rows == 0
    assert lake.count("rejects", D1) == 0


def test_killed_while_moving_leaves_nothing_that_reads_as_finished(lake, monkeypatch):
    lake.write_arrow("user_index", D1, index("a"))

    with monkeypatch.context() as patch:
        patch.setattr(Lake, "_clear", killed_on_second_call(Lake._clear))
        with pytest.raises(KeyboardInterrupt):
            lake.write_arrow("user_index", D1, index("b"))

    assert not lake.is_finished("user_index", D1)
    lake.write_arrow("user_index", D1, index("b"))
    assert users(lake, D1) == ["b"]


@pytest.mark.parametrize("judged", ["events", "items", "deliveries"])
def test_replacing_what_a_gate_judged_withdraws_its_verdict(lake, judged):
    write_verdict(lake, D0, True)
    write_verdict(lake, D1, True)

    lake.write_arrow(judged, D1, one_row(judged))

    assert (lake.has_passed(D0), lake.has_passed(D1)) == (True, False)
    assert not lake.is_finished("events_checks", D1)


def test_a_delivery_has_passed_when_every_rule_of_its_gate_has(lake):
    write_verdict(lake, D0, True, True)
    write_verdict(lake, D1, True, False)

    assert [lake.has_passed(day) for day in (D0, D1, D2)] == [True, False, False]


def test_a_verdict_that_another_table_withdraws_at_the_same_time_is_no_error(lake, monkeypatch):
    monkeypatch.setattr(Lake, "_exists", lambda *_: True)  # seen by this thread, then deleted by the other

    assert lake.write_arrow("items", D1, one_row("items")) == 1


def write_verdict(lake, day, *is_passed):
    rows = [
        {"rule": f"r{k}", "is_passed": ok, "n_unexpected": 0, "unexpected_frac": 0} for k, ok in enumerate(is_passed)
    ]
    lake.write_arrow("events_checks", day, pa.Table.from_pylist(rows, contract("events_checks").arrow()))


def one_row(table):
    schema = contract(table).arrow()
    filled = {"string": "x", "int64": 0, "timestamp[us, tz=UTC]": 0}
    row = {field.name: None if field.nullable else filled[str(field.type)] for field in schema}
    return pa.Table.from_pylist([row], schema)


def killed_on_second_call(clear):
    """Let the staging folder be cleared and die where the old rows are about to be."""
    calls = []

    def clear_or_die(self, place):
        calls.append(place)
        if len(calls) == 2:
            raise KeyboardInterrupt
        clear(self, place)

    return clear_or_die


def test_newest_is_the_last_finished_before_a_date(lake, tmp_path):
    for day in (D0, D1, D2):
        lake.write_arrow("user_index", day, index("a"))
    (folder(tmp_path, D1) / MARKER).unlink()

    assert lake.finished_dates("user_index") == [D0, D2]
    assert lake.newest("user_index", D2) == D0
    assert lake.newest("user_index", date(2026, 2, 2)) == D2
    assert lake.newest("user_index", D0) is None
    assert lake.finished_dates("item_index") == []


@pytest.mark.parametrize(
    ("uri", "want"),
    [("s3a://b/k", "s3://b/k"), ("s3n://b/k", "s3://b/k"), ("gs://b/k", "gs://b/k"), ("/data/s3a://", "/data/s3a://")],
)
def test_arrow_uri_respells_hadoop_names(uri, want):
    assert arrow_uri(uri) == want
