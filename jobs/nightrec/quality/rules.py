"""What a rule is, and the rules that follow from a contract alone."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from great_expectations import expectations as gxe
from great_expectations.expectations.expectation import ColumnMapExpectation, Expectation
from great_expectations.validator.validator import ValidationDependencies

from nightrec.schemas import Column, Contract


class _Counting(ColumnMapExpectation):  # type: ignore[misc]  # untyped
    """Counts without fetching examples, for which the library plans a Spark job a rule, also where none are wanted."""

    def get_validation_dependencies(self, *args: Any, **kwargs: Any) -> ValidationDependencies:  # noqa: ANN401
        needed = super().get_validation_dependencies(*args, **kwargs)
        needed.remove_metric_configuration(f"{self.map_metric}.unexpected_values")
        return needed


class ExpectFilled(_Counting, gxe.ExpectColumnValuesToNotBeNull):  # type: ignore[misc]  # untyped
    """Nothing is empty."""


class ExpectInBounds(_Counting, gxe.ExpectColumnValuesToBeBetween):  # type: ignore[misc]  # untyped
    """Numbers stay in bounds."""


class ExpectAllowed(_Counting, gxe.ExpectColumnValuesToBeInSet):  # type: ignore[misc]  # untyped
    """Values are among those allowed."""


@dataclass(frozen=True)
class Rule:
    """One thing that must not happen in a batch, a frame that the gate looks at.

    Great Expectations counts with `expectation` and keeps the verdict; it never sees a key. `violations` is asked only
    when the rule fails, for the few keys that the error shows.
    """

    name: str
    """What is wrong when it fails; unique within a gated table."""
    expectation: Expectation
    """How it is counted, with `meta["rule"]` set to the name."""
    violations: str
    """Spark SQL that returns the keys of the rows that break it; `{batch}` stands for the frame."""


def flag_rule(name: str, flag: str, keys: str, says: str, min_frac: float = 1.0) -> Rule:
    """Return a rule that holds when a boolean column is true in all rows, or in a share of them; empty counts as true.

    Flags are counted in one Spark job for a whole suite. The library's own way to ask across tables,
    `UnexpectedRowsExpectation`, takes two jobs a rule and made the gate four times as slow.

    Args:
        name: Name of the rule.
        flag: The column.
        keys: Columns that name a row to a person, separated by commas.
        says: Sentence for the Data Docs.
        min_frac: Smallest share, 0 to 1.
    """
    labels = _labels(name, says)
    counted = ExpectAllowed(column=flag, value_set=[True], mostly=min_frac, **labels)
    return Rule(name, counted, f"SELECT {keys} FROM {{batch}} WHERE NOT {flag}")


def contract_rules(contract: Contract, prefix: str = "", without: Collection[str] = ()) -> list[Rule]:
    """Return the rules of one table: nothing empty that must not be, values in bounds, one row per key.

    Columns and types have a rule of their own (`suites.columns_rules`), because a frame read by contract hides them.

    Args:
        contract: The table's contract.
        prefix: Put before the names where the table is not the gated one itself.
        without: Columns that need no rule of their own.
    """
    keys, asked = ", ".join(contract.primary_key), [c for c in contract.columns if c.name not in without]
    rules = [rule for column in asked for rule in _column_rules(column, keys, prefix)]
    return [*rules, _key_rule(contract.primary_key, prefix)]


def _column_rules(column: Column, keys: str, prefix: str) -> list[Rule]:
    rules = []
    if not column.nullable:
        labels = _labels(f"{prefix}{column.name}_is_null", f"{column.name} is never empty: {column.doc}")
        empty = f"{column.name} IS NULL"
        rules.append(_counted(ExpectFilled(column=column.name, **labels), keys, empty))
    if column.min is not None or column.max is not None:
        labels = _labels(f"{prefix}{column.name}_out_of_range", f"{column.name} stays in bounds: {column.doc}")
        bounds = {"min_value": column.min, "max_value": column.max}
        rule = ExpectInBounds(column=column.name, **bounds, **labels)
        rules.append(_counted(rule, keys, _outside(column)))
    if column.values is not None:
        labels = _labels(f"{prefix}{column.name}_not_allowed", f"{column.name} is one of the contract's: {column.doc}")
        allowed = ", ".join(f"'{value}'" for value in column.values)
        rule = ExpectAllowed(column=column.name, value_set=list(column.values), **labels)
        rules.append(_counted(rule, keys, f"{column.name} NOT IN ({allowed})"))
    return rules


def _key_rule(key: tuple[str, ...], prefix: str) -> Rule:
    labels = _labels(f"{prefix}key_not_unique", f"one row per {', '.join(key)}")
    columns = ", ".join(key)
    repeated = f"SELECT {columns} FROM {{batch}} GROUP BY {columns} HAVING count(1) > 1"
    if len(key) == 1:
        return Rule(labels["meta"]["rule"], gxe.ExpectColumnValuesToBeUnique(column=key[0], **labels), repeated)
    return Rule(labels["meta"]["rule"], gxe.ExpectCompoundColumnsToBeUnique(column_list=list(key), **labels), repeated)


def _counted(expectation: Expectation, keys: str, where: str) -> Rule:
    return Rule(expectation.meta["rule"], expectation, f"SELECT {keys} FROM {{batch}} WHERE {where}")


def _outside(column: Column) -> str:
    faults = [f"{column.name} < {column.min}"] if column.min is not None else []
    return " OR ".join(faults + ([f"{column.name} > {column.max}"] if column.max is not None else []))


def _labels(name: str, says: str) -> dict[str, Any]:
    return {"meta": {"rule": name}, "description": f"{name}: {says}"}
