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
    OLD | {"item_id": "string", "title": "\u200b…"},
]
HISTORY = [
    {"user_id": "ada", "item_id": "train"},
    {"user_id": "ada", "item_id": "drum"},
    {"user_id": "ada", "item_id": "string"},
    {"user_id": "bo", "item_id": "kite", "last_at": at("2026-01-31 10:00")},
    {"user_id": "cy", "item_id": "kite", "last_at": at("2026-01-25 00:00")},
    {"user_id": "cy", "item_id": "drum"},
]
LONG = "It took my son a while to get used to this drum, because a stick that bounces off it hits his nose"
OWN = {"user_id": "ada", "text_hash": "h", "is_held_out": False}
WROTE = [
    OWN | {"place": 1, "text": "blocks for\nbuilding", "event_type": "review"},
    OWN | {"place": 2, "text": "building", "event_type": "search"},
    OWN | {"place": 3, "text": "Blocks?", "event_type": "question"},
    OWN | {"place": 4, "text": "blocks", "event_type": "rating"},
    OWN | {"place": 5, "text": LONG, "event_type": "review"},
    OWN | {"place": 6, "text": "bounces", "event_type": "search"},
    OWN | {"place": 7, "text": "what bounces?", "event_type": "question"},
    OWN | {"place": 8, "text": "it bounces", "event_type": "rating"},
    OWN | {"place": 9, "text": "robot", "event_type": "search"},
]
ASPECTS = [
    {"item_id": "ball", "place": 1, "text": "bounces", "n_users": 4},
    {"item_id": "ball", "place": 2, "text": "round", "n_users": 2},
    {"item_id": "drum", "place": 1, "text": "bounces", "n_users": 2},
    {"item_id": "robot", "place": 1, "text": "bounces", "n_users": 1},
    {"item_id": "kite", "place": 1, "text": "wood", "n_users": 3},
    {"item_id": "kite", "place": 2, "text": "shiny", "n_users": 3},
    {"item_id": "string", "place": 1, "text": "bounces", "n_users": 2},
    {"item_id": "train", "place": 1, "text": "shiny", "n_users": 1},
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
        f"{INTO}4{OUT} reviewers of it wrote “{INTO}bounces{OUT}”, "
        f"which is also said of “{INTO}Drum{OUT}” from your history.",
    ),
    "wrote": (
        "blocks",
        evidence("wrote", text="Building", quote="blocks for building"),
        f"Because you wrote “{INTO}blocks for building{OUT}” in a review and this one has “{INTO}Building{OUT}”.",
    ),
    "noted": (
        "blocks",
        evidence("noted", text="blocks", quote="blocks"),
        f"Because you wrote “{INTO}blocks{OUT}” and this one has “{INTO}blocks{OUT}”.",
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
    "noted": {"text": "kite"},
    "searched": {"text": "Drum"},
    "asked": {"text": "Wooden"},
    "popular": {"n_users": 3},
    "ever": {"days": 7},
    "new": {"days": 2},
    "explored": {"kind": "unmet"},
    "again": {"item_id": "train"},
    "unmet": {"kind": "explored"},
}


SAID = f"{INTO}4{OUT} reviewers of this one wrote “{INTO}bounces{OUT}”."
CUT = "…drum, because a stick that bounces off it hits his nose"
REVIEWERS = {
    "of what has no title": (
        "ball",
        evidence("reviewed", "zh", item_id="string", text="bounces", n_users=4),
        f"有 {INTO}4{OUT} 位评论者在评价它时写到“{INTO}bounces{OUT}”，您历史记录中另一件的介绍或评论里也有这个词。",
    ),
    "of the catalogue's word": (
        "kite",
        evidence("reviewed", item_id="train", text="wood", n_users=3),
        f"{INTO}3{OUT} reviewers of it wrote “{INTO}wood{OUT}”, "
        f"which is also said of “{INTO}Wooden train{OUT}” from your history.",
    ),
    "searched": (
        "ball",
        evidence("searched", text="bounces", quote="bounces", n_users=4),
        f"Because you searched for “{INTO}bounces{OUT}” and {SAID}",
    ),
    "asked": (
        "ball",
        evidence("asked", text="bounces", quote="what bounces?", n_users=4),
        f"Because you asked “{INTO}what bounces?{OUT}” and {SAID}",
    ),
    "wrote": (
        "ball",
        evidence("wrote", text="bounces", quote=CUT, n_users=4),
        f"Because you wrote “{INTO}{CUT}{OUT}” in a review and {SAID}",
    ),
    "noted": (
        "ball",
        evidence("noted", "zh", text="bounces", quote="it bounces", n_users=4),
        f"您写过“{INTO}it bounces{OUT}”，有 {INTO}4{OUT} 位评论者在评价这一件时写到“{INTO}bounces{OUT}”。",
    ),
}


def listed(kind, rank=1, true=TRUE, **changes):
    item, ground, reason = true[kind]
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
    as_searched = TRUE["wrote"][2].replace("you wrote", "you searched for").replace(" in a review", "")
    rows = [
        *(listed(kind, rank, reason=TRUE[kind][2] + "!") for rank, kind in enumerate(TRUE)),
        listed("unmet", 20, evidence=evidence("unmet", "fr")),
        listed("unmet", 21, evidence=evidence("magic")),
        listed("history", 22, evidence=evidence("history"), reason="Because “title” is in your history."),
        listed("wrote", 24, evidence=as_search, reason=as_searched),
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


def test_what_reviewers_say_passes_in_every_form(night):
    rows = [listed(kind, rank, REVIEWERS) for rank, kind in enumerate(REVIEWERS)]

    assert failed(night, rows) == ([], [])


def test_what_reviewers_say_is_held_against_words_counts_and_own_texts(night):
    lies = [
        ("searched", {"n_users": 3}),  # four did
        ("searched", {"text": "round", "n_users": 2}),  # two wrote it of the ball, but ada did not search for it
        ("searched", {"text": "robot", "n_users": 4}),  # ada did, but nobody wrote it of the ball
        ("searched", {"text": None}),
        ("of the catalogue's word", {"item_id": "drum"}),  # nothing of wood
        ("of the catalogue's word", {"text": "shiny"}),  # one reviewer of the train is too few
        ("of the catalogue's word", {"item_id": None}),
        ("of the catalogue's word", {"n_users": None}),
    ]
    rows = [
        listed(kind, rank, REVIEWERS, evidence=REVIEWERS[kind][1] | lie) for rank, (kind, lie) in enumerate(lies, 1)
    ]
    alone = evidence("searched", text="bounces", quote="bounces", n_users=1)
    rows.append(listed("searched", 9, REVIEWERS, item_id="robot", evidence=alone))

    untrue, _ = failed(night, rows)

    assert untrue == list(range(1, 10))


def test_a_quotation_is_of_the_text_and_the_kind_that_it_says(night):
    as_kind = {
        "searched": REVIEWERS["searched"][2].replace("searched for", "asked"),
        "asked": REVIEWERS["asked"][2].replace("asked", "searched for"),
        "wrote": REVIEWERS["wrote"][2].replace(" in a review", ""),
    }
    kinds = {"searched": "asked", "asked": "searched", "wrote": "noted"}
    rows = [
        listed(kind, rank, REVIEWERS, evidence=REVIEWERS[kind][1] | {"kind": kinds[kind]}, reason=as_kind[kind])
        for rank, kind in enumerate(kinds, 1)
    ]
    for rank, (kind, quote) in enumerate((("wrote", CUT.replace("bounces", "rolls")), ("searched", "bounces well")), 4):
        told = REVIEWERS[kind][2].replace(f"{INTO}{REVIEWERS[kind][1]['quote']}{OUT}", f"{INTO}{quote}{OUT}", 1)
        rows.append(listed(kind, rank, REVIEWERS, evidence=REVIEWERS[kind][1] | {"quote": quote}, reason=told))

    assert failed(night, rows) == ([], [1, 2, 3, 4, 5])


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
