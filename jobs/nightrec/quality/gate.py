"""Ask Great Expectations every rule and say in words what broke."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from great_expectations import ExpectationSuite, ValidationDefinition
from great_expectations.core.run_identifier import RunIdentifier
from pyspark.sql import DataFrame, SparkSession

from nightrec.quality.rules import Rule

if TYPE_CHECKING:
    from great_expectations.data_context import AbstractDataContext

# Counts alone: with the usual format the Data Docs would show user keys.
COUNTS_ONLY = {"result_format": "BASIC", "partial_unexpected_count": 0}
EXAMPLES = 3
SUITES_AT_ONCE = 2
RULES_SHOWN = 5


@dataclass(frozen=True)
class Verdict:
    """What became of one rule; `unexpected_frac` is the share of the batch's rows, 0 to 1."""

    rule: str
    is_passed: bool
    n_unexpected: int
    unexpected_frac: float
    examples: tuple[str, ...] = ()


def evaluate(
    context: AbstractDataContext, run_name: str, frames: Mapping[str, DataFrame], suites: Mapping[str, Sequence[Rule]]
) -> list[Verdict]:
    """Ask all suites of their batches and store the results; nothing stops at the first failure.

    Args:
        context: Where suites and results are kept.
        run_name: What a person finds the night by, in the Data Docs.
        frames: Batches by name, each also a temporary view of that name; best persisted, every rule reads them.
        suites: Rules by the name of their batch.

    Raises:
        RuntimeError: If a rule cannot be evaluated, which is a bug in the rule.
    """
    run = RunIdentifier(run_name=run_name)
    source = context.data_sources.add_spark("lake", persist=False)

    def define(name: str) -> ValidationDefinition:
        expectations = [rule.expectation for rule in suites[name]]
        suite = context.suites.add_or_update(ExpectationSuite(name=name, expectations=expectations))
        batch = source.add_dataframe_asset(name).add_batch_definition_whole_dataframe("night")
        return context.validation_definitions.add(ValidationDefinition(name=name, data=batch, suite=suite))

    def ask(definition: ValidationDefinition) -> list[Verdict]:
        name = definition.name
        result = definition.run(batch_parameters={"dataframe": frames[name]}, run_id=run, result_format=COUNTS_ONLY)
        counts = {r.expectation_config.meta["rule"]: (bool(r.success), _count(r)) for r in result.results}
        return _judge(frames[name], name, suites[name], counts)

    # Most of a suite's time is Spark planning small jobs in one thread.
    with ThreadPoolExecutor(SUITES_AT_ONCE) as pool:
        return [verdict for verdicts in pool.map(ask, [define(name) for name in suites]) for verdict in verdicts]


def explain(table: str, partition: str, verdicts: Sequence[Verdict], next_step: str) -> str:
    """Return the error of a failed gate: rule, count, share and example keys of the first few failed rules.

    Args:
        table: Gated table.
        partition: The partition that was looked at, `run_date=YYYY-MM-DD`.
        verdicts: Every rule's.
        next_step: What a person should do, and what stays as it was.
    """
    failed = [verdict for verdict in verdicts if not verdict.is_passed]
    lines = [f"{table}/{partition} breaks {len(failed)} of {len(verdicts)} rules:"]
    lines += [
        f"  {v.rule}: {v.n_unexpected} ({v.unexpected_frac:.2%}), e.g. {'; '.join(v.examples)}"
        for v in failed[:RULES_SHOWN]
    ]
    if len(failed) > RULES_SHOWN:
        lines.append(f"  and {len(failed) - RULES_SHOWN} more, in {table}_checks/{partition} and the Data Docs")
    return "\n".join([*lines, f"next: {next_step}"])


def _judge(frame: DataFrame, name: str, rules: Sequence[Rule], counts: Mapping[str, tuple[bool, int]]) -> list[Verdict]:
    n_rows = max(frame.count(), 1)
    broken = [rule.name for rule in rules if not counts[rule.name][0]]
    verdicts = []
    for rule in rules:
        is_passed, n_unexpected = counts[rule.name]
        is_shown = rule.name in broken[:RULES_SHOWN]
        examples = _examples(frame.sparkSession, rule, name) if is_shown else ()
        verdicts.append(Verdict(rule.name, is_passed, n_unexpected, n_unexpected / n_rows, examples))
    return verdicts


def _count(result: Any) -> int:  # noqa: ANN401  # the library does not export its class
    if result.exception_info["raised_exception"]:
        said = result.exception_info["exception_message"]
        raise RuntimeError(f"rule {result.expectation_config.meta['rule']} cannot be evaluated: {said}")
    counted = result.result
    # The library counts nothing, not even zero, in a batch without rows.
    return int((counted["unexpected_count"] if "unexpected_count" in counted else counted["observed_value"]) or 0)


def _examples(spark: SparkSession, rule: Rule, name: str) -> tuple[str, ...]:
    found = spark.sql(rule.violations.format(batch=name))
    rows = found.orderBy(*found.columns).limit(EXAMPLES).collect()
    return tuple(" ".join(f"{key}={value!r}" for key, value in row.asDict().items()) for row in rows)
