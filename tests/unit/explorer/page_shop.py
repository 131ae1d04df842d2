"""A shop of three users and thirty items whose titles mean harm; what its night left in the lake."""

from datetime import UTC, date, datetime, timedelta

import pyarrow as pa

from nightrec.lake import Lake
from nightrec.schemas import contract

DAY = date(2026, 1, 31)
HEAVY, LIGHT, WRITER = "ada@example.org/7731", "bo-88213-键", "cy-55190"
"""Keys: 25 items, one item, and texts alone."""
QUOTE = "my secret diary of mountain bells"
TITLES = [
    "</script><script>alert(1)</script>",
    "<img src=x onerror=alert(2)>",
    "\"quotes\" & 'apostrophes' &lt;b&gt; {{7*7}} ${7*7} \\u003c",
    "木制火车 🚂👩‍🚀",
    "\u202egnp.exe\u2066 עברית \u200f",
    "<!--<script>",
    "line\u2028break\ttab",
    None,
]
LONG = "x" * 10_000
WROTE = {"kind": "wrote", "language": "en", "text": "bells", "quote": QUOTE, "n_users": 4}
LINEAGE = {"run_id": "r1", "encoder_version": "e", "collaborative_version": "c", "data_snapshot": "d"}
EVIDENCE = dict.fromkeys(("kind", "language", "item_id", "text", "quote", "n_users", "days"))


def write_night(lake, **changed):
    """Write the tables that the page is made of; `changed` rows stand in for the shop's own."""
    for name, rows in {**shop(), **changed}.items():
        as_before_reasons = pa.schema([field.with_nullable(True) for field in contract(name).arrow()])
        lake.write_arrow(name, DAY, pa.Table.from_pylist(rows, as_before_reasons))


def shop_lake(folder, **changed):
    """Return the lake of domain `shop` with its night."""
    lake = Lake(str(folder / "lake"), "shop")
    write_night(lake, **changed)
    return lake


def shop():
    """Return the rows of each table."""
    return {
        "item_index": [{"item_id": f"i{n}", "item_idx": n} for n in range(30)],
        "items": [item(n) for n in range(29)],  # the last one is in interactions alone
        "interactions": [met(HEAVY, n, n) for n in range(25)] + [met(LIGHT, 29, 0)],
        "topn": lists(),
        "similar_items": [
            similar("i0", "text", 2, "i1"),
            similar("i0", "text", 1, "i2"),
            similar("i2", "joined", 1, "i0"),
        ],
        "popular_items": [popular("i3", 4)],
        "query_results": [answer("rare", 1, "i4", 3), answer("<b>bell", 2, "i6", 9), answer("<b>bell", 1, "i5", 9)],
    }  # fmt: skip


def item(n):
    title = TITLES[n] if n < len(TITLES) else f"Thing {n}"
    about = LONG if n == 8 else None
    return {
        "item_id": f"i{n}",
        "title": LONG if n == 9 else title,
        "description": about,
        "categories": "Toys|<i>Odd",
        "tags": None,
    }


def met(user_id, n, days_ago):
    at = datetime(2026, 1, 31, 12, tzinfo=UTC) - timedelta(days=days_ago)
    counts = {"weight": 1.0, "n_events": 2, "n_goals": 1}
    return {"user_id": user_id, "item_id": f"i{n}", "first_at": at, "last_at": at, **counts}


def listed(user_id, rank, item_id, /, reason=None, propensity=1.0, **evidence):
    row = {"user_id": user_id, "rank": rank, "item_id": item_id, "score": 1.23456, "source": "text", "arm": "default"}
    shown = {"reason": reason, "evidence": EVIDENCE | evidence if evidence else None, "propensity": propensity}
    return row | shown | LINEAGE


def lists():
    return [
        listed(HEAVY, 2, "i1", f"Because you wrote “{QUOTE}”", **WROTE),
        listed(HEAVY, 1, "i0", "Because of <b>that</b>", kind="history", language="en", item_id="i24"),
        listed(HEAVY, 3, "i7", "9 people", 0.5, kind="popular", language="en", n_users=9, days=7),
        listed(LIGHT, 1, "i0"),  # from before reasons were told
        listed(WRITER, 1, "i28"),
    ]


def similar(item_id, kind, rank, like):
    return LINEAGE | {"item_id": item_id, "kind": kind, "rank": rank, "similar_item_id": like, "score": 1.0}


def popular(item_id, n_users):
    window = {"kind": "popular", "days": 7, "category": "", "rank": 1}
    return LINEAGE | window | {"item_id": item_id, "n_users": n_users, "score": float(n_users)}


def answer(query, rank, item_id, n_users):
    return LINEAGE | {"query": query, "rank": rank, "item_id": item_id, "n_users": n_users, "score": 1.0}
