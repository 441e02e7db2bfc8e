"""Convolution, dense layers and products of matrices on tensor cores: operands tf32 or bfloat16, sums in float32.

float32 is rounded to tf32 where it is read. Numbers are read 16 bytes at a time: where channels are no multiple of 4,
or 8 of bfloat16, they are copied to an array in which they are.
"""
import math

from . import sweep
from .compile import cuda, kernel
from .dtypes import BFLOAT16
from .memory import temporary
from .program import ALIGNMENT
from .wgmma_rules import convolution, weight_gradient

CHUNK = 16                # bytes that are read at once


class Scratch:
    """Temporary arrays of one op, one after the other."""

    def __init__(self):
        self.end = 0

    def take(self, shape, dtype):
        """Return an array that no other overlaps."""
        found = temporary(shape, dtype, self.end)
        self.end += -(-found.nbytes // ALIGNMENT) * ALIGNMENT
        return found


def conv2d_tf32(x, weight, bias, y, *conv):
    """Lower conv2d."""
    return forward(x, weight, bias, None, y, conv, relu=False)


def conv2d_relu_tf32(x, weight, bias, y, *conv):
    """Lower relu(conv2d)."""
    return forward(x, weight, bias, None, y, conv, relu=True)


def conv2d_add_tf32(x, weight, bias, other, y, *conv):
    """Lower conv2d + other."""
    return forward(x, weight, bias, other, y, conv, relu=False)


def conv2d_add_relu_tf32(x, weight, bias, other, y, *conv):
    """Lower relu(conv2d + other)."""
    return forward(x, weight, bias, other, y, conv, relu=True)


def forward(x, weight, bias, other, y, conv, relu):
    """Return the calls for a convolution and what follows it."""
    sh, sw, ph, pw, dh, dw, _ = conv
    scratch, x, weight, y = Scratch(), x.physical(), weight.physical(), y.physical()
    _, tall, wide, _ = weight.shape
    other = other and other.physical()
    if (tall, wide, sh, sw, ph, pw) == (1, 1, 1, 1, 0, 0):               # pixels are rows of one matrix
        x, y, other = (each and each.shaped((1, 1, math.prod(each.shape[:3]), each.shape[3])) for each in (x, y, other))
    axes = sweep.forward(y.shape[1], tall, sh, ph, dh), sweep.forward(y.shape[2], wide, sw, pw, dw)
    before, (x, weight) = padded(scratch, x, weight)
    return [*before, *convolution(x, weight, y, axes, wide, kind_of(x), bias, other, relu)]


def conv2d_backward_input_tf32(dy, weight, dx, sh, sw, ph, pw, dh, dw, groups):
    """Lower to products with the filters of each channel of x."""
    scratch, dy, weight, dx = Scratch(), dy.physical(), weight.physical(), dx.physical()
    _, tall, wide, channels = weight.shape
    axes = sweep.backward(dx.shape[1], tall, sh, ph, dh), sweep.backward(dx.shape[2], wide, sw, pw, dw)
    before, (dy,) = padded(scratch, dy)
    turned = scratch.take((channels, tall, wide, dy.shape[3]), weight.dtype)
    return [*before, turning(weight, turned), *convolution(dy, turned, dx, axes, wide, kind_of(dy))]


def conv2d_backward_weight_tf32(x, dy, dweight, sh, sw, ph, pw, dh, dw, groups):
    """Lower to one product, in parts."""
    scratch, x, dy, dweight = Scratch(), x.physical(), dy.physical(), dweight.physical()
    _, tall, wide, _ = dweight.shape
    axes = sweep.forward(dy.shape[1], tall, sh, ph, dh), sweep.forward(dy.shape[2], wide, sw, pw, dw)
    before, (x, dy) = padded(scratch, x, dy)
    return [*before, *weight_gradient(x, dy, dweight, axes, scratch, kind_of(x))]


def linear_tf32(x, weight, bias, y):
    """Lower linear."""
    return forward(row_of_pixels(x), filters_of_one(weight), bias, None, row_of_pixels(y), ONE_TAP, relu=False)


def linear_relu_tf32(x, weight, bias, y):
    """Lower relu(linear)."""
    return forward(row_of_pixels(x), filters_of_one(weight), bias, None, row_of_pixels(y), ONE_TAP, relu=True)


def linear_backward_input_tf32(dy, weight, dx):
    """Lower to a product with the transposed weight."""
    return conv2d_backward_input_tf32(row_of_pixels(dy), filters_of_one(weight), row_of_pixels(dx), *ONE_TAP)


def linear_backward_weight_tf32(x, dy, dweight):
    """Lower to a product, in parts."""
    return conv2d_backward_weight_tf32(row_of_pixels(x), row_of_pixels(dy), filters_of_one(dweight), *ONE_TAP)


def matmul_tf32(a, b, y, turn_a, turn_b):
    """Lower a product with one matrix b; if a is turned it is one, too, and b is not."""
    a, b, y = (each.shaped((math.prod(each.shape[:2]), each.shape[2])) for each in (a, b, y))
    if turn_a:
        return linear_backward_weight_tf32(b, a, y)
    if turn_b:
        return forward(row_of_pixels(a), filters_of_one(b), None, None, row_of_pixels(y), ONE_TAP, relu=False)
    return linear_backward_input_tf32(a, b, y)


ONE_TAP = 1, 1, 0, 0, 1, 1, 1         # the numbers of a convolution that sees one pixel


def row_of_pixels(matrix):
    """Return a matrix (N, C) as an image with a row of N pixels, as the user would see it: (1, C, 1, N)."""
    rows, channels = matrix.shape
    return matrix.shaped((1, 1, rows, channels)).permuted((0, 3, 1, 2))


def filters_of_one(matrix):
    """Return a matrix (O, C) as filters of one tap: (O, C, 1, 1)."""
    return matrix.shaped((*matrix.shape, 1, 1))


def kind_of(view):
    """Return what tensor cores make of an array."""
    return "bf16" if view.dtype == BFLOAT16 else "tf32"


def padded(scratch, *views):
    """Return the calls that make the last axis of arrays whole chunks, with zeros, and the arrays to read."""
    calls, found = [], []
    for view in views:
        (*outer, channels), numbers = view.shape, CHUNK // view.dtype.itemsize
        if channels % numbers:
            wider = scratch.take((*outer, -(-channels // numbers) * numbers), view.dtype)
            calls.append((pad_channels, [view.shaped((math.prod(outer), channels)),
                                         wider.shaped((math.prod(outer), wider.shape[-1]))]))
            view = wider
        found.append(view)
    return calls, found


@kernel(items=lambda y: y.size)
def pad_channels(x, y):
    i = cuda.grid(1)
    if i < y.size:
        row = i // y.shape[1]
        channel = i - row * y.shape[1]
        y[row, channel] = x[row, channel] if channel < x.shape[1] else 0.0


def turning(weight, turned):
    """Return the call for turned (C, KH, KW, O or more) of a weight (O, KH, KW, C)."""
    filters, tall, wide, channels = weight.shape
    return turn_filters, [weight.shaped((filters, tall * wide, channels)),
                          turned.shaped((channels, tall * wide, turned.shape[3]))]


@kernel(items=lambda turned: turned.size)
def turn_filters(weight, turned):
    i = cuda.grid(1)
    if i < turned.size:
        _, taps, filters = turned.shape
        above = i // filters
        n = i - above * filters
        channel = above // taps
        tap = above - channel * taps
        turned[channel, tap, n] = weight[n, tap, channel] if n < weight.shape[0] else 0.0
