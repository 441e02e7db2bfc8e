"""Local response norm: each number is scaled by a sum of squares of its neighbours among the channels of a pixel.

An item is a pixel. Its squares are copied to a row with zeros at both ends, so that a window is as many vectors, each
one number further. For the usual powers, whole quarters up to one, roots are taken.
"""
import math

from .channels import put
from .compile import Constant, compiled, inlined, kernel
from .isa import REGISTER
from .simd import alike, fill, fma, lanes, load, root, select

ANY = 0                               # a power that is no whole number of quarters up to 4


def local_response_norm(x, y, before, after, factor, beta, k):
    """Lower to one pass."""
    return [(local_response, [x.flat(), y.flat(), x.shape[1], before, after, factor, beta, k, quarters(beta)])]


def local_response_norm_backward(dy, x, dx, before, after, factor, beta, k):
    """Lower to one pass."""
    return [(local_response_gradient, [dy.flat(), x.flat(), dx.flat(), x.shape[1], before, after, factor, beta, k,
                                       quarters(beta)])]


def quarters(beta):
    """Return how many quarters a power is, known when a kernel is compiled."""
    return Constant(int(4 * beta) if beta in (0.25, 0.5, 0.75, 1.0) else ANY)


def pixels(x, channels):
    """Return how many items there are."""
    return x.size // max(channels, 1)


def padded(x, channels, before, after):
    """Return what scratch memory is needed: rows with their ends, and room for whole vectors."""
    return (3, channels + before + after + 2 * (REGISTER // x.dtype.itemsize)), x.dtype


@kernel(items=pixels, workspace=padded)
def local_response(x, y, channels, before, after, factor, beta, k, quarters, space, begin, end):
    space[:, :] = 0
    squares, powers = space[0], space[1]
    for pixel in range(begin, end):
        at = pixel * channels
        write_powers(x, at, channels, before, after, factor, beta, k, quarters, squares, powers)
        for c in range(0, channels, lanes(x)):
            put(y, at + c, load(x, at + c) * load(powers, c), channels - c)


@compiled
def write_powers(x, at, channels, before, after, factor, beta, k, quarters, squares, powers):
    """Write (k + factor * sum of squares in the window) ** -beta, for each channel."""
    for c in range(0, channels, lanes(x)):
        value = load(x, at + c)
        put(squares, before + c, value * value, channels - c)
    for c in range(0, channels, lanes(x)):
        base = bases(squares, c, before + after, factor, k)
        put(powers, c, inverse_power(base, quarters) if quarters else base, channels - c)
    if not quarters:
        for c in range(channels):
            powers[c] = powers[c] ** -beta


@inlined
def bases(squares, c, width, factor, k):
    """Return k + factor * sum of squares in the window, for a vector of channels."""
    total = load(squares, c)
    for j in range(c + 1, c + width + 1):
        total = total + load(squares, j)
    return fma(fill(squares, factor), total, fill(squares, k))


@inlined
def inverse_power(base, quarters):
    """Return base ** (-quarters / 4). Of infinity the processor's estimate of 1 / sqrt makes NaN."""
    one = alike(base, 1.0)
    if quarters == 4:
        return one / base
    half = root(base)
    if quarters == 2:
        power = one / half
    elif quarters == 1:
        power = one / root(half)
    else:
        power = one / (half * root(half))
    return select(base == alike(base, math.inf), alike(base, 0.0), power)


@kernel(items=pixels, workspace=padded)
def local_response_gradient(dy, x, dx, channels, before, after, factor, beta, k, quarters, space, begin, end):
    """dx = dy * power - 2 * beta * factor * x * (the sum of dy * x * power / base where x is in the window)."""
    space[:, :] = 0
    squares, powers, ratios = space[0], space[1], space[2]
    slope = fill(x, -2 * beta * factor)
    for pixel in range(begin, end):
        at = pixel * channels
        write_powers(x, at, channels, before, after, factor, beta, k, quarters, squares, powers)
        for c in range(0, channels, lanes(x)):
            ratio = load(dy, at + c) * load(x, at + c) * load(powers, c) / bases(squares, c, before + after, factor, k)
            put(ratios, after + c, ratio, channels - c)
        for c in range(0, channels, lanes(x)):
            total = load(ratios, c)
            for j in range(c + 1, c + before + after + 1):
                total = total + load(ratios, j)
            put(dx, at + c, fma(slope * load(x, at + c), total, load(dy, at + c) * load(powers, c)), channels - c)
