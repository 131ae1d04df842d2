"""The gate on lists: one planted fault for every rule, all in one night, and a clean night at every boundary."""

import re

from contract.conftest import DAY, at
from contract.evidence import evidence
from contract.other_lists import (
    CLEAN_POPULAR,
    CLEAN_QUERIES,
    CLEAN_SIMILAR,
    FAULTY_POPULAR,
    FAULTY_QUERIES,
    FAULTY_SIMILAR,
    PLANTED_OTHERS,
    POPULAR_BASE,
    QUERIES_BASE,
    SIMILAR_BASE,
)

NAN, INF = float("nan"), float("inf")
SETTINGS = ("scoring.top_n=3", "quality.min_coverage_frac=0.9")
LINEAGE = {
    "source": "text", "run_id": "r", "encoder_version": "e", "collaborative_version": "c", "data_snapshot": "d",
}  # fmt: skip
UNMET = {"reason": "You may not know it yet.", "evidence": evidence("unmet")}
ROW = LINEAGE | {"arm": "base", "propensity": 1.0, **UNMET}
MET = {
    "weight": 1.0, "n_events": 1, "n_goals": 0,
    "first_at": at("2026-01-01 00:00"), "last_at": at("2026-01-01 00:00"),
}  # fmt: skip
ITEMS = [
    *({"item_id": f"i{n}"} for n in range(1, 8)),
    {"item_id": "met"},  # every user's history
    {"item_id": "gone", "available_to": at("2026-01-31 23:59")},  # lists of 31 January are shown on 1 February
    {"item_id": "soon", "available_from": at("2026-02-02 00:00")},
]


def a_list(user, items=("i1", "i2", "i3"), scores=(3.0, 2.0, 1.0), ranks=(1, 2, 3), **changes):
    rows = zip(items, scores, ranks, strict=True)
    return [{"user_id": user, "item_id": i, "score": s, "rank": r} | changes for i, s, r in rows]


FAULTY = [
    *a_list("seen", ("i1", "met", "i3")),
    *a_list("repeats", ("i1", "i1", "i3")),
    *a_list("unavailable", ("gone", "i2", "soon")),
    *a_list("ghost", ("i1", "i2", "ghost")),
    *a_list("not a number", scores=(3.0, 2.0, NAN)),
    *a_list("infinite", scores=(INF, 2.0, 1.0)),
    *a_list("unsorted", scores=(1.0, 2.0, 0.0)),
    *a_list("short", ("i1", "i2"), (2.0, 1.0), (1, 2)),
    *a_list("gap", ranks=(1, 2, 4)),
    *a_list("stranger"),
    *a_list("clean"),
    *a_list("magic", source="magic"),
    *a_list("likely", propensity=1.5),
    *a_list("unarmed", arm=None),
    *a_list("lineage", **dict.fromkeys(LINEAGE)),
    *a_list("unlikely", propensity=None),
    *a_list("itemless", ("i1", "i2", None)),
    *a_list("scoreless", scores=(3.0, 2.0, None)),
    *a_list("two thirds", ("i1", "i2", "i3", "i4"), (3.0, 2.0, 1.0, 1.0), (1, 2, 3, 3)),
    *a_list("zeroth", ("i4", "i1", "i2", "i3"), (4.0, 3.0, 2.0, 1.0), (0, 1, 2, 3)),
    *a_list("rankless", ("i4", "i1", "i2", "i3"), (4.0, 3.0, 2.0, 1.0), (None, 1, 2, 3)),
    *a_list("wordless", reason=None, evidence=None),
    *a_list("reworded", reason="Buy it!"),
    {"user_id": None, "rank": 1, "item_id": "i1", "score": 1.0},
]
WITHOUT_LIST = ["forgotten", "overlooked", "missed"]  # 3 of 25 users, more than the 0.1 that the settings allow
FALLBACK = [
    {"rank": 0, "item_id": "i6", "score": 9.0},
    {"rank": 1, "item_id": "i1", "score": 5.0},
    {"rank": 2, "item_id": "i1", "score": 4.0},
    {"rank": 3, "item_id": "ghost", "score": 3.0},
    {"rank": 4, "item_id": "gone", "score": 2.0},
    {"rank": 5, "item_id": "i2", "score": 2.5},
    {"rank": 6, "item_id": "i3", "score": NAN},
    {"rank": 7, "item_id": "i4", "score": -1.0, "source": "magic"},
    {"rank": 7, "item_id": "i5", "score": -1.0},
    {"rank": 8, "item_id": None, "score": -2.0} | dict.fromkeys(LINEAGE),
    {"rank": 9, "item_id": "i7", "score": None},
    {"rank": None, "item_id": "met", "score": 10.0},
]
PLANTED = {
    "seen_item": 1,
    "duplicate_item": 2,
    "unavailable_item": 2,
    "unknown_item": 1,
    "score_not_finite": 2,
    "score_not_sorted": 1,
    "list_length": 3,  # short, gap, and zeroth, whose ranks start at 0
    "unknown_user": 1,
    "coverage_floor": 3,
    "user_id_is_null": 1,
    "rank_is_null": 1,
    "item_id_is_null": 1,
    "score_is_null": 1,
    "source_is_null": 3,
    "reason_is_null": 3,
    "untrue_evidence": 4,  # wordless, and the seen item that its user may not know yet
    "reworded_reason": 3,
    "arm_is_null": 3,
    "propensity_is_null": 3,
    "run_id_is_null": 3,
    "encoder_version_is_null": 3,
    "collaborative_version_is_null": 3,
    "data_snapshot_is_null": 3,
    "rank_out_of_range": 1,
    "propensity_out_of_range": 3,
    "source_not_allowed": 3,
    "key_not_unique": 2,
    "fallback_duplicate_item": 2,
    "fallback_unavailable_item": 1,
    "fallback_unknown_item": 1,
    "fallback_score_not_finite": 1,
    "fallback_score_not_sorted": 1,
    "fallback_list_length": 12,  # the list is wrong, so all its rows are
    "fallback_rank_is_null": 1,
    "fallback_item_id_is_null": 1,
    "fallback_score_is_null": 1,
    "fallback_source_is_null": 1,
    "fallback_rank_out_of_range": 1,
    "fallback_source_not_allowed": 1,
    "fallback_key_not_unique": 2,
    **PLANTED_OTHERS,
    "unfaithful_sentence": 1,
}


EVER, INTO, OUT = "\u206831\u2069 people have turned to it so far.", "\u2068", "\u2069"
TEXT = {"reason_hash": "h", "writer_version": "w", "language": "en", "kind": "ever", "template": EVER, "n_tokens": 9}
TEXTS = [
    {"sentence": f"So far {INTO}31{OUT} people have turned to this one."},
    {"fault": "names"},  # keeps its template
    {"sentence": f"All {INTO}31{OUT} people loved this one."},
]


def known(item):
    return {"reason": "You know it already.", "evidence": evidence("again", item_id=item)}


def fill(night, rows, users, fallback, items=ITEMS, history=(), others=((), (), ())):
    night.write("topn", rows, ROW)
    night.write("fallback", fallback, LINEAGE)
    night.write("similar_items", others[0], SIMILAR_BASE)
    night.write("popular_items", others[1], POPULAR_BASE)
    night.write("query_results", others[2], QUERIES_BASE)
    night.write("items", items, {})
    night.write("user_texts", [], {})
    night.write("item_aspects", [], {})
    met = [{"user_id": user, "item_id": "met"} for user in users]
    night.write("interactions", [*met, *history], MET)


def test_gate_on_lists_finds_one_planted_fault_for_every_rule(night, caplog):
    users = {row["user_id"] for row in FAULTY} - {"stranger", None}
    others = FAULTY_SIMILAR, FAULTY_POPULAR, FAULTY_QUERIES
    fill(night, FAULTY, sorted(users) + WITHOUT_LIST, FALLBACK, others=others)
    night.write("reason_texts", TEXTS, TEXT | {"listed_date": DAY})

    code = night.gate("topn", *SETTINGS, "reasons.writer.model=models/writer")

    assert code == 4
    assert night.failed("topn") == PLANTED
    assert night.rules("topn") == {*PLANTED, "columns_differ"}  # a rule without a planted fault is an untested rule
    assert night.run.metrics["topn_n_rules"] == len(PLANTED) + 1
    assert night.run.metrics["topn_n_failed"] == len(PLANTED)
    said = caplog.text
    assert f"topn/run_date={DAY} breaks {len(PLANTED)} of {len(PLANTED) + 1} rules" in said
    assert f"and {len(PLANTED) - 5} more, in topn_checks/run_date={DAY}" in said
    assert re.search(r"user_id_is_null: 1 \(1\.\d\d%\), e\.g\. user_id=None rank=1", said)
    assert "jobs/score_top_n.py --domain movielens --run-date 2026-01-31" in said


def test_gate_on_lists_passes_a_clean_night_at_every_boundary(night):
    items = [
        *({"item_id": f"i{n}"} for n in (1, 2, 3)),
        {"item_id": "met"},
        {"item_id": "until", "available_to": at("2026-02-01 00:00")},  # first moment of the day of showing
        {"item_id": "from", "available_from": at("2026-02-01 23:59:59")},  # its last
    ]
    first_seen_day = at("2026-01-25 00:00")  # seven days end with 31 January
    history = [
        {"user_id": "b", "item_id": "i1", "last_at": first_seen_day},
        {"user_id": "b", "item_id": "i2", "last_at": at("2026-01-24 23:59:59")},
        {"user_id": "c", "item_id": "gone"},
        *(
            {"user_id": "d", "item_id": i, "last_at": first_seen_day}
            for i in ("i1", "i2", "i3", "until", "from", "met")
        ),
    ]
    rows = [
        *a_list("a", ("until", "from"), scores=(1.0, 1.0), ranks=(1, 2)),
        *a_list("a", ["met"], [1.0], [3], **known("met")),
        *a_list("b", ["i2"], [3.0], [1], **known("i2")),
        *a_list("b", ("until", "from"), (2.0, 1.0), (2, 3)),
        *a_list("c"),
    ]  # d has seen everything: no list is right
    fill(night, rows, ["a", "b", "c"], a_list(None), items, history, (CLEAN_SIMILAR, CLEAN_POPULAR, CLEAN_QUERIES))

    assert night.gate("topn", *SETTINGS, "scoring.exclude_seen_days=7") == 0
    assert night.failed("topn") == {}


def test_gate_on_lists_knows_users_who_only_wrote(night):
    others = CLEAN_SIMILAR, CLEAN_POPULAR, CLEAN_QUERIES
    fill(night, [*a_list("a"), *a_list("searcher")], ["a"], a_list(None), others=others)
    night.write("user_texts", [{"user_id": "searcher"}], {
        "place": 1, "text": "bells", "text_hash": "h", "event_type": "search", "is_held_out": False,
    })  # fmt: skip
    assert night.gate("topn", *SETTINGS) == 0


def test_gate_refuses_files_of_another_type_before_anything_else(night, caplog):
    import pyarrow as pa
    import pyarrow.parquet as pq

    fill(night, a_list("a"), ["a"], a_list(None))
    folder = night.home / f"lake/movielens/topn.v1/run_date={DAY}"
    (part,) = [path for path in folder.glob("*.parquet") if pq.read_metadata(path).num_rows][:1]
    table = pq.read_table(part).drop_columns("arm")
    pq.write_table(table.set_column(1, "rank", pa.array([1] * table.num_rows, pa.int64())), part)

    assert night.gate("topn", *SETTINGS) == 4
    assert night.failed("topn") == {"columns_differ": 2}
    assert "table='topn' column='arm' expected='string' written='nothing, string'" in caplog.text
    assert "table='topn' column='rank' expected='int32' written='int32, int64'" in caplog.text


def test_data_docs_name_the_night_and_hold_no_keys(night):
    fill(night, a_list("secret-user", ("ghost-item", "i1", "i2")), ["secret-user"], a_list(None))

    night.gate("topn", *SETTINGS)
    night.gate("topn", *SETTINGS)

    site = night.home / "data_docs/movielens"
    assert "2026-01-31 topn" in (site / "index.html").read_text(encoding="utf-8")
    assert len(list(site.glob("validations/topn/2026-01-31 topn/*/*.html"))) == 2
    written = [path for path in (night.home / "data_docs").rglob("*") if path.suffix in {".html", ".json"}]
    texts = [path.read_text(encoding="utf-8") for path in written]
    assert any("unknown_item" in text for text in texts)
    assert not any("secret-user" in text or "ghost-item" in text for text in texts)


def test_missing_partition_exits_3_with_the_command_that_makes_it(night, caplog):
    assert night.gate("topn", *SETTINGS) == 3
    assert "produce it with: jobs/score_top_n.py --domain movielens --run-date 2026-01-31" in caplog.text
