"""What the ranker reads of the catalogue."""

from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
import pytest

from nightrec.ranker.catalogue import catalogue_of
from nightrec.schemas import contract

EMPTY = dict.fromkeys(contract("items").names)


def known(*rows):
    items = pa.Table.from_pylist([EMPTY | row for row in rows], contract("items").arrow())
    return catalogue_of(items, pa.array(["a", "b", "c", "d"]))


def test_prices_are_logarithms_around_their_mean_and_unknown_ones_stand_in_the_middle():
    found = known(
        {"item_id": "b", "price": 0.0}, {"item_id": "a", "price": np.e**2 - 1}, {"item_id": "c", "price": None}
    )
    assert found.log_price == pytest.approx([1, -1, 0, 0])  # ln(1 + price) is 2 and 0; d is not in the catalogue


def test_a_catalogue_without_prices_has_the_same_price_everywhere():
    assert known({"item_id": "a"}).log_price.tolist() == [0, 0, 0, 0]


def test_first_days_are_seconds_and_infinite_where_unknown():
    found = known({"item_id": "c", "available_from": datetime(1970, 1, 2, tzinfo=UTC)}, {"item_id": "a"})
    assert found.available_from.tolist() == [np.inf, np.inf, 86_400.0, np.inf]
