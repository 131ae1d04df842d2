"""The lake through Spark: contract-checked frames in and out. The only module that calls `.read` or `.write`."""

import logging
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import date

from pyspark.sql import DataFrame, Observation, SparkSession
from pyspark.sql import functions as F

from nightrec.lake import Lake
from nightrec.published import read_pointer
from nightrec.schemas import check_columns, contract

log = logging.getLogger(__name__)


class Tables(Lake):
    """`Lake` with Spark frames."""

    def __init__(self, root: str, domain: str, spark: SparkSession) -> None:
        super().__init__(root, domain)
        self._spark = spark

    def read(self, name: str, run_date: date) -> DataFrame:
        """Read a finished partition with the contract's columns and types.

        Raises:
            MissingPartitionError: If it is not finished.
        """
        return self._spark.read.schema(contract(name).spark()).parquet(self._finished(name, run_date))

    def read_many(self, name: str, run_dates: Iterable[date]) -> DataFrame:
        """Read several finished partitions, with `run_date` as a further column; no dates give an empty frame."""
        table, schema = f"{self.root}/{contract(name).folder}", contract(name).spark().add("run_date", "date")
        paths = [self._finished(name, day) for day in run_dates]
        reader = self._spark.read.schema(schema).option("basePath", table)
        return reader.parquet(*paths) if paths else self._spark.createDataFrame([], schema)

    def read_published(self, name: str, run_date: date) -> DataFrame:
        """Read a table of the lists that a night published.

        Raises:
            MissingPartitionError: If that night published nothing.
        """
        return self._spark.read.schema(contract(name).spark()).parquet(read_pointer(self, run_date)[name])

    def empty(self, name: str) -> DataFrame:
        """Return a frame without rows in the contract's schema."""
        return self._spark.createDataFrame([], contract(name).spark())

    def overwrite(self, name: str, run_date: date, frame: DataFrame) -> int:
        """Replace exactly one partition and return its row count.

        Rows are written beside the partition and moved in at the end: an empty or failed result keeps what was there.

        Raises:
            ContractError: If columns are missing or of another type.
            EmptyOutputError: If there are no rows and the contract wants some.
        """
        check_columns(contract(name), {field.name: field.dataType.simpleString() for field in frame.schema.fields})
        staging = f"{self.partition(name, run_date).rsplit('/', 1)[0]}/_writing-{run_date}"
        counted = Observation()
        selected = frame.select(*contract(name).names).observe(counted, F.count(F.lit(1)).alias("rows"))
        selected.write.mode("overwrite").parquet(staging)
        rows = self._commit(name, run_date, int(counted.get["rows"]))
        log.info("wrote %s: %d rows to %s", name, rows, self.partition(name, run_date))
        return rows

    def overwrite_all(self, run_date: date, frames: Mapping[str, DataFrame]) -> dict[str, int]:
        """Replace one partition of several tables at once and return their row counts.

        Spark plans and compiles a frame in one thread, which for small tables is most of the work.

        Raises:
            ContractError: As `overwrite`, once all writes have ended.
            EmptyOutputError: Likewise.
        """
        with ThreadPoolExecutor(max_workers=len(frames)) as pool:
            writing = {name: pool.submit(self.overwrite, name, run_date, frame) for name, frame in frames.items()}
        return {name: written.result() for name, written in writing.items()}

    def _finished(self, name: str, run_date: date) -> str:
        self.require(name, run_date)
        return self.partition(name, run_date)
