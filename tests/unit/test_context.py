"""What a scheduler and a person see of any job: exit codes, help, refused flags, the record of the run."""

from contextlib import contextmanager
from datetime import date
from types import SimpleNamespace

import pytest

from nightrec import context, errors
from nightrec.context import run_job

DOC = """read_tea: what the job does.

Fails   3 if there are no leaves
"""
FLAGS = ["--domain", "movielens", "--run-date", "2026-01-31"]


@pytest.fixture
def night(monkeypatch):
    """Return what the stand-in for the MLflow run was told."""
    told = SimpleNamespace(metrics={}, opened=[])

    @contextmanager
    def task_run(config, task, run_date):
        told.opened.append((config.domain, task, run_date))
        yield SimpleNamespace(log_metrics=told.metrics.update, task=task)

    monkeypatch.setattr(context, "task_run", task_run)
    return told


def job_that_raises(error):
    def read_tea(ctx):
        raise error

    return read_tea


def read_tea(ctx):
    """Do nothing."""


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        (errors.ConfigError, 2),
        (errors.InputError, 3),
        (errors.MissingPartitionError, 3),
        (errors.EmptyOutputError, 3),
        (errors.GateError, 4),
        (errors.ContractError, 1),
        (errors.PipelineError, 1),
    ],
)
def test_errors_become_exit_codes_and_say_what_failed(night, caplog, kind, code):
    assert run_job(job_that_raises(kind("no leaves in the pot")), DOC, FLAGS) == code
    assert "read_tea failed: no leaves in the pot" in caplog.text


def test_every_error_has_its_exit_code_tested():
    kinds = {kind for kind in vars(errors).values() if isinstance(kind, type)}

    assert kinds == {
        errors.ConfigError, errors.InputError, errors.MissingPartitionError, errors.EmptyOutputError,
        errors.GateError, errors.ContractError, errors.PipelineError,
    }  # fmt: skip


def test_bug_keeps_its_traceback(night):
    """Python itself then exits with 1."""
    with pytest.raises(ZeroDivisionError, match="by zero"):
        run_job(lambda ctx: 1 / 0, DOC, FLAGS)


def test_success_exits_0_and_records_time_and_memory(night):
    assert run_job(read_tea, DOC, FLAGS) == 0
    assert night.opened == [("movielens", "read_tea", date(2026, 1, 31))]
    assert night.metrics["seconds"] >= 0
    assert night.metrics["peak_memory_mb"] > 1


def test_job_gets_settings_date_lake_and_its_own_flags(night, tmp_path):
    seen = []

    def look(ctx):
        seen.append((ctx.config.scoring.top_n, ctx.run_date, ctx.lake.partition("topn", ctx.run_date), ctx.args.cup))

    code = run_job(
        look, DOC, [*FLAGS, "--cup", "blue", "--set", "scoring.top_n=30", "--set", f"paths.home={tmp_path}"],
        lambda parser: parser.add_argument("--cup"),
    )  # fmt: skip

    assert code == 0
    day = date(2026, 1, 31)
    assert seen == [(30, day, f"{tmp_path}/lake/movielens/topn.v1/run_date=2026-01-31", "blue")]


def test_bad_settings_exit_2_before_a_run_is_opened(night, caplog):
    assert run_job(read_tea, DOC, [*FLAGS, "--set", "scoring.top_n=0"]) == 2
    assert "scoring.top_n: Input should be greater than or equal to 1 (got 0)" in caplog.text
    assert night.opened == []


def test_unknown_domain_exits_2_with_the_known_ones(night, caplog):
    assert run_job(read_tea, DOC, ["--domain", "nowhere", "--run-date", "2026-01-31"]) == 2
    assert "no domain 'nowhere' in conf/domains/; known: " in caplog.text


def test_help_shows_the_contract_the_flags_and_the_exit_codes(capsys):
    with pytest.raises(SystemExit) as stopped:
        run_job(read_tea, DOC, ["--help"])

    said = capsys.readouterr().out
    assert stopped.value.code == 0
    assert "Fails   3 if there are no leaves" in said
    assert "exit codes: 0 done, 2 settings, 3 input missing or empty, 4 data rejected by a gate, 1 a bug" in said
    for flag in ("--domain", "--run-date", "--env", "--set SECTION.KEY=VALUE"):
        assert flag in said
    assert "movielens" in said


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        ([*FLAGS, "--sugar", "2"], "unrecognized arguments: --sugar 2"),
        ([*FLAGS, "--dom", "x"], "unrecognized arguments: --dom x"),  # no abbreviations
        (["--domain", "movielens"], "the following arguments are required: --run-date"),
        (["--run-date", "2026-01-31"], "the following arguments are required: --domain"),
        (
            ["--domain", "movielens", "--run-date", "yesterday"],
            "--run-date: expected a date as YYYY-MM-DD, got 'yesterday'",
        ),
        (
            ["--domain", "movielens", "--run-date", "2026-02-30"],
            "--run-date: expected a date as YYYY-MM-DD, got '2026-02-30'",
        ),
    ],
)
def test_wrong_flags_are_refused_with_exit_2(night, capsys, flags, said):
    with pytest.raises(SystemExit) as stopped:
        run_job(read_tea, DOC, flags)

    assert stopped.value.code == 2
    assert said in capsys.readouterr().err
    assert night.opened == []
