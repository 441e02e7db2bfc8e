"""Many arrays in one launch: each block of threads works on a piece of one of them.

A table, made with the plan, says which piece that is; a kernel finds the array through a table of addresses.
"""
import numpy as np

from .compile import BLOCK, Pointers, cuda, device, kernel, real
from .dtypes import computed
from .elementwise import renamed
from .frontend import at, put
from .memory import temporary

NUMBERS = 4               # of an array, that a thread has in its hands at a time
SHORT, LONG = NUMBERS * BLOCK, 4 * NUMBERS * BLOCK       # of a piece: how many numbers
MANY = 1 << 20            # from so many numbers on, pieces are long: there are enough to keep a GPU busy
RATES = 10                # numbers that a step gets for each array, at most


def pieces_of(sizes, offsets=None):
    """Return a table with a row for each piece: of which array, first number, how many, where its state begins.

    Parameters
    ----------
    sizes : sequence of int
        Of the arrays.
    offsets : sequence of int, optional
        Where the state of each array begins in flat arrays.
    """
    sizes, offsets = np.array(sizes, np.int64), np.array(offsets or [0] * len(sizes), np.int64)
    length = LONG if sizes.sum() >= MANY else SHORT
    counts = -(-sizes // length)
    which = np.repeat(np.arange(len(sizes)), counts)
    begin = length * (np.arange(which.size) - np.repeat(np.cumsum(counts) - counts, counts))
    return np.stack([which, begin, np.minimum(length, sizes[which] - begin), offsets[which] + begin], axis=1)


def rates_of(xs):
    """Return memory for the numbers that steps get for each of these arrays, in the dtype that these compute in."""
    return temporary((len(xs), RATES), computed(xs[0].dtype) if xs else np.float64)


def applied(step, rates, xs, ys, states=(), offsets=None):
    """Return the calls that apply a step, a kernel made by `stepping`, to arrays xs and ys, and flat states."""
    pieces = pieces_of([x.size for x in xs], offsets)
    if not len(pieces):
        return []
    unused = [rates.flat()] * (3 - len(states))
    return [(step, [rates, *[Pointers(x.flat() for x in each) for each in (xs, ys)],
                    *[state.flat() for state in states], *unused, pieces])]


def stepping(states):
    """Make a function a kernel that applies it to every number of arrays xs and ys, and of so many states.

    The function, `step(k, x, y, a, b, c)`, gets ten numbers for the array, as a tuple, a number of x and of y, and of
    up to three states; it returns the new y, a, b, c. What it does not use is not read.
    """
    return lambda step: kernel(blocks=lambda pieces: pieces.shape[0])(
        renamed(of_every_number(device(step), states), step.__name__))


def of_every_number(step, states):
    """Return the function that a thread runs."""
    def apply(rates, xs, ys, first, second, third, pieces):
        which, begin, count, held = (pieces[cuda.blockIdx.x, 0], pieces[cuda.blockIdx.x, 1],
                                     pieces[cuda.blockIdx.x, 2], pieces[cuda.blockIdx.x, 3])
        source, target = xs[which], ys[which]
        k = (rates[which, 0], rates[which, 1], rates[which, 2], rates[which, 3], rates[which, 4], rates[which, 5],
             rates[which, 6], rates[which, 7], rates[which, 8], rates[which, 9])
        x, y = cuda.local.array(NUMBERS, real), cuda.local.array(NUMBERS, real)
        a, b, c = cuda.local.array(NUMBERS, real), cuda.local.array(NUMBERS, real), cuda.local.array(NUMBERS, real)
        for start in range(cuda.threadIdx.x, count, NUMBERS * BLOCK):
            for j in range(NUMBERS):                     # all loads first: each waits for the memory
                i = start + j * BLOCK
                if i < count:
                    x[j], y[j] = at(source, begin + i), at(target, begin + i)
                    if states > 0:
                        a[j] = first[held + i]
                    if states > 1:
                        b[j] = second[held + i]
                    if states > 2:
                        c[j] = third[held + i]
            for j in range(NUMBERS):
                i = start + j * BLOCK
                if i < count:
                    new, new_a, new_b, new_c = step(k, x[j], y[j], a[j], b[j], c[j])
                    put(target, begin + i, new)
                    if states > 0:
                        first[held + i] = new_a
                    if states > 1:
                        second[held + i] = new_b
                    if states > 2:
                        third[held + i] = new_c

    return apply
