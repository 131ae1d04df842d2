"""The gate on reasons: every true kind passes in both languages, and one planted lie for each kind stops the night."""

from contract.conftest import at
from contract.evidence import evidence
from contract.other_lists import CLEAN_POPULAR, CLEAN_SIMILAR, POPULAR_BASE, SIMILAR_BASE

SETTINGS = ("scoring.top_n=9", "scoring.popular_windows=[7]", "scoring.popular_min_users=2")
LINEAGE = {
    "source": "text", "run_id": "r", "encoder_version": "e", "collaborative_version": "c", "data_snapshot": "d",
}  # fmt: skip
MET = {
    "weight": 1.0, "n_events": 1, "n_goals": 0,
    "first_at": at("2026-01-01 00:00"), "last_at": at("2026-01-01 00:00"),
}  # fmt: skip
OLD = {"available_from": at("2020-01-01 00:00")}
ITEMS = [
    OLD | {"item_id": "train", "title": "Wooden train", "categories": "Toys|Wood"},
    OLD | {"item_id": "blocks", "title": "Building blocks", "categories": "Toys"},
    OLD | {"item_id": "drum", "title": "Drum", "tags": "loud"},
    OLD | {"item_id": "kite", "title": "Kite"},
    {"item_id": "robot", "title": "Robot", "available_from": at("2026-01-28 12:00")},
    OLD | {"item_id": "ball", "title": "Ball"},
]
HISTORY = [
    {"user_id": "ada", "item_id": "train"},
    {"user_id": "ada", "item_id": "drum"},
    {"user_id": "bo", "item_id": "kite", "last_at": at("2026-01-31 10:00")},
    {"user_id": "cy", "item_id": "kite", "last_at": at("2026-01-25 00:00")},
    {"user_id": "cy", "item_id": "drum"},
]
WROTE = {"user_id": "ada", "place": 1, "text": "blocks for\nbuilding", "text_hash": "h", "is_held_out": False}
INTO, OUT = "\u2068", "\u2069"  # each value stands between marks of isolation
TRUE = {
    "history": ("ball", evidence("history", item_id="train"), f"Because “{INTO}Wooden train{OUT}” is in your history."),
    "aspect": (
        "blocks",
        evidence("aspect", "zh", item_id="train", text="Toys"),
        f"与您历史记录中的“{INTO}Wooden train{OUT}”同样含有“{INTO}Toys{OUT}”。",
    ),
    "wrote": (
        "blocks",
        evidence("wrote", text="Building", quote="blocks for building"),
        f"Because you wrote “{INTO}blocks for building{OUT}” and this one has “{INTO}Building{OUT}”.",
    ),
    "popular": (
        "kite",
        evidence("popular", n_users=2, days=7),
        f"In the last {INTO}7{OUT} days {INTO}2{OUT} people turned to it.",
    ),
    "ever": ("kite", evidence("ever", "zh", n_users=2), f"至今已有 {INTO}2{OUT} 人关注过它。"),
    "new": ("robot", evidence("new", days=3), f"New in the catalogue for {INTO}3{OUT} days."),
    "explored": ("ball", evidence("explored"), "Something different, to find out whether you like it."),
    "again": ("drum", evidence("again", "zh", item_id="drum"), "您已经了解它。"),
    "unmet": ("ball", evidence("unmet"), "You may not know it yet."),
}
UNTRUE = {
    "history": {"item_id": "kite"},  # bo's, not ada's
    "aspect": {"text": "Wood"},  # the listed item is not of wood
    "wrote": {"text": "Drum"},
    "popular": {"n_users": 3},
    "ever": {"days": 7},
    "new": {"days": 2},
    "explored": {"kind": "unmet"},
    "again": {"item_id": "train"},
    "unmet": {"kind": "explored"},
}


def listed(kind, rank=1, **changes):
    item, ground, reason = TRUE[kind]
    row = {"item_id": item, "evidence": ground, "reason": reason} | changes
    return LINEAGE | {
        "user_id": "ada", "rank": rank, "score": 1.0, "arm": "default", "propensity": 0.5 if kind == "explored" else 1.0,
    } | row  # fmt: skip


def failed(night, rows, history=HISTORY):
    """Return the rules on reasons that rows break; lists of single rows break rules on lists besides."""
    night.write("topn", rows, {})
    night.write("fallback", [LINEAGE | {"rank": 1, "item_id": "ball", "score": 1.0}], {})
    night.write("similar_items", CLEAN_SIMILAR, SIMILAR_BASE)
    night.write("popular_items", CLEAN_POPULAR, POPULAR_BASE)
    night.write("items", ITEMS, {})
    night.write("interactions", history, MET)
    night.write("user_texts", [WROTE], {})
    assert night.gate("topn", *SETTINGS) == 4
    return {rule: n for rule, n in night.failed("topn").items() if rule in {"untrue_evidence", "reworded_reason"}}


def test_true_reasons_of_every_kind_pass_and_a_lie_of_every_kind_does_not(night):
    true = [listed(kind, rank) for rank, kind in enumerate(TRUE)]
    lies = [listed(k, rank, evidence=TRUE[k][1] | lie) for rank, (k, lie) in enumerate(UNTRUE.items(), start=20)]

    assert failed(night, true) == {}
    assert failed(night, [*true, *lies])["untrue_evidence"] == len(UNTRUE)


def test_sentences_must_be_what_their_evidence_makes(night):
    theirs = TRUE["wrote"][1] | {"quote": "what another user wrote of building"}
    rows = [
        *(listed(kind, rank, reason=TRUE[kind][2] + "!") for rank, kind in enumerate(TRUE)),
        listed("unmet", 20, evidence=evidence("unmet", "fr")),
        listed("unmet", 21, evidence=evidence("magic")),
        listed("history", 22, evidence=evidence("history"), reason="Because “title” is in your history."),
        listed("wrote", 23, evidence=theirs, reason=TRUE["wrote"][2].replace("blocks for building", theirs["quote"])),
    ]

    assert failed(night, rows) == {"reworded_reason": len(rows)}


def test_few_users_are_not_spoken_of(night):
    once = evidence("ever", n_users=1)
    alone = listed("ever", item_id="train", evidence=once, reason=f"{INTO}1{OUT} person has turned to it so far.")

    assert failed(night, [alone]) == {"untrue_evidence": 1}
