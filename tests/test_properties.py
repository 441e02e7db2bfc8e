"""Ops on any shapes, options and memory layouts: planned = eager = reference, values and gradients.

Numbers are small integers, so that sums are exact in any order and in any precision: what differs at all is wrong.
"""
import math

import numpy as np
import op_reference
import pytest
import reference_backend
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from poison import poisoned  # noqa: F401

import numbacnn as nb
from numbacnn import ops, testing

quick = settings(max_examples=200, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
dtypes = st.sampled_from(["float32", "float64"])
seeds = st.integers(0, 2**32 - 1)


def strided(x):
    """Every other row of an array twice as long."""
    return np.repeat(x, 2, axis=0)[::2] if x.ndim else x


def read_only(x):
    x = x.copy()
    x.flags.writeable = False
    return x


def unaligned(x):
    """The same numbers one byte beside where they ought to begin."""
    bytes_ = np.empty(x.nbytes + 1, np.uint8)
    y = bytes_[1:].view(x.dtype).reshape(x.shape)
    y[...] = x
    return y


LAYOUTS = {
    "C": np.copy, "Fortran": lambda x: x.copy(order="F"), "strided": strided, "read-only": read_only,
    "reversed": lambda x: np.flip(np.flip(x).copy()), "unaligned": unaligned,
    "permuted": lambda x: np.moveaxis(np.moveaxis(x, 0, -1).copy(), -1, 0) if x.ndim else x,
}
OTHER_ORDER = {"other byte order": lambda x: x.astype(x.dtype.newbyteorder())}
layouts = st.sampled_from(list(LAYOUTS))


def whole(rng, shape, low=-3, high=4):
    return rng.integers(low, high, shape).astype("float64")


def differentiated(op, arrays, dy, arguments, options, device=None):
    """The value and the gradients, as arrays."""
    leaves = [nb.tensor(x, device=device, requires_grad=True) for x in arrays]
    y = getattr(ops, op)(*leaves, *arguments, **options)
    dy = np.resize(dy, y.shape).astype(y.dtype)
    y.backward(nb.tensor(dy, device=device))
    return [y.numpy(), *[x.grad.numpy() for x in leaves]]


def check(op, arrays, dtype, layout, *arguments, rtol=0.0, **options):
    """Compare all ways to compute an op with the reference."""
    dy = np.random.default_rng(1).integers(-2, 3, 97).astype("float64")
    expected = differentiated(op, arrays, dy, arguments, options, reference_backend.DEVICE)
    value = getattr(op_reference, op)(*arrays, *arguments, **options)
    assert expected[0].shape == value.shape
    np.testing.assert_allclose(expected[0], value, rtol=1e-14)       # with geometry that shares no code
    given_ = [LAYOUTS[layout](x.astype(dtype)) for x in arrays]
    for eager in False, True:
        with testing.settings(eager=eager):
            for got, wanted in zip(differentiated(op, given_, dy, arguments, options), expected, strict=True):
                assert got.dtype == dtype
                np.testing.assert_allclose(got, wanted, rtol=rtol, atol=rtol, err_msg=f"eager={eager}")
    for x, before in zip(given_, arrays, strict=True):
        assert np.array_equal(x, before)                 # inputs are unchanged


@st.composite
def images(draw, channels, kernel, padding, dilation=(1, 1)):
    """A shape (N, C, H, W) in which the window fits."""
    least = [max(1, d * (k - 1) + 1 - 2 * p) for k, p, d in zip(kernel, padding, dilation, strict=True)]
    return (draw(st.integers(0, 3)), channels, *[n + draw(st.integers(0, 5)) for n in least])


numbers, pairs = st.integers(1, 3), st.tuples(st.integers(1, 3), st.integers(1, 3))
paddings = st.tuples(st.integers(0, 3), st.integers(0, 3))


@quick
@given(st.data(), numbers, st.integers(1, 9), st.integers(1, 5), pairs, pairs, paddings, pairs, dtypes, layouts, seeds)
def test_conv2d(data, groups, channels, outputs, kernel, stride, padding, dilation, dtype, layout, seed):
    shape = data.draw(images(channels * groups, kernel, padding, dilation))
    rng = np.random.default_rng(seed)
    arrays = [whole(rng, s) for s in (shape, (outputs * groups, channels, *kernel), (outputs * groups,))]
    if data.draw(st.booleans()):
        arrays.pop()                                     # no bias
    check("conv2d", arrays, dtype, layout, stride=stride, padding=padding, dilation=dilation, groups=groups)


@quick
@given(st.data(), st.integers(2, 7), pairs, pairs, paddings, pairs, dtypes, layouts, seeds)
def test_depthwise_conv2d(data, channels, kernel, stride, padding, dilation, dtype, layout, seed):
    shape = data.draw(images(channels, kernel, padding, dilation))
    rng = np.random.default_rng(seed)
    arrays = [whole(rng, s) for s in (shape, (channels, 1, *kernel), (channels,))]
    check("conv2d", arrays, dtype, layout, stride=stride, padding=padding, dilation=dilation, groups=channels)


@quick
@given(st.data(), st.sampled_from(["max_pool2d", "sum_pool2d", "avg_pool2d"]), numbers, pairs, pairs, dtypes, layouts,
       seeds)
def test_pools(data, op, channels, kernel, stride, dtype, layout, seed):
    padding = tuple(data.draw(st.integers(0, k // 2)) for k in kernel)
    options = {"stride": stride, "padding": padding}
    if op == "max_pool2d":
        options["dilation"] = data.draw(pairs)
        for k, p, d in zip(kernel, padding, options["dilation"], strict=True):
            assume(d * (k - 1) - p < 1 or p == 0)        # no window lies wholly in the padding
    if op == "avg_pool2d":
        options["count_include_pad"] = data.draw(st.booleans())
    shape = data.draw(images(channels, kernel, padding, options.get("dilation", (1, 1))))
    x = whole(np.random.default_rng(seed), shape)
    rtol = 0.0 if op != "avg_pool2d" else 1e-6 if dtype == "float32" else 1e-14
    check(op, [x], dtype, layout, kernel, rtol=rtol, **options)


@quick
@given(st.lists(st.integers(0, 4), max_size=3), st.integers(1, 40), st.integers(1, 20), st.booleans(), dtypes, layouts,
       seeds)
def test_linear(rows, inputs, outputs, bias, dtype, layout, seed):
    rng = np.random.default_rng(seed)
    arrays = [whole(rng, (*rows, inputs)), whole(rng, (outputs, inputs)), *[whole(rng, (outputs,))] * bias]
    check("linear", arrays, dtype, layout)


@st.composite
def broadcasting(draw):
    """Two shapes made of one, by dropping axes in front and setting others to 1."""
    shape = draw(st.lists(st.integers(2, 4), max_size=5))
    return [tuple(draw(st.sampled_from([n, n, 1])) for n in shape[draw(st.integers(0, len(shape) and 2)):])
            for _ in range(2)]


@quick
@given(broadcasting(), st.sampled_from(["add", "subtract", "multiply", "divide"]), dtypes, layouts, seeds)
def test_arithmetic_broadcasts(shapes, op, dtype, layout, seed):
    rng = np.random.default_rng(seed)
    a, b = (whole(rng, shape) for shape in shapes)
    if op == "divide":                                   # by powers of two: nothing is rounded
        b = rng.choice([0.25, 0.5, 1, 2, -1, -4], b.shape)
    check(op, [a, b], dtype, layout)


@quick
@given(st.lists(st.integers(1, 5), max_size=5), st.data(), st.booleans(), dtypes, layouts, seeds)
def test_reductions_and_shapes(shape, data, keepdim, dtype, layout, seed):
    x = whole(np.random.default_rng(seed), shape)
    axes = st.sampled_from(range(-len(shape), len(shape))) if shape else st.nothing()
    dim = tuple(data.draw(st.lists(axes, unique_by=lambda a: a % len(shape))))
    check("sum", [x], dtype, layout, dim=dim, keepdim=keepdim)
    check("permute", [x], dtype, layout, *data.draw(st.permutations(range(len(shape)))))
    check("reshape", [x], dtype, layout, data.draw(factorisations(math.prod(shape))))
    new = data.draw(st.lists(st.integers(1, 3), max_size=6 - len(shape)))
    check("expand", [x], dtype, layout, (*new, *[-1] * len(shape)))
    for a in dim:
        assert np.array_equal(nb.tensor(x).argmax(a).numpy(), x.argmax(a))


@st.composite
def factorisations(draw, size):
    """A shape with so many elements."""
    shape = []
    while size > 1 and len(shape) < 4:
        factor = draw(st.sampled_from([n for n in range(1, size + 1) if size % n == 0]))
        shape.append(factor)
        size //= factor
    return (*shape, size)


@quick
@given(st.lists(st.integers(0, 5), max_size=4), st.sampled_from(["relu", "leaky_relu"]), dtypes, layouts, seeds)
def test_activations_at_any_place(shape, op, dtype, layout, seed):
    options = {"negative_slope": 0.5} if op == "leaky_relu" else {}
    check(op, [whole(np.random.default_rng(seed), shape)], dtype, layout, **options)


@pytest.mark.parametrize("layout", [*LAYOUTS, *OTHER_ORDER])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "uint8", "bool"])
def test_tensors_hold_what_they_were_given(dtype, layout):
    for shape in (2, 3, 4, 5), (3, 4), (0, 2), (7,), ():
        values = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
        x = nb.tensor((LAYOUTS | OTHER_ORDER)[layout](values))
        assert x.dtype == dtype
        assert np.array_equal(x.numpy(), values)
