"""The norm of all gradients together, and their clipping: one call of a plan for all of them.

Numbers are added up in pieces, in float64, then these sums: where a piece ends follows from shapes alone.
"""
import math

import numpy as np

from .block import block_largest, block_sum
from .compile import BLOCK, Pointers, cuda, device, kernel, real
from .elementwise import larger, renamed
from .frontend import at
from .functions import PRIMITIVES
from .memory import temporary
from .optim import halves
from .pieces import applied, pieces_of, rates_of, stepping

exp, log = PRIMITIVES["exp"], PRIMITIVES["log"]

def gradient_norm(*arguments):
    """Lower to a sum, or the largest magnitude, of each piece of all gradients, and of these."""
    *gradients, norm, order = arguments
    pieces = pieces_of([g.size for g in gradients])
    if not len(pieces):
        return [(set_zero, [norm.flat()])]
    found = temporary((len(pieces),), np.float64)
    first, then = (largest, largest_of_all) if order == math.inf else (
        sums.get(order, sums_of_powers), root_of_sum)
    return [(first, [Pointers(g.flat() for g in gradients), found, order, pieces]), (then, [found, norm.flat(), order])]


def clip_by_norm(limit, norm, *gradients):
    """Lower to the scale, and the product with it of all gradients."""
    sources, targets = halves(gradients)
    rates = rates_of(sources)
    return [(norm_scale, [limit.flat(), norm.flat(), rates]), *applied(multiply_step, rates, sources, targets)]


def clip_by_value(limit, *gradients):
    """Lower to the limit as the gradients' dtype, and their clipping."""
    sources, targets = halves(gradients)
    rates = rates_of(sources)
    return [(value_limit, [limit.flat(), rates]), *applied(clamp_step, rates, sources, targets)]


@kernel(items=lambda norm: norm.size)
def set_zero(norm):
    i = cuda.grid(1)
    if i < norm.size:
        norm[i] = 0


def summing(name, power):
    """Return the kernel that adds up powers of magnitudes, of one piece in each block."""
    def add_up(gradients, found, order, pieces):
        which, begin, count = (pieces[cuda.blockIdx.x, 0], pieces[cuda.blockIdx.x, 1], pieces[cuda.blockIdx.x, 2])
        source, total = gradients[which], real(0)
        for i in range(cuda.threadIdx.x, count, BLOCK):
            total += power(abs(real(at(source, begin + i))), order)
        total = block_sum(total)
        if cuda.threadIdx.x == 0:
            found[cuda.blockIdx.x] = total

    return kernel(blocks=lambda found: found.size, wide=True)(renamed(add_up, name))


@device
def itself(x, order):
    return x


@device
def square(x, order):
    return x * x


@device
def power(x, order):
    return exp(order * log(x))


sums = {1: summing("sums", itself), 2: summing("sums_of_squares", square)}
sums_of_powers = summing("sums_of_powers", power)


@kernel(blocks=lambda norm: norm.size, wide=True)
def root_of_sum(found, norm, order):
    total = real(0)
    for i in range(cuda.threadIdx.x, found.size, BLOCK):
        total += found[i]
    total = block_sum(total)
    if cuda.threadIdx.x == 0:
        norm[0] = math.sqrt(total) if order == 2 else total ** (1 / order)


@kernel(blocks=lambda found: found.size, wide=True)
def largest(gradients, found, order, pieces):
    which, begin, count = (pieces[cuda.blockIdx.x, 0], pieces[cuda.blockIdx.x, 1], pieces[cuda.blockIdx.x, 2])
    source, top = gradients[which], real(0)
    for i in range(cuda.threadIdx.x, count, BLOCK):
        top = larger(top, abs(real(at(source, begin + i))))
    top = block_largest(top)
    if cuda.threadIdx.x == 0:
        found[cuda.blockIdx.x] = top


@kernel(blocks=lambda norm: norm.size, wide=True)
def largest_of_all(found, norm, order):
    top = real(0)
    for i in range(cuda.threadIdx.x, found.size, BLOCK):
        top = larger(top, found[i])
    top = block_largest(top)
    if cuda.threadIdx.x == 0:
        norm[0] = top


@kernel(items=lambda rates: rates.shape[0], wide=True)
def norm_scale(limit, norm, rates):
    i = cuda.grid(1)
    if i < rates.shape[0]:
        scale = limit[0] / (norm[0] + 1e-6)
        rates[i, 0] = 1.0 if scale > 1 else scale                       # NaN stays


@kernel(items=lambda rates: rates.shape[0])
def value_limit(limit, rates):
    i = cuda.grid(1)
    if i < rates.shape[0]:
        rates[i, 0] = limit[0]


@stepping(states=0)
def multiply_step(k, g, y, a, b, c):
    return k[0] * g, a, b, c


@stepping(states=0)
def clamp_step(k, g, y, a, b, c):
    return k[0] if g > k[0] else (-k[0] if g < -k[0] else g), a, b, c
