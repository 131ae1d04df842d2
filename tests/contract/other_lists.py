"""Rows of the lists without users: one planted fault for every rule, and a clean night's."""

NAN = float("nan")
LINEAGE = {"run_id": "r", "encoder_version": "e", "collaborative_version": "c", "data_snapshot": "d"}

SIMILAR_BASE = LINEAGE | {"kind": "text"}
QUERIES_BASE = LINEAGE | {"n_users": 3}
POPULAR_BASE = LINEAGE | {"kind": "popular", "days": 7, "category": "", "n_users": 3}


def similar(item, found=("i1", "i2", "i3"), scores=(3.0, 2.0, 1.0), ranks=(1, 2, 3), **changes):
    rows = zip(found, scores, ranks, strict=True)
    return [{"item_id": item, "similar_item_id": i, "score": s, "rank": r} | changes for i, s, r in rows]


def popular(category, found=("i1", "i2", "i3"), scores=(9.0, 8.0, 7.0), ranks=(1, 2, 3), **changes):
    rows = zip(found, scores, ranks, strict=True)
    return [{"category": category, "item_id": i, "score": s, "rank": r} | changes for i, s, r in rows]


def answers(query, found=("i1", "i2", "i3"), scores=(3.0, 2.0, 1.0), ranks=(1, 2, 3), **changes):
    rows = zip(found, scores, ranks, strict=True)
    return [{"query": query, "item_id": i, "score": s, "rank": r} | changes for i, s, r in rows]


CLEAN_SIMILAR = [
    *similar("met"),
    *similar("met", kind="joined", scores=(1.0, 1.0, 1.0)),
    *similar("i1", ["i2"], [0.5], [1]),
]
CLEAN_POPULAR = [*popular(""), *popular("x"), *popular("x", days=30), *popular("x", kind="trending")]
CLEAN_QUERIES = [*answers("pan"), *answers("pot", scores=(1.0, 1.0, 1.0)), *answers("炒锅", ["i2"], [0.5], [1])]
FAULTY_SIMILAR = [
    *CLEAN_SIMILAR,
    *similar("i2"),  # its second is itself
    *similar("repeats", ("i1", "i1", "i3")),
    *similar("unavailable", ("gone", "i2", "soon")),
    *similar("haunted", ("i1", "i2", "ghost")),
    *similar("not a number", scores=(3.0, 2.0, NAN)),
    *similar("unsorted", scores=(1.0, 2.0, 0.0)),
    *similar("gap", ranks=(1, 2, 4)),
    *similar("twice", ranks=(1, 1, 2)),
    *similar("zeroth", ranks=(0, 1, 2)),
    *similar("magic", kind="magic"),
    *similar("nothing known", ("i1", "i2", None), scores=(3.0, 2.0, None), **dict.fromkeys(LINEAGE)),
    *similar("kindless", kind=None),
    *similar(None),
    *similar("rankless", ranks=(None, 1, 2)),
]
FAULTY_POPULAR = [
    *CLEAN_POPULAR,
    *popular("repeats", ("i1", "i1", "i3")),
    *popular("unavailable", ("gone", "i2", "soon")),
    *popular("haunted", ("i1", "i2", "ghost")),
    *popular("not a number", scores=(9.0, 8.0, NAN)),
    *popular("unsorted", scores=(8.0, 9.0, 7.0)),
    *popular("gap", ranks=(1, 2, 4)),
    *popular("twice", ranks=(1, 1, 2)),
    *popular("zeroth", ranks=(0, 1, 2)),
    *popular("magic", kind="magic"),
    *popular("nothing known", ("i1", "i2", None), scores=(9.0, 8.0, None), **dict.fromkeys(LINEAGE)),
    *popular("kindless", kind=None),
    *popular(None),
    *popular("rankless", ranks=(None, 1, 2)),
    *popular("endless", days=None),
    *popular("momentary", days=0),
    *popular("countless", n_users=None),
    *popular("nobody", n_users=0),
]
FAULTY_QUERIES = [
    *CLEAN_QUERIES,
    *answers("repeats", ("i1", "i1", "i3")),
    *answers("unavailable", ("gone", "i2", "soon")),
    *answers("haunted", ("i1", "i2", "ghost")),
    *answers("not a number", scores=(3.0, 2.0, NAN)),
    *answers("unsorted", scores=(2.0, 3.0, 1.0)),
    *answers("gap", ranks=(1, 2, 4)),
    *answers("twice", ranks=(1, 1, 2)),
    *answers("zeroth", ranks=(0, 1, 2)),
    *answers("rankless", ranks=(None, 1, 2)),
    *answers("nothing known", ("i1", "i2", None), scores=(3.0, 2.0, None), **dict.fromkeys(LINEAGE)),
    *answers(None),
    *answers("of two", n_users=2),
    *answers("countless", n_users=None),
]
BOTH = {
    "duplicate_item": 2,
    "unavailable_item": 2,
    "unknown_item": 1,
    "score_not_finite": 1,
    "score_not_sorted": 1,
    "rank_gap": 4,  # gap, and all of zeroth
    "rank_is_null": 1,
    "kind_is_null": 3,
    "kind_not_allowed": 3,
    "score_is_null": 1,
    "rank_out_of_range": 1,
    "key_not_unique": 2,
}
PLANTED_OTHERS = {
    **{f"similar_{rule}": n for rule, n in BOTH.items()},
    "query_duplicate_item": 2,
    "query_unavailable_item": 2,
    "query_unknown_item": 1,
    "query_score_not_finite": 1,
    "query_score_not_sorted": 1,
    "query_rank_gap": 5,  # gap, all of zeroth, and the one without
    "query_key_not_unique": 2,
    "query_query_is_null": 3,
    "query_item_id_is_null": 1,
    "query_score_is_null": 1,
    "query_of_few_users": 6,
    "similar_item_id_is_null": 3,
    "similar_similar_item_id_is_null": 1,
    "similar_to_itself": 1,
    **{f"popular_{rule}": n for rule, n in BOTH.items()},
    "popular_item_id_is_null": 1,
    "popular_category_is_null": 3,
    "popular_days_is_null": 3,
    "popular_days_out_of_range": 3,
    "popular_n_users_is_null": 3,
    "popular_n_users_out_of_range": 3,
}
