import numpy as np

from nightrec.importance.slices import item_groups, make_slices
from nightrec.ranker.describe import Lesson

# Users 0 to 3 with candidates among items 0 to 4, -1 is padding; user 3 wants item 4, which is no candidate of theirs.
CANDIDATES = np.array([[0, 1, 2], [0, 1, -1], [1, 3, 4], [0, 1, 2]])
GOALS = [(7, np.array([2])), (3, np.array([0, 1])), (5, np.array([4])), (9, np.array([4]))]
RELEVANT = np.array([[0, 0, 1], [1, 1, 0], [0, 0, 1], [0, 0, 0]], bool)
LESSON = Lesson(GOALS, CANDIDATES, np.zeros((4, 3, 1), np.float32), RELEVANT)


def cut(lengths=(1, 2, 3, 40), groups=None):
    return {part.name: part for part in make_slices(LESSON, np.array(lengths), groups or {})}


def test_everything_counts_in_all():
    found = cut()["all"]
    np.testing.assert_array_equal(found.inside, CANDIDATES >= 0)
    np.testing.assert_array_equal(found.relevant, RELEVANT)
    assert found.n_relevant.tolist() == [1, 2, 1, 1]


def test_new_and_heavy_users_are_the_outer_quarters():
    found = cut()
    assert found["new_users"].n_relevant.tolist() == [1, 0, 0, 0]
    assert found["heavy_users"].n_relevant.tolist() == [0, 0, 0, 1]
    assert found["heavy_users"].inside.any(axis=1).tolist() == [False, False, False, True]


def test_users_of_one_length_are_neither_new_nor_heavy():
    assert list(cut(lengths=(5, 5, 5, 5))) == ["all"]


def test_a_group_of_items_counts_its_own_goals_only():
    found = cut(groups={"cold_items": np.array([False, True, False, False, True])})["cold_items"]
    assert found.inside.tolist() == [
        [False, True, False],
        [False, True, False],
        [True, False, True],
        [False, True, False],
    ]
    assert found.relevant.tolist() == [[False] * 3, [False, True, False], [False, False, True], [False] * 3]
    assert found.n_relevant.tolist() == [0, 1, 1, 1]


def test_padding_belongs_to_no_group_though_it_points_at_the_last_item():
    assert not cut(groups={"last": np.arange(5) == 4})["last"].inside[1].any()


def test_cold_items_are_those_of_fewer_than_five_users():
    assert item_groups(np.array([0, 4, 5]), [])["cold_items"].tolist() == [True, True, False]


def test_the_five_largest_categories_make_slices():
    categories = [(0, "b| a"), (1, "a|"), (2, None), (3, "c|d|e|f"), (0, "b")]
    found = item_groups(np.zeros(4, int), categories)
    assert list(found) == ["cold_items", *(f"category:{name}" for name in "abcde")]  # a and b twice, then by name
    assert found["category:a"].tolist() == [True, True, False, False]


def test_shuffled_candidates_keep_their_features_and_goals():
    features = CANDIDATES[:, :, None].astype(np.float32)
    mixed = Lesson(GOALS, CANDIDATES, features, RELEVANT).shuffled(0)
    assert mixed.candidates.tolist() != CANDIDATES.tolist()
    np.testing.assert_array_equal(mixed.features[:, :, 0], mixed.candidates)
    for row, (_, wanted) in enumerate(GOALS):
        assert set(mixed.candidates[row][mixed.relevant[row]]) == set(wanted) & set(CANDIDATES[row])


def test_some_users_of_a_lesson_are_kept_whole():
    found = LESSON.where(np.array([1, 3]))
    assert [user for user, _ in found.goals] == [3, 9]
    assert found.candidates.tolist() == CANDIDATES[[1, 3]].tolist()
    assert found.n_relevant.tolist() == [2, 1]
