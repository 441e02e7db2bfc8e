"""Windows as columns: images (N, H, W, C), columns (N, C, KH * KW, OH, OW)."""
from .compile import kernel
from .slab import inside


def columns_of(columns, images, window):
    """Return columns as (N, C, taps, OH, OW)."""
    kh, kw, sh, _, ph, _, dh, _ = window
    (n, channels, height, _), places = images.shape, columns.shape[2]
    rows = (height + 2 * ph - dh * (kh - 1) - 1) // sh + 1
    return columns.shaped((n, channels, kh * kw, rows, places // max(rows, 1)))


@kernel(items=lambda y: y.shape[0] * y.shape[1] * y.shape[2],
        arrange=lambda x, y, *window: [x.physical(), columns_of(y, x, window), *window])
def unfold(x, y, kh, kw, sh, sw, ph, pw, dh, dw, begin, end):
    """An item is what all windows see of a channel through one tap."""
    _, height, width, channels = x.shape
    _, _, taps, rows, columns = y.shape
    for item in range(begin, end):
        plane, tap = divmod(item, taps)
        (n, c), (i, j) = divmod(plane, channels), divmod(tap, kw)
        first, last = inside(j * dw - pw, sw, columns, width)
        for oh in range(rows):
            h, line = oh * sh - ph + i * dh, y[n, c, tap, oh]
            line[:] = 0
            if 0 <= h < height:
                seen = x[n, h, :, c]
                for ow in range(first, last):
                    line[ow] = seen[ow * sw + j * dw - pw]


@kernel(items=lambda dx: dx.shape[0] * dx.shape[1],
        arrange=lambda dy, dx, *window: [columns_of(dy, dx, window), dx.physical(), *window])
def unfold_backward(dy, dx, kh, kw, sh, sw, ph, pw, dh, dw, begin, end):
    """An item is a row of dx: rows of windows that see it are added up there."""
    _, height, width, channels = dx.shape
    _, _, _, rows, columns = dy.shape
    for item in range(begin, end):
        n, h = divmod(item, height)
        row = dx[n, h]
        row[:] = 0
        for i in range(kh):
            oh, rest = divmod(h + ph - i * dh, sh)
            if rest == 0 and 0 <= oh < rows:
                for j in range(kw):
                    first, last = inside(j * dw - pw, sw, columns, width)
                    for c in range(channels):
                        line = dy[n, c, i * kw + j, oh]
                        for ow in range(first, last):
                            row[ow * sw + j * dw - pw, c] += line[ow]
