"""What a night says of a simulated shop: its own trainers, lesson, ranker and importance, without lake and Spark.

Learnt: the factors (by `implicit`, 8 long) and the item-item model. Not learnt, because that takes minutes: the
language model, whose vectors are replaced by the categories and aspects that the texts and searches name; sequence,
projection and words are silent.
"""

from functools import cache
from types import SimpleNamespace

import numpy as np
import scipy.sparse as sp

from nightrec.collaborative.implicit_als import factorise
from nightrec.config import load_config
from nightrec.histories import Histories
from nightrec.importance.measure import Groups, ImportancePlan, measure
from nightrec.lexical import ItemTexts
from nightrec.ranker.catalogue import Catalogue
from nightrec.ranker.choose import RankerPlan, choose_ranker
from nightrec.ranker.describe import describe, seen_rows
from nightrec.ranker.features import feature_names
from nightrec.ranker.sides import Learnt, item_side
from nightrec.ranker.sources import FAMILY
from nightrec.simulator.choices import NOTHING
from nightrec.simulator.deliver import history
from nightrec.simulator.shop import Shop
from nightrec.simulator.words import ASPECTS, CATEGORIES
from nightrec.simulator.world import make_world
from nightrec.vectors import unit
from nightrec.vocabulary import vocabulary_of

SIZE = {"users": 400, "items": 200, "history_days": 60, "visits": 0.4, "considered": 100}
HELD_OUT_DAYS = 10
VIEW, PURCHASE = 0.2, 1.0
FACTORS = load_config("simulated").collaborative.model_copy(update={"dim": 8, "iterations": 10, "regularization": 20.0})
SECONDS = 86_400.0


@cache
def importance(seed=1, **weights):
    """Return `feature_importance` of a shop with such weights: value and interval by kind and name, over all users."""
    lesson, lengths = lesson_of(Shop.model_validate({**SIZE, "seed": seed, "weights": weights}))
    ranker, _, crossed = choose_ranker(lesson, feature_names(FAMILY), 1, RankerPlan())
    rows = measure(
        ranker,
        crossed,
        lesson,
        Groups(lengths, {}, np.zeros(lesson.candidates.max() + 1, bool)),
        ImportancePlan(20, 20, 1, max_rows=40_000),
    )
    return {(row["kind"], row["name"]): SimpleNamespace(**row) for row in rows if row["slice"] == "all"}


def lesson_of(shop):
    """Return the lesson of the last days of a shop's history, and the length of each user's history before them."""
    world = make_world(shop)
    days, _ = history(world)
    last = shop.history_days - HELD_OUT_DAYS
    # A night knows the items that have come; those that left still stand in the catalogue.
    known = np.flatnonzero(world.items.arrives < shop.history_days)
    rows = histories_of(days, known, (shop.users, len(known)))
    cut = rows.where(rows.last_at < last * SECONDS)
    has_past = np.bincount(cut.user_idx, minlength=shop.users) > 0
    late = rows.where((rows.last_at >= last * SECONDS) & rows.has_goal & has_past[rows.user_idx])
    users, first = np.unique(late.user_idx, return_index=True)
    goals = list(zip(users.tolist(), np.split(late.item_idx, first[1:]), strict=True))
    learnt, text = learn(cut, wishes([day for day in days if day.day < last], shop.users), named(world, known))
    log_price = np.log1p(world.items.price[known])
    catalogue = Catalogue(log_price - log_price.mean(), world.items.arrives[known] * SECONDS)
    items = item_side(cut, learnt, text, catalogue, last * SECONDS, 90.0)
    return describe(cut, learnt, items, goals, seen_rows(cut, None), (100, 256)), np.diff(cut.starts)[users]


def histories_of(days, known, shape):
    """Return views and purchases as the matrix has them."""
    place = np.full(known.max() + 1, NOTHING)
    place[known] = np.arange(len(known))
    found = {}
    for day in days:
        looked_at = np.take_along_axis(day.choices.met, day.choices.best, axis=1)
        for visit, nth in np.argwhere(looked_at != NOTHING).tolist():
            is_bought = nth == 0 and bool(day.choices.is_bought[visit])
            key = int(day.user[visit]), int(place[looked_at[visit, nth]])
            weight, _, has_goal = found.get(key, (0.0, 0, False))
            found[key] = weight + VIEW + PURCHASE * is_bought, day.day * SECONDS, has_goal or is_bought
    order = sorted(found, key=lambda key: (key[0], found[key][1], key[1]))
    user, item = np.array(order).T
    weight, at, has_goal = (np.array(column) for column in zip(*(found[key] for key in order), strict=True))
    return Histories(user, item, weight.astype(np.float32), at, at, has_goal, shape)


def named(world, known):
    """Return what the texts of items name."""
    out = np.zeros((len(known), len(CATEGORIES) + len(ASPECTS)), np.float32)
    out[np.arange(len(known)), world.items.category[known]] = 1.0
    np.put_along_axis(out, len(CATEGORIES) + world.items.aspects[known], 0.5, axis=1)
    return unit(out)


def wishes(days, n_users):
    """Return what each user's newest search would name."""
    out = np.zeros((n_users, len(CATEGORIES) + len(ASPECTS)), np.float32)
    for day in days:
        asked = np.zeros((len(day.user), out.shape[1]), np.float32)
        asked[np.arange(len(day.user)), day.next_needs.category] = 1.0
        np.put_along_axis(asked, len(CATEGORIES) + day.next_needs.aspects, 0.5, axis=1)
        out[day.user] = asked
    return unit(out)


def learn(cut, wrote, text):
    """Return what the sources learn of the cut, and what the texts of the items say."""
    users, items = factorise(cut, cut.weight, FACTORS)
    silent = [np.zeros((n, 1), np.float32) for n in cut.shape]
    vectors = [
        {"collaborative": side, "rating": none, "sequence": none, "projection": none}
        for side, none in zip((users, items), silent, strict=True)
    ]
    no_words = [sp.csr_matrix((n, 0), dtype=np.float32) for n in cut.shape]
    texts = ItemTexts(text, silent[1], no_words[1], vocabulary_of([]))
    return Learnt(*vectors, wrote, no_words[0]), texts
