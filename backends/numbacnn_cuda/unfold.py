"""Windows as columns: images (N, H, W, C), columns (N, C, KH, KW, OH, OW)."""
from .compile import cuda, kernel, real
from .division import dividers, split


def columns_of(columns, images, window):
    """Return columns as (N, C, KH, KW, OH, OW)."""
    kh, kw, sh, _, ph, _, dh, _ = window
    (n, channels, height, _), places = images.shape, columns.shape[2]
    rows = (height + 2 * ph - dh * (kh - 1) - 1) // sh + 1
    return columns.shaped((n, channels, kh, kw, rows, places // max(rows, 1)))


def unfold(x, y, *window):
    """Lower to one kernel."""
    columns = columns_of(y, x, window)
    _, *lengths = columns.shape
    return [(see, [x.physical(), columns, *dividers(*reversed(lengths)), *window[2:]])]


def unfold_backward(dy, dx, *window):
    """Lower to one kernel."""
    _, height, width, channels = dx.physical().shape
    return [(add_seen, [columns_of(dy, dx, window), dx.physical(), *dividers(channels, width, height),
                        *window[2:]])]


@kernel(items=lambda y: y.size)
def see(x, y, by_column, by_row, by_u, by_t, by_channel, sh, sw, ph, pw, dh, dw):
    i = cuda.grid(1)
    if i < y.size:
        i, ow = split(i, by_column)
        i, oh = split(i, by_row)
        i, u = split(i, by_u)
        i, t = split(i, by_t)
        n, c = split(i, by_channel)
        h, w = oh * sh - ph + t * dh, ow * sw - pw + u * dw
        inside = h >= 0 and h < x.shape[1] and w >= 0 and w < x.shape[2]
        y[n, c, t, u, oh, ow] = x[n, h, w, c] if inside else real(0)


@kernel(items=lambda dx: dx.size)
def add_seen(dy, dx, by_channel, by_column, by_row, sh, sw, ph, pw, dh, dw):
    i = cuda.grid(1)
    if i < dx.size:
        i, c = split(i, by_channel)
        i, w = split(i, by_column)
        n, h = split(i, by_row)
        total = real(0)
        for t in range(dy.shape[2]):
            a = h + ph - t * dh
            oh = a // sh
            if a >= 0 and oh * sh == a and oh < dy.shape[4]:
                for u in range(dy.shape[3]):
                    b = w + pw - u * dw
                    ow = b // sw
                    if b >= 0 and ow * sw == b and ow < dy.shape[5]:
                        total += dy[n, c, t, u, oh, ow]
        dx[n, h, w, c] = total
