"""Put what a language model wrote in the place of template reasons; light, because every night publishes."""

import logging

import pyarrow as pa
import pyarrow.compute as pc

from nightrec.context import Context

log = logging.getLogger(__name__)


def has_texts(ctx: Context) -> bool:
    """Tell whether tonight's lists get rewritten reasons: a model is named, and write_reasons came to its end."""
    if ctx.config.reasons.writer.model is None:
        return False
    is_finished = ctx.lake.is_finished("reason_texts", ctx.run_date)
    if not is_finished:
        log.warning("no reason_texts/run_date=%s: reasons stay templates; jobs/write_reasons.py makes it", ctx.run_date)
    return is_finished


def replace_reasons(lists: pa.Table, rows: pa.Table) -> pa.Table:
    """Put rewritten sentences in the place of templates.

    Args:
        lists: Rows of `topn`.
        rows: Rows of `reason_texts`; those without a sentence change nothing.
    """
    written = rows.filter(pc.is_valid(rows["sentence"]))
    language = pc.struct_field(lists["evidence"], "language")
    keys = pc.binary_join_element_wise(language, lists["reason"], "\n")
    known = pc.binary_join_element_wise(written["language"], written["template"], "\n")
    place = pc.index_in(keys, value_set=known.combine_chunks())
    for column, source in (("reason", "sentence"), ("writer_version", "writer_version")):
        new = pc.coalesce(written[source].combine_chunks().take(place), lists[column])
        at = lists.schema.get_field_index(column)
        lists = lists.set_column(at, lists.schema.field(column), new)
    return lists
