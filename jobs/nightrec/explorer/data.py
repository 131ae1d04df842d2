"""What the page knows, as plain values that JSON can hold; items go by their place in `items`.

No user key and nothing that a user wrote: quotes are left out, and so are the words and sentences that tell of one.
"""

from itertools import groupby
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from nightrec.explorer.inputs import Night
from nightrec.explorer.sample import PageUser

CHARS = {"title": 200, "description": 400, "categories": 200, "tags": 200}
"""Characters kept of what may be long; an ellipsis tells."""
KINDS = ("behaviour", "text", "joined")
SCORE_DIGITS = 3
Values = dict[str, Any]
Places = dict[str, int]


def page_data(night: Night) -> Values:
    """Return everything that the page shows."""
    places = {item_id: place for place, item_id in enumerate(night.items["item_id"].to_pylist())}
    dates = night.history["last_at"].cast(pa.date32()).cast(pa.string())
    history, listed = _by_user(night.history.append_column("date", dates)), _by_user(night.listed)
    return {
        "domain": night.domain,
        "run_date": str(night.run_date),
        "n_users": night.n_users,
        "n_items": night.n_items,
        "items": {name: _items_column(night.items, name) for name in ("item_id", "n_lists", "n_first", *CHARS)},
        "similar": _similar(night.similar, night.items["item_id"]),
        "users": [
            _user(user, history.get(user.user_id, []), listed.get(user.user_id, []), places) for user in night.users
        ],
        "queries": _queries(night.answers, places),
        "popular": _popular(night.popular, places),
    }


def _items_column(items: pa.Table, name: str) -> list[Any]:
    column, longest = items[name], CHARS.get(name)
    if longest is None:
        return list(column.to_pylist())
    cut = pc.binary_join_element_wise(pc.utf8_slice_codeunits(column, 0, longest), "…", "")
    return list(pc.if_else(pc.greater(pc.utf8_length(column), longest), cut, column).to_pylist())


def _by_user(table: pa.Table) -> dict[str, list[Values]]:
    found: dict[str, list[Values]] = {}
    for row in table.to_pylist():
        found.setdefault(row["user_id"], []).append(row)
    return found


def _user(user: PageUser, history: list[Values], listed: list[Values], places: Places) -> Values:
    return {
        "id": user.page_id,
        "kind": user.kind,
        "n_items": user.n_items,
        "history": [
            {
                "item": places[row["item_id"]],
                "date": row["date"],
                "n_events": row["n_events"],
                "n_goals": row["n_goals"],
            }
            for row in history
        ],
        "list": [_listed(row, places) for row in listed],
    }


def _listed(row: Values, places: Places) -> Values:
    """Return a row of a list without its empty fields; sentence and word of what the user wrote would quote it."""
    evidence = row["evidence"] or {}
    is_quoting = evidence.get("quote") is not None
    shown = {
        "item": places[row["item_id"]],
        "score": round(row["score"], SCORE_DIGITS),
        "source": row["source"],
        "reason": None if is_quoting else row["reason"],
        "kind": evidence.get("kind"),
        "seen": places.get(evidence.get("item_id") or ""),
        "text": None if is_quoting else evidence.get("text"),
        "n_users": evidence.get("n_users"),
        "days": evidence.get("days"),
        "is_drawn": row["propensity"] < 1 or None,
    }
    return {name: value for name, value in shown.items() if value is not None}


def _similar(similar: pa.Table, item_ids: pa.ChunkedArray) -> dict[str, list[list[int]]]:
    similar = similar.sort_by("rank")
    found: dict[str, list[list[int]]] = {kind: [[] for _ in range(len(item_ids))] for kind in KINDS}
    columns = [pc.index_in(similar[name], value_set=item_ids) for name in ("item_id", "similar_item_id")]
    for kind, item, like in zip(similar["kind"].to_pylist(), *(c.to_pylist() for c in columns), strict=True):
        if like is not None:
            found[kind][item].append(like)
    return found


def _queries(answers: pa.Table, places: Places) -> list[Values]:
    rows = answers.sort_by([("n_users", "descending"), ("query", "ascending"), ("rank", "ascending")]).to_pylist()
    return [
        {"query": query, "n_users": n_users, "items": [places[row["item_id"]] for row in group]}
        for (n_users, query), group in groupby(rows, key=lambda row: (row["n_users"], row["query"]))
    ]


def _popular(popular: pa.Table, places: Places) -> list[Values]:
    names = ("category", "days", "kind")
    rows = popular.sort_by([(name, "ascending") for name in (*names, "rank")]).to_pylist()
    return [
        dict(zip(names, key, strict=True)) | {"items": [[places[row["item_id"]], row["n_users"]] for row in group]}
        for key, group in ((key, list(found)) for key, found in groupby(rows, key=lambda row: [row[n] for n in names]))
    ]
