"""Ties a Spark driver to the JVM that `spark-submit` started it from."""

import os
import threading
import time

CHECK_EVERY_S = 1.0
EXIT_CODE = 143


def end_with_spark() -> None:
    """End this process when the JVM above it is gone; does nothing outside `spark-submit`.

    A task that runs into its time limit has its JVM killed by Airflow. The Python driver under it notices that only at
    its next call to Spark; until then it would go on computing, and then writing, beside the task's next attempt.
    """
    if "PYSPARK_GATEWAY_PORT" in os.environ:
        threading.Thread(target=_watch, args=(os.getppid(),), name="lifeline", daemon=True).start()


def _watch(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(CHECK_EVERY_S)
    # Without cleaning up: whatever it still waits for is a JVM that no longer answers.
    os._exit(EXIT_CODE)
