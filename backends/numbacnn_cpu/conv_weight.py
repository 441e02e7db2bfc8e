"""The gradient of a convolution's weight by tiles: any geometry.

A tile is a block of dweight, rows being output channels o and columns a run of taps and channels that lie side by side
(conv_weight_tables.py). Outer products of the pixels of dy and what they see are added to it. An item sums some steps,
its part, for some output channels of a group; the parts are added up in the end. A step is some images or some rows of
one: all tiles are summed over its pixels, while the processor fetches those of the next.

Numbers that lie far apart and are read by many tiles are copied into panels first, where they lie side by side: what
pixels see through a tile's columns just before the tiles that read it, dy for a whole step.
"""
from .compile import Constant, compiled, kernel
from .conv_weight_tables import PATCHES, SLAB, WHOLE, make_sums
from .memory import temporary
from .pack import unroll_for
from .simd import lanes, load, prefetch, store
from .slab import ABSENT, clear, copy_input, copy_panel
from .tile import add_outers, load_tile, steps, store_rows


def conv2d_backward_weight_tiles(x, dy, dweight, *numbers):
    """Lower `conv2d_backward_weight`."""
    return backward_weight(x, (), dy, dweight, numbers)


def conv2d_backward_weight_normalised_tiles(x, mean, rstd, scale, shift, dy, dweight, *numbers):
    """Lower the same for the convolution of relu(batch_norm(x))."""
    return backward_weight(x, (mean, rstd, scale, shift), dy, dweight, numbers)


def backward_weight(x, norm, dy, dweight, numbers):
    """Lower to sums over parts of the pixels, and their sum."""
    x, dy, dweight = x.physical(), dy.physical(), dweight.physical()
    if dweight.size == 0:
        return []
    sums, mode, count, rows, vectors = make_sums(x.shape, dy.shape, dweight.shape, numbers, x.dtype, bool(norm))
    parts = temporary((count, dweight.size), dweight.dtype) if count > 1 else dweight.shaped((1, dweight.size))
    equal = sums.room[1] < sums.room[2] or sums.strides[1] == dy.shape[2] * sums.strides[0]
    line = sums.cuts[1] * dy.shape[2] if equal else dy.shape[2]
    calls = [(conv2d_weight_tiles, [x, dy, parts, *sums, *(norm or [ABSENT] * 4), mode, Constant(rows),
                                    Constant(vectors), unroll_for(int(line), (7, 8))])]
    return calls if count == 1 else [*calls, (add_parts, [parts, dweight.flat()])]


def items(parts, cuts):
    """Return how many items there are."""
    return parts.shape[0] * int(cuts[4] * cuts[5])


def workspace(x, room):
    """Return the workspace of the kernel: a slab or slabs, patches, a panel, panels of dy."""
    return (max(1, int(room[3])),), x.dtype


@kernel(items=items, workspace=workspace)
def conv2d_weight_tiles(x, dy, parts, pieces, strides, window, patch, cuts, room, mean, rstd, scale, shift, mode,
                        rows, vectors, unroll, space, begin, end):
    """An item is some output channels of a group, summed over the pixels of a part."""
    (images, height, width, channels), count, groups = dy.shape, parts.shape[0], cuts[5]
    together, band, bands, total, splits = cuts[0], cuts[1], cuts[2], cuts[3], cuts[4]
    top, left, down, pixel, row, image = window[0], window[1], window[2], strides[0], strides[1], strides[2]
    outputs, depth, size = channels // groups, x.shape[3] // groups, parts.shape[1] // channels
    sums, gradients, inputs = parts.reshape(parts.size), dy.reshape(dy.size), x.reshape(x.size)
    tiles, across, panel, side = -(-outputs // rows), vectors * lanes(x), room[1] < room[2], room[4]
    for item in range(begin, end):
        unit, split = divmod(item, splits)
        part, g = divmod(unit, groups)
        first, last = tiles * split // splits * rows, min(tiles * (split + 1) // splits * rows, outputs)
        corner, stop = part * parts.shape[1] + g * outputs * size, total * (part + 1) // count
        clear(sums, corner + first * size, (last - first) * size)
        for step in range(total * part // count, stop):
            n, h = step // bands * together, step % bands * band
            after, below = min(n + together, images), min(h + band, height)
            if mode == WHOLE:
                source, base = inputs, ((n * x.shape[1] + h * down + top) * x.shape[2] + left) * depth
            else:
                source, base = space, room[0] if mode == PATCHES else 0
                copy_seen(x, n, after, h, below, width, g * depth, depth, window, patch, image, mean, rstd, scale,
                          shift, mode, space, base)
            lines, length = (after - n) * (below - h), width         # of pixels that lie in equal steps
            pixels, here = lines * length, (n * height + h) * width * channels
            if row == width * pixel and (after - n == 1 or image == (below - h) * row):
                lines, length = 1, pixels
            factors, corner_dy = gradients, here
            if room[2] < room[3]:
                factors, corner_dy = space, room[2]
                copy_gradients(gradients, here, channels, first, last, side, pixels, space, corner_dy)
            seen, apart, runs, long = (space, across, 1, pixels) if panel else (source, pixel, lines, length)
            x_row, fetches, share, fetched = x.shape[2] * x.shape[3], 0, 0, 0
            x_next, dy_next = (n * x.shape[1] + below * down) * x_row, here + pixels * channels
            if step + 1 < stop:                                     # lines to fetch of x, and of both at a time
                fetches = (after - n) * (below - h) * down * x_row // lanes(x)
                turns = blocks_of(pieces, across) * -(-(last - first) // rows) * runs * (long // unroll)
                share = -(-(fetches + pixels * channels // lanes(x)) // max(turns, 1))
            for piece in range(pieces.shape[1]):
                column, run = pieces[1, piece], pieces[2, piece]
                for block in range(0, run, across):
                    start = base + pieces[0, piece] + block
                    if panel:
                        copy_lines(source, start, lines, length, below - h, pixel, row, image, vectors, space, room[1])
                        start = room[1]
                    for o in range(first, last, rows):
                        places = steps(corner + o * size + column + block, size, min(rows, last - o), rows)
                        tile = load_tile(sums, places, rows, vectors)
                        i = corner_dy + (g * outputs + o) // side * side * pixels + (g * outputs + o) % side
                        for line in range(runs):
                            j = start + start_of(line, below - h, row, image)
                            for _ in range(long // unroll):
                                for _ in range(share):
                                    if fetched < fetches:
                                        prefetch(inputs, x_next + fetched * lanes(x))
                                    else:
                                        prefetch(gradients, dy_next + (fetched - fetches) * lanes(x))
                                    fetched += 1
                                tile = add_outers(tile, factors, i, side, seen, j, apart, unroll)
                                i += unroll * side
                                j += unroll * apart
                            for _ in range(long % unroll):
                                tile = add_outers(tile, factors, i, side, seen, j, apart, 1)
                                i += side
                                j += apart
                        store_rows(sums, places, tile, run - block, min(rows, last - o))


@compiled
def copy_gradients(dy, at, channels, first, last, side, pixels, space, to):
    """Copy the channels first ... last - 1 of some pixels of dy, panels of `side` of them."""
    for o in range(first // side * side, last, side):
        copy_panel(dy, at + o, channels, pixels, side // lanes(dy), space, to + o * pixels)


@compiled
def copy_lines(source, start, lines, length, height, pixel, row, image, vectors, space, to):
    """Copy what pixels of all lines of a step see through a tile's columns."""
    for line in range(lines):
        copy_panel(source, start + start_of(line, height, row, image), pixel, length, vectors, space,
                   to + line * length * vectors * lanes(source))


@compiled
def start_of(line, height, row, image):
    """Return where a line of a step begins, of images of so many lines."""
    return line // height * image + line % height * row


@compiled
def blocks_of(pieces, across):
    """Return how many tiles all pieces are, side by side."""
    blocks = 0
    for piece in range(pieces.shape[1]):
        blocks += -(-pieces[2, piece] // across)
    return blocks


@compiled
def copy_seen(x, n, after, h, below, width, first, depth, window, patch, image, mean, rstd, scale, shift, mode, space,
              base):
    """Copy what pixels of rows h ... below - 1 of images n ... after - 1 see; patches to position `base`."""
    top, left, down = window[0], window[1], window[2]
    for i in range(n, after):
        to = (i - n) * image if mode == SLAB else 0
        copy_input(x[i], h * down + top, left, window[4], window[5], first, depth, mean, rstd, scale, shift, space, to)
        if mode == PATCHES:
            copy_patches(space, base + (i - n) * image, below - h, width, patch)


@compiled
def copy_patches(space, to, height, width, patch):
    """Write what each pixel of some rows sees in the slab, one after the other.

    In whole vectors: what is too much is overwritten by what comes next.
    """
    run, taps = patch[3], patch[4]
    for row in range(height):
        for column in range(width):
            start = row * patch[0] + column * patch[1]
            for _ in range(taps):
                for k in range(0, run, lanes(space)):
                    store(space, to + k, load(space, start + k))
                start += patch[2]
                to += run


@kernel(items=lambda total: total.size)
def add_parts(parts, total, begin, end):
    """total (I) = the sum of all parts (P, I). An item is one number."""
    total = total[begin:end]
    total[:] = 0
    for part in range(parts.shape[0]):
        row = parts[part, begin:end]
        for i in range(total.size):
            total[i] += row[i]
