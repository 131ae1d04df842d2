"""Show the rows: a short table a split in the terminal, all numbers in `report.md` and `report.json`."""

import json
import math
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nightrec.benchmark.results import K, Row
from nightrec.benchmark.watch import Cost
from nightrec.tracking import git_commit

SHOWN = {
    f"recall@{K}": f"R@{K}", f"ndcg@{K}": f"N@{K}", f"mrr@{K}": f"MRR@{K}", "recall@20": "R@20", "ndcg@20": "N@20",
    f"coverage@{K}": "cover", f"diversity@{K}": "divers", f"short_histories ndcg@{K}": "short",
    f"head_items ndcg@{K}": "head", f"tail_items ndcg@{K}": "tail",
}  # fmt: skip


@dataclass(frozen=True)
class Section:
    """One split of one data set.

    Attributes:
        data: Name of the data set.
        variant: `warm` or `cold`.
        n_users: Users that are asked about.
        n_items: Items that may be listed.
        hashes: SHA-256 by split file.
        jobs: Cost by job of the night.
        rows: All competitors.
        notes: What a reader must know of this run.
    """

    data: str
    variant: str
    n_users: int
    n_items: int
    hashes: Mapping[str, str]
    jobs: Mapping[str, Cost]
    rows: Sequence[Row]
    notes: Sequence[str]

    @property
    def title(self) -> str:
        """Heading of the section."""
        lists = "full ranking" if self.variant == "warm" else "cold items ranked among themselves"
        return f"{self.data}, {lists}: {self.n_users} users, {self.n_items} items"


def show(section: Section, console: Console) -> None:
    """Print what fits 80 columns, which is what a log has."""
    table = Table(title=section.title, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("lists", no_wrap=True)
    for heading in (f"R@{K}", f"N@{K}", f"N@{K} against ours", "s"):
        table.add_column(heading, justify="right", no_wrap=True)
    for row in section.rows:
        name, recall, ndcg, *_, compared, seconds, _ = cells(row)
        table.add_row(name, recall, ndcg, escape(compared), seconds, style="bold" if row.entry.group == "ours" else "")
    console.print(table)
    for note in section.notes:
        console.print(note, markup=False, soft_wrap=True)


def cells(row: Row) -> list[str]:
    """Return a row as words: name, `SHOWN`, difference, seconds and memory."""
    numbers = [number(row.metrics[name]) for name in SHOWN]
    gap, cost = row.against_ours.get(f"ndcg@{K}"), row.entry.cost
    compared = f"{gap.difference:+.4f} [{gap.low:+.4f}, {gap.high:+.4f}]" if gap else ""
    took = [f"{cost.seconds:.0f}", f"{cost.peak_mb:.0f}"] if cost else ["", ""]
    name = row.entry.name if row.entry.group in ("ours", "peer") else f"  {row.entry.name}"
    return [name, *numbers, compared, *took]


def number(value: float) -> str:
    """Return four places, or a dash for what could not be measured."""
    return "-" if math.isnan(value) else f"{value:.4f}"


def as_markdown(sections: Sequence[Section]) -> str:
    """Return the whole report: every metric of every row, the settings of the peers, the hashes."""
    about = machine()
    lines = ["# Accuracy", "", *(f"- {key}: {value}" for key, value in about.items()), ""]
    lines.append("Brackets: 95 % of 1,000 bootstrap draws of users, paired with ours. `text` vectors are frozen ones.")
    for section in sections:
        lines += ["", f"## {section.title}", ""]
        lines += markdown_table(["lists", *SHOWN.values(), f"N@{K} against ours", "s", "MB"], map(cells, section.rows))
        names = [name for name in section.rows[0].metrics if name not in SHOWN]
        others = [[row.entry.name, *(number(row.metrics[name]) for name in names)] for row in section.rows]
        lines += ["", *markdown_table(["lists", *names], others)]
        lines += ["", *(f"- {note}" for note in section.notes)]
        lines += [f"- {row.entry.name}: {json.dumps(dict(row.entry.about))}" for row in section.rows if row.entry.about]
        lines += [
            f"- night, {task}: {cost.seconds:.0f} s, {cost.peak_mb:.0f} MB" for task, cost in section.jobs.items()
        ]
        lines += [f"- `{name}` {digest}" for name, digest in section.hashes.items()]
    return "\n".join(lines) + "\n"


def markdown_table(header: Sequence[str], rows: Any) -> list[str]:  # noqa: ANN401  # any iterable of cells
    """Return the lines of a table."""
    return [
        f"| {' | '.join(line)} |" for line in [header, ["---"] * len(header), *([c.strip() for c in r] for r in rows)]
    ]


def as_json(sections: Sequence[Section]) -> str:
    """Return the same as `as_markdown` for programs."""
    return json.dumps({"about": machine(), "sections": [_plain(section) for section in sections]}, indent=1)


def machine() -> dict[str, str]:
    """Return the commit of the code and what it ran on."""
    cpu = Path("/proc/cpuinfo")
    told = cpu.read_text(encoding="utf-8").splitlines() if cpu.is_file() else []
    names = [line.split(":")[1].strip() for line in told if line.startswith("model name")]
    memory = psutil.virtual_memory().total / 2**30
    hardware = f"{os.cpu_count()} cores ({names[0] if names else platform.machine()}), {memory:.0f} GiB of memory"
    return {"commit": git_commit(), "hardware": hardware, "python": platform.python_version()}


def _plain(section: Section) -> dict[str, Any]:
    rows = [
        {
            "name": row.entry.name,
            "group": row.entry.group,
            "metrics": {name: None if math.isnan(value) else value for name, value in row.metrics.items()},
            "against_ours": {name: asdict(gap) for name, gap in row.against_ours.items()},
            "cost": asdict(row.entry.cost) if row.entry.cost else None,
            "about": dict(row.entry.about),
        }
        for row in section.rows
    ]
    costs = {task: asdict(cost) for task, cost in section.jobs.items()}
    plain = {name: getattr(section, name) for name in ("data", "variant", "n_users", "n_items", "hashes", "notes")}
    return plain | {"jobs": costs, "rows": rows}


def write_report(folder: Path, sections: Sequence[Section]) -> None:
    """Write both files."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "report.md").write_text(as_markdown(sections), encoding="utf-8")
    (folder / "report.json").write_text(as_json(sections), encoding="utf-8")
