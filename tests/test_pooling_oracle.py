"""Pooling, unpooling and images in other sizes against PyTorch, in float64: any windows, values, indices, gradients."""
import math

import numpy as np
import pytest
from beside_torch import compare, torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from op_reference import begins

import numbacnn as nb
from numbacnn import nn, ops
from numbacnn.errors import ShapeError

pytestmark = pytest.mark.oracle

quick = settings(max_examples=250, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
seeds, axes_of = st.integers(0, 2**32 - 1), st.sampled_from([1, 2, 3])
FILLS = {
    "any": lambda rng, shape: rng.standard_normal(shape),
    "ties": lambda rng, shape: rng.integers(-2, 3, shape).astype(float),
    "special": lambda rng, shape: rng.choice([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, 2.0], shape,
                                             p=[.05, .05, .25, .15, .1, .2, .2]),
    "many NaN": lambda rng, shape: rng.choice([np.nan, 1.0, 2.0], shape, p=[.5, .25, .25]),
    "minus infinity": lambda rng, shape: np.full(shape, -np.inf),
}
fills = st.sampled_from(list(FILLS))


@st.composite
def windows(draw, dilated):
    """Options of a pooling, and an image in which its window fits, or nearly."""
    axes = draw(axes_of)
    each = st.tuples(*[st.integers(1, 4)] * axes)
    kernel, stride = draw(each), draw(each)
    options = {"stride": stride, "padding": tuple(draw(st.integers(0, k // 2)) for k in kernel),
               "ceil_mode": draw(st.booleans())}
    dilation = draw(st.tuples(*[st.integers(1, 3)] * axes)) if dilated else (1,) * axes
    if dilated:
        options["dilation"] = dilation
    long = draw(st.sampled_from([5, 5, 40]))             # for kernels that compute in vectors
    alone = axes == 3 and not dilated                    # PyTorch's mean of volumes: the window fits without padding
    image = [max(1, d * (k - 1) + 1 - 2 * p * (not alone)) + draw(st.integers(0, long if axis == axes - 1 else 5))
             for axis, (k, p, d) in enumerate(zip(kernel, options["padding"], dilation, strict=True))]
    return axes, (*draw(st.sampled_from([(), (1,), (2,)])), draw(st.integers(1, 3)), *image), kernel, options


def see_places(image, kernel, stride, padding, dilation, ceil_mode):
    """Whether each window sees a place of the image: if not, PyTorch's answer is none."""
    return all(any(0 <= start - p + i * d < size for i in range(k))
               for size, k, s, p, d in zip(image, kernel, stride, padding, dilation, strict=True)
               for start in begins(size, k, s, p, d, ceil_mode))


@quick
@given(windows(dilated=True), fills, st.booleans(), seeds)
def test_maximum(given_, fill, indices, seed):
    axes, shape, kernel, options = given_
    x, name = FILLS[fill](np.random.default_rng(seed), shape), f"max_pool{axes}d"
    if not see_places(shape[-axes:], kernel, **options):
        with pytest.raises(ShapeError, match="would see nothing but padding"):
            getattr(ops, name)(nb.tensor(x), kernel, **options)
        return
    options = {**options, "return_indices": indices}
    compare(lambda x: getattr(ops, name)(x, kernel, **options),
            lambda x: getattr(torch.nn.functional, name)(x, kernel, **options), x)


@quick
@given(windows(dilated=False), st.sampled_from(["any", "special"]), st.booleans(),
       st.sampled_from([None, None, 1, 5, -3]), seeds)
def test_mean(given_, fill, include, divisor, seed):
    axes, shape, kernel, options = given_
    name = f"avg_pool{axes}d"
    options = {**options, "count_include_pad": include, **({"divisor_override": divisor} if axes > 1 else {})}
    compare(lambda x: getattr(ops, name)(x, kernel, **options),
            lambda x: getattr(torch.nn.functional, name)(x, kernel, **options),
            FILLS[fill](np.random.default_rng(seed), shape))


@quick
@given(windows(dilated=False), seeds)
def test_sum_is_the_mean_divided_by_one(given_, seed):
    axes, shape, kernel, options = given_
    x = np.random.default_rng(seed).standard_normal(shape)
    y = getattr(ops, f"sum_pool{axes}d")(nb.tensor(x), kernel, **options)
    two = {name: n if name == "ceil_mode" else (*n, 1 if name == "stride" else 0) for name, n in options.items()}
    if axes == 1:                                        # PyTorch has no divisor for lines: images of one column
        right = torch.nn.functional.avg_pool2d(torch.tensor(x)[..., None], (*kernel, 1), **two, divisor_override=1)
        right = right[..., 0]
    else:
        right = getattr(torch.nn.functional, f"avg_pool{axes}d")(torch.tensor(x), kernel, **options, divisor_override=1)
    np.testing.assert_allclose(y.numpy(), right.numpy(), rtol=1e-10, atol=1e-10)


@quick
@given(windows(dilated=False), st.sampled_from([1, 2, 3, 0.5, 2.5, -1]), seeds)
def test_norm(given_, norm_type, seed):
    axes, shape, kernel, options = given_
    options = {"stride": options["stride"], "ceil_mode": options["ceil_mode"]}
    shape = (*shape[:-axes], *[max(n, k) for n, k in zip(shape[-axes:], kernel, strict=True)])
    x, name = np.abs(np.random.default_rng(seed).standard_normal(shape)) + 0.1, f"lp_pool{axes}d"
    compare(lambda x: getattr(ops, name)(x, norm_type, kernel, **options),
            lambda x: getattr(torch.nn.functional, name)(x, norm_type, kernel if axes > 1 else kernel[0], **options), x)


@quick
@given(axes_of, st.data(), fills, st.booleans(), seeds)
def test_adaptive(axes, data, fill, indices, seed):
    sizes = st.tuples(*[st.integers(1, 9)] * (axes - 1), st.integers(1, data.draw(st.sampled_from([9, 70]))))
    shape = (*data.draw(st.sampled_from([(), (2,)])), data.draw(st.integers(1, 3)), *data.draw(sizes))
    size = data.draw(st.integers(1, 5) | st.tuples(*[st.integers(1, 6) | st.none()] * axes))
    if axes == 1 and isinstance(size, tuple):
        size = size[0] or shape[-1]                      # PyTorch keeps no axis of lines
    x = FILLS[fill](np.random.default_rng(seed), shape)
    name = f"adaptive_max_pool{axes}d"
    compare(lambda x: getattr(ops, name)(x, size, indices),
            lambda x: getattr(torch.nn.functional, name)(x, size, indices), x)
    if fill in ("any", "ties"):
        name = f"adaptive_avg_pool{axes}d"
        compare(lambda x: getattr(ops, name)(x, size), lambda x: getattr(torch.nn.functional, name)(x, size), x)


@quick
@given(windows(dilated=False), st.booleans(), seeds)
def test_unpooling_brings_maxima_back(given_, asked, seed):
    axes, shape, kernel, options = given_
    del options["ceil_mode"]
    x = np.random.default_rng(seed).standard_normal(shape)
    pooled, indices = getattr(torch.nn.functional, f"max_pool{axes}d")(torch.tensor(x), kernel, **options,
                                                                     return_indices=True)
    usual = tuple((n - 1) * s - 2 * p + k for n, k, s, p in zip(
        pooled.shape[-axes:], kernel, options["stride"], options["padding"], strict=True))
    size = shape[-axes:] if asked else usual
    assume(min(size) > 0 and int(indices.max()) < math.prod(size))
    assume(all(m - s < n < m + s for n, m, s in zip(size, usual, options["stride"], strict=True)))
    name, size = f"max_unpool{axes}d", size if asked else None
    compare(lambda x: getattr(ops, name)(x, nb.tensor(indices.numpy()), kernel, **options, output_size=size),
            lambda x: getattr(torch.nn.functional, name)(x, indices, kernel, **options, output_size=size),
            pooled.numpy())


@quick
@given(axes_of, st.data(), st.booleans(), seeds)
def test_other_sizes(axes, data, align, seed):
    linear = {1: ["linear"], 2: ["bilinear", "bicubic"], 3: ["trilinear"]}[axes]
    mode = data.draw(st.sampled_from(["nearest", "nearest-exact", "area", *linear]))
    image = data.draw(st.tuples(*[st.integers(1, 9)] * axes))
    options = {"align_corners": align} if mode in linear else {}
    if axes == 2 and mode in linear:
        options["antialias"] = data.draw(st.booleans())
    if data.draw(st.booleans()):
        options["size"] = data.draw(st.integers(1, 20) | st.tuples(*[st.integers(1, 20)] * axes))
        sizes = np.broadcast_to(options["size"], axes)
    else:
        factor = st.floats(0.3, 3.5) | st.sampled_from([1, 2, 3, 0.5, 1 / 3, 1.5])
        options["scale_factor"] = data.draw(factor | st.tuples(*[factor] * axes))
        options["recompute_scale_factor"] = data.draw(st.sampled_from([None, False, True]))
        scales = np.broadcast_to(options["scale_factor"], axes)
        sizes = tuple(math.floor(n * scale) for n, scale in zip(image, scales, strict=True))
        assume(min(sizes) > 0)
        if mode.startswith("nearest"):                   # as large or twice: there PyTorch goes by the sizes, not by a
            assume(all(m not in (n, 2 * n) or m == n * scale       # scale such as 1.25, in some kernels only
                       for m, n, scale in zip(sizes, image, scales, strict=True)))
    if options.get("antialias"):                         # PyTorch repeats the first pixel of a single column
        assume(min(*image, *sizes) > 1)
    x = np.random.default_rng(seed).standard_normal((2, data.draw(st.integers(1, 3)), *image))
    compare(lambda x: ops.interpolate(x, mode=mode, **options),
            lambda x: torch.nn.functional.interpolate(x, mode=mode, **options), x)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("mode", ["nearest", "nearest-exact"])
def test_the_nearest_place_is_the_same_for_all_sizes(mode, dtype):
    """What is rounded down is rounded first, to the dtype: so some places differ from those of exact numbers."""
    for size in range(1, 60):
        x = np.arange(size, dtype=dtype).reshape(1, 1, size)
        for options in [{"size": n} for n in range(1, 130, 7)] + [{"scale_factor": s} for s in (0.7, 1.1, 4 / 3, 2.9)]:
            if size * options.get("scale_factor", 2) < 1:
                continue
            expected = torch.nn.functional.interpolate(torch.tensor(x), mode=mode, **options)
            y = ops.interpolate(nb.tensor(x), mode=mode, **options)
            assert np.array_equal(y.numpy(), expected.numpy()), (size, options)


@pytest.mark.parametrize("mode", ["nearest", "bilinear", "area"])
def test_what_is_not_finite_reaches_its_neighbours_only(mode):
    x = np.zeros((1, 3, 6, 7))
    x[0, 1, 2, 3], x[0, 2, 5, 6], x[0, 0, 0, 0] = np.inf, np.nan, -np.inf
    y = ops.interpolate(nb.tensor(x), scale_factor=2, mode=mode).numpy()
    expected = torch.nn.functional.interpolate(torch.tensor(x), scale_factor=2, mode=mode)
    np.testing.assert_array_equal(y, expected.numpy())


LAYERS = {
    "MaxPool": [((2,), {}), ((3, 2, 1), {"ceil_mode": True}), ((2, 1), {"dilation": 2}),
                ((3,), {"return_indices": True})],
    "AvgPool": [((2,), {}), ((3, 2, 1), {"ceil_mode": True, "count_include_pad": False})],
    "LPPool": [((2, 3), {}), ((3, 2, 1), {"ceil_mode": True})],
    "AdaptiveAvgPool": [((3,), {})],
    "AdaptiveMaxPool": [((3,), {}), ((2,), {"return_indices": True})],
}


@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize(("kind", "arguments", "options"), [
    (kind, *row) for kind, rows in LAYERS.items() for row in rows])
def test_layers(kind, arguments, options, axes):
    x = np.abs(np.random.default_rng(0).standard_normal((2, 3, *(8, 7, 9)[:axes]))) + 0.1
    name = f"{kind}{axes}d"
    compare(getattr(nn, name)(*arguments, **options), getattr(torch.nn, name)(*arguments, **options), x)


def test_layers_of_one_rank():
    x = np.random.default_rng(0).standard_normal((2, 3, 6, 5))
    for name, options in (("AvgPool2d", {"kernel_size": 2, "divisor_override": 3}), ("Upsample", {"scale_factor": 2}),
                          ("Upsample", {"size": (4, 9), "mode": "bilinear"}),
                          ("Upsample", {"scale_factor": 1.7, "mode": "bicubic", "align_corners": True}),
                          ("UpsamplingNearest2d", {"scale_factor": 3}), ("UpsamplingBilinear2d", {"size": 7})):
        compare(getattr(nn, name)(**options), getattr(torch.nn, name)(**options), x)


@pytest.mark.parametrize("axes", [1, 2, 3])
def test_unpooling_layers(axes):
    x = np.random.default_rng(0).standard_normal((2, 3, *(8, 6, 4)[:axes]))
    ours, theirs = (getattr(library, f"MaxPool{axes}d")(2, return_indices=True) for library in (nn, torch.nn))
    back, their_back = (getattr(library, f"MaxUnpool{axes}d")(2) for library in (nn, torch.nn))
    compare(lambda x: back(*ours(x)), lambda x: their_back(*theirs(x)), x)
