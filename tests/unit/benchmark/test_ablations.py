from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse as sp

from nightrec.benchmark.ablations import Scorer, joined
from nightrec.ranker.choose import equal_fusion
from nightrec.ranker.features import feature_names
from nightrec.ranker.sides import ITEM_NAMES

SCORES = {
    "text": np.array([[4, 3, 2, 1, 0]], np.float32),
    "popularity": np.array([[0, 3, 4, 1, 2]], np.float32),
}
NOTHING = sp.csr_matrix((1, 5), dtype=np.float32)
SIDE = SimpleNamespace(length=np.array([2]), weight=NOTHING, recent=NOTHING)
ITEMS = SimpleNamespace(
    described=np.zeros((5, len(ITEM_NAMES)), np.float32), nobody_met=lambda found: np.zeros(found.shape, np.bool_)
)


def listed(may_list=(1, 1, 1, 1, 1), seen=(), k=5):
    ranker = equal_fusion(feature_names(SCORES))
    hidden = np.zeros((1, 5), np.float32)
    hidden[0, list(seen)] = 1
    scorer = Scorer(ITEMS, ranker, np.array(may_list, np.bool_), k)
    found = joined(SCORES, sp.csr_matrix(hidden), SIDE, scorer)
    return {name: [item for item in lists[0].tolist() if item >= 0] for name, lists in found.items()}


def test_ranker_off_adds_reciprocal_ranks_and_on_adds_scores():
    got = listed()
    # z-scores add up like the scores themselves, both sources spread alike: 6, 6, 4, 2, 2.
    assert got["join fusion"] == [1, 2, 0, 3, 4]
    ranks = {"text": [1, 2, 3, 4, 5], "popularity": [5, 2, 1, 4, 3]}
    total = [sum(1 / (60 + rank[item]) for rank in ranks.values()) for item in range(5)]
    assert got["join reciprocal_rank"] == sorted(range(5), key=lambda item: (-total[item], item))
    assert got["ranker"] == got["join fusion"]
    assert got["join unmet"] == [0, 1, 2, 3, 4]  # popularity has no say


def test_seen_and_forbidden_items_are_never_listed():
    got = listed(may_list=(1, 0, 1, 1, 1), seen=[2])
    assert all(sorted(items) == [0, 3, 4] for items in got.values())


@pytest.mark.parametrize(("k", "want"), [(1, [0, 2]), (2, [0, 1, 2])])
def test_only_the_best_of_each_source_are_joined(k, want):
    assert sorted(listed(k=k)["join fusion"]) == want
