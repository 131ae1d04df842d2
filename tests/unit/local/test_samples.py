import io

import pyarrow as pa
from rich.console import Console

from nightrec.local.samples import _items_like, _sample

HOSTILE = "[/red] [bold]WALL·E"


def shown(table):
    console = Console(file=io.StringIO(), width=160)
    console.print(table)
    return console.file.getvalue()


def test_titles_and_reasons_are_shown_as_they_are():
    history = pa.table({"item_id": ["i1"]})
    row = {
        "rank": 1,
        "item_id": "i1",
        "score": 1.25,
        "source": "text",
        "reason": f"因为您的历史记录中有“\u2068{HOSTILE}\u2069”。",
    }

    told = shown(_sample("a light user", history, pa.Table.from_pylist([row]), {"i1": HOSTILE}))

    assert told.count(HOSTILE) == 3
    assert f"因为您的历史记录中有“{HOSTILE}”。" in told


def test_what_has_no_spaces_is_broken_and_not_cut():
    rows = [{"kind": kind, "similar_item_id": kind * 30} for kind in ("joined", "behaviour", "text")]

    told = shown(_items_like("i1", pa.Table.from_pylist(rows), {}))

    assert "…" not in told
    assert told.count("joined") == 31
