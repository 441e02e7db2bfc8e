"""Reductions over any axes by other operations than addition: largest, smallest, product, norms, variance."""
import math

import numpy as np
from numpy import int64

from .compile import device, real
from .dtypes import is_floating
from .elementwise import larger, smaller
from .functions import PRIMITIVES
from .memory import behind
from .reduce import added, divided_by, folding, sum_reals
from .strided import as_whole, unrounded

power_of, root = PRIMITIVES["power"], PRIMITIVES["sqrt"]
LEAST, MOST = int(np.iinfo(int64).min), int(np.iinfo(int64).max)


@device
def multiplied(a, b):
    """Return the product of two numbers."""
    return a * b


@device
def absolute(value, center, p):
    """Return |value|."""
    return abs(value)


@device
def squared(value, center, p):
    """Return the square of what a number differs by."""
    return (value - center) * (value - center)


@device
def raised(value, center, p):
    """Return |value|^p."""
    return power_of(abs(value), p)


@device
def root_of(total, p):
    """Return the square root."""
    return root(total)


@device
def p_root_of(total, p):
    """Return the p-th root."""
    return power_of(total, 1.0 / p)


amax_reals, amax_wholes = folding("amax", real, -math.inf, larger), folding("amax_wholes", int64, LEAST, larger)
amin_reals, amin_wholes = folding("amin", real, math.inf, smaller), folding("amin_wholes", int64, MOST, smaller)
prod_reals, prod_wholes = folding("prod", real, 1.0, multiplied), folding("prod_wholes", int64, 1, multiplied)
norm_1 = folding("norm_1", real, 0.0, added, absolute)
norm_2 = folding("norm_2", real, 0.0, added, squared, root_of)
norm_p = folding("norm_p", real, 0.0, added, raised, p_root_of)
spread = folding("var", real, 0.0, added, squared, divided_by, centred=True)


def amax(x, y):
    """Lower to the largest numbers."""
    return (amax_reals if is_floating(x.dtype) else amax_wholes)(as_whole(x), as_whole(y))


def amin(x, y):
    """Lower to the smallest numbers."""
    return (amin_reals if is_floating(x.dtype) else amin_wholes)(as_whole(x), as_whole(y))


def prod(x, y):
    """Lower to the products."""
    return (prod_reals if is_floating(x.dtype) else prod_wholes)(as_whole(x), y)


def p_norm(x, y, p):
    """Lower to roots of sums of powers."""
    return {1.0: norm_1, 2.0: norm_2}.get(p, norm_p)(x, y, p)


def var(x, y, mean, divisor):
    """Lower to the means, and then the sums of squares of what differs from them."""
    terms = x.size // max(y.size, 1)
    known, calls = unrounded(mean)
    free = behind(known) if calls else 0
    return [*sum_reals(x, known, terms, offset=free), *spread(x, y, divisor, known, offset=free), *calls]
