"""Split folders: everything that a competitor may know, and the truth, as plain Parquet files.

train.parquet, validation.parquet   user_id, item_id, at, value, is_relevant, text; by user, time, item
test.parquet          the same without text
items.parquet         item_id, title, categories, tags: the catalogue
texts.parquet         item_id, text, part: what describes an item, and with which part it becomes known
candidates.parquet    item_id: what may be listed; the catalogue, or the cold items
truth_validation.parquet, truth_test.parquet      user_id, item_id: what is to be found
"""

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from nightrec.benchmark.protocols import COLD_SEED, PARTS, Protocol, cold_items, is_one_of, truth
from nightrec.data_sets import Shop

WARM, COLD = "warm", "cold"
LOG_COLUMNS = ["user_id", "item_id", "at", "value", "is_relevant"]
Tables = dict[str, pa.Table]


def make_split(shop: Shop, protocol: Protocol, variant: str, cold_seed: int = COLD_SEED) -> Tables:
    """Cut a data set.

    Args:
        shop: The data set.
        protocol: How.
        variant: `warm`, or `cold`: a tenth of the items is unknown to the past, and only these may be listed.
        cold_seed: Draws these items.

    Returns:
        A table a file of the folder, by its stem.
    """
    part = pa.array(protocol.parts(shop.events).tolist(), pa.string())
    logs = {name: shop.events.filter(pc.equal(part, name)) for name in PARTS}
    texts = item_texts(shop, part)
    candidates = shop.items["item_id"].combine_chunks()
    only = None
    if variant == COLD:
        candidates = only = cold_items(candidates, cold_seed)
        logs = {name: log if name == "test" else _without(log, only) for name, log in logs.items()}
    past = pa.concat_tables([logs["train"], logs["validation"]])
    # The validation of the cold variant asks for what the variant hides, as its test does.
    asked = shop.events.filter(pc.equal(part, "validation"))
    return {
        **{name: log.select(LOG_COLUMNS + ["text"] * (name != "test")) for name, log in logs.items()},
        "items": shop.items,
        "texts": texts,
        "candidates": pa.table({"item_id": candidates}),
        "truth_validation": truth(logs["train"], asked, protocol, only),
        "truth_test": truth(past, logs["test"], protocol, only),
    }


def item_texts(shop: Shop, part: pa.Array) -> pa.Table:
    """Return `item_id, text, part`: the words of the catalogue, and what users wrote before the test."""
    described = [
        {"item_id": row["item_id"], "text": words, "part": "train"}
        for row in shop.items.to_pylist()
        if (words := ". ".join(filter(None, [row["title"], ", ".join(row["categories"] + row["tags"])])))
    ]
    schema = pa.schema([("item_id", pa.string()), ("text", pa.string()), ("part", pa.string())])
    written = shop.events.append_column("part", part)
    is_known = pc.and_(pc.is_valid(written["text"]), pc.not_equal(written["part"], "test"))
    return pa.concat_tables([pa.Table.from_pylist(described, schema), written.filter(is_known).select(schema.names)])


def write_split(folder: Path, tables: Tables) -> dict[str, str]:
    """Write a split folder and return the SHA-256 of each file's bytes, by file name."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        pq.write_table(table.combine_chunks(), folder / f"{name}.parquet")
    return hashes(folder, list(tables))


def hashes(folder: Path, names: list[str]) -> dict[str, str]:
    """Return the SHA-256 of files of a split folder."""
    paths = [folder / f"{name}.parquet" for name in names]
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


def read(folder: Path, name: str) -> pa.Table:
    """Read one table of a split folder."""
    return pq.read_table(folder / f"{name}.parquet")


def read_past(folder: Path) -> pa.Table:
    """Return train and validation together, unordered: what a night before the test knows."""
    return pa.concat_tables([read(folder, "train"), read(folder, "validation")])


def _without(log: pa.Table, items: pa.Array) -> pa.Table:
    return log.filter(pc.invert(is_one_of(log["item_id"], items)))
