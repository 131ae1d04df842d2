"""The suites of the two gates: a contract's own rules, and checks across tables named after the failure they catch.

Each suite is asked of one batch, a frame that `transform.py` makes; its rules read the flags that are added there.
"""

from nightrec.quality.rules import Rule, contract_rules, flag_rule
from nightrec.schemas import contract

LINEAGE = ("run_id", "encoder_version", "collaborative_version", "data_snapshot")
"""Written once for all tables of a night, so asked of `topn` alone; every rule costs a job."""
Suites = dict[str, list[Rule]]
"""Rules by the batch that they look at."""


def columns_rules() -> list[Rule]:
    """Return the rule for `columns`: one row per contract column of every table that the gate reads."""
    keys = "table, column, expected, written"
    return [flag_rule("columns_differ", "is_same", keys, "files hold the contract's columns in the contract's types")]


def events_suites() -> Suites:
    """Return the suites of the gate before the matrix: batches `events`, `deliveries` and `items`."""
    itemless = "only questions and searches go without an item"
    in_time = "no event lies further ahead than ingest.max_future_hours"
    return {
        "events": [
            *contract_rules(contract("events")),
            flag_rule("item_missing", "has_item", "event_id, event_type", itemless),
            flag_rule("event_in_future", "is_in_time", "event_id, event_at", in_time),
        ],
        "deliveries": [*contract_rules(contract("deliveries"), "deliveries_"), *_count_rules()],
        "items": contract_rules(contract("items"), "items_"),
    }


def _count_rules() -> list[Rule]:
    """Return what holds for the counts of every feed of a delivery."""
    counts, all_counted = (
        "feed, n_read, n_accepted, n_rejected, n_duplicates",
        "every line of a delivery is accounted for",
    )
    whole = "events hold exactly the rows that were accepted"
    few = "no more than ingest.max_reject_frac of a feed's lines are rejected"
    return [
        flag_rule("accepted_plus_rejected_plus_duplicates_is_read", "is_accounted_for", counts, all_counted),
        flag_rule("accepted_rows_missing", "is_whole", "feed, n_accepted, n_written", whole),
        flag_rule("too_many_rejects", "has_few_rejects", "feed, n_rejected, n_read", few),
    ]


def topn_suites(min_coverage_frac: float) -> Suites:
    """Return the suites of the gate before publishing, one for each kind of list.

    Args:
        min_coverage_frac: Smallest share of users that must have a list.
    """
    a_row, a_list = "user_id, rank, item_id", "user_id, n_ranks, last_rank, n_expected"
    length = "lists are as long as scoring.top_n and the available items allow, ranks 1 to n"
    seen = "no list shows what scoring.exclude_seen_days hides"
    evidence = "what reasons rest on stands in the user's history, in the texts or in the counts"
    told = "reasons say what conf/reasons makes of their evidence, and quote no one but the user"
    return {
        "topn": [
            *contract_rules(contract("topn"), without=["evidence"]),  # empty evidence is no true evidence
            *_list_rules(a_row),
            flag_rule("seen_item", "is_unseen", a_row, seen),
            flag_rule("untrue_evidence", "is_true_evidence", a_row, evidence),
            flag_rule("reworded_reason", "is_told_as_evidence", a_row, told),
        ],
        "lists": [
            flag_rule("list_length", "is_whole", a_list, length),
            flag_rule("unknown_user", "is_known_user", "user_id", "only users of the matrix have lists"),
            flag_rule("coverage_floor", "is_covered", "user_id", "users of the matrix have lists", min_coverage_frac),
        ],
        "fallback": [
            *contract_rules(contract("fallback"), "fallback_", LINEAGE),
            *_list_rules("rank, item_id", "fallback_"),
            flag_rule("fallback_list_length", "is_whole", "rank, n_ranks, n_expected", length),
        ],
        **_other_suites(),
    }


def texts_suites() -> Suites:
    """Return the suite of a language model's sentences, asked where there are some."""
    says = "what a language model wrote says the evidence of its template and nothing else"
    return {"reason_texts": [flag_rule("unfaithful_sentence", "is_faithful", "template, sentence", says)]}


def _other_suites() -> Suites:
    similar, popular = "item_id, kind, rank, similar_item_id", "kind, days, category, rank, item_id"
    queries, asked = "query, rank, item_id", "queries of fewer users than scoring.popular_min_users have no list"
    numbered = "ranks go up from 1 without gaps"
    return {
        "similar_items": [
            *contract_rules(contract("similar_items"), "similar_", LINEAGE),
            *_list_rules(similar, "similar_"),
            flag_rule("similar_rank_gap", "is_numbered", similar, numbered),
            flag_rule("similar_to_itself", "is_other", similar, "no item is listed as similar to itself"),
        ],
        "popular_items": [
            *contract_rules(contract("popular_items"), "popular_", LINEAGE),
            *_list_rules(popular, "popular_"),
            flag_rule("popular_rank_gap", "is_numbered", popular, numbered),
        ],
        "query_results": [
            *contract_rules(contract("query_results"), "query_", (*LINEAGE, "rank", "n_users")),
            *_list_rules(queries, "query_"),
            flag_rule("query_rank_gap", "is_numbered", queries, numbered),
            flag_rule("query_of_few_users", "is_asked", queries, asked),
        ],
    }


def _list_rules(keys: str, prefix: str = "") -> list[Rule]:
    """Return what holds for every list."""
    return [
        flag_rule(f"{prefix}duplicate_item", "is_single", keys, "no item stands twice in a list"),
        flag_rule(f"{prefix}unknown_item", "is_known_item", keys, "every item is in the catalogue"),
        flag_rule(f"{prefix}unavailable_item", "is_available", keys, "items can be had on the day of showing"),
        flag_rule(f"{prefix}score_not_finite", "is_finite", keys, "scores are numbers"),
        flag_rule(f"{prefix}score_not_sorted", "is_in_order", keys, "scores fall with the rank"),
    ]
