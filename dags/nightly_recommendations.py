"""### Nightly recommendations.

Turns one delivery of logs and texts into tonight's top-N lists and publishes them. What to fill in is said in the form.

*Run a night again*: trigger with its `run_date`, or clear its tasks; repeating is safe, a task replaces one partition.
*Run one task by hand*: its log shows the command; paste it in the repository, with `.venv/bin` first on `PATH`.
*When a gate fails*, last night's lists stay published; the log names table, rule, count and example keys.
*Another cluster*: the connection `spark_default`. *Another environment*: the variable `nightrec_env`.
*Another hour or shop every night*: `NIGHTREC_SCHEDULE` (cron, or empty) and `NIGHTREC_SCHEDULED_DOMAIN` in the
environment of Airflow.
"""

import os
from datetime import timedelta

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import Asset, Context, CronTriggerTimetable, Param, dag, task
from airflow.sdk.exceptions import AirflowFailException
from nightrec_hooks import WAITING, NoRetryOnRefusal, explain_failure, skip_unless_training, skip_writer_unless_named

PUBLISHED = Asset(name="published_lists", uri="nightrec://published_lists")
DOMAIN, RUN_DATE, ENV, TOP_N = (
    f"{{{{ ti.xcom_pull(task_ids='resolve_night')['{key}'] }}}}" for key in ("domain", "run_date", "env", "top_n")
)
WHICH = ["--domain", DOMAIN, "--run-date", RUN_DATE, "--env", ENV]
HOUR = timedelta(hours=1)
# A first-level bash with a socket as its input, as Airflow's tasks have, takes itself for a remote login and reads
# ~/.bashrc, which may put another Python in front.
INNER_SHELL = {"SHLVL": "1"}
SHOP = os.environ.get("NIGHTREC_SCHEDULED_DOMAIN", "movielens")
LENGTH = ["--set", f"scoring.top_n={TOP_N}"]
PARAMS = {
    "domain": Param(SHOP, type="string", pattern="^[a-z][a-z0-9_]*$", description="A name from conf/domains/"),
    "run_date": Param(None, type=["null", "string"], format="date", description="Delivery. Empty: yesterday (UTC)"),
    "train": Param(True, type="boolean", description="Fine-tune the language model, or take the newest?"),
    "top_n": Param(None, type=["null", "integer"], minimum=1, maximum=1000, description="Empty: the domain's own"),
}


def name_the_night(context: Context, _: object) -> None:
    """Tell the DAGs that are scheduled on the lists which night was published."""
    context["outlet_events"][PUBLISHED].extra = context["ti"].xcom_pull(task_ids="resolve_night")


def spark_job(script: str, *flags: str, task_id: str = "", **options: object) -> SparkSubmitOperator:
    """One entry script is one task; the master comes from the connection alone."""
    name, command = task_id or script, {"application": f"jobs/{script}.py", "application_args": [*WHICH, *flags]}
    command["properties_file"] = f"conf/spark/{ENV}.properties"
    return SparkSubmitOperator(task_id=name, name=name, **command, **options)


def python_job(script: str, **options: object) -> BashOperator:
    """Run an entry script without Spark, in the folder that the services were started in: the repository."""
    command = f"python jobs/{script}.py {' '.join(WHICH)}"
    return BashOperator(task_id=script, bash_command=command, cwd=".", env=INNER_SHELL, append_env=True, **options)


@task(retries=0)
def resolve_night(params: dict[str, object], dag_run: object = None) -> dict[str, str | int]:
    """Check the form once; later tasks read only what comes out of here, so no free text reaches a shell."""
    from airflow.sdk import Variable  # noqa: PLC0415 - when the task runs, not when the file is parsed

    from nightrec.config import ConfigError, load_config  # noqa: PLC0415 - as above
    from nightrec.dates import resolve_run_date  # noqa: PLC0415 - as above

    env, top_n = Variable.get("nightrec_env", default="local"), params["top_n"]
    try:
        config = load_config(params["domain"], env, [f"scoring.top_n={top_n}"] if top_n else [])
        run_date = resolve_run_date(params["run_date"], dag_run.logical_date, dag_run.run_after)
    except ConfigError as err:
        raise AirflowFailException(str(err)) from None
    night = {"domain": config.domain, "run_date": str(run_date), "env": env, "top_n": config.scoring.top_n}
    return night | {"has_writer": config.reasons.writer.model is not None}


CRON = os.environ.get("NIGHTREC_SCHEDULE", "30 2 * * *")
# Otherwise a run for yesterday starts with the installation whenever that falls into the hours after the tick.
SCHEDULE = CronTriggerTimetable(CRON, timezone="UTC", run_immediately=timedelta(0)) if CRON else None


@dag(
    schedule=SCHEDULE, catchup=False, max_active_runs=1, max_active_tasks=2, doc_md=__doc__, params=PARAMS,
    default_args={
        "retries": 2, "retry_delay": timedelta(seconds=30), "retry_exponential_backoff": 2, "execution_timeout": HOUR,
        "retry_policy": NoRetryOnRefusal(), "on_failure_callback": explain_failure,
    },
)  # fmt: skip
def nightly_recommendations() -> None:
    """Chain the jobs of one night."""
    gpu = {"pool": "gpu", "execution_timeout": 3 * HOUR}
    ingest = spark_job("ingest_logs", **WAITING)
    events = spark_job("validate_table", "--table", "events", task_id="validate_events")
    matrix, ranker = spark_job("build_matrix"), python_job("fit_ranker")
    score = spark_job("score_top_n", *LENGTH, post_execute=skip_writer_unless_named)
    tune = python_job("fine_tune_llm", pre_execute=skip_unless_training, **gpu)
    embed = python_job("embed_texts", trigger_rule="none_failed", **gpu)
    lists = spark_job("validate_table", "--table", "topn", *LENGTH, task_id="validate_topn", trigger_rule="none_failed")
    publish = python_job("publish_top_n", outlets=[PUBLISHED], post_execute=name_the_night)

    resolve_night() >> ingest >> events >> [matrix, spark_job("evaluate_night")]
    matrix >> tune >> embed >> [python_job(f"train_{it}", **gpu) for it in ("sequence", "projection")] >> ranker
    matrix >> spark_job("train_collaborative") >> ranker >> score >> lists >> publish
    score >> python_job("write_reasons", **gpu) >> lists
    # Beside the gate, which leaves a core idle. Lists do not read what it writes: they are published though it fails.
    score >> python_job("predict_behaviour")


nightly_recommendations()
