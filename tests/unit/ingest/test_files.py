"""Which files of a landing folder count."""

import pytest

from nightrec.errors import InputError
from nightrec.ingest.files import list_files, newest_delivery


def make(folder, *names):
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def test_list_files_goes_into_folders_and_skips_hidden_names(tmp_path):
    make(tmp_path, "b.jsonl", "a/2.csv.gz", "a/_SUCCESS", "_temporary/x.jsonl", ".b.crc", "a/.hidden/x.csv")
    assert list_files(str(tmp_path)) == ["a/2.csv.gz", "b.jsonl"]
    assert list_files(f"file://{tmp_path}") == ["a/2.csv.gz", "b.jsonl"]


def test_list_files_of_an_absent_folder_is_empty(tmp_path):
    assert list_files(str(tmp_path / "nowhere")) == []


def test_list_files_refuses_unknown_formats_by_name(tmp_path):
    make(tmp_path, "a.jsonl", "readme.txt", "b.xlsx")
    with pytest.raises(InputError, match=r"2 of 3 files under .* have an unknown format: b.xlsx, readme.txt"):
        list_files(str(tmp_path))


def test_newest_delivery_looks_beside_the_delivery(tmp_path):
    make(tmp_path, "run_date=2026-01-30/events/a.jsonl", "run_date=2026-02-01/events/a.jsonl", "_run_date=2026-03-01/x")
    assert newest_delivery(str(tmp_path / "run_date=2026-01-31" / "events")) == "2026-02-01"
    assert newest_delivery(str(tmp_path / "no" / "such" / "shop")) == "none"
