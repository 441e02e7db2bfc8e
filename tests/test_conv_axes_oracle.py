"""Convolutions along any axes, as functions and as layers, against PyTorch: value and gradients of random calls.

In float64 to 1e-10. In float32, what is added up of n terms may be wrong by (n + 8) units of rounding (2**-24, on both
sides) of the sum of their absolute values, which is computed in float64; the algorithms that round more are ruled out.
"""
import numpy as np
import pytest
from beside_torch import compare, differentiated, ours, theirs, torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from numbacnn import nn, ops, testing

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore:Using padding='same'")]

many = settings(max_examples=120, deadline=None, derandomize=True,
                suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
MODES = ["zeros", "reflect", "replicate", "circular"]
axes, seeds = st.integers(1, 3), st.integers(0, 2**32 - 1)
groups, channels = st.sampled_from([1, 1, 1, 2, 3]), st.sampled_from([1, 2, 3, 7])


@st.composite
def convolutions(draw):
    """The name of a function, shapes of x, weight and bias, and options."""
    count, g, given_, made = draw(axes), draw(groups), draw(channels), draw(channels)
    numbers = {"kernel": (1, 4), "stride": (1, 4), "padding": (0, 4), "dilation": (1, 3)}
    kernel, stride, padding, dilation = (tuple(draw(st.integers(*limits)) for _ in range(count))
                                         for limits in numbers.values())
    batch = draw(st.sampled_from([(), (0,), (1,), (2,), (3,)]))
    options = {"stride": stride, "padding": padding, "dilation": dilation, "groups": g}
    if draw(st.booleans()):
        more = tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True))
        least = [1 - (-2 * p + d * (k - 1) + m + 1) for k, p, d, m in zip(kernel, padding, dilation, more, strict=True)]
        size = [max(1, 1 - (-n // s)) + draw(st.integers(0, 4)) for n, s in zip(least, stride, strict=True)]
        shapes = (*batch, given_ * g, *size), (given_ * g, made, *kernel)
        return f"conv_transpose{count}d", (*shapes, (made * g,)), options | {"output_padding": more}
    least = [max(1, d * (k - 1) + 1 - 2 * p) for k, p, d in zip(kernel, padding, dilation, strict=True)]
    size = [n + draw(st.integers(0, 6)) for n in least]
    if draw(st.integers(0, 5)) == 0:
        options |= {"stride": 1, "padding": "same"}
    return f"conv{count}d", ((*batch, given_ * g, *size), (made * g, given_, *kernel), (made * g,)), options


def drawn(shapes, seed):
    rng = np.random.default_rng(seed)
    return [rng.standard_normal(shape) for shape in shapes]


@many
@given(convolutions(), st.booleans(), st.booleans(), seeds)
def test_functions(call, bias, eager, seed):
    op, shapes, options = call
    arrays = drawn(shapes if bias else shapes[:2], seed)
    with testing.settings(eager=eager):
        compare(lambda *x: getattr(ops, op)(*x, **options),
                lambda *x: getattr(torch.nn.functional, op)(*x, **options), *arrays)


@many
@given(convolutions(), seeds)
def test_functions_in_float32(call, seed):
    op, shapes, options = call
    arrays = [each.astype("float32") for each in drawn(shapes, seed)]
    double = [each.astype("float64") for each in arrays]
    got, right = ([*found.values, *found.gradients] for found in (
        differentiated(lambda *x: getattr(ops, op)(*x, **options), ours, arrays),
        differentiated(lambda *x: getattr(torch.nn.functional, op)(*x, **options), theirs, double)))
    for mine, exact, size in zip(got, right, sums_of_sizes(op, double, options), strict=True):
        assert mine.dtype == np.float32
        terms = 1 + max(np.prod(shapes[1][1:]), np.prod(shapes[1]) // shapes[1][1], exact.size, got[0].size)
        assert (np.abs(mine - exact) <= (terms + 8) * 2.0**-24 * size + 1e-30).all()


def sums_of_sizes(op, arrays, options):
    """The same sums of absolute values: of y, and of all gradients."""
    tensors = [theirs(np.abs(each)) for each in arrays]
    y = getattr(torch.nn.functional, op)(*tensors, **options)
    dy = np.random.default_rng(1).standard_normal(tuple(y.shape)).astype("float32")
    y.backward(torch.tensor(np.abs(dy).astype("float64")))
    return [y.detach().numpy(), *[each.grad.numpy() for each in tensors]]


def copied(layer, other):
    """Give PyTorch's layer the parameters of ours."""
    other.load_state_dict({name: torch.tensor(value.numpy()) for name, value in layer.state_dict().items()})


@many
@given(axes, groups, st.integers(1, 3), st.sampled_from(MODES), st.data(), seeds)
def test_layers_with_any_border(count, g, taps, mode, data, seed):
    kernel = tuple(data.draw(st.integers(1, 4)) for _ in range(count))
    padding = data.draw(st.sampled_from(["same", "valid", 0, 1, 2]) | st.tuples(*[st.integers(0, 3)] * count))
    options = {"dilation": data.draw(st.integers(1, 2)), "groups": g, "padding": padding, "padding_mode": mode,
               "bias": data.draw(st.booleans())}
    if padding != "same":
        options["stride"] = data.draw(st.integers(1, 3))
    layer = getattr(nn, f"Conv{count}d")(2 * g, taps * g, kernel, dtype="float64", **options)
    other = getattr(torch.nn, f"Conv{count}d")(2 * g, taps * g, kernel, dtype=torch.float64, **options)
    copied(layer, other)
    assert repr(layer) == repr(other).replace("padding=same", "padding='same'").replace(
        "padding=valid", "padding='valid'").replace(f"mode={mode}", f"mode='{mode}'")
    size = [7 + data.draw(st.integers(0, 3)) for _ in range(count)]
    [x] = drawn([(*data.draw(st.sampled_from([(), (1,), (2,)])), 2 * g, *size)], seed)
    compare(layer, other, x)
    for mine, yours in zip(layer.parameters(), other.parameters(), strict=True):
        np.testing.assert_allclose(mine.grad.numpy(), yours.grad.numpy(), rtol=1e-10, atol=1e-10)


@many
@given(axes, st.integers(1, 4), st.integers(1, 3), st.integers(0, 1), st.data(), seeds)
def test_transposed_layers_of_a_given_size(count, kernel, stride, padding, data, seed):
    options = {"stride": stride, "padding": min(padding, (kernel - 1) // 2), "bias": data.draw(st.booleans())}
    layer = getattr(nn, f"ConvTranspose{count}d")(2, 3, kernel, dtype="float64", **options)
    other = getattr(torch.nn, f"ConvTranspose{count}d")(2, 3, kernel, dtype=torch.float64, **options)
    copied(layer, other)
    assert repr(layer) == repr(other)
    [x] = drawn([(2, 2, *[data.draw(st.integers(1, 5)) for _ in range(count)])], seed)
    least = [(n - 1) * stride - 2 * options["padding"] + kernel for n in x.shape[2:]]
    size = [n + data.draw(st.integers(0, stride - 1)) for n in least]
    size = data.draw(st.sampled_from([size, (2, 3, *size)]))
    compare(lambda x: layer(x, size), lambda x: other(x, list(size)), x)
