"""Factors spread over a cluster, by Spark MLlib; pure frame functions."""

from pyspark.ml.recommendation import ALS
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from nightrec.model_settings import CollaborativeConfig

CHECKPOINT_EVERY = 3


def factorise(weighed: DataFrame, settings: CollaborativeConfig) -> tuple[DataFrame, DataFrame]:
    """Fit implicit ALS.

    Source: Hu, Koren and Volinsky 2008, "Collaborative filtering for implicit feedback datasets", with the
    regularisation scaled by the number of interactions, as in Spark.

    Args:
        weighed: `user_idx, item_idx, weight`, unique by the two indexes; rows of weight 0 are not used.
        settings: The section `collaborative`.

    Returns:
        `(users, items)`: `user_idx, vector` and `item_idx, vector`, for those with a positive weight.
    """
    # One order of rows, whatever the shuffle: sums of floats depend on it.
    positive = (
        weighed.where(F.col("weight") > 0).repartitionByRange("user_idx").sortWithinPartitions("user_idx", "item_idx")
    )
    model = ALS(
        rank=settings.dim,
        maxIter=settings.iterations,
        regParam=settings.regularization,
        alpha=settings.alpha,
        implicitPrefs=True,
        checkpointInterval=CHECKPOINT_EVERY,
        seed=settings.seed,
        userCol="user_idx",
        itemCol="item_idx",
        ratingCol="weight",
    ).fit(positive)
    users = model.userFactors.select(F.col("id").alias("user_idx"), F.col("features").alias("vector"))
    items = model.itemFactors.select(F.col("id").alias("item_idx"), F.col("features").alias("vector"))
    return users, items
