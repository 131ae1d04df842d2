"""Flags of the reasons: what they rest on is so, and they say nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]  # unknown to the stubs

from nightrec.reasons.evidence import EVER, NEW_DAYS, OWN_COLUMN, Evidence
from nightrec.reasons.sentences import tell
from nightrec.reasons.words import excerpt, shorten

TEXTS = ("title", "categories", "tags", "description")


@dataclass(frozen=True)
class Facts:
    """What evidence is held against.

    Attributes:
        met: `user_id, item_id`, unique: the users' histories.
        items: Rows of `items`.
        texts: `user_id, texts`, unique: what users wrote, as `newest_texts`.
        n_users: `item_id, n_users`, unique: users of each item by window.
        aspects: Rows of `item_aspects`.
        min_users: Fewer users than this must not be spoken of.
        run_date: Of the night.
    """

    met: DataFrame
    items: DataFrame
    texts: DataFrame
    n_users: DataFrame
    aspects: DataFrame
    min_users: int
    run_date: date


def check_reasons(rows: DataFrame, facts: Facts, messages: Mapping[str, str]) -> DataFrame:
    """Add `is_true_evidence` and `is_told_as_evidence` to rows of `topn`; as many come out as go in.

    Args:
        rows: Rows of `topn` and more.
        facts: What evidence is held against.
        messages: Fluent source by language.
    """
    known = _with_facts(rows, facts)
    told = _same_sentence(dict(messages))(
        F.col("reason"), F.col("evidence"), F.col("named_title"), F.coalesce("texts", F.array().cast(OWN_COLUMN))
    )
    checked = known.withColumn("is_true_evidence", F.coalesce(_is_true(facts), F.lit(False)))
    return checked.withColumn("is_told_as_evidence", told).select(
        *rows.columns, "is_true_evidence", "is_told_as_evidence"
    )


def _with_facts(rows: DataFrame, facts: Facts) -> DataFrame:
    """Join what the checks look at: whether the user met the item, the texts of both items and of the user, counts."""
    described = F.concat_ws("\n", *TEXTS)
    new_days = F.greatest(F.datediff(F.lit(facts.run_date), F.to_date("available_from")), F.lit(0))
    of_item = facts.items.select("item_id", described.alias("item_words"), new_days.alias("new_days"))
    of_named = facts.items.select(
        F.col("item_id").alias("named_id"), described.alias("named_words"), F.col("title").alias("named_title")
    )
    agreed = F.map_from_entries(F.collect_list(F.struct("text", "n_users")))
    said = facts.aspects.groupBy("item_id").agg(agreed.alias("item_aspects"))
    of_met = said.select(F.col("item_id").alias("named_id"), F.col("item_aspects").alias("named_aspects"))
    met = facts.met.select("user_id", F.col("item_id").alias("looked_up"), F.lit(True).alias("is_met"))
    return (
        rows.withColumn("named_id", F.col("evidence.item_id"))
        .withColumn("looked_up", F.coalesce("named_id", "item_id"))
        .join(met, on=["user_id", "looked_up"], how="left")
        .join(of_item, on=["item_id"], how="left")
        .join(of_named, on=["named_id"], how="left")
        .join(said, on=["item_id"], how="left")
        .join(of_met, on=["named_id"], how="left")
        .join(facts.texts, on=["user_id"], how="left")
        .join(facts.n_users.withColumnRenamed("n_users", "item_users"), on=["item_id"], how="left")
    )


def _is_true(facts: Facts) -> Column:
    """Hold every field of the evidence against the facts, and the kinds that say something without a field."""
    kind, named, text, n_users, days = (F.col(f"evidence.{f}") for f in ("kind", "item_id", "text", "n_users", "days"))
    is_met, is_explored = F.coalesce("is_met", F.lit(False)), F.coalesce("propensity", F.lit(1.0)) < 1
    is_counted = (n_users == F.try_element_at("item_users", F.coalesce(days, F.lit(EVER)))) & (
        n_users >= facts.min_users
    )
    quote = F.col("evidence.quote")
    is_reviewed = (kind == "reviewed") | (quote.isNotNull() & n_users.isNotNull())
    is_agreed = (n_users == F.try_element_at("item_aspects", text)) & (n_users >= facts.min_users)
    named_agreed = F.coalesce(F.try_element_at("named_aspects", text) >= facts.min_users, F.lit(False))
    is_shared = (
        F.when(is_reviewed, is_agreed).otherwise(_holds("item_words", text) & (n_users.isNull() | is_counted))
        & (named.isNotNull() | quote.isNotNull())
        & (named.isNull() | _holds("named_words", text) | (is_reviewed & named_agreed))
        & (quote.isNull() | _holds(F.array_join("texts.text", "\n"), text))
    )
    return (
        (named.isNull() | is_met)
        & ((kind == "explored") == is_explored)
        & ((kind == "again") == (named.isNotNull() & (named == F.col("item_id"))))
        & F.when(text.isNotNull() | is_reviewed, is_shared).otherwise(n_users.isNull() | is_counted)
        & ((kind != "new") | ((days == F.col("new_days")) & (days <= NEW_DAYS)))
        & ((kind != "ever") | days.isNull())
        & ((kind != "unmet") | ~is_met)
    )


def _holds(words: str | Column, text: Column) -> Column:
    return F.coalesce(F.contains(F.lower(words), F.lower(text)), F.lit(False))


def _same_sentence(messages: dict[str, str]) -> Callable[..., Column]:
    def same(reason: pa.Array, evidence: pa.Array, title: pa.Array, texts: pa.Array) -> pa.Array:
        columns = [column.to_pylist() for column in (reason, evidence, title, texts)]
        told = [is_told(r, e, t, own, messages) for r, e, t, own in zip(*columns, strict=True)]
        return pa.array(told, pa.bool_())

    # Only the library that made the sentence can say how it reads.
    column: Callable[..., Column] = arrow_udf(same, "boolean")
    return column


def is_told(
    reason: str | None,
    evidence: dict[str, object] | None,
    title: str | None,
    texts: list[dict[str, str]],
    messages: Mapping[str, str],
) -> bool | None:
    """Tell whether a sentence is what its evidence makes, and a quotation the user's own words.

    Args:
        reason: The sentence.
        evidence: Fields of `Evidence`.
        title: Of the item that the evidence names.
        texts: What the user wrote, fields of `Own`.
        messages: Fluent source by language.

    Returns:
        None without a sentence or evidence, which other rules see.
    """
    if reason is None or evidence is None:
        return None
    found = Evidence(**evidence)  # type: ignore[arg-type]  # a struct of the contract
    is_own = found.quote is None or any(
        own["kind"] == found.kind and excerpt(own["text"], found.text or "") == found.quote for own in texts
    )
    return is_own and reason == tell(found, None if title is None else shorten(title), messages)
