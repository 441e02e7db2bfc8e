"""Division by whole numbers that are known when a plan is made: the upper half of a product, and a shift.

A thread that computes one number of an array asks for its place along each axis. With m = 2^(60 + s) // n + 1, where
2^s is at least n, i m >> (60 + s) is i // n, exactly, for all i below 2^60.
"""
from .compile import device
from .frontend import SIMULATED, cuda


def high(a, b):
    """Return the upper 64 bits of a product."""
    return int(a) * int(b) >> 64


if not SIMULATED:
    high = cuda.libdevice.umul64hi


def divider(n):
    """Return what `quotient` needs to divide by n: (n, 4 m, s)."""
    n = max(n, 1)                     # of an axis without places nothing is asked
    shift = (n - 1).bit_length()
    return n, 4 * ((1 << 60 + shift) // n + 1), shift


def dividers(*lengths):
    """Return the dividers by lengths of axes."""
    return [divider(n) for n in lengths]


@device
def quotient(i, by):
    """Return i // n, given its divider, for i from 0 on."""
    return high(4 * i, by[1]) >> by[2]


@device
def split(i, by):
    """Return i // n and i % n, given the divider."""
    above = quotient(i, by)
    return above, i - above * by[0]
