"""Winograd's transforms, on windows of vectors: each vector holds some channels of one pixel.

For outputs of M x M pixels, M being 4 or 2, from windows of E = M + 2 pixels: F(4, 3) interpolates at 0, 1, -1, 2, -2
and infinity, F(2, 3) at 0, 1, -1 and infinity. With the matrices B, G, A of A. Lavin and S. Gray, "Fast algorithms for
convolutional neural networks" (2016), a window x and a filter w give A' ((G w G') * (B' x B)) A. Each one-dimensional
transform is a function of a tuple of vectors; how long that is says which of the two algorithms is meant, and is known
when a kernel is compiled. Each two-dimensional one transforms columns, and then rows.

lines: positions of the rows of a window, from its first; pixel: from a pixel to its right neighbour; step: from one
of the E x E transformed numbers to the next.
"""
from .compile import inlined
from .epilogue import put
from .simd import alike, fma, load, store, store_part, store_past

# --- one dimension -----------------------------------------------------------------------------------------------

@inlined
def of_input(x):
    """Return B' x."""
    if len(x) == 6:
        four, five, two = alike(x[0], 4.0), alike(x[0], 5.0), alike(x[0], 2.0)
        even, odd = x[4] - four * x[2], x[3] - four * x[1]
        further, twice = x[4] - x[2], two * (x[3] - x[1])
        return (four * x[0] + (x[4] - five * x[2]), even + odd, even - odd, further + twice, further - twice,
                four * x[1] + (x[5] - five * x[3]))
    return x[0] - x[2], x[1] + x[2], x[2] - x[1], x[1] - x[3]


@inlined
def of_weight(w, outputs):
    """Return G w; `outputs` is a tuple as long as the result."""
    outer = w[0] + w[2]
    if len(outputs) == 6:
        sixth, twelfth = alike(outer, 1 / 6), alike(outer, 1 / 12)
        near, far = sixth * outer, fma(alike(outer, 1 / 24), w[0], sixth * w[2])
        return (alike(outer, 1 / 4) * w[0], -(near + sixth * w[1]), sixth * w[1] - near, far + twelfth * w[1],
                far - twelfth * w[1], w[2])
    half = alike(outer, 0.5)
    return w[0], half * (outer + w[1]), half * (outer - w[1]), w[2]


@inlined
def of_products(m):
    """Return A' m."""
    near, slope = m[1] + m[2], m[1] - m[2]
    if len(m) == 6:
        far, steep = m[3] + m[4], m[3] - m[4]
        return (m[0] + near + far, fma(alike(far, 2.0), steep, slope), fma(alike(far, 4.0), far, near),
                fma(alike(far, 8.0), steep, slope) + m[5])
    return m[0] + near, slope - m[3]


@inlined
def of_gradient(dy):
    """Return A dy: `of_products` turned round."""
    if len(dy) == 4:
        two, four = alike(dy[0], 2.0), alike(dy[0], 4.0)
        even, odd = dy[0] + dy[2], dy[1] + dy[3]
        further, twice = fma(four, dy[2], dy[0]), two * fma(four, dy[3], dy[1])
        return dy[0], even + odd, even - odd, further + twice, further - twice, dy[3]
    return dy[0], dy[0] + dy[1], dy[0] - dy[1], -dy[1]


@inlined
def of_sums(u):
    """Return G' u: `of_weight` turned round."""
    near, slope = u[1] + u[2], u[2] - u[1]
    if len(u) == 6:
        sixth = alike(near, 1 / 6)
        far, steep = u[3] + u[4], u[3] - u[4]
        outer = fma(alike(near, 1 / 24), far, alike(near, 1 / 4) * u[0])
        return (outer - sixth * near, fma(sixth, slope, alike(near, 1 / 12) * steep), fma(sixth, far - near, u[5]))
    half = alike(near, 0.5)
    return fma(half, near, u[0]), -(half * slope), fma(half, near, u[3])


# --- windows ---------------------------------------------------------------------------------------------------------

@inlined
def column(x, at, lines):
    """Return the vectors at all lines."""
    if len(lines) == 6:
        return (load(x, at + lines[0]), load(x, at + lines[1]), load(x, at + lines[2]), load(x, at + lines[3]),
                load(x, at + lines[4]), load(x, at + lines[5]))
    if len(lines) == 4:
        return load(x, at + lines[0]), load(x, at + lines[1]), load(x, at + lines[2]), load(x, at + lines[3])
    if len(lines) == 3:
        return load(x, at + lines[0]), load(x, at + lines[1]), load(x, at + lines[2])
    return load(x, at + lines[0]), load(x, at + lines[1])


@inlined
def keep(v, at, step, values):
    """Store vectors `step` apart."""
    store(v, at, values[0])
    store(v, at + step, values[1])
    store(v, at + 2 * step, values[2])
    store(v, at + 3 * step, values[3])
    if len(values) == 6:
        store(v, at + 4 * step, values[4])
        store(v, at + 5 * step, values[5])


@inlined
def keep_far(v, at, step, values, past):
    """Store vectors `step` apart; if `past`, past the caches: what is written next lies far away."""
    if past:
        store_past(v, at, values[0])
        store_past(v, at + step, values[1])
        store_past(v, at + 2 * step, values[2])
        store_past(v, at + 3 * step, values[3])
        if len(values) == 6:
            store_past(v, at + 4 * step, values[4])
            store_past(v, at + 5 * step, values[5])
    else:
        keep(v, at, step, values)


@inlined
def transform_input(x, at, lines, pixel, v, to, step):
    """Write B' x B of a window of E x E pixels."""
    a, b = of_input(column(x, at, lines)), of_input(column(x, at + pixel, lines))
    c, d = of_input(column(x, at + 2 * pixel, lines)), of_input(column(x, at + 3 * pixel, lines))
    if len(lines) == 6:
        e, f = of_input(column(x, at + 4 * pixel, lines)), of_input(column(x, at + 5 * pixel, lines))
        keep(v, to, step, of_input((a[0], b[0], c[0], d[0], e[0], f[0])))
        keep(v, to + 6 * step, step, of_input((a[1], b[1], c[1], d[1], e[1], f[1])))
        keep(v, to + 12 * step, step, of_input((a[2], b[2], c[2], d[2], e[2], f[2])))
        keep(v, to + 18 * step, step, of_input((a[3], b[3], c[3], d[3], e[3], f[3])))
        keep(v, to + 24 * step, step, of_input((a[4], b[4], c[4], d[4], e[4], f[4])))
        keep(v, to + 30 * step, step, of_input((a[5], b[5], c[5], d[5], e[5], f[5])))
    else:
        keep(v, to, step, of_input((a[0], b[0], c[0], d[0])))
        keep(v, to + 4 * step, step, of_input((a[1], b[1], c[1], d[1])))
        keep(v, to + 8 * step, step, of_input((a[2], b[2], c[2], d[2])))
        keep(v, to + 12 * step, step, of_input((a[3], b[3], c[3], d[3])))


@inlined
def transform_gradient(dy, at, lines, pixel, z, to, step):
    """Write A dy A' of a window of M x M pixels."""
    a, b = of_gradient(column(dy, at, lines)), of_gradient(column(dy, at + pixel, lines))
    if len(lines) == 4:
        c, d = of_gradient(column(dy, at + 2 * pixel, lines)), of_gradient(column(dy, at + 3 * pixel, lines))
        keep(z, to, step, of_gradient((a[0], b[0], c[0], d[0])))
        keep(z, to + 6 * step, step, of_gradient((a[1], b[1], c[1], d[1])))
        keep(z, to + 12 * step, step, of_gradient((a[2], b[2], c[2], d[2])))
        keep(z, to + 18 * step, step, of_gradient((a[3], b[3], c[3], d[3])))
        keep(z, to + 24 * step, step, of_gradient((a[4], b[4], c[4], d[4])))
        keep(z, to + 30 * step, step, of_gradient((a[5], b[5], c[5], d[5])))
    else:
        keep(z, to, step, of_gradient((a[0], b[0])))
        keep(z, to + 4 * step, step, of_gradient((a[1], b[1])))
        keep(z, to + 8 * step, step, of_gradient((a[2], b[2])))
        keep(z, to + 12 * step, step, of_gradient((a[3], b[3])))


@inlined
def transform_weight(w, at, lines, pixel, u, to, step, edge, past):
    """Write G w G' of a filter of 3 x 3 taps; `edge` is a tuple of E numbers."""
    a, b = of_weight(column(w, at, lines), edge), of_weight(column(w, at + pixel, lines), edge)
    c = of_weight(column(w, at + 2 * pixel, lines), edge)
    row = len(edge) * step
    keep_far(u, to, step, of_weight((a[0], b[0], c[0]), edge), past)
    keep_far(u, to + row, step, of_weight((a[1], b[1], c[1]), edge), past)
    keep_far(u, to + 2 * row, step, of_weight((a[2], b[2], c[2]), edge), past)
    keep_far(u, to + 3 * row, step, of_weight((a[3], b[3], c[3]), edge), past)
    if len(edge) == 6:
        keep_far(u, to + 4 * row, step, of_weight((a[4], b[4], c[4]), edge), past)
        keep_far(u, to + 5 * row, step, of_weight((a[5], b[5], c[5]), edge), past)


@inlined
def transform_sums(u, at, lines, step, dw, to, pixel, count):
    """Write `count` channels of G' u G, 3 x 3 taps; lines and step are of u, `pixel` is from a tap to the next."""
    a, b = of_sums(column(u, at, lines)), of_sums(column(u, at + step, lines))
    c, d = of_sums(column(u, at + 2 * step, lines)), of_sums(column(u, at + 3 * step, lines))
    if len(lines) == 6:
        e, f = of_sums(column(u, at + 4 * step, lines)), of_sums(column(u, at + 5 * step, lines))
        keep_part(dw, to, pixel, of_sums((a[0], b[0], c[0], d[0], e[0], f[0])), count)
        keep_part(dw, to + 3 * pixel, pixel, of_sums((a[1], b[1], c[1], d[1], e[1], f[1])), count)
        keep_part(dw, to + 6 * pixel, pixel, of_sums((a[2], b[2], c[2], d[2], e[2], f[2])), count)
    else:
        keep_part(dw, to, pixel, of_sums((a[0], b[0], c[0], d[0])), count)
        keep_part(dw, to + 3 * pixel, pixel, of_sums((a[1], b[1], c[1], d[1])), count)
        keep_part(dw, to + 6 * pixel, pixel, of_sums((a[2], b[2], c[2], d[2])), count)


@inlined
def keep_part(w, at, step, values, count):
    """Store the first numbers of three vectors."""
    store_part(w, at, values[0], count)
    store_part(w, at + step, values[1], count)
    store_part(w, at + 2 * step, values[2], count)


# --- outputs: the last step of a convolution, where each is in a register --------------------------------------------

@inlined
def finish(m, at, lines, step, bias, other, y, to, row, pixel, tall, wide, count, mode, past):
    """Write y = A' m A + bias, epilogue.py having the rest: `tall` rows of `wide` pixels, `count` channels of each."""
    a, b = of_products(column(m, at, lines)), of_products(column(m, at + step, lines))
    c, d = of_products(column(m, at + 2 * step, lines)), of_products(column(m, at + 3 * step, lines))
    if len(lines) == 6:
        e, f = of_products(column(m, at + 4 * step, lines)), of_products(column(m, at + 5 * step, lines))
        write(of_products((a[0], b[0], c[0], d[0], e[0], f[0])), bias, other, y, to, pixel, wide, count, mode, past)
        if tall > 1:
            write(of_products((a[1], b[1], c[1], d[1], e[1], f[1])), bias, other, y, to + row, pixel, wide, count,
                  mode, past)
        if tall > 2:
            write(of_products((a[2], b[2], c[2], d[2], e[2], f[2])), bias, other, y, to + 2 * row, pixel, wide, count,
                  mode, past)
        if tall > 3:
            write(of_products((a[3], b[3], c[3], d[3], e[3], f[3])), bias, other, y, to + 3 * row, pixel, wide, count,
                  mode, past)
    else:
        write(of_products((a[0], b[0], c[0], d[0])), bias, other, y, to, pixel, wide, count, mode, past)
        if tall > 1:
            write(of_products((a[1], b[1], c[1], d[1])), bias, other, y, to + row, pixel, wide, count, mode, past)


@inlined
def write(values, bias, other, y, to, pixel, wide, count, mode, past):
    """Write the first pixels of one row."""
    put(values[0] + bias, other, y, to, count, mode, past)
    if wide > 1:
        put(values[1] + bias, other, y, to + pixel, count, mode, past)
    if len(values) == 4:
        if wide > 2:
            put(values[2] + bias, other, y, to + 2 * pixel, count, mode, past)
        if wide > 3:
            put(values[3] + bias, other, y, to + 3 * pixel, count, mode, past)
