"""The keys of users, items and visits: a letter, then the place in the world, by which they are found again."""

from datetime import date


def user_id(place: int) -> str:
    """Return the key of a user."""
    return f"u{place:05d}"


def item_id(place: int) -> str:
    """Return the key of an item."""
    return f"i{place:05d}"


def session_id(day: date, place: int) -> str:
    """Return the key of a user's visit on a day."""
    return f"{day.isoformat()}-{user_id(place)}"
