"""What was measured: a table in markdown, and a picture of the ratios."""
import math
from typing import NamedTuple

NOISY = 0.1         # if others take more of the machine than this, a figure says little


class Row(NamedTuple):
    """One comparison; a ratio of 2 says that numbacnn needs half of what the best of the others needs."""

    work: str
    ours: str
    best: str
    name: str
    ratio: float
    floor: float | None
    aim: float | None
    others: float       # what part of the machine other processes took while this was measured

    def __str__(self):
        verdict = " noisy" if self.others > NOISY else " under" if self.ratio < (self.floor or 0) else ""
        return (f"| {self.work} | {self.ours} | {self.best} | {self.name} | **{self.ratio:.2f}**{verdict} "
                f"| {self.floor or '-'} | {self.aim or '-'} | {self.others:.0%} |")


HEAD = "| {} | numbacnn | best other | which | ratio | at least | aim | machine taken |\n" + 8 * "|---" + "|"


def duration(seconds):
    """Write a time with three digits and its unit."""
    scale, unit = next(((s, u) for s, u in ((1, "s"), (1e-3, "ms")) if seconds > 0.9995 * s), (1e-6, "us"))
    return f"{seconds / scale:.3g} {unit}"


def size(count):
    """Write a number of bytes."""
    return f"{count / 2**20:.0f} MiB"


def summary(rows):
    """Say in a line how many rows of a section reach their floor, and the geometric mean of their ratios."""
    counted = [row for row in rows if row.floor and row.others <= NOISY]
    if not counted:
        return "no row that counts: others used the machine all the time"
    reached = sum(row.ratio >= row.floor for row in counted)
    mean = math.exp(sum(math.log(row.ratio) for row in counted) / len(counted))
    noisy = sum(row.others > NOISY for row in rows)
    return f"{reached} of {len(counted)} reach their floor; geometric mean {mean:.2f}; {noisy} are too noisy to count"


def picture(rows, path, title):
    """Draw the ratios of rows that have a goal as bars, with a line at each floor and a dot at each aim."""
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot as plt

    rows = [row for row in rows if row.floor]
    figure, axes = plt.subplots(figsize=(10, 1.4 + 0.28 * len(rows)), layout="constrained")
    places = range(len(rows))
    axes.barh(places, [row.ratio for row in rows], height=0.62, color=[_color(row) for row in rows])
    axes.vlines([row.floor for row in rows], [y - 0.42 for y in places], [y + 0.42 for y in places], color="black",
                label="at least")
    axes.plot([row.aim for row in rows], list(places), "o", color="black", markersize=3, label="aim")
    for y, row in zip(places, rows, strict=True):
        axes.text(1.01, y, f"{row.ratio:.2f}", transform=axes.get_yaxis_transform(), va="center", fontsize=8)
    axes.set(xscale="log", yticks=list(places), title=title,
             xlabel="the best other's time (or memory) / numbacnn's, logarithmic",
             yticklabels=[f"{row.work}: {row.name.split(',')[0]}" for row in rows])
    axes.axvline(1, color="grey", linewidth=0.8)
    axes.margins(y=0.01)
    axes.invert_yaxis()
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside lower left", fontsize=8, ncols=2)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _color(row):
    return "#cccccc" if row.others > NOISY else "#2a788e" if row.ratio >= row.floor else "#d9734e"
