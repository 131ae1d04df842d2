"""When training has learnt what it can: the rule that all networks share."""

from collections.abc import Sequence


def has_stalled(values: Sequence[float], patience: int, min_gain: float) -> bool:
    """Tell whether the newest passes are not worth their time.

    Averaged weights get better for long by ever less, so waiting until they get worse would double a night's training.

    Args:
        values: What each pass so far came to on what is held out, higher is better.
        patience: Newest passes that have to show a gain together.
        min_gain: Share of the best value before them by which they have to better it.
    """
    earlier = values[:-patience]
    return bool(earlier) and max(values) <= max(earlier) * (1.0 + min_gain)
