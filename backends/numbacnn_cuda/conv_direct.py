"""Convolution as the formula says, a thread for each number: for few channels, for small arrays, for groups of one.

Arrays lie channels last. n image, (p, q) place, (t, u) tap, c channel that is read, j channel that is written, of a
group; sweep.py has what a place reads.
"""
import numpy as np

from .compile import cuda, kernel, real
from .division import split
from .sweep import FIRST, OFFSET, PLACES, START, TAPS


@kernel(items=lambda items: items)
def sweep_direct(x, weight, bias, y, items, rows, columns, by_output, by_column, by_row, by_image, by_phase, row_steps,
                 column_steps, channels, each, steps):
    i = cuda.grid(1)
    i, o = split(i, by_output)
    i, q = split(i, by_column)
    i, p = split(i, by_row)
    i, n = split(i, by_image)
    row_phase, column_phase = split(i, by_phase)
    if row_phase < rows.shape[0] and p < rows[row_phase, PLACES] and q < columns[column_phase, PLACES]:
        scale, spread, reach, tap_step = row_steps
        first_h, row = p * scale + rows[row_phase, START], p * spread + rows[row_phase, OFFSET]
        across_scale, across_spread, across_reach, across_tap_step = column_steps
        first_w = q * across_scale + columns[column_phase, START]
        column = q * across_spread + columns[column_phase, OFFSET]
        group = o // each
        first_c = group * channels
        of_group, of_row, of_tap, of_output, of_channel = steps
        filter = group * of_group + (o - group * each) * of_output
        total = bias[o]
        for t in range(rows[row_phase, TAPS]):
            h = first_h + t * reach
            if h >= 0 and h < x.shape[1]:
                line = filter + (rows[row_phase, FIRST] + t * tap_step) * of_row
                for u in range(columns[column_phase, TAPS]):
                    w = first_w + u * across_reach
                    if w >= 0 and w < x.shape[2]:
                        at = line + (columns[column_phase, FIRST] + u * across_tap_step) * of_tap
                        for c in range(channels):
                            total += x[n, h, w, first_c + c] * weight[np.uintp(at + c * of_channel)]
        y[n, row, column, o] = total


@kernel(items=lambda dweight: dweight.size)
def weight_direct(x, dy, dweight, by_channel, by_column, by_row, sh, sw, ph, pw, dh, dw, groups):
    i = cuda.grid(1)
    if i < dweight.size:
        outputs, _, _, channels = dweight.shape
        images, height, width, _ = dy.shape
        i, c = split(i, by_channel)
        i, u = split(i, by_column)
        o, t = split(i, by_row)
        seen = o // (outputs // groups) * channels + c
        total = real(0)
        for n in range(images):
            for p in range(height):
                h = p * sh - ph + t * dh
                if h >= 0 and h < x.shape[1]:
                    for q in range(width):
                        w = q * sw - pw + u * dw
                        if w >= 0 and w < x.shape[2]:
                            total += dy[n, p, q, o] * x[n, h, w, seen]
        dweight[o, t, u, c] = total
