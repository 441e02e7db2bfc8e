"""What a run leaves to look at: history.csv and, with matplotlib, three pictures."""
import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from numbacnn.nn import Conv2d, Module
from numbacnn.train.loop import Epoch

DOTS_PER_INCH = 120


def write_history(path: Path, history: Sequence[Epoch]) -> None:
    """Write a line for each epoch."""
    with path.open("w", newline="", encoding="utf-8") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(Epoch._fields)
        lines.writerows([f"{value:.6g}" for value in epoch] for epoch in history)


def confusion_matrix(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Count how often an image of class i (row) was taken for class j (column)."""
    classes = logits.shape[1]
    return np.bincount(targets * classes + logits.argmax(1), minlength=classes**2).reshape(classes, classes)


def draw_pictures(folder: Path, history: Sequence[Epoch], confusion: np.ndarray, classes: Sequence[str], model: Module
                  ) -> bool:
    """Draw loss.png, confusion.png and filters.png; return False if matplotlib is not installed."""
    try:
        # Not pyplot: it would look for a screen, and keep figures alive.
        from matplotlib.figure import Figure
    except ImportError:
        return False

    def draw(name: str, width: float, height: float, plot: Any, *values: Any) -> None:
        figure = Figure((width, height), dpi=DOTS_PER_INCH, layout="constrained")
        plot(figure, *values)
        figure.savefig(folder / name)

    draw("loss.png", 8, 3.2, _plot_history, history)
    draw("confusion.png", 5, 5, _plot_confusion, confusion, classes)
    image = mosaic(first_filters(model))
    draw("filters.png", 6, 1 + 5 * image.shape[0] / image.shape[1], _plot_filters, image)
    return True


def first_filters(model: Module) -> np.ndarray:
    """The filters of a network's first convolution, (O, KH, KW): the mean over their input channels."""
    layer = next(module for module in model.modules() if isinstance(module, Conv2d))
    filters: np.ndarray = layer.weight.numpy().mean(1)
    return filters


def mosaic(filters: np.ndarray, columns: int = 8) -> np.ndarray:
    """One image (rows, columns) of all filters (O, KH, KW), with gaps of NaN around them."""
    count, height, width = filters.shape
    rows = -(-count // columns)
    image = np.full((rows * (height + 1) + 1, columns * (width + 1) + 1), np.nan)
    for i, one in enumerate(filters):
        top, left = i // columns * (height + 1) + 1, i % columns * (width + 1) + 1
        image[top:top + height, left:left + width] = one
    return image


def _plot_history(figure: Any, history: Sequence[Epoch]) -> None:
    epochs = [epoch.epoch for epoch in history]
    for axes, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        axes.plot(epochs, [getattr(epoch, name) for epoch in history], "o-", markersize=3, label="training")
        axes.plot(epochs, [getattr(epoch, f"test_{name}") for epoch in history], "o-", markersize=3, label="test")
        axes.set(xlabel="epoch", title=name)
        axes.xaxis.get_major_locator().set_params(integer=True)
        axes.grid(alpha=0.3)
        axes.legend()


def _plot_confusion(figure: Any, confusion: np.ndarray, classes: Sequence[str]) -> None:
    axes = figure.subplots()
    shares = confusion / np.maximum(confusion.sum(1, keepdims=True), 1)
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    axes.set_title(f"{confusion.trace()} of {confusion.sum()} test images are right")
    axes.set(xlabel="recognised as", ylabel="is")
    axes.set_xticks(range(len(classes)), classes, rotation=0 if max(map(len, classes)) < 3 else 90)
    axes.set_yticks(range(len(classes)), classes)
    for i, j in zip(*np.nonzero(confusion), strict=True):
        color = "white" if shares[i, j] > 0.5 else "black"
        axes.text(j, i, confusion[i, j], ha="center", va="center", fontsize=8, color=color)


def _plot_filters(figure: Any, image: np.ndarray) -> None:
    axes = figure.subplots()
    limit = np.nanmax(np.abs(image)) or 1
    shown = axes.imshow(image, cmap="RdBu", vmin=-limit, vmax=limit)
    axes.set_title("filters of the first convolution")
    axes.set_axis_off()
    figure.colorbar(shown, shrink=0.8)
