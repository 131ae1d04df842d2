"""Which events a domain's lists are meant to bring about; pure column functions."""

from collections.abc import Sequence

from pyspark.sql import Column
from pyspark.sql import functions as F


def is_goal(event_types: Sequence[str], min_value: float | None) -> Column:
    """Tell for each row of `events` whether it counts.

    Args:
        event_types: Event types that count.
        min_value: Smallest `value` that counts, or None; with a minimum, events without value do not count.
    """
    kind = F.col("event_type").isin(*event_types)
    if min_value is None:
        return kind
    return kind & F.coalesce(F.col("value") >= min_value, F.lit(False))
