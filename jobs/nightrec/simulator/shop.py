"""What a simulated shop is like: its size and the planted weights of its users' choices."""

from datetime import date
from typing import Annotated

from pydantic import Field

from nightrec.model_settings import Count, Fraction, Positive, Section

FEATURES = ("taste", "text", "price", "popularity", "recency", "noise")
"""What an item offers a user, each with mean 0 and variance 1 over users and items. `noise` has no part in choices."""


class Weights(Section):
    """What one standard deviation of a feature adds to an item's utility; chance adds a standard Gumbel variable."""

    taste: float = 1.5
    """Styles that no text names, so that only what others choose gives them away."""
    text: float = 1.2
    """Category and aspects that the user looks for, as searches and items name them."""
    price: float = 0.9
    """How near the price is to what the user spends."""
    popularity: float = 0.6
    """Logarithm of the item's fame."""
    recency: float = 0.3
    """How new the item is."""


class Shop(Section):
    """Everything that a simulated shop follows from."""

    seed: Annotated[int, Field(ge=0)] = 1
    """Equal settings, seed and lists give equal bytes."""
    users: Count = 2000
    """Users, a tenth of whom come for the first time later than the first day."""
    items: Annotated[int, Field(ge=20)] = 1000
    """Items, some of which arrive later and some of which leave."""
    first_delivery: date = date(2026, 3, 1)
    """Date of the delivery that brings the history."""
    history_days: Count = 60
    """Days of history, the date of the first delivery included."""
    visits: Annotated[float, Field(gt=0, le=0.9)] = 0.27
    """Mean visits of a user a day."""
    considered: Count = 300
    """Items a visitor comes across, at most, beside those of the page that is shown."""
    page: Count = 10
    """Places of a shown list that visitors may look at."""
    attention: Positive = 0.7
    """Place r of the page is looked at with probability r ** -attention."""
    chinese_frac: Fraction = 0.3
    """Share of users, and of items, whose language is Chinese; the others' is English."""
    weights: Weights = Weights()
    """What choices follow."""
