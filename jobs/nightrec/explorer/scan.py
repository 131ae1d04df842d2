"""Rows of a partition that are wanted, and counts of the others, without all of them in memory; Arrow only."""

from datetime import date

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.dataset as ds
from pyarrow import acero

from nightrec.lake import Lake
from nightrec.schemas import contract


def rows(lake: Lake, name: str, run_date: date, where: ds.Expression | None = None) -> pa.Table:
    """Read the rows of a finished partition for which an expression holds; None reads all.

    Raises:
        MissingPartitionError: If it is not finished.
    """
    return _dataset(lake, name, run_date).to_table(filter=where)


def tally(lake: Lake, name: str, run_date: date, key: str, **conditions: ds.Expression) -> pa.Table:
    """Count the rows of each key as `n`, and those for which a condition holds under the condition's name.

    Rows stream past, so memory follows the number of keys.

    Raises:
        MissingPartitionError: If the partition is not finished.
    """
    dataset = _dataset(lake, name, run_date)
    wanted = {"n": pc.scalar(1), **{as_: condition.cast(pa.int64()) for as_, condition in conditions.items()}}
    plan = [
        acero.Declaration("scan", acero.ScanNodeOptions(dataset)),
        acero.Declaration("project", acero.ProjectNodeOptions([ds.field(key), *wanted.values()], [key, *wanted])),
        acero.Declaration(
            "aggregate", acero.AggregateNodeOptions([(as_, "hash_sum", None, as_) for as_ in wanted], keys=[key])
        ),
    ]
    return acero.Declaration.from_sequence(plan).to_table()


def aligned(keys: pa.ChunkedArray, table: pa.Table, key: str, column: str) -> pa.ChunkedArray:
    """Return a column in the order of `keys`, null where the table has no such key; `key` is unique in the table."""
    return table[column].take(pc.index_in(keys, value_set=table[key]))


def _dataset(lake: Lake, name: str, run_date: date) -> ds.Dataset:
    lake.require(name, run_date)
    return ds.dataset(lake.folder(name, run_date), contract(name).arrow(), format="parquet", filesystem=lake.fs)
