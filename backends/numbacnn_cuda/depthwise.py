"""Convolution of groups of one channel, where a number of x is used for few products: memory decides how fast.

Neighbouring threads have neighbouring channels. sweep.py has what a place reads, forward and backward; n image, (p, q)
place of y, (t, u) tap, o channel of y.
"""
import numpy as np

from .compile import cuda, kernel, real
from .conv_tiles import FAR
from .division import dividers, split
from .elementwise import renamed
from .parts import add_parts, partial
from .sweep import FIRST, OFFSET, PLACES, START, TAPS

DOWN, ACROSS = 2, 4       # places of a thread, if it keeps all taps
SIDES = 3, 5              # of windows for which there is a kernel that does
THREADS, HELD = 256, 9    # of a block; taps of the weight that a thread sums at a time
BLOCKS = 1056             # for the gradient of the weight, at most


def depthwise(x, weight, bias, y, axes, each, steps):
    """Lower a sweep over x of one channel in a group to y with `each` of them; steps in the weight as in conv.py."""
    rows, columns = (axis.forwards() for axis in axes)
    of_group, of_row, of_tap, of_output = steps[:4]
    x, y = x.physical(), y.physical()
    arrays = x.flat(), weight.flat(), bias, y.flat()
    side = columns.taps
    if side in SIDES and rows.taps == side and rows.is_dense and columns.is_dense:
        down, across = -(-rows.places // DOWN), -(-columns.places // ACROSS)
        items = y.shape[0] * down * across * y.shape[3]
        places = dividers(y.shape[3], across, down)
        starts = [int(axis.table[0, column]) for axis in (rows, columns) for column in (START, FIRST)]
        return [(WHOLE[side], [*arrays, items, x.shape, y.shape, *places, each, of_group, of_output, tuple(starts),
                               (rows.steps[3] * of_row, columns.steps[3] * of_tap), (of_row, of_tap)])]
    across = -(-columns.places // ACROSS)
    items = rows.phases * columns.phases * y.shape[0] * rows.places * across * y.shape[3]
    places = dividers(y.shape[3], across, rows.places, y.shape[0], columns.phases)
    return [(depthwise_sweep, [*arrays, items, x.shape, y.shape, rows.table, columns.table, *places, rows.steps,
                               columns.steps, each, steps])]


@kernel(items=lambda items: items)
def depthwise_sweep(x, weight, bias, y, items, x_shape, y_shape, row_table, column_table, by_output, by_across, by_down,
                    by_image, by_phase, row_steps, column_steps, each, steps):
    i = cuda.grid(1)
    if i < items:
        i, o = split(i, by_output)
        i, q = split(i, by_across)
        i, p = split(i, by_down)
        i, n = split(i, by_image)
        row_phase, column_phase = split(i, by_phase)
        vertical, horizontal = row_table[row_phase], column_table[column_phase]
        q *= ACROSS
        sums = cuda.local.array(ACROSS, real)
        for place in range(ACROSS):
            sums[place] = bias[o]
        group = o // each
        filters = group * steps[0] + (o - group * each) * steps[3]
        for t in range(vertical[TAPS]):
            h = p * row_steps[0] + vertical[START] + t * row_steps[2]
            if h >= 0 and h < x_shape[1]:
                line = (n * x_shape[1] + h) * x_shape[2] * x_shape[3] + group
                at = filters + (vertical[FIRST] + t * row_steps[3]) * steps[1]
                for u in range(horizontal[TAPS]):
                    factor = weight[np.uintp(at + (horizontal[FIRST] + u * column_steps[3]) * steps[2])]
                    w = q * column_steps[0] + horizontal[START] + u * column_steps[2]
                    there = line + w * x_shape[3]
                    for place in range(ACROSS):
                        if w >= 0 and w < x_shape[2]:
                            sums[place] += factor * x[np.uintp(there)]
                        w += column_steps[0]
                        there += column_steps[0] * x_shape[3]
        if p < vertical[PLACES]:
            line = (n * y_shape[1] + p * row_steps[1] + vertical[OFFSET]) * y_shape[2] + horizontal[OFFSET]
            for place in range(ACROSS):
                if q + place < horizontal[PLACES]:
                    y[np.uintp((line + (q + place) * column_steps[1]) * y_shape[3] + o)] = sums[place]


def whole(side):
    """Return the kernel for windows of such a side, at each pixel: a thread keeps the taps, and reads a row once."""
    taps, span, count = side * side, ACROSS + side - 1, DOWN * ACROSS
    tall = DOWN + side - 1

    def depthwise_whole(x, weight, bias, y, items, x_shape, y_shape, by_output, by_across, by_down, each, of_group,
                        of_output, starts, tap_steps, axis_steps):
        i = cuda.grid(1)
        if i < items:
            i, o = split(i, by_output)
            i, q = split(i, by_across)
            n, p = split(i, by_down)
            p *= DOWN
            q *= ACROSS
            sums, seen = cuda.local.array(count, real), cuda.local.array(span, real)
            factors, inside = cuda.local.array(taps, real), cuda.local.array(span, np.bool_)
            group = o // each
            filters = group * of_group + (o - group * each) * of_output
            filters += starts[1] * axis_steps[0] + starts[3] * axis_steps[1]
            for t in range(side):
                for u in range(side):
                    factors[t * side + u] = weight[np.uintp(filters + t * tap_steps[0] + u * tap_steps[1])]
            for place in range(count):
                sums[place] = bias[o]
            top, left = p + starts[0], q + starts[2]
            base, line = ((n * x_shape[1] + top) * x_shape[2] + left) * x_shape[3] + group, x_shape[2] * x_shape[3]
            for k in range(span):
                inside[k] = left + k >= 0 and left + k < x_shape[2]
            for row in range(tall):
                seen_row = top + row >= 0 and top + row < x_shape[1]
                for k in range(span):
                    seen[k] = x[np.uintp(base + k * x_shape[3])] if seen_row and inside[k] else real(0)
                base += line
                for down in range(DOWN):
                    if row - down >= 0 and row - down < side:
                        for place in range(ACROSS):
                            for u in range(side):
                                sums[down * ACROSS + place] += factors[(row - down) * side + u] * seen[place + u]
            base = ((n * y_shape[1] + p) * y_shape[2] + q) * y_shape[3] + o
            for down in range(DOWN):
                for place in range(ACROSS):
                    if p + down < y_shape[1] and q + place < y_shape[2]:
                        y[np.uintp(base + place * y_shape[3])] = sums[down * ACROSS + place]
                base += y_shape[2] * y_shape[3]

    return kernel(items=lambda items: items)(renamed(depthwise_whole, f"depthwise_{side}_{side}"))


WHOLE = {side: whole(side) for side in SIDES}


def depthwise_weight(x, dy, dweight, *window):
    """Lower the gradient of the weight: blocks of threads take some rows of some channels."""
    outputs, _, tall, wide = dweight.shape
    x, dy = x.physical(), dy.physical()
    across = min(32, 1 << max(outputs - 1, 0).bit_length())          # channels of a block
    tiles = -(-outputs // across)
    parts = max(1, min(BLOCKS // tiles, dy.shape[0] * dy.shape[1] // (THREADS // across)))
    target = partial(dweight.shaped((outputs * tall * wide,)), parts)
    return [(depthwise_weights, [x.flat(), dy.flat(), target, x.shape, dy.shape, across, tall * wide, wide,
                                 outputs // x.shape[3], *window[:6]]),
            *add_parts(target, dweight)]


@kernel(blocks=lambda dweight, dy_shape, across: dweight.shape[0] * -(-dy_shape[3] // across), block=THREADS)
def depthwise_weights(x, dy, dweight, x_shape, dy_shape, across, taps, wide, each, sh, sw, ph, pw, dh, dw):
    shared = cuda.shared.array((HELD, THREADS), real)
    sums, starts = cuda.local.array(HELD, real), cuda.local.array(HELD, np.int64)
    downs, sides = cuda.local.array(HELD, np.int64), cuda.local.array(HELD, np.int64)
    lefts = cuda.local.array(HELD, np.int64)
    images, height, width, outputs = dy_shape
    tiles = (outputs + across - 1) // across
    part = cuda.blockIdx.x // tiles
    first_o = (cuda.blockIdx.x - part * tiles) * across
    along = THREADS // across                            # threads that share the rows of a channel
    row = cuda.threadIdx.x // across
    o = min(first_o + cuda.threadIdx.x - row * across, outputs - 1)
    c, step = o // each, sw * x_shape[3]
    span = (images * height + dweight.shape[0] - 1) // dweight.shape[0]
    begin, end = part * span + row, min(part * span + span, images * height)
    for first in range(0, taps, HELD):
        for tap in range(HELD):
            sums[tap] = real(0)
            t = (first + tap) // wide
            downs[tap] = t * dh - ph if first + tap < taps else FAR
            sides[tap] = (first + tap - t * wide) * dw - pw
        for line in range(begin, end, along):
            n = line // height
            top = (line - n * height) * sh
            for tap in range(HELD):
                h = top + downs[tap]
                lefts[tap] = sides[tap] if h >= 0 and h < x_shape[1] else FAR
                starts[tap] = ((n * x_shape[1] + h) * x_shape[2] + sides[tap]) * x_shape[3] + c
            at = line * width * outputs + o
            for q in range(width):
                slope = dy[np.uintp(at + q * outputs)]
                for tap in range(HELD):
                    w = q * sw + lefts[tap]
                    if w >= 0 and w < x_shape[2]:
                        sums[tap] += slope * x[np.uintp(starts[tap] + q * step)]
        cuda.syncthreads()                               # what was there before has been read
        for tap in range(HELD):
            shared[tap, cuda.threadIdx.x] = sums[tap]
        cuda.syncthreads()
        for i in range(cuda.threadIdx.x, HELD * across, THREADS):
            tap = i // across
            lane = i - tap * across
            total = real(0)
            for other in range(along):
                total += shared[tap, other * across + lane]
            if first + tap < taps and first_o + lane < outputs:
                dweight[part, (first_o + lane) * taps + first + tap] = total
