"""### Back-fill of recommendations.

Runs `nightly_recommendations` for every delivery of a range of dates, oldest first, one after the other: the same as
triggering the nights by hand. Dates without a delivery are passed over. The first night that fails ends the back-fill,
because every later night stands on it; repair it and start again from its date.

| form field | meaning |
|---|---|
| `domain` | the shop: a name from `conf/domains/` |
| `start`, `end` | first and last date of the range, both included |
| `train` | fine-tune the language model in every night? |
"""

import os
from datetime import timedelta
from typing import Any

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator
from airflow.sdk import ObjectStoragePath, Param, Variable, dag, task
from airflow.sdk.exceptions import AirflowFailException

SHOP = os.environ.get("NIGHTREC_SCHEDULED_DOMAIN", "movielens")
PARAMS = {
    "domain": Param(SHOP, type="string", pattern="^[a-z][a-z0-9_]*$", description="A name from conf/domains/"),
    "start": Param(type="string", format="date", description="First delivery"),
    "end": Param(type="string", format="date", description="Last delivery"),
    "train": Param(False, type="boolean", description="Fine-tune the language model in every night?"),
}


@dag(
    schedule=None,
    catchup=False,
    max_active_runs=1,
    fail_fast=True,
    doc_md=__doc__,
    tags=["recommendations"],
    params=PARAMS,
)
def backfill_recommendations() -> None:
    """Trigger one night after the other and wait for each."""

    @task(execution_timeout=timedelta(minutes=10))
    def plan_nights(params: dict[str, Any]) -> list[dict[str, Any]]:
        """List the form values of each night, oldest first."""
        from nightrec.config import load_config  # noqa: PLC0415 - when the task runs, not when the file is parsed
        from nightrec.dates import days_between, parse_day  # noqa: PLC0415 - as above
        from nightrec.errors import ConfigError  # noqa: PLC0415 - as above

        try:
            config = load_config(params["domain"], Variable.get("nightrec_env", default="local"))
            days = days_between(parse_day(params["start"]), parse_day(params["end"]))
        except ConfigError as err:
            raise AirflowFailException(str(err)) from None
        found = [day for day in days if ObjectStoragePath(config.landing(day, "events")).exists()]
        if not found:
            raise AirflowFailException(
                f"no delivery of {config.domain!r} from {days[0]} to {days[-1]} under {config.paths.landing}"
            )
        return [{"domain": config.domain, "run_date": str(day), "train": params["train"]} for day in found]

    TriggerDagRunOperator.partial(
        task_id="run_night",
        trigger_dag_id="nightly_recommendations",
        logical_date=None,
        wait_for_completion=True,
        poke_interval=5,
        fail_when_dag_is_paused=True,
        max_active_tis_per_dagrun=1,
        map_index_template="{{ task.conf['run_date'] }}",
        execution_timeout=timedelta(hours=12),
    ).expand(conf=plan_nights())


backfill_recommendations()
