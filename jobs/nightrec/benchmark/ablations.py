"""compare_sources: what each source and each way of joining them would have listed, from a night's fitted ranker.

Reads   the inputs of score_top_n/D and the ranker of D, as score_top_n reads them; a split folder
Writes  a file of lists for each source and each way of joining into --lists; no table
Fails   3 if an input is missing

Run by `make benchmark-accuracy` after the night; it adds nothing to the lake.
"""

import argparse
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import scipy.sparse as sp
from pyspark.sql import functions as F

from nightrec.availability import hidden_items
from nightrec.benchmark.lists import LENGTH, Floats, Ints, as_table, best_of, place_in, top_items, write_lists
from nightrec.benchmark.splits import read
from nightrec.context import SparkContext, run_spark_job
from nightrec.folders import get_folder
from nightrec.ranker.candidates import NOBODY, candidates_of
from nightrec.ranker.choose import Ranker
from nightrec.ranker.features import features
from nightrec.ranker.pack import load_pack
from nightrec.ranker.sources import ItemSide, UserSide, score_blocks
from nightrec.scoring.inputs import read_users
from nightrec.scoring.rank import user_side_of
from nightrec.scoring.rules import QUANTUM
from nightrec.scoring.transform import user_rows

Mask = npt.NDArray[np.bool_]
FUSION_CONSTANT = 60.0
"""Of reciprocal rank fusion, as in Cormack, Clarke and Büttcher 2009."""


@dataclass(frozen=True)
class Scorer:
    """What lists are made with.

    Attributes:
        items: Item side of the sources.
        ranker: Fitted on the night's held-out goals.
        may_list: `(n_items,)`.
        k: Candidates a source.
    """

    items: ItemSide
    ranker: Ranker
    may_list: Mask
    k: int


def main(argv: Sequence[str]) -> int:
    """Run from a command line."""
    return run_spark_job(compare_sources, __doc__ or "", argv, _arguments)


def compare_sources(ctx: SparkContext) -> None:
    """Write the lists of every source and every way of joining, for the users of the test."""
    split = Path(ctx.args.split)
    truth = read(split, "truth_test")["user_id"].unique().sort()
    rows = ctx.lake.read_arrow("item_index", ctx.run_date).sort_by("item_idx")
    item_ids = rows["item_id"].combine_chunks()
    may_list = np.zeros(len(item_ids), np.bool_)
    may_list[place_in(read(split, "candidates")["item_id"], item_ids)] = True
    path = ctx.lake.read_arrow("rankers", ctx.run_date, ["path"])["path"][0].as_py()
    with tempfile.TemporaryDirectory() as scratch:
        items, ranker = load_pack(get_folder(ctx.lake, path, Path(scratch)))
    scorer = Scorer(items, ranker, may_list, max(ctx.config.ranker.candidates, LENGTH))
    users: list[pa.Array] = []
    found: dict[str, list[Ints]] = {}
    for block in user_blocks(ctx, truth):
        users.append(block.column("user_id"))
        for name, lists in lists_of(block, scorer).items():
            found.setdefault(name, []).append(lists)
    folder = Path(ctx.args.lists)
    for old in [*folder.glob("source *.parquet"), *folder.glob("join *.parquet")]:
        old.unlink()  # a source may have gone since
    for name, parts in found.items():
        table = as_table(pa.concat_arrays(users), item_ids, np.concatenate(parts))
        write_lists(folder / f"{name}.parquet", table)
    ctx.run.log_metrics({"rows_in": len(truth), "rows_out": len(found)})


def user_blocks(ctx: SparkContext, users: pa.Array) -> Iterator[pa.RecordBatch]:
    """Yield users in blocks, with the columns that score_top_n gives to its workers."""
    tables, day = ctx.tables, ctx.run_date
    interactions, items = tables.read("interactions", day), tables.read("item_index", day)
    hidden = hidden_items(interactions, day, ctx.config.scoring.exclude_seen_days)
    rows = user_rows(read_users(ctx), interactions, hidden, items)
    wanted = ctx.spark.createDataFrame(pa.table({"user_id": users}))
    chosen = rows.join(F.broadcast(wanted), on="user_id", how="left_semi").toArrow().sort_by("user_id")
    for start in range(0, chosen.num_rows, ctx.config.scoring.block_rows):
        yield chosen.slice(start, ctx.config.scoring.block_rows).combine_chunks().to_batches()[0]


def lists_of(block: pa.RecordBatch, scorer: Scorer) -> dict[str, Ints]:
    """List the best items of a block of users in every way there is.

    Args:
        block: Users as `user_blocks` yields them.
        scorer: The night's.

    Returns:
        `(B, LENGTH)` item_idx by name: `source <name>`, `join <part>`, `join reciprocal_rank`, `join unmet`, and
        `ranker` for how the night orders its lists.
    """
    side, hidden = user_side_of(block, scorer.items), block.column("hidden")
    pairs = np.asarray(hidden.value_parent_indices()), np.asarray(hidden.flatten()).astype(np.int64)
    shape = block.num_rows, len(scorer.may_list)
    seen = sp.csr_matrix((np.ones(len(pairs[0]), np.float32), pairs), shape)
    scores = score_blocks(side, scorer.items)
    out = {f"source {name}": top_items(one, seen, scorer.may_list) for name, one in scores.items()}
    return out | joined(scores, seen, side, scorer)


def joined(scores: dict[str, Floats], seen: sp.csr_matrix, side: UserSide, scorer: Scorer) -> dict[str, Ints]:
    """List the candidates of all sources in each order of the ranker and in that of reciprocal ranks."""
    found = candidates_of(scores, side, seen, scorer.k, scorer.may_list)
    described, inside = features(scores, found, side, scorer.items), found != NOBODY
    parts = scorer.ranker.parts(described, inside)
    parts["unmet"] = scorer.ranker.unmet_scores(described)
    parts = {f"join {part}": one for part, one in parts.items()}
    parts["ranker"] = scorer.ranker.listed_scores(described, inside, scorer.items.nobody_met(found))
    parts = {name: np.rint(one / QUANTUM) * QUANTUM for name, one in parts.items()}
    parts["join reciprocal_rank"] = reciprocal_ranks(described, len(scores))
    return {name: best_of(found, one) for name, one in parts.items()}


def reciprocal_ranks(described: Floats, n_sources: int) -> Floats:
    """Return `(B, C)` the sum over sources of `1 / (60 + rank)`, ranks from 1; read from the features of `features`."""
    ranks = np.expm1(-described[:, :, 1 : 2 * n_sources : 2]) + 1.0
    total: Floats = (1.0 / (FUSION_CONSTANT + ranks)).sum(axis=2)
    return total


def _arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--split", required=True, help="split folder: whose users, and which items may be listed")
    parser.add_argument("--lists", required=True, help="folder for the files of lists")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
