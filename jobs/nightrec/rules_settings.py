"""The settings of the rules that turn ranked items into a list."""

from pydantic import field_validator
from pydantic_core.core_schema import ValidationInfo

from nightrec.model_settings import Count, Fraction, Places, Section

FIRST_PLACES = 3
"""Places at the top of a list that are never explored: they are what most users see."""


class RulesConfig(Section):
    """What a list may hold besides the best items."""

    max_per_category: Count | None
    """Items of one category in a list, at most; an item of several counts in each. Empty: any number."""
    diversity_weight: Fraction
    """0 orders by the ranker alone; towards 1, what the texts add to the items above counts ever more."""
    explore_pool: Count
    """Best items outside the list that explored places draw from, each with the same probability."""
    explore_slots: Places
    """Places of a list that are filled by a draw: spread evenly below the first three."""

    @field_validator("explore_slots")
    @classmethod
    def _fit_into_the_pool(cls, slots: int, info: ValidationInfo) -> int:
        pool = info.data.get("explore_pool", slots)
        if slots > pool:
            raise ValueError(f"needs at least as many items to draw from; rules.explore_pool is {pool}")
        return slots
