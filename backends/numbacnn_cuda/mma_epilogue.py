"""How results of tensor cores are written: with a bias, another array added, no less than a lowest value."""
from numpy import int32

from .compile import device
from .mma_tile import quotient
from .ptx import address, bits_as_float, load_4, load_8, load_shared_4, store_4, store_8


@device
def at_least(value, lowest):
    """Return the larger number; NaN stays."""
    return lowest if value < lowest else value


@device
def place_of(m, n, grid, place, divisors):
    """Return where channel n of pixel m of a grid, the places of one phase, lies in y."""
    grid_height, grid_width, _ = grid
    y_height, y_width, filters, down_step, down_first, right_step, right_first = place
    line = quotient(m, divisors[0], divisors[1])
    each = quotient(line, divisors[2], divisors[3])
    top = (line - each * grid_height) * down_step + down_first
    left = (m - line * grid_width) * right_step + right_first
    return int32(((each * y_height + top) * y_width + left) * filters + n)


@device
def write_four(y, bias, other, at, n, place, biased, added, lowest):
    """Write four channels of a pixel, which lie in shared memory, from y[at] on; n is the first of them."""
    found = load_shared_4(place)
    a, b, c, d = bits_as_float(found[0]), bits_as_float(found[1]), bits_as_float(found[2]), bits_as_float(found[3])
    if biased:
        more = load_4(address(bias, n))
        a, b, c, d = a + more[0], b + more[1], c + more[2], d + more[3]
    if added:
        more = load_4(address(other, at))
        a, b, c, d = a + more[0], b + more[1], c + more[2], d + more[3]
    store_4(address(y, at), at_least(a, lowest), at_least(b, lowest), at_least(c, lowest), at_least(d, lowest))


@device
def write_eight(y, bias, other, at, n, place, biased, added, lowest):
    """Write eight of them to arrays of bfloat16: 16 bytes; a bias may be float32."""
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


FINISH = {"tf32": write_four, "bf16": write_eight}       # by the kind of y's numbers: 16 bytes
