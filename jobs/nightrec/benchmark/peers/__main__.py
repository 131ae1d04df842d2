"""Tune one peer on the validation part and write its lists for the test: `python -m nightrec.benchmark.peers`.

Reads   a split folder with `vectors.parquet`
Writes  <lists>/<peer>.parquet, and <peer>.json: the grid, the settings found, NDCG@10 on validation; where the
        literature reports a model fitted on train alone also <peer>_train_only
"""

import argparse
import json
import sys
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

import numpy as np
import scipy.sparse as sp

from nightrec.benchmark.lists import Ints, as_table, place_in, top_items, write_lists
from nightrec.benchmark.measure import accuracy
from nightrec.benchmark.peers.known import Known, Mask, Model, Peer, Settings, read_known
from nightrec.benchmark.splits import read

MODULE = {
    "random": "popular",
    "popular": "popular",
    "popular_recent": "popular",
    "itemknn": "neighbours",
    "itemknn_decay": "neighbours",
    "ease": "ease",
    "ease_decay": "ease",
    "als": "factors",
    "bpr": "factors",
    "sasrec": "sasrec",
    "tfidf": "texts",
    "text": "texts",
    "text_projection": "projection",
}
"""Where each peer is; a module is imported when it is its turn, as each needs other packages."""
COLD = ("random", "tfidf", "text", "text_projection")
"""Those that can say something of items without history."""
TRAIN_ONLY = "_train_only"
BLOCK = 512


def tune(peer: Peer, known: Known, relevant: sp.csr_matrix, may_list: Mask) -> tuple[Settings, float]:
    """Return the settings with the best NDCG@10, and that.

    Args:
        peer: What to tune.
        known: What it may learn from.
        relevant: `(n_users, n_items)` what it has to find.
        may_list: `(n_items,)`.
    """
    users = np.flatnonzero(np.diff(relevant.indptr))
    best, best_value = dict[str, float | int | str](), -1.0
    for course in peer.courses(known):
        course_best, since = -1.0, 0
        for settings, model in course:
            found = lists_of(model, known, users, may_list)
            value = float(accuracy(found, relevant[users])["ndcg@10"].mean())
            print(f"{value:.4f} {dict(settings)}", flush=True)  # noqa: T201  # the log of the run
            best, best_value = (dict(settings), value) if value > best_value else (best, best_value)
            course_best, since = (value, 0) if value > course_best else (course_best, since + 1)
            if peer.patience is not None and since >= peer.patience:
                break
    return best, best_value


def lists_of(model: Model, histories: Known, users: Ints, may_list: Mask) -> Ints:
    """Return `(B, LENGTH)` what a model lists for users, without what they have seen."""
    blocks = [users[start : start + BLOCK] for start in range(0, len(users), BLOCK)]
    return np.concatenate([top_items(model(histories, some), histories.seen[some], may_list) for some in blocks])


def relevant_items(split: Path, name: str, known: Known) -> sp.csr_matrix:
    """Return a truth of a split as `(n_users, n_items)` ones."""
    pairs = read(split, name)
    rows, columns = place_in(pairs["user_id"], known.users), place_in(pairs["item_id"], known.items)
    return sp.csr_matrix((np.ones(len(rows), np.float32), (rows, columns)), known.shape)


def main(argv: Sequence[str]) -> int:
    """Run one peer."""
    parser = argparse.ArgumentParser(prog="peers", description=__doc__, allow_abbrev=False)
    parser.add_argument("--peer", required=True, choices=sorted(MODULE))
    parser.add_argument("--split", required=True, type=Path, help="split folder")
    parser.add_argument("--lists", required=True, type=Path, help="folder for the lists")
    args = parser.parse_args(argv)
    peer: Peer = import_module(f"nightrec.benchmark.peers.{MODULE[args.peer]}").PEERS[args.peer]
    train, past = read_known(args.split, ["train"]), read_known(args.split, ["train", "validation"])
    may_list = np.zeros(train.shape[1], np.bool_)
    may_list[place_in(read(args.split, "candidates")["item_id"], train.items)] = True
    settings, value = tune(peer, train, relevant_items(args.split, "truth_validation", train), may_list)
    told = {"grid": peer.grid, "settings": dict(settings), "validation_ndcg": value}
    users = np.flatnonzero(np.diff(relevant_items(args.split, "truth_test", past).indptr))
    fits = {args.peer: past} | ({f"{args.peer}{TRAIN_ONLY}": train} if peer.has_train_only else {})
    for name, fitted_on in fits.items():
        lists = lists_of(peer.fit(fitted_on, settings), past, users, may_list)
        write_lists(args.lists / f"{name}.parquet", as_table(past.users.take(users), past.items, lists))
        about = told | {"fitted_on": "train and validation" if fitted_on is past else "train"}
        (args.lists / f"{name}.json").write_text(json.dumps(about, indent=1), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
