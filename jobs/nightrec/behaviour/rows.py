"""Predictions and measurements as rows of their tables; NumPy and Arrow only."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from nightrec.behaviour.metrics import Interval
from nightrec.behaviour.pairs import Pairs
from nightrec.behaviour.rates import Horizon
from nightrec.histories import Matrix
from nightrec.schemas import contract

Wide = npt.NDArray[np.float64]


def behaviour_rows(
    matrix: Matrix, found: Pairs, probability: Wide, expected: tuple[Wide, Wide], horizon: Horizon, version: str
) -> pa.Table:
    """Return rows of `behaviour`.

    Args:
        matrix: Names the users and items.
        found: `C` candidates.
        probability: `(C,)`.
        expected: Goals and length of the horizon by user, both `(n_users,)`.
        horizon: What the probabilities are about.
        version: Of the ranker.
    """
    goals, lengths = (part[found.user_idx] for part in expected)
    n, is_by_time = len(found.user_idx), horizon.days is not None
    columns = {
        "user_id": matrix.user_ids.take(pa.array(found.user_idx)),
        "item_id": matrix.item_ids.take(pa.array(found.item_idx)),
        "probability": probability.astype(np.float32),
        "expected_goals": goals.astype(np.float32),
        "horizon_days": pa.repeat(pa.scalar(horizon.days, pa.float32()), n),
        "horizon_interactions": pa.nulls(n, pa.int32()) if is_by_time else lengths.astype(np.int32),
        "ranker_version": pa.repeat(version, n),
    }
    return pa.table(columns, contract("behaviour").arrow())


def metric_rows(
    prediction: str, measures: Mapping[tuple[str, str], Mapping[str, Interval]], n_rows: Mapping[str, int]
) -> pa.Table:
    """Return rows of `behaviour_metrics`.

    Args:
        prediction: What was predicted.
        measures: Metrics by negatives and features.
        n_rows: How many rows were measured, by negatives.

    Returns:
        The rows; a metric that the data left undefined has none.
    """
    rows = [
        {"prediction": prediction, "negatives": negatives, "features": features, "metric": metric}
        | {"value": found.value, "low": found.low, "high": found.high, "n_rows": n_rows[negatives]}
        for (negatives, features), metrics in measures.items()
        for metric, found in metrics.items()
        if np.isfinite(found.value)
    ]
    return pa.Table.from_pylist(rows, contract("behaviour_metrics").arrow())
