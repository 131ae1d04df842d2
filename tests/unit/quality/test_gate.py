from nightrec.quality.gate import Verdict, explain


def broken(n):
    return Verdict(f"rule_{n}", False, n, n / 8, (f"id='{n}'", "id='x'"))


def test_error_says_table_rule_count_share_examples_and_next_step():
    passed = Verdict("fine", True, 0, 0.0)

    said = explain("topn", "run_date=2026-01-31", [passed, broken(1), broken(2)], "run it again")

    assert said.splitlines() == [
        "topn/run_date=2026-01-31 breaks 2 of 3 rules:",
        "  rule_1: 1 (12.50%), e.g. id='1'; id='x'",
        "  rule_2: 2 (25.00%), e.g. id='2'; id='x'",
        "next: run it again",
    ]


def test_error_shows_five_rules_and_counts_the_rest():
    said = explain("topn", "run_date=2026-01-31", [broken(n) for n in range(1, 8)], "run it again").splitlines()

    assert [line.split(":")[0].strip() for line in said[1:6]] == [f"rule_{n}" for n in range(1, 6)]
    assert said[6] == "  and 2 more, in topn_checks/run_date=2026-01-31 and the Data Docs"
    assert len(said) == 8
