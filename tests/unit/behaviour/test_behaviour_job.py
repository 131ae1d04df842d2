import shutil
from datetime import UTC, datetime

import numpy as np
import pytest
from small_night import DAY, N_ITEMS, N_USERS, write, write_night

from nightrec.behaviour.events import text_hash
from nightrec.behaviour.inputs import shown_items
from nightrec.behaviour.job import main
from nightrec.config import load_config
from nightrec.histories import read_matrix
from nightrec.lake import Lake
from nightrec.projection.job import main as train_projection
from nightrec.ranker.job import main as fit_ranker
from nightrec.sequence.job import main as train_sequence

AT = datetime(2026, 1, 30, tzinfo=UTC)
ARGS = ["--domain", "tiny", "--run-date", str(DAY)]
EMPTY = {"title": None, "description": None, "categories": None, "tags": None, "price": None, "language": None}
EMPTY |= {"available_from": None, "available_to": None}


@pytest.fixture(scope="module")
def night(tmp_path_factory, tracking_uri):
    """Return a lake with predictions; training the sources takes seconds, so it is done once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NIGHTREC__PATHS__HOME", str(tmp_path_factory.mktemp("behaviour")))
        patch.setenv("NIGHTREC__TRACKING__URI", tracking_uri)
        config = load_config("tiny")
        lake = Lake(config.place(config.paths.lake), "tiny")
        write_night(lake)
        halves = [{"title": f"thing {k}", "categories": "pans" if k % 2 else "spades"} for k in range(N_ITEMS)]
        write(lake, "items", [EMPTY | halves[k] | {"item_id": f"i{k}"} for k in range(1, N_ITEMS)])
        write_words(lake)
        assert [job(ARGS) for job in (train_sequence, train_projection, fit_ranker, main)] == [0] * 4
        yield lake


def write_words(lake):
    """Write events of which user 1 has one review of a pan and user 2 a search; both texts have vectors."""
    made = {"event_id": "", "user_id": "u0", "event_type": "purchase", "event_at": AT, "item_id": "i1", "value": None}
    made |= {"text": None, "language": None, "session_id": None, "list_run_id": None, "rank": None}
    words = {"u1": ("review", "I love this pan"), "u2": ("search", "a good spade")}
    events = [made | {"user_id": u, "event_type": kind, "text": text} for u, (kind, text) in words.items()]
    write(lake, "events", [made, *events])
    write(lake, "matrix_inputs", [{"delivery_date": DAY, "fingerprint": "f", "settings_hash": "s"}])
    texts = {u: {"text": text, "text_hash": text_hash(text, 1000)} for u, (_, text) in words.items()}
    write(
        lake,
        "user_texts",
        [{"user_id": u, "place": 1, "event_type": words[u][0], "is_held_out": False} | t for u, t in texts.items()],
    )
    vectors = {"u1": [0.0, 1.0], "u2": [1.0, 0.0]}
    kept = [{"text_hash": texts[u]["text_hash"], "model_version": "m", "vector": v} for u, v in vectors.items()]
    write(lake, "text_vectors", kept)


def test_interests_are_the_users_half_with_own_words_as_evidence_before_items(night):
    rows = night.read_arrow("user_interests", DAY).to_pylist()
    first = {row["user_id"]: row for row in rows if (row["kind"], row["rank"]) == ("category", 1)}
    assert {user: row["name"] for user, row in first.items()} == {
        f"u{k}": "pans" if k % 2 else "spades" for k in range(N_USERS)
    }
    assert (first["u2"]["evidence_kind"], first["u2"]["evidence_text"]) == ("written", "a good spade")
    assert first["u2"]["evidence_item_id"] is None
    histories = read_matrix(night, DAY).histories
    mine = {f"i{item}" for item in histories.item_idx[histories.user_idx == 3]}
    assert first["u3"]["evidence_kind"] == "item"
    assert first["u3"]["evidence_item_id"] in mine
    assert first["u3"]["evidence_text"] == f"thing {first['u3']['evidence_item_id'][1:]}"


def test_no_aspect_is_a_word_that_only_one_user_wrote(night, tiny_lake):
    shutil.copytree(night.root, tiny_lake.root)
    same = {"place": 1, "is_held_out": False}
    rows = [same | {"item_id": f"i{k}", "text": "Yours, Duvernay", "text_hash": f"r{k}"} for k in (1, 3, 5, 7, 9)]
    write(tiny_lake, "item_texts", tiny_lake.read_arrow("item_texts", DAY).to_pylist() + rows)
    agreed = [{"item_id": f"i{k}", "place": 1, "text": "铜锅", "n_users": 3} for k in (1, 3, 5, 7, 9)]
    write(tiny_lake, "item_aspects", agreed)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nightrec.behaviour.interests.MAX_ITEMS_FRAC", 0.9)
        assert main(ARGS) == 0
    names = {r["name"] for r in tiny_lake.read_arrow("user_interests", DAY).to_pylist() if r["kind"] == "aspect"}
    assert names == {"pans", "spades", "铜锅"}


def test_what_reviewers_agree_on_tonight_is_not_part_of_measuring_the_cut(night, tiny_lake):
    def measured():
        rows = tiny_lake.read_arrow("behaviour_metrics", DAY).to_pylist()
        return {row["metric"]: row["value"] for row in rows if row["prediction"] == "interest"}

    shutil.copytree(night.root, tiny_lake.root)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("nightrec.behaviour.interests.MAX_ITEMS_FRAC", 0.9)
        assert main(ARGS) == 0
        before = measured()
        # Such words would tell users of odd items, who turn to odd items next, from all others.
        agreed = [{"item_id": f"i{k}", "place": 1, "text": "odd", "n_users": 3} for k in (1, 3, 5, 7, 9)]
        write(tiny_lake, "item_aspects", agreed)
        assert main(ARGS) == 0
    assert measured() == before
    assert "aspect_lift" in before


def test_outlook_has_every_user_and_says_why_a_number_is_missing(night):
    rows = {row["user_id"]: row for row in night.read_arrow("user_outlook", DAY).to_pylist()}
    assert len(rows) == N_USERS
    assert {row["return_probability"] for row in rows.values()} == {None}
    assert "too little to learn from: fewer than 20 returns" in rows["u1"]["return_reason"]
    assert {row["sentiment"] for row in rows.values()} == {None}  # one review without stars, zero_shot off
    assert "too few reviews with stars" in rows["u1"]["sentiment_reason"]


def test_probabilities_keep_to_the_users_half_and_to_what_can_be_shown(night):
    rows = night.read_arrow("behaviour", DAY).to_pylist()
    histories = read_matrix(night, DAY).histories
    touched = {(f"u{u}", f"i{i}") for u, i in zip(histories.user_idx, histories.item_idx, strict=True)}
    assert len({row["user_id"] for row in rows}) == N_USERS
    assert not touched & {(row["user_id"], row["item_id"]) for row in rows}
    assert "i0" not in {row["item_id"] for row in rows}  # not in the catalogue
    own = np.array([int(row["user_id"][1:]) % 2 == int(row["item_id"][1:]) % 2 for row in rows])
    chance = np.array([row["probability"] for row in rows])
    assert chance[own].mean() > 3 * chance[~own].mean()
    # Each user's newest of six items was held out, so the next one is expected: one goal a user.
    assert {row["horizon_interactions"] for row in rows} == {1}
    assert {row["horizon_days"] for row in rows} == {None}
    assert {round(row["expected_goals"], 3) for row in rows} == {1.0}
    assert chance.sum() == pytest.approx(N_USERS, rel=0.35)


def test_measurements_say_what_stood_beside_the_goals(night):
    found = {
        (row["negatives"], row["features"], row["metric"]): row
        for row in night.read_arrow("behaviour_metrics", DAY).to_pylist()
        if row["prediction"] == "goal"
    }
    assert found["uniform", "all", "roc_auc"]["n_rows"] == 2 * N_USERS
    assert found["uniform", "all", "roc_auc"]["value"] > 0.7  # half of the others come from the same half of the shop
    difference = found["popular", "difference", "f1"]
    assert difference["low"] <= difference["value"] <= difference["high"]
    counts = [found["uniform", "all", f"{name}s"]["value"] for name in ("true_positive", "false_negative")]
    assert sum(counts) == N_USERS
    totals = (
        found["candidates", "all", "expected_goals"]["value"],
        found["candidates", "all", "observed_goals"]["value"],
    )
    assert totals[1] <= N_USERS
    assert totals[0] == pytest.approx(totals[1], rel=0.35)


def test_importance_says_what_tells_goals(night, tracking_uri):
    from mlflow import MlflowClient

    found = night.read_arrow("behaviour_importance", DAY).to_pylist()
    rows = {(row["kind"], row["name"]): row for row in found if row["slice"] == "all"}
    assert {kind for kind, _ in rows} == {"shap", "permutation", "source"}
    assert {row["model"] for row in found} == {"behaviour"}
    assert {row["n_users"] for row in rows.values()} == {N_USERS}
    sources = {name: row["value"] for (kind, name), row in rows.items() if kind == "source"}
    assert sum(sources.values()) > 0.1  # nats saved of the 0.69 of a coin
    assert "price" not in sources  # nothing has one
    runs = MlflowClient(tracking_uri)
    experiment = runs.get_experiment_by_name("nightrec-tiny").experiment_id
    (newest,) = runs.search_runs([experiment], "tags.task = 'predict_behaviour'", max_results=1)
    assert "behaviour_importance.png" in {file.path for file in runs.list_artifacts(newest.info.run_id)}


def test_nothing_is_told_of_a_night_with_too_few_held_out_goals(night, tiny_lake, caplog):
    shutil.copytree(night.root, tiny_lake.root)
    write(
        tiny_lake,
        "held_out",
        [{"user_id": f"u{k}", "item_id": f"i{k % 2}", "cut_at": datetime(2026, 1, 1, tzinfo=UTC)} for k in range(3)],
    )
    assert main(ARGS) == 0
    assert tiny_lake.count("behaviour", DAY) == tiny_lake.count("behaviour_importance", DAY) == 0
    assert "users with held-out goals, 20 are needed" in caplog.text


def meet_first(lake, n_items):
    """Let all users have met the first items of the shop."""
    rows = lake.read_arrow("interactions", DAY).to_pylist()
    met = {(row["user_id"], row["item_id"]) for row in rows}
    pairs = {(f"u{user}", f"i{item}") for user in range(N_USERS) for item in range(n_items)} - met
    at = datetime(2025, 12, 1, tzinfo=UTC)
    more = rows[0] | {"first_at": at, "last_at": at}
    write(lake, "interactions", rows + [more | {"user_id": user, "item_id": item} for user, item in sorted(pairs)])


def test_nothing_is_told_where_users_have_met_all_items(night, tiny_lake, caplog):
    shutil.copytree(night.root, tiny_lake.root)
    meet_first(tiny_lake, N_ITEMS)
    assert main(ARGS) == 0
    assert tiny_lake.count("behaviour", DAY) == tiny_lake.count("behaviour_importance", DAY) == 0
    assert "no probabilities: users have met all items" in caplog.text


def test_users_who_have_met_all_that_anybody_took_are_measured_beside_uniform_negatives(night, tiny_lake):
    shutil.copytree(night.root, tiny_lake.root)
    meet_first(tiny_lake, N_ITEMS - 1)
    assert main(ARGS) == 0
    measured = tiny_lake.read_arrow("behaviour_metrics", DAY).to_pylist()
    assert {row["negatives"] for row in measured if row["prediction"] == "goal"} == {"uniform", "candidates"}
    assert {row["item_id"] for row in tiny_lake.read_arrow("behaviour", DAY).to_pylist()} == {f"i{N_ITEMS - 1}"}


def test_a_night_without_ranker_is_refused(tiny_lake, caplog):
    write_night(tiny_lake)
    assert main(ARGS) == 3
    assert "rankers/run_date" in caplog.text


def test_shown_items_can_be_had_at_some_time_of_the_next_day():
    import pyarrow as pa

    from nightrec.schemas import contract

    def at(text):
        return pa.scalar(text).cast(pa.timestamp("us", tz="UTC")).as_py()

    days = {"now": (None, None), "later": ("2026-02-02T00:00:00", None), "soon": ("2026-02-01T23:00:00", None)}
    days |= {"gone": (None, "2026-01-31T23:59:59"), "last": (None, "2026-02-01T00:00:00")}
    rows = [
        EMPTY | {"item_id": key, "available_from": a and at(a + "Z"), "available_to": b and at(b + "Z")}
        for key, (a, b) in days.items()
    ]
    keys = [*days, "unknown"]
    got = shown_items(pa.Table.from_pylist(rows, contract("items").arrow()), pa.array(keys), DAY)
    assert dict(zip(keys, got.tolist(), strict=True)) == {
        "now": True, "later": False, "soon": True, "gone": False, "last": True, "unknown": False,
    }  # fmt: skip
