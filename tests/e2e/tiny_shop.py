"""An invented shop with a planted taste: half of its users buy garden things, half buy kitchen things."""

import gzip
import json
import random
from datetime import date, datetime, timedelta
from pathlib import Path

DOMAIN = "tiny"
NIGHTS = [date(2026, 1, 30), date(2026, 1, 31)]
WORDS = {
    "garden": ["spade", "rose seeds", "watering can", "花园铲", "hedge shears"],
    "kitchen": ["bread knife", "copper pan", "tea pot", "炒锅", "rolling pin"],
}


def deliver(landing: Path, nights: list[date] = NIGHTS, seed: int = 0) -> None:
    """Write the deliveries; the first one brings the catalogue and ten days of history."""
    rng = random.Random(seed)
    for night in nights:
        folder = landing / DOMAIN / f"run_date={night}"
        first = night == NIGHTS[0]
        days = 10 if first else 1
        events = [event for user in range(60) for event in _events(rng, user, night, days, per_day=1)]
        _write(folder / "events" / "events.jsonl.gz", events)
        if first:
            _write(folder / "items" / "items.jsonl.gz", [_item(k) for k in range(40)])


def taste(key: str) -> str:
    """Return the half of the shop that a user or item belongs to."""
    return "garden" if int(key[1:]) % 2 == 0 else "kitchen"


def _item(k: int) -> dict[str, object]:
    half = "garden" if k % 2 == 0 else "kitchen"
    words = WORDS[half][k // 2 % 5]
    return {"item_id": f"i{k}", "title": f"{words} {k}", "categories": [half], "price": 5 + k, "language": "en"}


def _events(rng: random.Random, user: int, night: date, days: int, per_day: int) -> list[dict[str, object]]:
    events = []
    for back in range(days):
        for turn in range(per_day):
            k = rng.randrange(20) * 2 + user % 2
            at = datetime(night.year, night.month, night.day, rng.randrange(24)) - timedelta(days=back)
            kind = rng.choice(["purchase", "purchase", "view", "review", "search"])
            event = {"event_id": f"{night}-{user}-{back}-{turn}", "user_id": f"u{user}", "event_type": kind}
            event |= {"event_at": at.isoformat() + "Z"}
            event |= (
                {"item_id": f"i{k}"}
                if kind != "search"
                else {"text": WORDS["kitchen" if user % 2 else "garden"][k % 5]}
            )
            event |= {"text": "很好用, would buy again", "value": 5} if kind == "review" else {}
            events.append(event)
    return events


def _write(path: Path, rows: list[dict[str, object]]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_bytes(gzip.compress(text.encode(), mtime=0))
