import numpy as np
import pytest
from pyarrow.fs import FileType
from small_night import DAY, N_ITEMS, N_USERS, write, write_night

from nightrec.histories import read_matrix, read_vectors
from nightrec.sequence import checkpoint
from nightrec.sequence.job import main

ARGS = ["--domain", "tiny", "--run-date", str(DAY)]


def vectors(lake):
    matrix = read_matrix(lake, DAY)
    ids = {"user": matrix.user_ids, "item": matrix.item_ids}
    return [read_vectors(lake, f"{s}_sequences", DAY, ids[s], fold) for s in ids for fold in ("cut", "all")]


def test_both_folds_get_vectors_that_know_the_halves_of_the_shop(tiny_lake):
    write_night(tiny_lake)

    assert main(ARGS) == 0

    users, items = vectors(tiny_lake)[1], vectors(tiny_lake)[3]
    scores = users[:, :-1] @ items[:, :-1].T
    own = np.arange(N_USERS)[:, None] % 2 == np.arange(N_ITEMS) % 2
    assert scores[own].mean() > scores[~own].mean()
    # The last item was never touched and is known by its text alone.
    assert items[-1, :-1].any()
    assert items[-1, -1] == 0


def kill_after_two_checkpoints(monkeypatch):
    monkeypatch.setattr(checkpoint, "EVERY_S", 0.0)
    put, n_saved = checkpoint.put_folder, []

    def put_twice(*args):
        put(*args)
        n_saved.append(1)
        if len(n_saved) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint, "put_folder", put_twice)
    with pytest.raises(KeyboardInterrupt):
        main(ARGS)
    monkeypatch.setattr(checkpoint, "put_folder", put)


def test_run_killed_after_a_checkpoint_ends_with_the_same_vectors(tiny_lake, monkeypatch):
    write_night(tiny_lake)
    assert main(ARGS) == 0
    whole = vectors(tiny_lake)
    kill_after_two_checkpoints(monkeypatch)

    assert main(ARGS) == 0

    assert all(np.array_equal(a, b) for a, b in zip(whole, vectors(tiny_lake), strict=True))
    left = tiny_lake.fs.get_file_info(tiny_lake.path(f"models/sequence/_checkpoint-{DAY}"))
    assert left.type == FileType.NotFound


def test_checkpoint_of_other_weights_is_not_gone_on_with(tiny_lake, monkeypatch, caplog):
    write_night(tiny_lake)
    kill_after_two_checkpoints(monkeypatch)
    rows = tiny_lake.read_arrow("interactions", DAY).to_pylist()
    write(tiny_lake, "interactions", [row | {"weight": 1.0 + n % 3} for n, row in enumerate(rows)])
    caplog.clear()
    caplog.set_level("INFO")

    assert main(ARGS) == 0

    assert "cut fold, epoch 1 of" in caplog.text


def test_checkpoint_of_another_form_is_not_gone_on_with(tiny_lake, monkeypatch, caplog):
    write_night(tiny_lake)
    form = checkpoint.FORM
    monkeypatch.setattr(checkpoint, "FORM", b"of an earlier release")
    kill_after_two_checkpoints(monkeypatch)
    monkeypatch.setattr(checkpoint, "FORM", form)
    caplog.clear()
    caplog.set_level("INFO")

    assert main(ARGS) == 0

    assert "cut fold, epoch 1 of" in caplog.text


def test_night_without_goals_is_trained_for_a_fixed_time(tiny_lake, caplog):
    write_night(tiny_lake)
    write(tiny_lake, "held_out", [])
    caplog.set_level("INFO")
    assert main([*ARGS, "--set", "sequence.max_epochs=60"]) == 0
    assert "all fold, epoch 10 of at most 10" in caplog.text
