"""Run everything that competes on one split: the night, its ablations, the peers; gather their lists."""

import hashlib
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import pyarrow.parquet as pq

from nightrec.benchmark.lists import read_lists, write_lists
from nightrec.benchmark.night import environment, run_night, total
from nightrec.benchmark.peers.__main__ import TRAIN_ONLY
from nightrec.benchmark.results import OURS, Entry
from nightrec.benchmark.splits import COLD
from nightrec.benchmark.truth import Truth
from nightrec.benchmark.watch import Cost, run_watched
from nightrec.encoder.versions import hash_files
from nightrec.errors import ConfigError
from nightrec.lake import Lake
from nightrec.places import resource, root

PEER_PYTHON = ".venv-benchmark/bin/python"
SPARK = "--master local[2] --properties-file conf/spark/local.properties pyspark-shell"
"""As the night's own Spark jobs are submitted."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Place:
    """Where one split of one data set is worked on: `<folder>/{split,night,lists,logs}/<variant>`.

    Attributes:
        folder: Of the data set.
        data: Name of the data set and of its domain.
        variant: `warm` or `cold`.
    """

    folder: Path
    data: str
    variant: str

    def of(self, kind: str) -> Path:
        """Return the folder of a kind of file."""
        return self.folder / kind / self.variant


def run_ours(place: Place, event_type: str, resume: bool, say: Say) -> dict[str, Cost]:
    """Run the night and its ablations, leave their lists, and return what each job cost.

    Raises:
        CommandFailedError: If a job fails.
    """
    home = place.of("night")
    run_date, costs = run_night(place.of("split"), home, (place.data, event_type), resume, say)
    copy_topn(Lake(str(home / "lake"), place.data), run_date, place.of("lists") / f"{OURS}.parquet")
    program = [sys.executable, "-m", "nightrec.benchmark.ablations", "--domain", place.data]
    program += ["--run-date", str(run_date), "--split", str(place.of("split")), "--lists", str(place.of("lists"))]
    here = Path(__file__).parent
    stamp = hash_files([home / "night.json", here / "ablations.py", here / "lists.py"])
    cost = run_stamped(place, "ablations", program, stamp, resume)
    say(f"ablations: {cost.seconds:.0f} s, {cost.peak_mb:.0f} MB")
    return costs


def copy_topn(lake: Lake, run_date: date, path: Path) -> None:
    """Keep the night's lists beside the peers'."""
    write_lists(path, lake.read_arrow("topn", run_date, ["user_id", "item_id", "rank"]))


def run_peers(place: Place, names: Sequence[str], resume: bool, say: Say) -> dict[str, Cost]:
    """Tune and run peers one after the other, leave their lists, and return what each cost.

    Raises:
        ConfigError: If there are some and their environment is missing.
        CommandFailedError: If one fails.
    """
    python = root() / PEER_PYTHON
    if names and not python.exists():
        raise ConfigError(f"no {PEER_PYTHON}; make it with: make .venv-benchmark/.made, or leave peers out: PEERS=no")
    costs = {}
    for name in names:
        program = [str(python), "-m", "nightrec.benchmark.peers", "--peer", name]
        program += ["--split", str(place.of("split")), "--lists", str(place.of("lists"))]
        costs[name] = run_stamped(place, name, program, peer_stamp(place.of("split")), resume)
        say(f"peer {name}: {costs[name].seconds:.0f} s, {costs[name].peak_mb:.0f} MB")
    return costs


def run_stamped(place: Place, name: str, program: list[str], stamp: str, resume: bool) -> Cost:
    """Run a command, or take what it left and cost the last time if the stamp is the same."""
    memory = place.of("lists") / f"{name}.cost.json"
    known = json.loads(memory.read_text(encoding="utf-8")) if resume and memory.is_file() else {}
    if known.get("stamp") == stamp:
        return Cost(**known["cost"])
    memory.unlink(missing_ok=True)
    memory.parent.mkdir(parents=True, exist_ok=True)
    variables = environment(place.of("night")) | {"PYSPARK_SUBMIT_ARGS": SPARK}
    cost = run_watched(program, variables, root(), place.of("logs") / f"{name}.log")
    memory.write_text(json.dumps({"stamp": stamp, "cost": asdict(cost)}), encoding="utf-8")
    return cost


def peer_stamp(split: Path) -> str:
    """Return a hash of what the peers' lists follow from."""
    here = Path(__file__).parent
    ours = (here.parent / name for name in ("softmax.py", "ranker/candidates.py", "ranker/item_item.py"))
    code = [*sorted((here / "peers").glob("*.py")), here / "lists.py", here / "measure.py", *ours]
    digest = hashlib.sha256()
    for path in [*sorted(split.glob("*.parquet")), *code, resource("conf") / "locks/benchmark.txt"]:
        digest.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def gather(place: Place, truth: Truth, night: dict[str, Cost], peers: dict[str, Cost]) -> list[Entry]:
    """Read all lists: ours first, then its sources and ways of joining, then the peers."""
    folder = place.of("lists")

    def entry(name: str, stem: str, group: str, cost: Cost | None) -> Entry:
        about = folder / f"{stem}.json"
        told = json.loads(about.read_text(encoding="utf-8")) if about.is_file() else {}
        return Entry(name, group, read_lists(folder / f"{stem}.parquet", truth.users, truth.items), cost, told)

    # What is published ranks the whole catalogue; among the cold items alone the same ranker is asked.
    ours = entry(OURS, "ranker" if place.variant == COLD else OURS, "ours", total(night))
    parts = sorted(path.stem for kind in ("source", "join") for path in folder.glob(f"{kind} *.parquet"))
    inner = [
        entry(stem, stem, stem.split()[0], None) for stem in sorted(parts, key=lambda s: (s.split()[0] != "source", s))
    ]
    others = [entry(name, name, "peer", cost) for name, cost in peers.items()]
    twice = [f"{name}{TRAIN_ONLY}" for name in peers if (folder / f"{name}{TRAIN_ONLY}.parquet").is_file()]
    return [ours, *inner, *others, *(entry(name, name, "peer", None) for name in twice)]


def same_as_published(place: Place) -> float:
    """Return the share of the users of the test whose ablated list of the chosen ranker is the published one."""
    told, published = (pq.read_table(place.of("lists") / f"{stem}.parquet") for stem in ("ranker", OURS))
    lists: list[dict[str, list[str]]] = []
    for table in (told, published):
        by_user: dict[str, list[str]] = {}
        for row in table.sort_by([("user_id", "ascending"), ("rank", "ascending")]).to_pylist():
            by_user.setdefault(row["user_id"], []).append(row["item_id"])
        lists.append(by_user)
    return sum(lists[1].get(user) == items for user, items in lists[0].items()) / max(1, len(lists[0]))
