"""Parts of arrays."""
import numpy as np


def part(starts, shape, steps):
    """The index of a slice: for each axis the positions."""
    return np.ix_(*[int(start) + step * np.arange(n) for start, n, step in zip(starts, shape, steps, strict=True)])


def slice(x, starts, y, *steps):
    y[...] = x[part(starts, y.shape, steps)]


def place(x, starts, y, *steps_and_value):
    *steps, value = steps_and_value
    y[...] = value
    y[part(starts, x.shape, steps)] = x


def cat(*arguments):
    *inputs, y, axis = arguments
    y[...] = np.concatenate(inputs, axis)


def replace(starts, values, x, y, *steps):
    y[...] = x
    y[part(starts, values.shape, steps)] = values
