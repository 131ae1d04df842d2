"""Give the rows of a block of lists their reasons; NumPy and Arrow, run inside Spark's workers."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from nightrec.histories import Floats, Ints
from nightrec.ranker.candidates import NOBODY
from nightrec.ranker.item_item import ItemItemPlan
from nightrec.ranker.sources import recency_weights
from nightrec.reasons.catalogue import Catalogue
from nightrec.reasons.choose import list_evidence
from nightrec.reasons.evidence import EVIDENCE, Own
from nightrec.reasons.grounds import Past
from nightrec.reasons.reader import Knowledge, Reader
from nightrec.reasons.sentences import AUTO, tell
from nightrec.reasons.shared import Found
from nightrec.reasons.words import is_chinese

TELLING = 5
"""Texts, or else titles, that tell a user's language."""


def block_reasons(
    block: pa.RecordBatch, listed: Ints, propensity: Floats, shares: Floats, known: Knowledge
) -> tuple[pa.Array, pa.Array]:
    """Return the columns `reason` and `evidence` of the rows of a block, a user's after the other's, best first.

    Args:
        block: `B` users with `items` and `weights` of their history, oldest first, and `texts`, newest first.
        listed: `(B, N)` item_idx, -1 at the end of short lists.
        propensity: `(B, N)`.
        shares: `(B, N, len(FAMILIES))`.
        known: What reasons are found in.
    """
    found: list[Found] = []
    for row in range(block.num_rows):
        shown = listed[row][listed[row] != NOBODY]
        reader = read_reader(block, row, shown, known)
        found += list_evidence(reader, shares[row, : len(shown)], propensity[row, : len(shown)], known)
    told = [tell(evidence, _title(item, known.catalogue), known.plan.messages) for evidence, item in found]
    return pa.array(told, pa.string()), pa.array([evidence._asdict() for evidence, _ in found], EVIDENCE)


def read_reader(block: pa.RecordBatch, row: int, listed: Ints, known: Knowledge) -> Reader:
    """Return one user of a block, with the list that reasons are given for."""
    items = np.asarray(block.column("items")[row].values).astype(np.int64)[::-1]
    weights = np.asarray(block.column("weights")[row].values, dtype=np.float32)[::-1]
    faded = recency_weights(weights, np.arange(len(items)), ItemItemPlan().recency_power)
    texts = [Own(**text) for text in block.column("texts")[row].as_py()]
    language = known.plan.language
    if language == AUTO:
        language = choose_language(texts, items, listed, known)
    return Reader(Past(items, faded), texts, language, listed)


def choose_language(texts: Sequence[Own], history: Ints, listed: Ints, known: Knowledge) -> str:
    """Return the language of what the user wrote lately, else of the newest items' titles, else of the list's."""
    titles = [known.catalogue.title(int(item)) for item in (history if len(history) else listed)[:TELLING]]
    language = "zh" if is_chinese([own.text for own in texts[:TELLING]] or titles) else "en"
    return language if language in known.plan.messages else next(iter(known.plan.messages))


def _title(item: int, catalogue: Catalogue) -> str | None:
    return None if item == NOBODY else catalogue.title(item)
