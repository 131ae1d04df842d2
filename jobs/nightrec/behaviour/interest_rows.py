"""Make the rows of `user_interests` from a night's tables, and measure what those of the cut foretold."""

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from nightrec.behaviour.features import Night
from nightrec.behaviour.interests import Topics, aspects, categories, lift, nearest, newest_items, profiles
from nightrec.behaviour.metrics import Interval
from nightrec.context import Context
from nightrec.histories import Floats, Ints, Matrix
from nightrec.lexical import centred
from nightrec.reasons.chinese import is_word, likely_words, without_cuts
from nightrec.reasons.words import words
from nightrec.schemas import contract

CATALOGUE = "title", "categories", "tags", "description"
N_INTERESTS = 3
EVIDENCE_CHARS = 200


def user_interests(ctx: Context, matrix: Matrix, cut: Night, tonight: Night) -> tuple[pa.Table, dict[str, Interval]]:
    """Return tonight's rows, and the measures of the cut's."""
    topics, titles = read_topics(ctx, matrix, tonight.items.text, reviewed=True)
    of_cut, _ = read_topics(ctx, matrix, cut.items.text, reviewed=False)
    return interest_rows(ctx, matrix, tonight, topics, titles), measure_interests(matrix, cut, of_cut)


def read_topics(
    ctx: Context, matrix: Matrix, text: Floats, *, reviewed: bool
) -> tuple[dict[str, Topics], list[str | None]]:
    """Read what users can be after.

    Args:
        ctx: The night.
        matrix: Its matrix.
        text: `(n_items, E)` of tonight or of the cut.
        reviewed: Whether an aspect may be what reviewers agree on; they wrote until tonight, not until the cut.

    Returns:
        The topics by kind, and the items' titles.
    """
    items = ctx.lake.read_arrow("items", ctx.run_date, ["item_id", *CATALOGUE])
    place = pc.index_in(matrix.item_ids, value_set=items["item_id"].combine_chunks())
    columns = [items[name].combine_chunks().take(place).to_pylist() for name in CATALOGUE]
    told = catalogue_words(columns)
    for item, agreed in agreed_words(ctx, matrix).items() if reviewed else ():
        told[item] |= without_cuts(agreed).keys()
    titles, labels = columns[:2]
    return {"category": categories(labels, text), "aspect": aspects(told, text)}, titles


def catalogue_words(columns: Sequence[Sequence[str | None]]) -> list[set[str]]:
    """Return the words of each item, in Chinese those that the columns together make likely.

    Args:
        columns: Texts of the items, `n` each, those that tell most first.
    """
    known = likely_words(text for column in columns for text in column if text)
    parts = ([words(part) for part in texts if part] for texts in zip(*columns, strict=True))
    return [{word for found in of_item for word in found if is_word(word, known)} for of_item in parts]


def agreed_words(ctx: Context, matrix: Matrix) -> dict[int, dict[str, int]]:
    """Read on which words reviewers of each item agree, and how many wrote each."""
    rows = ctx.lake.read_arrow("item_aspects", ctx.run_date, ["item_id", "text", "n_users"])
    of_item = pc.index_in(rows["item_id"], value_set=matrix.item_ids).to_pylist()
    found: dict[int, dict[str, int]] = {}
    for item, word, n_users in zip(of_item, rows["text"].to_pylist(), rows["n_users"].to_pylist(), strict=True):
        if item is not None:
            found.setdefault(item, {})[word] = n_users
    return found


def measure_interests(matrix: Matrix, cut: Night, topics: dict[str, Topics]) -> dict[str, Interval]:
    """Tell by kind how much more often users turned to their topics of the cut than users in general do."""
    goals = matrix.held_goals()
    profile = profiles(newest_items(cut.histories), cut.items.text, centred(cut.learnt.wrote))
    found = {
        f"{kind}_lift": lift(nearest(profile, known, N_INTERESTS)[0], known, goals)
        for kind, known in topics.items()
        if goals and known.names
    }
    return {name: Interval(value) for name, value in found.items() if np.isfinite(value)}


def interest_rows(
    ctx: Context, matrix: Matrix, night: Night, topics: dict[str, Topics], titles: Sequence[str | None]
) -> pa.Table:
    """Return rows of `user_interests`, each with the text that is nearest to it as evidence."""
    text, newest = night.items.text, newest_items(night.histories)
    profile = profiles(newest, text, centred(night.learnt.wrote))
    wrote, vectors = own_texts(ctx, matrix)
    rows: list[dict[str, object]] = []
    for kind, known in topics.items():
        chosen, scores = nearest(profile, known, N_INTERESTS)
        for user in np.flatnonzero(profile.any(axis=1)).tolist():
            mine = newest.indices[newest.indptr[user] : newest.indptr[user + 1]]
            for place, topic in enumerate(chosen[user].tolist()):
                centre = known.centres[topic]
                row = {"user_id": matrix.user_ids[user].as_py(), "kind": kind, "rank": place + 1}
                row |= {"name": known.names[topic], "score": float(scores[user, place])}
                if user in wrote:
                    texts, places = wrote[user]
                    said = texts[int((vectors[places] @ centre).argmax())][:EVIDENCE_CHARS]
                    row |= {"evidence_kind": "written", "evidence_item_id": None, "evidence_text": said}
                else:
                    item = int(mine[(text[mine] @ centre).argmax()])
                    row |= {"evidence_kind": "item", "evidence_item_id": matrix.item_ids[item].as_py()}
                    row |= {"evidence_text": titles[item]}
                rows.append(row)
    return pa.Table.from_pylist(rows, contract("user_interests").arrow())


def own_texts(ctx: Context, matrix: Matrix) -> tuple[dict[int, tuple[list[str], Ints]], Floats]:
    """Return, by user who wrote, the newest texts and their places in the second, unit vectors without the mean."""
    pieces = ctx.lake.read_arrow("user_texts", ctx.run_date, ["user_id", "text", "text_hash"])
    if not pieces.num_rows:
        return {}, np.zeros((0, 0), np.float32)
    known = ctx.lake.read_arrow("text_vectors", ctx.run_date)
    flat = np.asarray(known["vector"].combine_chunks().flatten(), dtype=np.float32).reshape(known.num_rows, -1)
    rows = pc.index_in(pieces["text_hash"], value_set=known["text_hash"].combine_chunks())
    places = np.asarray(rows).astype(np.int64)
    users = np.asarray(pc.index_in(pieces["user_id"], value_set=matrix.user_ids)).astype(np.int64)
    texts, order = pieces["text"].to_pylist(), np.argsort(users, kind="stable")
    keys, first = np.unique(users[order], return_index=True)
    parts = np.split(order, first[1:])
    wrote = {int(k): ([texts[i] for i in p], places[p]) for k, p in zip(keys, parts, strict=True)}
    return wrote, centred(flat)
