"""A lake as the night has it before the sequence model: two halves of a shop, and users who keep to one of them."""

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa

from nightrec.lake import Lake
from nightrec.schemas import contract

DAY = date(2026, 1, 31)
N_USERS, N_ITEMS, N_EACH = 40, 20, 6


def write_night(lake: Lake, seed: int = 0) -> None:
    """Write matrix, indexes, held-out pairs, texts, embeddings and factors; the last item has no interaction."""
    rng = np.random.default_rng(seed)
    users, items = [f"u{k}" for k in range(N_USERS)], [f"i{k}" for k in range(N_ITEMS)]
    rows, held = [], []
    for k, user in enumerate(users):
        taken = rng.permutation(np.arange(k % 2, N_ITEMS - 1, 2))[:N_EACH]
        for place, item in enumerate(taken):
            at = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=k + 30 * place)
            same = {"weight": 1.0, "n_events": 1, "n_goals": 1, "first_at": at, "last_at": at, "last_goal_at": at}
            rows.append({"user_id": user, "item_id": items[item], **same})
        held.append({"user_id": user, "item_id": items[taken[-1]], "cut_at": at})
    piece = {"place": 0, "is_held_out": False}
    texts = [
        piece | {"item_id": i, "text": f"{'pan' if k % 2 else 'spade'} {k}", "text_hash": i}
        for k, i in enumerate(items)
    ]
    halves = np.eye(2, dtype=np.float32)
    vectors = [halves[k % 2] + rng.normal(0, 0.05, 2) for k in range(max(N_USERS, N_ITEMS))]
    write(lake, "interactions", rows)
    write(lake, "held_out", held)
    write(lake, "user_index", [{"user_id": user, "user_idx": k} for k, user in enumerate(users)])
    write(lake, "item_index", [{"item_id": item, "item_idx": k} for k, item in enumerate(items)])
    write(lake, "items", [dict.fromkeys(contract("items").names) | {"item_id": item} for item in items])
    write(lake, "item_texts", texts)
    write(lake, "item_aspects", [])
    write(lake, "user_texts", [])
    write(lake, "user_embeddings", [])
    for side, ids in (("user", users), ("item", items)):
        folds = [(fold, key, v) for fold in ("cut", "all") for key, v in zip(ids, vectors, strict=False)]
        write(lake, f"{side}_factors", [{"fold": f, f"{side}_id": key, "vector": v} for f, key, v in folds])
        write(lake, f"{side}_ratings", [])
    of_items = [(fold, key, v) for fold in ("cut", "all") for key, v in zip(items, vectors, strict=False)]
    embedded = [{"fold": f, "item_id": key, "model_version": "m", "vector": v} for f, key, v in of_items]
    write(lake, "item_embeddings", embedded)


def write(lake: Lake, table: str, rows: list[dict[str, object]]) -> None:
    names = contract(table).names
    kept = [{name: row.get(name) for name in names} for row in rows]
    lake.write_arrow(table, DAY, pa.Table.from_pylist(kept, contract(table).arrow()))
