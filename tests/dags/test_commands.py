"""Every task is a command line; a change to one shows as a one-line difference of the golden file."""

import copy
import json
import os
import re
import socket
import subprocess
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden" / "nightly_recommendations.json"


def command_of(task, context):
    """Return the line that Airflow would execute for the night of the fixture."""
    task = copy.copy(task)
    task.render_template_fields(context)
    if task.task_type == "SparkSubmitOperator":
        return " ".join(task._get_hook()._build_spark_submit_command(task.application))
    return task.bash_command


def jobs(dag):
    return [task for task in dag.tasks if task.task_id != "resolve_night"]


def test_commands_match_golden(nightly, night_context):
    got = {
        task.task_id: {
            "after": sorted(task.upstream_task_ids),
            "pool": task.pool,
            "run": command_of(task, night_context),
        }
        for task in jobs(nightly)
    }

    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.write_text(json.dumps(got, indent=2, sort_keys=True) + "\n")

    assert got == json.loads(GOLDEN.read_text())


def test_commands_run_scripts_that_exist(nightly, night_context):
    root = Path(__file__).parents[2]
    for task in jobs(nightly):
        script = re.search(r"jobs/\w+\.py", command_of(task, night_context))[0]
        assert (root / script).is_file(), task.task_id


def test_templates_read_nothing_but_the_resolved_night(nightly):
    for task in jobs(nightly):
        for field in task.template_fields:
            for expression in re.findall(r"{{(.*?)}}", str(getattr(task, field, ""))):
                assert expression.strip().startswith("ti.xcom_pull(task_ids='resolve_night')["), (task.task_id, field)


def test_spark_commands_take_their_master_from_the_connection(nightly, night_context, monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_SPARK_DEFAULT", '{"conn_type": "spark", "host": "yarn"}')

    assert "--master yarn" in command_of(nightly.get_task("build_matrix"), night_context)


@pytest.mark.parametrize("task_id", ["fine_tune_llm", "embed_texts", "publish_top_n"])
def test_plain_jobs_run_in_the_repository(nightly, task_id):
    assert nightly.get_task(task_id).cwd == "."


def test_plain_jobs_find_the_python_on_path_whatever_the_login_shell_does(nightly, tmp_path):
    (tmp_path / ".bashrc").write_text("PATH=/elsewhere:$PATH\n")
    path, task = os.environ["PATH"], nightly.get_task("embed_texts")
    clean = {"PATH": path, "HOME": str(tmp_path)}

    def path_seen(env):
        ours, _ = socket.socketpair()
        with ours:
            done = subprocess.run(["bash", "-c", "echo $PATH"], env=env, stdin=ours, capture_output=True, text=True)
        return done.stdout.strip()

    assert path_seen(clean) == f"/elsewhere:{path}"
    assert path_seen(clean | task.env) == path
    assert task.append_env
