"""Parts of arrays: cut out, put somewhere, joined. A thread writes one number, copied as bits (strided.py).

starts has a number for each axis, on the device: every thread reads it, from a cache. `apart` says how far numbers
along these axes lie from each other.
"""
import numpy as np

from .compile import cuda, device, kernel
from .strided import BITS, around, bits, divided, follow, gather, walks


@device
def first_of(starts, apart):
    """Return where the number lies at which a part starts."""
    at = 0
    for axis in range(len(apart)):
        at += starts[axis] * apart[axis]
    return at


def part_of(whole, shape, steps):
    """Return the axes of a part, its strides in the whole, and how far the whole's numbers lie apart along its axes."""
    strides = tuple(stride * step for stride, step in zip(whole.strides, steps, strict=True))
    seen = whole._replace(shape=shape, strides=strides).physical()
    return [*walks(seen.shape, seen), tuple(stride // whole.dtype.itemsize for stride in whole.strides)]


# --- slice, replace ----------------------------------------------------------------------------------------------

def slice(x, starts, y, *steps):
    """Lower to a copy that follows the axes of y."""
    return [(slice_numbers, [bits(x), starts, bits(y), *part_of(x, y.shape, steps)])]


@kernel(items=lambda y: y.size)
def slice_numbers(x, starts, y, shape, strides, apart):
    i = cuda.grid(1)
    if i < y.size:
        y[i] = x[first_of(starts, apart) + follow(shape, strides, i)]


def replace(starts, part, x, y, *steps):
    """Lower to a copy, and to another over a part of it."""
    return [gather(bits(x), bits(y)),
            (replace_numbers, [starts, bits(part), bits(y), *part_of(y, part.shape, steps)])]


@kernel(items=lambda part: part.size)
def replace_numbers(starts, part, y, shape, strides, apart):
    i = cuda.grid(1)
    if i < part.size:
        y[first_of(starts, apart) + follow(shape, strides, i)] = part[i]


# --- place -------------------------------------------------------------------------------------------------------

def place(x, starts, y, *steps_and_value):
    """Lower to one kernel that looks for each number of y whether one of x comes there."""
    *steps, value = steps_and_value
    value = np.array([value]).astype(y.dtype).view(BITS[y.dtype.itemsize]).item()
    return [(place_numbers, [bits(x), starts, bits(y), *joined_axes(x, y, steps), value])]


def joined_axes(x, y, steps):
    """Return five tuples, the innermost axis first: sizes in y, sizes in x, steps, axis in starts, unit.

    Axes are joined where x fills all of the inner one. The unit is how many numbers a start counts then.
    """
    axes = []
    for axis in reversed((0, 2, 3, 1) if y.ndim == 4 else range(y.ndim)):
        n, m, step = y.shape[axis], x.shape[axis], steps[axis] if x.shape[axis] > 1 else 1
        inner = axes[-1] if axes else (1, 1, 1, axis, 1)
        if inner[:3] == (inner[0], inner[0], 1) and (step == 1 or inner[0] == 1):
            axes[-1:] = [(n * inner[0], m * inner[0], step, axis, inner[0])]
        else:
            axes.append((n, m, step, axis, 1))
    return list(zip(*axes, strict=True))


@kernel(items=lambda y: y.size)
def place_numbers(x, starts, y, shape, inside, steps, axes, units, value):
    i = cuda.grid(1)
    if i < y.size:
        source, rows, left = 0, 1, i
        for axis in range(len(shape)):
            left, here = divided(left, shape[axis])
            k = here - starts[axes[axis]] * units[axis]
            if steps[axis] != 1:
                away, k, step = k, k // steps[axis], steps[axis]
                if k * step != away:
                    k = -1
            if k < 0 or k >= inside[axis]:
                source = -1
            if source >= 0:
                source += k * rows
            rows *= inside[axis]
        y[i] = x[source] if source >= 0 else value


# --- cat ---------------------------------------------------------------------------------------------------------

def cat(*arguments):
    """Lower to one copy for each input, of rows into a part of rows of y."""
    *inputs, y, axis = arguments
    calls, offset = [], 0
    for x in inputs:
        _, size, inner = around(x, axis)
        calls.append((cat_rows, [bits(x), bits(y), size * inner, around(y, axis)[1] * inner, offset]))
        offset += size * inner
    return calls


@kernel(items=lambda x: x.size)
def cat_rows(x, y, width, pitch, offset):
    i = cuda.grid(1)
    if i < x.size:
        row, column = divided(i, width)
        y[row * pitch + offset + column] = x[i]
