"""One YAML a table is the truth: its Spark form, its Arrow form and the Parquet that either writes agree."""

import re
from datetime import UTC, date, datetime

import pytest

from nightrec.errors import ContractError
from nightrec.lake import PRODUCER
from nightrec.places import resource
from nightrec.schemas import Contract, check_columns, contract

DAY = date(2026, 1, 31)
TABLES = sorted(path.name.removesuffix(".v1.yaml") for path in resource("schemas").glob("*.v1.yaml"))
VALUES = {
    "string": "ä字'\n", "int32": 2**31 - 1, "int64": 2**63 - 1, "float32": 0.5, "float64": 0.1, "bool": True,
    "date": DAY, "timestamp_utc": datetime(2026, 1, 31, 23, 59, 59, 123456, UTC), "vector_f32": [0.5, -0.25, 1.0],
}  # fmt: skip


def value_of(column):
    if column.type == "struct":
        return {field.name: value_of(field) for field in column.fields}
    return VALUES[column.type]


def a_row(table):
    return {column.name: value_of(column) for column in contract(table).columns}


def arrow_table(table):
    import pyarrow as pa

    return pa.Table.from_pylist([a_row(table)], contract(table).arrow(dim=3))


@pytest.mark.parametrize("table", TABLES)
def test_contract_describes_its_table(table):
    wanted = contract(table)

    assert (wanted.table, wanted.version) == (table, 1)
    assert wanted.doc
    assert all(column.doc.endswith(".") for column in wanted.columns)
    assert set(wanted.primary_key) <= set(wanted.names)
    assert all(not column.nullable for column in wanted.columns if column.name in wanted.primary_key)
    assert len(set(wanted.names)) == len(wanted.names)
    assert "run_date" not in wanted.names  # a folder, never a column
    assert table in PRODUCER


@pytest.mark.parametrize("table", TABLES)
def test_column_names_tell_their_type(table):
    for column in contract(table).columns:
        name = column.name
        assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
        assert name.endswith("_at") == (column.type == "timestamp_utc") or name.startswith("available_")
        assert name.endswith("_date") == (column.type == "date")
        assert name.startswith(("is_", "has_")) == (column.type == "bool")
        assert not name.endswith("_idx") or column.type == "int32"
        assert not name.endswith("_id") or column.type == "string"
        assert not name.startswith("n_") or (column.type, column.min) in {("int64", 0), ("int64", 1)}
        assert not name.endswith("_frac") or (column.min, column.max) == (0, 1)
        assert (column.type == "struct") == bool(column.fields)


def test_every_producer_is_a_table():
    assert set(PRODUCER) == set(TABLES)


def test_arrow_partition_reads_in_spark_with_equal_types_and_values(tables):
    for table in TABLES:
        tables.write_arrow(table, DAY, arrow_table(table))
        frame = tables.read(table, DAY)
        assert frame.schema == contract(table).spark(), table

        (row,) = frame.collect()

        assert plain(row.asDict(recursive=True)) == plain(a_row(table)), table


def test_spark_partition_reads_in_arrow_with_equal_types_and_values(spark, tables):
    import pyarrow.parquet as pq

    for table in TABLES:
        naive = {k: v.replace(tzinfo=None) if isinstance(v, datetime) else v for k, v in a_row(table).items()}
        tables.overwrite(table, DAY, spark.createDataFrame([naive], contract(table).spark()).coalesce(1))
        (part,) = (p for p in tables.fs.get_file_info(selector(tables, table)) if p.base_name.endswith(".parquet"))
        written = pq.read_schema(part.path)
        # Arrow compares list types without the name of their element.
        assert dict(zip(written.names, written.types, strict=True)) == types_of(table), table

        assert tables.read_arrow(table, DAY).to_pylist() == [a_row(table)], table


def test_arrow_writes_vectors_as_fixed_size_lists(tables):
    import pyarrow as pa
    import pyarrow.parquet as pq

    tables.write_arrow("item_embeddings", DAY, arrow_table("item_embeddings"))
    written = pq.read_schema(tables.path(f"item_embeddings.v1/run_date={DAY}/part-00000.parquet"))

    assert written.field("vector").type == pa.list_(pa.float32(), 3)


def test_timestamps_are_utc_microseconds_for_arrow():
    import pyarrow as pa

    assert contract("events").arrow().field("event_at").type == pa.timestamp("us", tz="UTC")


def test_check_columns_names_every_difference():
    with pytest.raises(ContractError) as caught:
        check_columns(contract("user_index"), {"user_idx": "bigint", "extra": "string"})

    assert str(caught.value).splitlines() == [
        "user_index does not match schemas/user_index.v1.yaml:",
        "  missing column user_id (string)",
        "  user_idx: contract says int, frame has bigint",
    ]


def test_check_columns_lets_extra_columns_pass():
    check_columns(contract("user_index"), {"user_id": "string", "user_idx": "int", "extra": "string"})


def test_unknown_table_is_refused():
    with pytest.raises(ContractError, match=r"no contract schemas/wishes\.v1\.yaml"):
        contract("wishes")


@pytest.mark.parametrize("lacking", ["doc", "nullable", "type"])
def test_column_must_say_everything(lacking):
    column = {"name": "user_id", "type": "string", "nullable": False, "doc": "Key."}
    column.pop(lacking)

    with pytest.raises(ValueError, match=lacking):
        Contract(table="t", version=1, doc="d", primary_key=("user_id",), columns=[column])


def selector(tables, table):
    from pyarrow import fs

    return fs.FileSelector(tables.path(f"{contract(table).folder}/run_date={DAY}"))


def types_of(table):
    schema = contract(table).arrow()
    return dict(zip(schema.names, schema.types, strict=True))


def plain(row):
    return {k: v.replace(tzinfo=None) if isinstance(v, datetime) else v for k, v in row.items()}
