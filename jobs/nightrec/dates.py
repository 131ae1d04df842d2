"""Which delivery a night is for; the part of the library that a DAG file needs."""

from datetime import date, datetime, timedelta

from nightrec.errors import ConfigError


def resolve_run_date(requested: str | None, logical: datetime | None, run_after: datetime) -> date:
    """Pick the data date of a run: the form's value, else the day before the run.

    Airflow 3 gives manual runs no logical date, so `ds` cannot be relied on; `run_after` is always set.

    Args:
        requested: What the form says, `YYYY-MM-DD`; empty stands for yesterday.
        logical: The run's logical date, if it has one.
        run_after: The moment from which the run was allowed to start.

    Raises:
        ConfigError: If the text is no date, or a date that has not come yet.
    """
    if not requested:
        return ((logical or run_after) - timedelta(days=1)).date()
    run_date = parse_day(requested)
    if run_date > run_after.date():
        raise ConfigError(f"run_date {requested!r} is in the future; the newest possible is {run_after.date()}")
    return run_date


def parse_day(text: str) -> date:
    """Read `YYYY-MM-DD`.

    Raises:
        ConfigError: If the text is no date.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ConfigError(f"expected a date as YYYY-MM-DD, got {text!r}") from None


def days_between(start: date, end: date) -> list[date]:
    """Return every day from `start` to `end`, both included.

    Raises:
        ConfigError: If `end` comes before `start`.
    """
    if end < start:
        raise ConfigError(f"the range ends before it starts: {start} .. {end}")
    return [start + timedelta(days=n) for n in range((end - start).days + 1)]
