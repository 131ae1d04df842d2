from hashlib import sha256

import pytest

from nightrec.encoder.versions import model_version
from nightrec.errors import ConfigError, MissingPartitionError
from nightrec.folders import drop_folder, get_folder, is_whole, put_folder
from nightrec.lake import Lake

NAME = "models/encoder/run_date=2026-01-31"


@pytest.fixture
def lake(tmp_path):
    return Lake(str(tmp_path / "lake"), "shop")


def folder(path, **files):
    path.mkdir()
    for name, text in files.items():
        (path / name).write_text(text)
    return path


def test_a_folder_replaces_the_one_before_whole(lake, tmp_path):
    put_folder(lake, folder(tmp_path / "a", old="1", both="2"), NAME)
    put_folder(lake, folder(tmp_path / "b", both="3", new="4"), NAME)
    got = get_folder(lake, NAME, tmp_path / "c")
    assert {path.name: path.read_text() for path in got.iterdir()} == {"both": "3", "new": "4", "_SUCCESS": ""}
    assert [path.name for path in (tmp_path / "lake/shop/models/encoder").iterdir()] == ["run_date=2026-01-31"]


def test_what_a_killed_copy_left_is_no_model_and_does_not_disturb_the_next(lake, tmp_path):
    left = tmp_path / "lake/shop/models/encoder"
    left.mkdir(parents=True)
    folder(left / "run_date=2026-01-31", half="1")
    folder(left / "_writing-run_date=2026-01-31", half="1")
    with pytest.raises(MissingPartitionError, match=r"unfinished; run the job.*--domain shop --run-date 2026-01-31"):
        get_folder(lake, NAME, tmp_path / "c")
    put_folder(lake, folder(tmp_path / "a", whole="1"), NAME)
    assert sorted(path.name for path in get_folder(lake, NAME, tmp_path / "d").iterdir()) == ["_SUCCESS", "whole"]


def test_drop_folder_is_silent_about_nothing(lake, tmp_path):
    drop_folder(lake, NAME)
    put_folder(lake, folder(tmp_path / "a", whole="1"), NAME)
    drop_folder(lake, NAME)
    assert not is_whole(lake, NAME)


def test_version_is_the_hash_of_the_weights(tmp_path):
    one = folder(tmp_path / "one", **{"model.safetensors": "ab", "config.json": "{}"})
    assert model_version(one) == sha256(b"ab").hexdigest()[:12]
    shards = folder(
        tmp_path / "two", **{"model-00002-of-00002.safetensors": "b", "model-00001-of-00002.safetensors": "a"}
    )
    assert model_version(shards) == sha256(b"ab").hexdigest()[:12]


def test_pickled_weights_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"no model\.safetensors in .*; convert the weights"):
        model_version(folder(tmp_path / "old", **{"pytorch_model.bin": "x"}))
