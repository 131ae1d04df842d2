"""Table contracts: `schemas/<table>.v1.yaml` is the truth, Spark, Arrow and Great Expectations forms derive from it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Literal

import yaml
from pydantic import BaseModel, ConfigDict

from nightrec.errors import ContractError
from nightrec.places import resource

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import types as T

ColumnType = Literal[
    "string", "int32", "int64", "float32", "float64", "bool", "date", "timestamp_utc", "vector_f32", "struct"
]


class Column(BaseModel):
    """One column of a contract. `min`, `max` and `values` become rules of the gate."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    type: ColumnType
    nullable: bool
    doc: str
    min: float | None = None
    max: float | None = None
    values: tuple[str, ...] | None = None
    fields: tuple[Column, ...] = ()

    def spark(self) -> T.StructField:
        """Return the Spark field; always nullable there, because Spark drops the flag when it reads."""
        from pyspark.sql import types as T  # noqa: PLC0415  # torch jobs run where there is no Spark

        simple = {
            "string": T.StringType(),
            "int32": T.IntegerType(),
            "int64": T.LongType(),
            "float32": T.FloatType(),
            "float64": T.DoubleType(),
            "bool": T.BooleanType(),
            "date": T.DateType(),
            "timestamp_utc": T.TimestampType(),
            "vector_f32": T.ArrayType(T.FloatType()),
        }
        kind = simple.get(self.type) or T.StructType([field.spark() for field in self.fields])
        return T.StructField(self.name, kind, nullable=True)

    def arrow(self, dim: int | None = None) -> pa.Field:
        """Return the Arrow field; with `dim`, vectors are fixed-size lists of that length."""
        import pyarrow as pa  # noqa: PLC0415  # DAG files read contracts where there is no Arrow

        vector = pa.list_(pa.field("element", pa.float32()), dim or -1)
        simple = {
            "string": pa.string(),
            "int32": pa.int32(),
            "int64": pa.int64(),
            "float32": pa.float32(),
            "float64": pa.float64(),
            "bool": pa.bool_(),
            "date": pa.date32(),
            "timestamp_utc": pa.timestamp("us", tz="UTC"),
            "vector_f32": vector,
        }
        kind = simple.get(self.type) or pa.struct([field.arrow() for field in self.fields])
        return pa.field(self.name, kind, nullable=self.nullable)


class Contract(BaseModel):
    """One table: what a row is, its key and its columns. Partitions are `run_date` folders, never a column."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    table: str
    version: int
    doc: str
    primary_key: tuple[str, ...]
    allow_empty: bool = False
    columns: tuple[Column, ...]

    @property
    def folder(self) -> str:
        """Return `<table>.v<version>`, the table's folder in the lake."""
        return f"{self.table}.v{self.version}"

    @property
    def names(self) -> list[str]:
        """Return the column names in order."""
        return [column.name for column in self.columns]

    def spark(self) -> T.StructType:
        """Return the Spark schema."""
        from pyspark.sql import types as T  # noqa: PLC0415  # torch jobs run where there is no Spark

        return T.StructType([column.spark() for column in self.columns])

    def arrow(self, dim: int | None = None) -> pa.Schema:
        """Return the Arrow schema; `dim` is the length of its vectors."""
        import pyarrow as pa  # noqa: PLC0415  # DAG files read contracts where there is no Arrow

        return pa.schema([column.arrow(dim) for column in self.columns])


@cache
def contract(name: str) -> Contract:
    """Load the contract of a table.

    Raises:
        ContractError: If there is no such table.
    """
    path = resource("schemas") / f"{name}.v1.yaml"
    if not path.is_file():
        raise ContractError(f"no contract schemas/{name}.v1.yaml")
    return Contract.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))


def check_columns(expected: Contract, got: dict[str, str]) -> None:
    """Compare a frame's columns with its contract and name every difference.

    Args:
        expected: The contract.
        got: Column name to Spark type name, e.g. `{"rank": "int"}`.

    Raises:
        ContractError: If a column is missing or has another type. Extra columns are fine; they are not written.
    """
    wanted = {field.name: field.dataType.simpleString() for field in expected.spark().fields}
    faults = [f"  missing column {name} ({kind})" for name, kind in wanted.items() if name not in got]
    faults += [
        f"  {name}: contract says {kind}, frame has {got[name]}"
        for name, kind in wanted.items()
        if name in got and got[name] != kind
    ]
    if faults:
        raise ContractError(f"{expected.table} does not match schemas/{expected.folder}.yaml:\n" + "\n".join(faults))
