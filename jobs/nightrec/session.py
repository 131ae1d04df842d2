"""The one place that makes a Spark session."""

import atexit
import shutil
import sys
import tempfile

from pyspark import SparkContext
from pyspark.sql import SparkSession

from nightrec.lifeline import end_with_spark
from nightrec.places import PACKAGE

ARCHIVE = "nightrec"


def spark_session(name: str, shuffle_partitions: int) -> SparkSession:
    """Return a session with the settings that results depend on; master and memory come from `spark-submit`."""
    spark = (
        SparkSession.builder.appName(name)
        .config("spark.sql.session.timeZone", "UTC")
        # The default INT96 reads as naive nanoseconds in Arrow.
        .config("spark.sql.parquet.outputTimestampType", "TIMESTAMP_MICROS")
        .config("spark.sql.shuffle.partitions", shuffle_partitions)
        .config("spark.ui.showConsoleProgress", "false")
        .getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    _equip_workers(spark.sparkContext)
    end_with_spark()
    return spark


def _equip_workers(context: SparkContext) -> None:
    """Give the Python workers this package, which they could not import from a bare checkout, even in local mode.

    The package stays as it is where `--py-files` or an earlier call brought it. In local mode the workers also get this
    interpreter; Spark would take the first `python3` of the PATH, which knows nothing of a virtual environment.
    """
    if (context.master or "").startswith("local"):
        context.pythonExec = sys.executable
    if not PACKAGE.is_dir() or any(path.endswith(f"/{ARCHIVE}.zip") for path in context.listFiles):
        return
    folder = tempfile.mkdtemp(prefix=f"{ARCHIVE}-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)  # executors may ask for it until the end
    context.addPyFile(shutil.make_archive(f"{folder}/{ARCHIVE}", "zip", PACKAGE.parent, PACKAGE.name))


def jvm_peak_mb(spark: SparkSession) -> float:
    """Return the driver JVM's peak memory over all its pools, in MiB."""
    pools = spark.sparkContext._jvm.java.lang.management.ManagementFactory.getMemoryPoolMXBeans()  # type: ignore[union-attr]
    return float(sum(pool.getPeakUsage().getUsed() for pool in pools) / 2**20)
