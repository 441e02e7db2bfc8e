"""Averages of parameters over the steps of training: one call of a plan for all of them, in place."""
import numpy as np

from numbacnn.kernels.channels_last import flat

from .compile import kernel
from .optim import count_steps, in_place


def average(*arguments):
    """Lower to one call per parameter, then count: all tiles of an update read the count."""
    calls, decay, values, (count, *averages), _ = in_place(arguments, 1)
    calls += [(average_update, flat(decay, x, count, y)) for x, y in zip(values, averages, strict=True)]
    return [*calls, (count_steps, [count.flat(), np.zeros(1, np.intp)])]


@kernel(items=lambda y: y.size)
def average_update(decay, x, count, y, begin, end):
    weight = 1 - decay[0] if decay[0] >= 0 else 1 / (count[0] + 1)
    weight = y.dtype.type(weight)
    x, y = x[begin:end], y[begin:end]
    if count[0] == 0:
        for i in range(y.size):
            y[i] = x[i]
    else:
        for i in range(y.size):
            y[i] += weight * (x[i] - y[i])
