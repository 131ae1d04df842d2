"""write_reasons: let a language model rewrite tonight's template reasons, where reasons.writer.model names one.

Reads   topn/D; reason_texts of the newest earlier night, whose sentences are used again
Writes  reason_texts/D: a sentence, or why it was refused, for each distinct template sentence that the budget allows.
        publish_top_n puts them in the place of the templates. Replaces that partition; safe to repeat.
Fails   2 if no model is named or it cannot be loaded, 3 if topn is missing

What users wrote is never given to the model. See conf/reasons/<language>.writer.yaml for what it may say.
"""

import logging
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from transformers import PreTrainedTokenizerBase

from nightrec.context import Context, run_job
from nightrec.encoder.progress import Progress
from nightrec.errors import ConfigError
from nightrec.lineage import digest
from nightrec.schemas import contract
from nightrec.writer.checks import FAULTS
from nightrec.writer.guide import Guide, read_guides
from nightrec.writer.model import find_writer, load_writer, weights_hash, write
from nightrec.writer.prompts import Asked, ask
from nightrec.writer.sentences import Row, Wish, known_rows, new_row, wishes

log = logging.getLogger(__name__)
Guides = Mapping[str, Guide]


def write_reasons(ctx: Context) -> None:
    """Rewrite what no earlier night has, as far as the budget goes."""
    name, guides, day = ctx.config.reasons.writer.model, read_guides(), ctx.run_date
    if name is None:
        raise ConfigError(
            "reasons.writer.model is empty, so reasons stay as they are; to have them rewritten name a causal language "
            "model: --set reasons.writer.model=<folder, .gguf file, package:<name> or hub name>"
        )
    path = find_writer(name)
    version = writer_version(path, guides)
    ctx.run.set_tags({"writer_version": version})
    listed, known = wishes(ctx.lake, day, guides, version), read_known(ctx, version, guides)
    missing = [wish for wish in listed if wish.reason_hash not in known]
    began = time.monotonic()
    # Loading takes a minute for some models, and most nights of a settled shop say nothing new.
    fresh = write_new(ctx, path, version, missing, guides) if missing else []
    tonight = {wish.reason_hash for wish in listed}
    kept = [row | ({"listed_date": day} if key in tonight else {}) for key, row in known.items()]
    rows = kept + [row | {"listed_date": day} for row in fresh]
    table = pa.Table.from_pylist(rows, contract("reason_texts").arrow()).sort_by("reason_hash")
    n_rows = ctx.lake.write_arrow("reason_texts", day, table)
    spent = {"n_tokens": sum(row["n_tokens"] for row in fresh), "writing_seconds": time.monotonic() - began}
    counts = {"n_over_budget": len(missing) - len(fresh), "n_generated": len(fresh), **spent, **_tally(rows, tonight)}
    ctx.run.log_metrics({"rows_in": ctx.lake.count("topn", day), "rows_out": n_rows, "n_texts": len(listed), **counts})
    log.info("of %d sentences: %s", len(listed), ", ".join(f"{key} {value:g}" for key, value in counts.items()))


def writer_version(path: Path, guides: Guides) -> str:
    """Name a writer: its weights, and what it is shown and may say."""
    shown = [(g.language, g.instruction, g.labels, sorted(g.words), g.examples) for g in guides.values()]
    return digest([weights_hash(path), shown])


def read_known(ctx: Context, version: str, guides: Guides) -> dict[str, Row]:
    """Read what the same writer made on the newest earlier night and before."""
    day = ctx.lake.newest("reason_texts", ctx.run_date)
    rows = [] if day is None else ctx.lake.read_arrow("reason_texts", day).to_pylist()
    return known_rows(rows, version, ctx.run_date, guides)


def write_new(ctx: Context, path: Path, version: str, missing: Sequence[Wish], guides: Guides) -> list[Row]:
    """Write as many of the sentences as the budget allows, and settle each."""
    settings, writer = ctx.config.reasons.writer, load_writer(path)
    asked = within_budget(missing, guides, writer.tokenizer, settings.budget_tokens)
    with Progress("write_reasons", len(asked)) as progress:
        written = write(writer, asked, settings.batch_size, progress.advance)
    return [
        new_row(wish, version, one.text, one.n_tokens, guides)
        for wish, one in zip(missing[: len(asked)], written, strict=True)
    ]


def within_budget(
    wishes: Sequence[Wish], guides: Guides, tokenizer: PreTrainedTokenizerBase, budget: int
) -> list[Asked]:
    """Return prompts for the first wishes, as many as cost no more than `budget` tokens if each takes all it may."""
    asked: list[Asked] = []
    for wish in wishes:
        one = ask(wish.template, wish.kind, guides[wish.language], tokenizer)
        budget -= one.n_tokens
        if budget < 0:
            break
        asked.append(one)
    return asked


def _tally(rows: Sequence[Row], tonight: set[str]) -> dict[str, int]:
    """Count tonight's sentences by what became of them."""
    became = Counter(row["fault"] or "written" for row in rows if row["reason_hash"] in tonight)
    return {"n_written": became["written"], **{f"n_refused_{fault}": became[fault] for fault in FAULTS}}


def main(argv: Sequence[str]) -> int:
    """Run from the command line and return the exit code."""
    return run_job(write_reasons, __doc__ or "", argv)
