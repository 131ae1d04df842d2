"""Keep the Java classes of a Spark session in one file, which later sessions map instead of loading them one by one.

Made once by `make setup`; `conf/spark/local.properties` names the file. Jobs run without it too, only slower.
"""

import os
import shlex
import tempfile
from collections.abc import Iterable

import pyarrow as pa
from pyspark import SparkContext
from pyspark.sql import Window
from pyspark.sql import functions as F

from nightrec.places import root
from nightrec.session import spark_session

ARCHIVE = ".venv/spark.jsa"
PROPERTIES = "conf/spark/local.properties"


def main() -> None:
    """Run a small session in a JVM that writes down its classes when it ends."""
    (root() / ARCHIVE).unlink(missing_ok=True)
    flags = f"-XX:ArchiveClassesAtExit={root() / ARCHIVE} -Xss16m -Xlog:cds=off -Xlog:cds+dynamic=off"
    options = ["--master", "local[2]", "--properties-file", str(root() / PROPERTIES), "--driver-java-options", flags]
    os.environ["PYSPARK_SUBMIT_ARGS"] = shlex.join([*options, "pyspark-shell"])
    use_what_jobs_use()
    gateway = SparkContext._gateway
    if gateway is not None:
        gateway.shutdown()
        gateway.proc.stdin.close()  # the JVM ends when its launcher does
        gateway.proc.wait()


def use_what_jobs_use() -> None:
    """Read, join, number, count, hand to Python and write a few rows."""
    spark = spark_session("class_archive", shuffle_partitions=2)

    def same(batches: Iterable[pa.RecordBatch]) -> Iterable[pa.RecordBatch]:
        yield from batches

    with tempfile.TemporaryDirectory() as folder:
        rows = spark.range(100).select(F.col("id").cast("string").alias("key"), (F.col("id") % 7).alias("part"), "id")
        rows.write.parquet(f"{folder}/rows")
        read = spark.read.parquet(f"{folder}/rows")
        best = Window.partitionBy("part").orderBy(F.desc("id"))
        placed = read.withColumn("place", F.row_number().over(best)).where(F.col("place") <= 5)
        counted = read.groupBy("part").agg(F.sort_array(F.collect_list("id")).alias("ids"), F.count_distinct("key"))
        joined = placed.join(counted, on="part", how="left").select("part", "key", F.explode("ids").alias("item"))
        joined.mapInArrow(same, "part long, key string, item long").write.parquet(f"{folder}/joined")
        spark.read.parquet(f"{folder}/joined").persist().agg(F.sum("item"), F.min("key")).toArrow()
    spark.stop()


if __name__ == "__main__":
    main()
