"""Importance as horizontal bars with intervals."""

from collections.abc import Mapping, Sequence

from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nightrec.importance.rows import Row

N_BARS = 12
SURE, UNSURE = "#2f6fb2", "#b8c4d0"
"""A bar is pale where the interval holds zero."""
EARLIER = {"change_1d": ("o", "the night before"), "change_7d": ("D", "a week before")}
"""Mark and words of what stood in the place of a bar."""
Panels = Mapping[str, tuple[str, str]]
"""Heading and unit by kind."""
PANELS: Mapping[str, Panels] = {
    "feature_importance": {
        "source": ("Whole sources", "Shapley value in NDCG@10"),
        "permutation": ("Features: what lists lose without", "drop of NDCG@10 when shuffled"),
        "shap": ("Features: what scores are made of", "mean |contribution| to listed items"),
    },
    "behaviour_importance": {
        "source": ("Whole sources", "Shapley value in nats of log loss"),
        "permutation": ("Features: what is lost without", "rise of log loss in nats when shuffled"),
        "shap": ("Features: what log-odds are made of", "mean |contribution| to log-odds"),
    },
}


def picture(rows: Sequence[Row], title: str, panels: Panels) -> Figure:
    """Draw the largest values over all users, one panel a kind, with 95 % intervals; pale where these hold zero.

    Hollow marks show where the values of earlier nights stood.
    """
    # Without pyplot there is no global state and no display; `Figure` draws with Agg by itself.
    figure = Figure(figsize=(15, 4.8), layout="constrained")
    figure.suptitle(title)
    known: dict[str, Artist] = {}
    for axes, (kind, (heading, unit)) in zip(figure.subplots(1, len(panels)), panels.items(), strict=True):
        overall = [row for row in rows if row["kind"] == kind and row["slice"] == "all"]
        known |= _bars(axes, sorted(overall, key=lambda row: -row["value"])[:N_BARS])
        axes.set_title(heading, loc="left", fontsize=11)
        axes.set_xlabel(unit)
    if known:
        figure.legend(known.values(), known.keys(), loc="outside upper right", ncols=len(known), frameon=False)
    return figure


def _bars(axes: Axes, rows: Sequence[Row]) -> dict[str, Artist]:
    """Draw the bars, and return the marks of earlier nights by what they stand for."""
    values = [row["value"] for row in rows]
    reach = [[row["value"] - row["low"] for row in rows], [row["high"] - row["value"] for row in rows]]
    places = range(len(rows))
    colours = [UNSURE if row["low"] <= 0 <= row["high"] else SURE for row in rows]
    axes.barh(places, values, xerr=reach if rows else None, color=colours, ecolor="#333333", capsize=2)
    axes.set_yticks(places, [f"{row['name']}  " for row in rows])
    axes.invert_yaxis()
    axes.axvline(0, color="#333333", linewidth=0.8)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)
    marks: dict[str, Artist] = {}
    for change, (mark, words) in EARLIER.items():
        earlier = [(row["value"] - row[change], place) for place, row in enumerate(rows) if row[change] is not None]
        if earlier:
            marks[words] = axes.scatter(*zip(*earlier, strict=True), marker=mark, fc="none", ec="#333333", zorder=3)
    return marks
