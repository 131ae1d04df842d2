import io

import pytest
from rich.console import Console

from nightrec.local import progress


class Airflow:
    """Answers from a script of `(state of the one task, state of the run)`, one pair a poll."""

    def __init__(self, script):
        self.script, self.asked = script, []

    def tasks(self, dag_id, run_id):
        task, self.run = self.script.pop(0)
        return [{"task_id": "ingest_logs", "state": task, "start_date": None, "map_index": -1}]

    def run_state(self, dag_id, run_id):
        self.asked.append(self.run)
        return self.run


@pytest.mark.parametrize("end", ["success", "failed"])
@pytest.mark.parametrize("last", ["success", "failed", "up_for_retry", None])
def test_run_is_followed_to_its_end_whatever_its_tasks_are_in(monkeypatch, end, last):
    monkeypatch.setattr(progress, "POLL_S", 0)
    script = [(None, "queued"), ("queued", "running"), ("running", "running"), ("running", "running"), (last, end)]
    airflow = Airflow(script)

    assert progress.follow(airflow, "night", "run", Console(file=io.StringIO())) == end
    assert script == []
    # Not asked of the run under a running task, which would take time from that.
    assert airflow.asked == ["queued", "running", end]


def test_nights_of_a_back_fill_are_told_apart_and_said_once(monkeypatch):
    class Backfill(Airflow):
        def tasks(self, dag_id, run_id):
            states, self.run = self.script.pop(0)
            one = {"task_id": "run_night", "start_date": None, "end_date": None}
            return [one | {"state": state, "map_index": place} for place, state in enumerate(states)]

    monkeypatch.setattr(progress, "POLL_S", 0)
    out = io.StringIO()
    script = [
        (["running", None], "running"),
        (["running", "scheduled"], "running"),
        (["success", "success"], "success"),
    ]

    progress.follow(Backfill(script), "backfill", "run", Console(file=out))

    said = [line.split("s  ")[1].split(" after")[0].split() for line in out.getvalue().splitlines()]
    assert said == [["run_night", "1", "running"], ["run_night", "1", "success"], ["run_night", "2", "success"]]
