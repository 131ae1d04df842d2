import io
from datetime import UTC, date, datetime

import pyarrow as pa
from rich.console import Console

from nightrec.config import load_config
from nightrec.local.samples import _items_like, _sample, print_samples
from nightrec.published import write_pointer
from nightrec.schemas import contract

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


def test_samples_are_those_of_the_night_that_was_run(tiny_lake):
    def write(table, day, row):
        # Only what is shown is given.
        loose = pa.schema([field.with_nullable(True) for field in contract(table).arrow()])
        tiny_lake.write_arrow(table, day, pa.Table.from_pylist([dict.fromkeys(loose.names) | row], loose))
        return tiny_lake.partition(table, day)

    tiny_lake.fs.create_dir(tiny_lake.path("published"))
    for day, title in ((date(2026, 1, 30), "spade"), (date(2026, 1, 31), "copper pan")):
        write("items", day, {"item_id": "i1", "title": title})
        write("interactions", day, {"user_id": "u1", "item_id": "i1", "last_at": datetime(2026, 1, 1, tzinfo=UTC)})
        row = {"user_id": "u1", "item_id": "i1", "rank": 1, "score": 1.0, "source": "text", "reason": "New."}
        lists = {"topn": row, "similar_items": {"item_id": "i1", "similar_item_id": "i1", "kind": "text", "rank": 1}}
        pointer = {"run_date": str(day)} | {table: write(table, day, row) for table, row in lists.items()}
        for name in (f"run_date={day}", "latest"):
            write_pointer(tiny_lake, name, pointer)
    console = Console(file=io.StringIO(), width=160)

    print_samples(load_config("tiny"), date(2026, 1, 30), console)

    assert "spade" in console.file.getvalue()
    assert "copper pan" not in console.file.getvalue()
