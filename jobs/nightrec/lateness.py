"""How far ahead of its delivery an event may lie: ingest rejects what lies further, and the gate looks again."""

from datetime import UTC, date, datetime, time, timedelta


def last_moment(run_date: date, max_future_hours: float) -> datetime:
    """Return the last moment an event of a delivery may have, in UTC; Spark would read a naive one in the local zone.

    Args:
        run_date: Date of the delivery.
        max_future_hours: Hours after its end that clocks may go ahead.
    """
    return datetime.combine(run_date, time.min, UTC) + timedelta(days=1, hours=max_future_hours)
