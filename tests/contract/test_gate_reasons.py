"""The frame that the gate asks about reasons: every true kind passes in both languages, one lie of each does not."""

from contract.conftest import DAY, at
from contract.evidence import evidence

from nightrec.reasons.sentences import read_messages

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
OWN = {"user_id": "ada", "text_hash": "h", "is_held_out": False}
WROTE = [
    OWN | {"place": 1, "text": "blocks for\nbuilding", "event_type": "review"},
    OWN | {"place": 2, "text": "building", "event_type": "search"},
    OWN | {"place": 3, "text": "Blocks?", "event_type": "question"},
]
ASPECTS = [
    {"item_id": "ball", "place": 1, "text": "bounces", "n_users": 4},
    {"item_id": "ball", "place": 2, "text": "round", "n_users": 2},
    {"item_id": "drum", "place": 1, "text": "bounces", "n_users": 2},
    {"item_id": "robot", "place": 1, "text": "bounces", "n_users": 1},
]
INTO, OUT = "\u2068", "\u2069"  # each value stands between marks of isolation
TRUE = {
    "history": ("ball", evidence("history", item_id="train"), f"Because “{INTO}Wooden train{OUT}” is in your history."),
    "aspect": (
        "blocks",
        evidence("aspect", "zh", item_id="train", text="Toys"),
        f"与您历史记录中的“{INTO}Wooden train{OUT}”同样含有“{INTO}Toys{OUT}”。",
    ),
    "reviewed": (
        "ball",
        evidence("reviewed", item_id="drum", text="bounces", n_users=4),
        f"{INTO}4{OUT} reviewers of it wrote “{INTO}bounces{OUT}”, as reviewers of something in your history did.",
    ),
    "wrote": (
        "blocks",
        evidence("wrote", text="Building", quote="blocks for building"),
        f"Because you wrote “{INTO}blocks for building{OUT}” and this one has “{INTO}Building{OUT}”.",
    ),
    "searched": (
        "blocks",
        evidence("searched", text="Building", quote="building"),
        f"Because you searched for “{INTO}building{OUT}” and this one has “{INTO}Building{OUT}”.",
    ),
    "asked": (
        "blocks",
        evidence("asked", "zh", text="blocks", quote="Blocks?"),
        f"您问过“{INTO}Blocks?{OUT}”，这一件含有“{INTO}blocks{OUT}”。",
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
    "reviewed": {"n_users": 5},
    "wrote": {"text": "Drum"},
    "searched": {"text": "Drum"},
    "asked": {"text": "Wooden"},
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
    chance = 0.5 if kind == "explored" else 1.0
    return {"user_id": "ada", "rank": rank, "score": 1.0, "arm": "default", "propensity": chance} | LINEAGE | row


def failed(night, rows):
    """Return the ranks of rows whose evidence is not so, and of those that say something else."""
    from nightrec.quality.reasons import Facts, check_reasons
    from nightrec.reasons.counts import item_users, met_pairs, newest_texts

    for table, filled, base in (
        ("topn", rows, {}),
        ("items", ITEMS, {}),
        ("user_texts", WROTE, {}),
        ("item_aspects", ASPECTS, {}),
    ):
        night.write(table, filled, base)
    night.write("interactions", HISTORY, MET)
    met, items, texts = (night.tables.read(name, DAY) for name in ("interactions", "items", "user_texts"))
    aspects = night.tables.read("item_aspects", DAY)
    met = met_pairs(met)
    facts = Facts(met, items, newest_texts(texts, 20, 400), item_users(met, DAY, [7]), aspects, 2, DAY)
    checked = check_reasons(night.tables.read("topn", DAY), facts, read_messages("auto")).collect()
    assert len(checked) == len(rows)
    return tuple(
        sorted(row["rank"] for row in checked if not row[flag]) for flag in ("is_true_evidence", "is_told_as_evidence")
    )


def test_true_reasons_of_every_kind_pass_and_a_lie_of_every_kind_does_not(night):
    true = [listed(kind, rank) for rank, kind in enumerate(TRUE)]
    lies = [listed(k, rank, evidence=TRUE[k][1] | lie) for rank, (k, lie) in enumerate(UNTRUE.items(), start=20)]

    untrue, reworded = failed(night, [*true, *lies])

    assert untrue == [row["rank"] for row in lies]
    assert set(reworded) <= set(untrue)


def test_sentences_must_be_what_their_evidence_makes(night):
    theirs = TRUE["wrote"][1] | {"quote": "what another user wrote of building"}
    as_search = TRUE["wrote"][1] | {"kind": "searched"}  # ada wrote it in a review
    rows = [
        *(listed(kind, rank, reason=TRUE[kind][2] + "!") for rank, kind in enumerate(TRUE)),
        listed("unmet", 20, evidence=evidence("unmet", "fr")),
        listed("unmet", 21, evidence=evidence("magic")),
        listed("history", 22, evidence=evidence("history"), reason="Because “title” is in your history."),
        listed("wrote", 24, evidence=as_search, reason=TRUE["wrote"][2].replace("you wrote", "you searched for")),
        listed("wrote", 23, evidence=theirs, reason=TRUE["wrote"][2].replace("blocks for building", theirs["quote"])),
    ]

    untrue, reworded = failed(night, rows)

    assert reworded == sorted(row["rank"] for row in rows)
    assert untrue == []


def test_few_users_are_not_spoken_of(night):
    once = evidence("ever", n_users=1)
    alone = listed("ever", item_id="train", evidence=once, reason=f"{INTO}1{OUT} person has turned to it so far.")

    assert failed(night, [alone]) == ([1], [])


def test_reviewers_must_be_enough_and_speak_of_both_items(night):
    lies = [
        {"item_id": "train"},  # ada's, but its reviewers wrote no such word
        {"item_id": "kite"},  # not ada's
        {"text": "round", "n_users": 2},  # of the ball alone
        {"item_id": None},
    ]
    rows = [listed("reviewed", rank, evidence=TRUE["reviewed"][1] | lie) for rank, lie in enumerate(lies)]
    alone = evidence("reviewed", item_id="drum", text="bounces", n_users=1)

    untrue, _ = failed(night, [*rows, listed("reviewed", 9, item_id="robot", evidence=alone)])

    assert untrue == [0, 1, 2, 3, 9]


def test_what_a_model_wrote_must_say_its_template_and_nothing_else():
    from nightrec.quality.texts import is_faithful
    from nightrec.writer.guide import read_guides

    template, guides = TRUE["ever"][2], read_guides()
    good = f"到现在，已有 {INTO}2{OUT} 人关注过这一件。"

    assert is_faithful(good, template, "ever", "zh", guides)
    assert is_faithful(None, template, "ever", "zh", guides) is None
    assert not is_faithful(good.replace(INTO, "").replace(OUT, ""), template, "ever", "zh", guides)  # marks are gone
    assert not is_faithful(good.replace("2", "3"), template, "ever", "zh", guides)
    assert not is_faithful(good.replace("关注", "购买"), template, "ever", "zh", guides)
    assert not is_faithful(good, template, "ever", "fr", guides)
    assert not is_faithful(TRUE["wrote"][2], TRUE["wrote"][2], "wrote", "en", guides)
