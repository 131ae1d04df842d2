"""The flag of what a language model wrote: it says the evidence of its template, and nothing else."""

from collections.abc import Callable, Mapping

import pyarrow as pa
from pyspark.sql import Column, DataFrame
from pyspark.sql.functions import arrow_udf  # type: ignore[attr-defined]  # unknown to the stubs

from nightrec.writer.checks import settle
from nightrec.writer.guide import Guide


def check_texts(texts: DataFrame, guides: Mapping[str, Guide]) -> DataFrame:
    """Add `is_faithful` to rows of `reason_texts`, empty where the template stays.

    Args:
        texts: Rows of `reason_texts`.
        guides: By language.
    """
    known = dict(guides)

    def faithful(sentence: pa.Array, template: pa.Array, kind: pa.Array, language: pa.Array) -> pa.Array:
        rows = zip(*(column.to_pylist() for column in (sentence, template, kind, language)), strict=True)
        return pa.array([is_faithful(s, t, k, spoken, known) for s, t, k, spoken in rows], pa.bool_())

    # The same function that the writer asks; no column expression can say what a sentence is made of.
    flag: Callable[..., Column] = arrow_udf(faithful, "boolean")
    return texts.withColumn("is_faithful", flag("sentence", "template", "kind", "language"))


def is_faithful(
    sentence: str | None, template: str, kind: str, language: str, guides: Mapping[str, Guide]
) -> bool | None:
    """Tell whether a sentence passes the writer's checks as it stands; None without one."""
    if sentence is None:
        return None
    guide = guides.get(language)
    if guide is None or kind not in guide.examples:
        return False
    return settle(sentence, template, kind, guide, guides).sentence == sentence
