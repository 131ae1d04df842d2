"""Time decay, the one arithmetic that the matrix, the factors and the lists share; pure column functions."""

from datetime import date

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

SECONDS_PER_DAY = 86_400


def decay(gap_seconds: Column, half_life_days: float) -> Column:
    """Return 0.5 to the power of a gap in half-lives; 1 for no gap."""
    return F.pow(F.lit(0.5), gap_seconds / (half_life_days * SECONDS_PER_DAY))


def weights_as_of(interactions: DataFrame, run_date: date, half_life_days: float) -> DataFrame:
    """Decay each weight from its last event to the end of the run date.

    Returns:
        The same rows and columns; events later than that (a tolerated clock error) are not scaled up.
    """
    end = F.unix_timestamp(F.lit(run_date).cast("timestamp")) + SECONDS_PER_DAY
    age = F.greatest(end - F.unix_timestamp("last_at"), F.lit(0))
    return interactions.withColumn("weight", F.col("weight") * decay(age, half_life_days))
