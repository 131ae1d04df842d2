"""One whole night on this machine: `python -m nightrec.local.night`, or `make night`.

Delivers the sample domain, starts Airflow and MLflow if they do not run yet, triggers the DAG, shows its progress and
says where the results are. Run again, it goes on with the next delivery.
"""

import argparse
import contextlib
import sys
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from nightrec.config import load_config
from nightrec.dates import parse_day
from nightrec.errors import ConfigError, InputError, MissingPartitionError, PipelineError
from nightrec.lake import Lake
from nightrec.local import public_shops, services
from nightrec.local.airflow_client import AirflowClient, Json
from nightrec.local.environment import airflow_url, mlflow_url
from nightrec.local.progress import follow, useful_lines
from nightrec.local.samples import print_samples
from nightrec.published import read_pointer
from nightrec.settings import Config
from nightrec.simulator import deliver as simulator

DAG = "nightly_recommendations"
TAIL_LINES = 40
SAMPLES: dict[str, Callable[[Config], list[date]]] = {
    **dict.fromkeys(public_shops.FIRST_DELIVERY, public_shops.deliver),
    simulator.DOMAIN: simulator.deliver,
}
"""Domains that need no shop: what makes their deliveries that are due."""


class NightFailedError(PipelineError):
    """A task failed; its log was shown."""


def main(argv: Sequence[str]) -> int:
    """Run one night and return an exit code."""
    args = _parse(argv)
    console = Console()
    try:
        _run_night(load_config(args.domain), args, console)
    except PipelineError as err:
        console.print(f"[red]error[/red]: {escape(str(err))}", soft_wrap=True)
        return err.exit_code
    except KeyboardInterrupt:
        console.print("the night goes on in Airflow; `make stop` ends it")
        return 130
    return 0


def next_night(deliveries: Sequence[date], published: date | None, requested: str | None) -> date:
    """Pick the delivery to work on: the requested one, else the oldest that is newer than the published night.

    Raises:
        InputError: If there is no such delivery.
    """
    waiting = [day for day in deliveries if published is None or day > published]
    if requested:
        if (day := parse_day(requested)) not in deliveries:
            raise InputError(f"no delivery of {day}; there are {len(deliveries)}, {_ends(deliveries)}")
        return day
    if not waiting:
        raise InputError(
            f"every delivery is published ({_ends(deliveries)}); repeat one with `make night NIGHT=YYYY-MM-DD`"
        )
    return min(waiting)


def deliveries_of(config: Config) -> list[date]:
    """Deliver the sample if the domain is one, and return the dates of all deliveries, oldest first."""
    if config.domain in SAMPLES:
        SAMPLES[config.domain](config)
    days = []
    for folder in (Path(config.place(config.paths.landing)) / config.domain).glob("run_date=*"):
        with contextlib.suppress(ValueError):  # one that is still being written may have another name
            days.append(date.fromisoformat(folder.name.removeprefix("run_date=")))
    return sorted(days)


def published_night(config: Config) -> dict[str, Any] | None:
    """Return what the newest published night is, or None before the first."""
    try:
        return read_pointer(_lake(config))
    except MissingPartitionError:
        return None


def _lake(config: Config) -> Lake:
    return Lake(config.place(config.paths.lake), config.domain)


def _run_night(config: Config, args: argparse.Namespace, console: Console) -> None:
    published = published_night(config)
    newest = date.fromisoformat(published["run_date"]) if published else None
    night = next_night(deliveries_of(config), newest, args.night)
    client = services.up(config, console)
    _refuse_a_second_night(client)
    form = {"domain": config.domain, "run_date": str(night), "train": args.train, "top_n": args.top_n}
    run_id = client.trigger(DAG, form)
    console.print(f"night of {night}: {airflow_url(config)}/dags/{DAG}/runs/{run_id}", soft_wrap=True)
    if follow(client, DAG, run_id, console) == "failed":
        _show_failures(client, run_id, console)
        raise NightFailedError(f"the night of {night} failed; {what_is_out(client.tasks(DAG, run_id))}")
    _show_results(config, night, console)


def what_is_out(tasks: Sequence[Json]) -> str:
    """Say which lists shops read after a night that failed: its last tasks may fail beside or after publishing."""
    is_published = any(task["task_id"] == "publish_top_n" and task["state"] == "success" for task in tasks)
    return "its lists are published all the same" if is_published else "what was published before is unchanged"


def _refuse_a_second_night(client: AirflowClient) -> None:
    for dag_id, run_id in client.active_runs():
        raise ConfigError(f"{dag_id} {run_id} has not ended; watch it in the Airflow UI, or end it with `make stop`")


def _show_failures(client: AirflowClient, run_id: str, console: Console) -> None:
    for task in client.tasks(DAG, run_id):
        if task["state"] == "failed":
            lines = useful_lines(client.log(DAG, run_id, task["task_id"], task["try_number"]))
            console.rule(f"{task['task_id']}, attempt {task['try_number']}")
            console.print("\n".join(lines[-TAIL_LINES:]), markup=False, highlight=False, soft_wrap=True)


def _show_results(config: Config, night: date, console: Console) -> None:
    print_samples(config, night)
    places = {
        "lists are ordered by": order_of(_lake(config).read_arrow("rankers", night).to_pylist()[0]),
        "published lists": read_pointer(_lake(config), night)["topn"],
        "Airflow": airflow_url(config),
        "MLflow": mlflow_url(config),
        "Data Docs": f"{config.place(config.paths.data_docs)}/{config.domain}/index.html",
        "explorer": f"{config.place(config.paths.explorer)}/{config.domain}/index.html",
        "names and passwords": config.place(config.paths.secrets),
    }
    for what, where in places.items():
        console.print(f"{what:21} {where}", markup=False, soft_wrap=True)


def order_of(ranker: Json) -> str:
    """Say how the lists are ordered and what that rests on, from a row of `rankers`."""
    if ranker["ndcg"] is None:
        return f"all sources alike: only {ranker['n_users']} users newly reached a goal of late, too few to learn from"
    learnt = f"{ranker['part']}, learnt from {ranker['n_users']} users"
    return f"{learnt}; NDCG@10 {ranker['ndcg']:.3f} on users that it had not seen"


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="night", description=__doc__, allow_abbrev=False)
    parser.add_argument("--domain", default=public_shops.MOVIELENS, help="a name from conf/domains/")
    parser.add_argument("--night", metavar="YYYY-MM-DD", help="delivery (default: the next unpublished one)")
    parser.add_argument("--train", action=argparse.BooleanOptionalAction, default=True, help="fine-tune first?")
    parser.add_argument("--top-n", type=int, help="items a list (default: the domain's own)")
    return parser.parse_args(argv)


def _ends(deliveries: Sequence[date]) -> str:
    return f"{min(deliveries)} to {max(deliveries)}" if deliveries else "none at all"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
