from nightrec.quality.rules import contract_rules, flag_rule
from nightrec.quality.suites import columns_rules, events_suites, topn_suites
from nightrec.schemas import Contract

SHELVES = Contract.model_validate(
    {
        "table": "shelves",
        "version": 1,
        "doc": "Shelves.",
        "primary_key": ["aisle", "place"],
        "columns": [
            {"name": "aisle", "type": "string", "nullable": False, "doc": "Aisle.", "values": ["a", "b"]},
            {"name": "place", "type": "int32", "nullable": False, "doc": "Place.", "min": 1},
            {"name": "share", "type": "float64", "nullable": True, "doc": "Share.", "min": 0, "max": 1},
        ],
    }
)


def violations(rules):
    return {rule.name: rule.violations for rule in rules}


def test_contract_rules_ask_what_the_contract_says():
    found = "SELECT aisle, place FROM {batch}"

    assert violations(contract_rules(SHELVES)) == {
        "aisle_is_null": f"{found} WHERE aisle IS NULL",
        "aisle_not_allowed": f"{found} WHERE aisle NOT IN ('a', 'b')",
        "place_is_null": f"{found} WHERE place IS NULL",
        "place_out_of_range": f"{found} WHERE place < 1.0",
        "share_out_of_range": f"{found} WHERE share < 0.0 OR share > 1.0",
        "key_not_unique": f"{found} GROUP BY aisle, place HAVING count(1) > 1",
    }


def test_prefix_tells_tables_of_one_gate_apart():
    assert next(iter(violations(contract_rules(SHELVES, "shelves_")))) == "shelves_aisle_is_null"


def test_rules_carry_their_name_into_the_data_docs():
    rule = flag_rule("shelf_empty", "is_full", "aisle", "shelves are full", min_frac=0.9)

    assert rule.expectation.meta == {"rule": "shelf_empty"}
    assert rule.expectation.description == "shelf_empty: shelves are full"
    assert rule.expectation.mostly == 0.9
    assert rule.violations == "SELECT aisle FROM {batch} WHERE NOT is_full"


def test_rule_names_are_unique_within_a_gate():
    for gate in (events_suites(), topn_suites(0.9)):
        names = [rule.name for rules in [columns_rules(), *gate.values()] for rule in rules]
        assert len(names) == len(set(names))
        assert all(rule.expectation.meta["rule"] == rule.name for rules in gate.values() for rule in rules)
