"""How results of tensor cores are written: with a bias, another array added, no less than a lowest value."""
from numpy import uint32

from .compile import device
from .ptx import (
    address,
    bits_as_float,
    load_2_pairs,
    load_4,
    load_8,
    load_shared_4,
    pair_of_bf16,
    store_2_pairs,
    store_4,
    store_8,
)


@device
def at_least(value, lowest):
    """Return the larger number; NaN stays."""
    return lowest if value < lowest else value


@device
def float_of(bits):
    """Return the number of bits of bf16."""
    return bits_as_float(uint32(uint32(bits) << 16))


@device
def write_floats(y, bias, other, at, n, a, b, c, d, biased, added, lowest):
    """Write four channels of a pixel from y[at] on, of which n is the first."""
    if biased:
        more = load_4(address(bias, n))
        a, b, c, d = a + more[0], b + more[1], c + more[2], d + more[3]
    if added:
        more = load_4(address(other, at))
        a, b, c, d = a + more[0], b + more[1], c + more[2], d + more[3]
    store_4(address(y, at), at_least(a, lowest), at_least(b, lowest), at_least(c, lowest), at_least(d, lowest))


@device
def write_pairs(y, bias, other, at, n, a, b, c, d, biased, added, lowest):
    """Write them as bf16."""
    if biased:
        more = load_4(address(bias, n))
        a, b, c, d = a + more[0], b + more[1], c + more[2], d + more[3]
    if added:
        low, high = load_2_pairs(address(other, at))
        a, b, c, d = a + float_of(low), b + float_of(low >> 16), c + float_of(high), d + float_of(high >> 16)
    store_2_pairs(address(y, at), pair_of_bf16(at_least(a, lowest), at_least(b, lowest)),
                  pair_of_bf16(at_least(c, lowest), at_least(d, lowest)))


WRITE = {"tf32": write_floats, "bf16": write_pairs}      # by the kind of y's numbers


@device
def write_four(y, bias, other, at, n, place, biased, added, lowest):
    """Write four channels that lie in shared memory."""
    found = load_shared_4(place)
    write_floats(y, bias, other, at, n, bits_as_float(found[0]), bits_as_float(found[1]), bits_as_float(found[2]),
                 bits_as_float(found[3]), biased, added, lowest)


@device
def write_eight(y, bias, other, at, n, place, biased, added, lowest):
    """Write eight channels that lie in shared memory, to arrays of bfloat16: 16 bytes; a bias may be float32."""
    low, high = load_shared_4(place), load_shared_4(place + 16)
    a, b, c, d = bits_as_float(low[0]), bits_as_float(low[1]), bits_as_float(low[2]), bits_as_float(low[3])
    e, f, g, h = bits_as_float(high[0]), bits_as_float(high[1]), bits_as_float(high[2]), bits_as_float(high[3])
    if biased:
        more = load_8(bias, n)
        a, b, c, d = a + more[0], b + more[1], c + more[2], d + more[3]
        e, f, g, h = e + more[4], f + more[5], g + more[6], h + more[7]
    if added:
        more = load_8(other, at)
        a, b, c, d = a + more[0], b + more[1], c + more[2], d + more[3]
        e, f, g, h = e + more[4], f + more[5], g + more[6], h + more[7]
    store_8(y, at, at_least(a, lowest), at_least(b, lowest), at_least(c, lowest), at_least(d, lowest),
            at_least(e, lowest), at_least(f, lowest), at_least(g, lowest), at_least(h, lowest))


FINISH = {"tf32": write_four, "bf16": write_eight}       # the same, from shared memory
