"""Python loads this at its start where `PYTHONPATH` names its folder: `HELD_TABLE` is written and never finished.

A table of a few rows is whole within milliseconds, and a kill from outside would come too late.
"""

import os
import time
from datetime import date

from nightrec.lake import Lake

commit = Lake._commit


def hold(lake: Lake, name: str, run_date: date, rows: int) -> int:
    """Wait to be killed."""
    while name == os.environ.get("HELD_TABLE"):
        time.sleep(1)
    return commit(lake, name, run_date, rows)


Lake._commit = hold
