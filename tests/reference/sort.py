"""What needs the order along an axis."""
import numpy as np


def sort(x, y, places, axis, descending):
    """By Python's own sort, which is stable; reversed twice, it is for descending numbers, too."""
    lines, k = np.moveaxis(x, axis, -1), y.shape[axis]
    for line in np.ndindex(*lines.shape[:-1]):
        values = [(value != value, 0 if value != value else value) for value in lines[line].tolist()]
        order = sorted(range(len(values)), key=values.__getitem__)
        if descending:
            order = sorted(range(len(values))[::-1], key=values.__getitem__)[::-1]
        np.moveaxis(y, axis, -1)[line] = lines[line][order[:k]]
        np.moveaxis(places, axis, -1)[line] = order[:k]


def cumsum(x, y, axis, backwards):
    y[...] = np.flip(np.cumsum(np.flip(x, axis), axis), axis) if backwards else np.cumsum(x, axis)
