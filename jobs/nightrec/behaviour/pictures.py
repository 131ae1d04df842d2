"""Curves of the behaviour model as a picture; Matplotlib without a display."""

from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from sklearn.metrics import confusion_matrix, precision_recall_curve, roc_curve

from nightrec.behaviour.metrics import THRESHOLD, bins
from nightrec.histories import Mask

Wide = npt.NDArray[np.float64]


def draw_curves(path: Path, title: str, chances: dict[str, Wide], is_goal: Mask) -> None:
    """Write one picture: ROC, precision and recall, reliability, and the confusion matrix of the first model.

    Args:
        path: PNG file.
        title: What was measured.
        chances: `(n,)` probabilities by the model's name.
        is_goal: `(n,)`.
    """
    figure = Figure(figsize=(11, 10))
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    (roc, recall), (reliability, confusion) = figure.subplots(2, 2)
    for name, chance in chances.items():
        roc.plot(*roc_curve(is_goal, chance)[:2], label=name)
        precision, found, _ = precision_recall_curve(is_goal, chance)
        recall.plot(found, precision, label=name)
        reliability.plot(*bins(chance, is_goal)[:2], marker="o", label=name)
    for axes in (roc, reliability):
        axes.plot([0, 1], [0, 1], color="grey", linestyle=":")
    _name(roc, "ROC", "false positive rate", "true positive rate")
    _name(recall, "Precision and recall", "recall", "precision")
    _name(reliability, "Reliability", "predicted probability", "share that came true")
    _draw_confusion(confusion, next(iter(chances.values())) >= THRESHOLD, is_goal)
    figure.subplots_adjust(hspace=0.3, wspace=0.3)
    figure.savefig(path, dpi=80)


def _name(axes: Axes, title: str, x: str, y: str) -> None:
    axes.set(title=title, xlabel=x, ylabel=y)
    axes.legend(loc="lower right")


def _draw_confusion(axes: Axes, said: Mask, is_goal: Mask) -> None:
    counts = confusion_matrix(is_goal, said, labels=[True, False])
    axes.imshow(counts, cmap="Blues", vmin=0)
    for (row, column), n in np.ndenumerate(counts):
        axes.text(column, row, f"{n:,}", ha="center", va="center", color="white" if n > counts.max() / 2 else "black")
    axes.set(title="Confusion", xlabel="predicted", ylabel="was")
    axes.set_xticks([0, 1], ["goal", "no goal"])
    axes.set_yticks([0, 1], ["goal", "no goal"])
