from datetime import UTC, date, datetime

import pytest

from nightrec.dates import days_between, parse_day, resolve_run_date
from nightrec.errors import ConfigError

NOW = datetime(2026, 2, 1, 2, 30, tzinfo=UTC)


@pytest.mark.parametrize("empty", [None, ""])
@pytest.mark.parametrize("logical", [None, NOW])
def test_run_date_is_yesterday_by_default(empty, logical):
    assert resolve_run_date(empty, logical, NOW) == date(2026, 1, 31)


def test_run_date_follows_the_logical_date_of_a_late_run():
    assert resolve_run_date(None, datetime(2026, 1, 15, tzinfo=UTC), NOW) == date(2026, 1, 14)


@pytest.mark.parametrize("text", ["2016-09-30", "2026-02-01"])
def test_run_date_is_what_was_asked_for(text):
    assert resolve_run_date(text, NOW, NOW) == date.fromisoformat(text)


def test_run_date_refuses_the_future():
    with pytest.raises(ConfigError, match=r"'2026-02-02' is in the future; the newest possible is 2026-02-01"):
        resolve_run_date("2026-02-02", None, NOW)


@pytest.mark.parametrize("text", ["yesterday", "2026-02-30", "31.01.2026", "2026-01-31; rm -rf /"])
def test_parse_day_names_what_it_could_not_read(text):
    with pytest.raises(ConfigError, match="expected a date as YYYY-MM-DD, got ") as err:
        parse_day(text)
    assert repr(text) in str(err.value)


def test_days_between_includes_both_ends_and_crosses_months():
    assert days_between(date(2026, 1, 31), date(2026, 2, 1)) == [date(2026, 1, 31), date(2026, 2, 1)]


def test_days_between_refuses_a_reversed_range():
    with pytest.raises(ConfigError, match=r"2026-02-01 \.\. 2026-01-31"):
        days_between(date(2026, 2, 1), date(2026, 1, 31))
