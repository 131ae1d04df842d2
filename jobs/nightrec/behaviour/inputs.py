"""Read what the behaviour model needs of a night."""

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nightrec.behaviour.features import Night
from nightrec.behaviour.pairs import touched
from nightrec.context import Context
from nightrec.folders import get_folder
from nightrec.histories import Mask, Matrix, read_vectors
from nightrec.lexical import ItemTexts, read_user_words
from nightrec.ranker.choose import Ranker
from nightrec.ranker.job import read_fold
from nightrec.ranker.pack import load_pack
from nightrec.ranker.sides import Learnt
from nightrec.ranker.sources import TABLES, ItemSide


def read_tonight(ctx: Context, matrix: Matrix) -> tuple[Night, str]:
    """Return what tonight's lists know, and the version of their ranker."""
    ctx.lake.require("rankers", ctx.run_date)
    row = ctx.lake.read_arrow("rankers", ctx.run_date, ["path", "model_version"]).to_pylist()[0]
    with TemporaryDirectory() as scratch:
        items, ranker = load_pack(get_folder(ctx.lake, row["path"], Path(scratch)))
    users = {n: read_vectors(ctx.lake, f"user_{t}", ctx.run_date, matrix.user_ids, "all") for n, t in TABLES.items()}
    dim = items.text.shape[1]
    wrote = read_vectors(ctx.lake, "user_embeddings", ctx.run_date, matrix.user_ids, "all", dim)[:, :dim]
    words = read_user_words(ctx.lake, ctx.run_date, matrix.user_ids, "all", items.vocabulary)
    learnt = Learnt(users, {}, wrote, words)
    shown = shown_items(ctx.lake.read_arrow("items", ctx.run_date), matrix.item_ids, ctx.run_date)
    histories = matrix.histories
    return Night(histories, learnt, items, ranker, touched(histories), shown), row["model_version"]


def read_cut(ctx: Context, matrix: Matrix, items: ItemSide, ranker: Ranker) -> Night:
    """Return what sources know that have not seen what is held out.

    Args:
        ctx: The night.
        matrix: Its matrix.
        items: Item side of everything; its texts serve where none is held out, because to decompose them takes seconds.
        ranker: Picks the candidates.
    """
    is_held_out = ctx.lake.read_arrow("item_texts", ctx.run_date, ["is_held_out"])["is_held_out"]
    same = None if pc.any(is_held_out).as_py() else ItemTexts(items.text, items.lexical, items.words, items.vocabulary)
    learnt, of_cut = read_fold(ctx, matrix, "cut", same)
    cut = matrix.fold("cut")
    return Night(cut, learnt, of_cut, ranker, touched(cut), np.ones(len(matrix.item_ids), np.bool_))


def shown_items(items: pa.Table, item_ids: pa.Array, run_date: date) -> Mask:
    """Tell which items the lists of a night may show, as `availability.is_available` does.

    Args:
        items: Rows of `items`.
        item_ids: `n` keys.
        run_date: The night's.

    Returns:
        `(n,)`; false for items outside the catalogue.
    """
    shown, gone = (pa.scalar(datetime.combine(run_date + timedelta(days=days), time(), UTC)) for days in (1, 2))
    starts = pc.fill_null(pc.less(items["available_from"], gone), True)
    ends = pc.fill_null(pc.greater_equal(items["available_to"], shown), True)
    return np.asarray(pc.is_in(item_ids, value_set=items["item_id"].filter(pc.and_(starts, ends)).combine_chunks()))
