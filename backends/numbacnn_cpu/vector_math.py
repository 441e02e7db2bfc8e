"""Functions of vectors beyond arithmetic, to two units in the last place or so.

Coefficients are those of interpolations in Chebyshev's points, computed with 50 digits: a tuple for float32, one for
float64. Uncompiled, vectors are NumPy arrays, and the same lines compute the same numbers, but for roundings that a
processor fuses.
"""
import math

import numpy as np

from .compile import inlined
from .exponential import FLOAT32, FLOAT64, exponential
from .simd import fma
from .vector_parts import by_dtype, exponent, nearest, polynomial, scaled, significand, where

LOG2_E = math.log2(math.e)
HIGH, LOW = (FLOAT32.log2_high, FLOAT64.log2_high), (FLOAT32.log2_low, FLOAT64.log2_low)      # log 2 in two parts
LOWEST, HIGHEST = (FLOAT32.lowest, FLOAT64.lowest), (88.8, 709.9)
EXP = FLOAT32.coefficients, FLOAT64.coefficients                    # (e^r - 1 - r) / r^2
LOG = (                                                             # (log((1 + s) / (1 - s)) - 2 s) / s^3, of s^2
    (0.6666666655449709, 0.40000121839806124, 0.28550820815960665, 0.23330467216303835),
    (0.6666666666666666, 0.4000000000000088, 0.28571428570803614, 0.22222222391713917, 0.18181795640132906,
     0.15386239702814658, 0.13268773138656886, 0.13086626147840102))
ERF = (                                                             # erf(x) / x, of x^2 up to 1
    (1.1283791658483509, -0.37612626666720334, 0.11283594715160218, -0.026854212010626412, 0.005189087423433974,
     -0.000801686428716587, 7.875875062685488e-05),
    (1.1283791670955126, -0.37612638903183543, 0.11283791670945006, -0.02686617064323777, 0.0052239776071164225,
     -0.0008548325975389692, 0.00012055294904839707, -1.492473690741966e-05, 1.6447424703317362e-06,
     -1.6208483801871705e-07, 1.3720064546777686e-08, -7.795898827002142e-10))
ERFC = (                                                            # exp(x^2) (1 - erf(x)), of t, for x from 1 to 6.1
    (0.20663010681868105, 0.15483966157426335, 0.05023591715087601, 0.012962155351713097, 0.0025533004243980155,
     0.00034534980467157536, 1.9618236997993646e-05, -2.5288740982640925e-06),
    (0.20663010235987475, 0.15483966160895127, 0.05023605992483932, 0.012962154244083103, 0.0025525840640750015,
     0.0003453552784131073, 2.0774505226940136e-05, -2.5373709764962493e-06, -5.946613373837802e-07,
     3.820426913711267e-09, 1.2347476159545514e-08, 3.2026519509361246e-10, -2.847748844293624e-10,
     -7.601502083410345e-12, 6.865513974978851e-12))
ERFC_SCALE, ERFC_SHIFT = 14.27450980392157, -2.5686274509803924     # t = scale / (x + 3) + shift, from -1 to 1
TINY = float(np.finfo(np.float32).tiny), float(np.finfo(np.float64).tiny)


@inlined
def expm1(x):
    """Return e^x - 1, exact near zero, too: 2^k (e^r - 1) + 2^k - 1."""
    x = where(x < by_dtype(x, *LOWEST), by_dtype(x, *LOWEST), x)        # NaN stays
    x = where(x > by_dtype(x, *HIGHEST), by_dtype(x, *HIGHEST), x)      # its power is infinite, none before is
    k = nearest(x * LOG2_E)
    r = fma(k, -by_dtype(x, *LOW), fma(k, -by_dtype(x, *HIGH), x))
    small = fma(r * r, polynomial(r, *EXP), r)
    one = by_dtype(x, 1.0, 1.0)
    return 2.0 * (scaled(small, k - 1.0) + (scaled(one, k - 1.0) - 0.5))    # 2^k may be no number where e^x is one


@inlined
def log(x):
    """Return the natural logarithm: k log 2 + log m, with x = 2^k m and m from sqrt(1/2) to sqrt(2)."""
    tiny = x < by_dtype(x, *TINY)
    normal = where(tiny, x * by_dtype(x, 2.0**24, 2.0**54), x)
    k = exponent(normal) - where(tiny, by_dtype(x, 24.0, 54.0), 0.0)
    f = significand(normal) - 1.0
    s = f / (f + 2.0)
    z = s * s
    result = f - s * (f - z * polynomial(z, *LOG))
    result = fma(k, by_dtype(x, *HIGH), fma(k, by_dtype(x, *LOW), result))
    return where(x > 0.0, where(x < math.inf, result, x), where(x == 0.0, -math.inf, x * math.nan))


@inlined
def log1p(x):
    """Return log(1 + x), exact near zero, too: what the sum's rounding lost is added."""
    u = x + 1.0
    result = log(u)
    return where((u == math.inf) | (u == 0.0), result, result + (x - (u - 1.0)) / u)


@inlined
def tanh(x):
    """Return the hyperbolic tangent: t / (t + 2) with t = e^2|x| - 1, under the sign of x."""
    size = abs(x)
    t = expm1(2.0 * where(size > 22.0, 22.0, size))
    result = t / (t + 2.0)
    return where(x < 0.0, -result, result)


@inlined
def erf(x):
    """Return the error function: a polynomial up to 1, beyond it 1 - e^(-x^2) times another."""
    size = abs(x)
    size = where(size > 6.0, 6.0, size)
    z = size * size
    t = 1.0 / (size + 3.0) * ERFC_SCALE + ERFC_SHIFT
    large = 1.0 - exponential(-z) * polynomial(t, *ERFC)
    large = where(x < 0.0, -large, large)
    return where(size < 1.0, x * polynomial(z, *ERF), large)
