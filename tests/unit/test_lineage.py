from nightrec.config import load_config
from nightrec.lineage import collaborative_version, data_snapshot, digest, run_id

INPUTS = [{"delivery_date": "2026-01-31", "fingerprint": "b"}, {"delivery_date": "2026-01-30", "fingerprint": "a"}]


def test_snapshot_does_not_hang_on_the_order_of_deliveries():
    assert data_snapshot(INPUTS, "items") == data_snapshot(INPUTS[::-1], "items")


def test_snapshot_changes_with_events_and_catalogue():
    repaired = [INPUTS[0] | {"fingerprint": "c"}, INPUTS[1]]
    assert len({data_snapshot(INPUTS, "items"), data_snapshot(repaired, "items"), data_snapshot(INPUTS, "other")}) == 3


def test_run_id_names_settings_data_model_and_code():
    config = load_config("tiny")
    base = run_id(config, "snapshot", "encoder", "commit")
    others = [
        run_id(load_config("tiny", overrides=["scoring.top_n=11"]), "snapshot", "encoder", "commit"),
        run_id(load_config("tiny", overrides=["rules.explore_slots=1"]), "snapshot", "encoder", "commit"),
        run_id(config, "other", "encoder", "commit"),
        run_id(config, "snapshot", "other", "commit"),
        run_id(config, "snapshot", "encoder", "other"),
    ]
    assert len({base, *others}) == 6
    assert run_id(load_config("tiny"), "snapshot", "encoder", "commit") == base


def test_run_id_does_not_hang_on_where_things_lie():
    moved = load_config("tiny", overrides=["paths.home=elsewhere", "tracking.uri=sqlite://"])
    assert run_id(moved, "s", "e", "c") == run_id(load_config("tiny"), "s", "e", "c")


def test_collaborative_version_changes_with_its_settings_alone():
    config, other = load_config("tiny"), load_config("tiny", overrides=["scoring.top_n=11"])
    assert collaborative_version(config, "s") == collaborative_version(other, "s")
    assert collaborative_version(config, "s") != collaborative_version(load_config("movielens"), "s")


def test_digest_is_the_canonical_json_whatever_the_order_of_keys():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
