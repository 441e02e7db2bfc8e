"""Pooling and images in other sizes: any shapes and layouts, any number of threads, fused and not; and layers."""
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from poison import poisoned  # noqa: F401
from test_properties import check, dtypes, layouts, seeds, whole
from test_same_bits import bits

import numbacnn as nb
from numbacnn import nn, ops, testing
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.nn import functional as F

quick = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
ranks = st.sampled_from([1, 2, 3])


def near(dtype):
    """For what is divided: nothing else is rounded, the numbers being whole."""
    return 3e-6 if dtype == "float32" else 3e-14


@st.composite
def pooled(draw):
    """Axes, a shape, and the options of a pooling."""
    axes = draw(ranks)
    kernel, stride = (draw(st.tuples(*[st.integers(1, 3)] * axes)) for _ in range(2))
    padding = tuple(draw(st.integers(0, k // 2)) for k in kernel)
    image = [max(1, k - 2 * p) + draw(st.integers(0, 5)) for k, p in zip(kernel, padding, strict=True)]
    shape = (*draw(st.sampled_from([(), (0,), (2,)])), draw(st.sampled_from([1, 3, 17])), *image)
    return axes, shape, kernel, {"stride": stride, "padding": padding, "ceil_mode": draw(st.booleans())}


@quick
@given(pooled(), st.sampled_from(["max", "sum", "avg"]), dtypes, layouts, seeds)
def test_windows(given_, how, dtype, layout, seed):
    axes, shape, kernel, options = given_
    x = whole(np.random.default_rng(seed), shape)
    check(f"{how}_pool{axes}d", [x], dtype, layout, kernel, rtol=near(dtype) if how == "avg" else 0.0, **options)


@quick
@given(ranks, st.data(), st.sampled_from(["max", "avg"]), dtypes, layouts, seeds)
def test_adaptive_windows(axes, data, how, dtype, layout, seed):
    image, size = (data.draw(st.tuples(*[st.integers(1, 6)] * axes)) for _ in range(2))
    shape = (*data.draw(st.sampled_from([(), (0,), (2,)])), data.draw(st.sampled_from([1, 3, 17])), *image)
    check(f"adaptive_{how}_pool{axes}d", [whole(np.random.default_rng(seed), shape)], dtype, layout, size,
          rtol=near(dtype) if how == "avg" else 0.0)


@quick
@given(ranks, st.data(), dtypes, layouts, seeds)
def test_other_sizes(axes, data, dtype, layout, seed):
    mode = data.draw(st.sampled_from(["nearest", "area", {1: "linear", 2: "bilinear", 3: "trilinear"}[axes]]))
    image = data.draw(st.tuples(*[st.integers(1, 6)] * axes))
    shape = (data.draw(st.integers(0, 2)), data.draw(st.sampled_from([1, 3, 17])), *image)
    options = {"align_corners": data.draw(st.booleans())} if mode.endswith("linear") else {}
    options |= {"scale_factor": data.draw(st.sampled_from([0.5, 1.0, 1.5, 2.0]))} if data.draw(st.booleans()) else {
        "size": data.draw(st.tuples(*[st.sampled_from([1, 2, 4, 8])] * axes))}
    assume(min(image) * options.get("scale_factor", 1) >= 1)
    check("interpolate", [whole(np.random.default_rng(seed), shape)], dtype, layout, rtol=2 * near(dtype), mode=mode,
          **options)


# --- threads ---------------------------------------------------------------------------------------------------------

CALLS = {
    "lines": ((5, 7, 90), lambda x: [F.max_pool1d(x, 3, 2, 1), F.avg_pool1d(x, 3, 2, 1), F.adaptive_avg_pool1d(x, 1),
                                     F.adaptive_max_pool1d(x, 2)]),
    "images": ((3, 70, 13, 11), lambda x: [F.max_pool2d(x, 2, ceil_mode=True), F.avg_pool2d(x, 2, ceil_mode=True),
                                           F.adaptive_avg_pool2d(x, (4, 3)), F.adaptive_avg_pool2d(x, 1),
                                           F.adaptive_max_pool2d(x, (4, 3))]),
    "volumes": ((2, 3, 7, 9, 40), lambda x: [F.max_pool3d(x, 3, 2, 1), F.avg_pool3d(x, 3, 2, 1),
                                             F.adaptive_avg_pool3d(x, 3), F.adaptive_max_pool3d(x, 1)]),
    "other sizes": ((2, 19, 9, 8), lambda x: [F.interpolate(x, scale_factor=2, mode=mode)
                                              for mode in ("nearest", "bilinear", "bicubic")]),
}


@pytest.mark.parametrize("name", CALLS)
def test_bits_do_not_depend_on_the_number_of_threads(name, monkeypatch):
    shape, calls = CALLS[name]

    def compute():
        x = nb.tensor(np.random.default_rng(0).standard_normal(shape, np.float32), requires_grad=True)
        ys = calls(x)
        for y in ys:
            y.backward(nb.tensor(np.random.default_rng(1).standard_normal(y.shape, np.float32)))
        return [x.grad.numpy(), *[y.numpy() for y in ys]]

    assert len(set(bits(monkeypatch, compute))) == 1


# --- indices, and fusions --------------------------------------------------------------------------------------------

@pytest.mark.parametrize("ceil_mode", [False, True])
@pytest.mark.parametrize("size", [9, 10])
def test_indices_of_a_fused_convolution(size, ceil_mode):
    """They are what eager mode finds, and the gradients are, too."""
    rng, found = np.random.default_rng(0), []
    x, weight, dy = rng.integers(-2, 3, (2, 3, size, size)), rng.integers(-2, 3, (5, 3, 3, 3)), rng.integers(-2, 3, 97)
    for settings_ in {}, {"fuse": False}, {"eager": True}:
        with testing.settings(**settings_):
            leaves = [nb.tensor(a.astype("float32"), requires_grad=True) for a in (x, weight)]
            y, indices = F.max_pool2d(F.relu(F.conv2d(*leaves)), 2, ceil_mode=ceil_mode, return_indices=True)
            y.backward(nb.tensor(np.resize(dy, y.shape).astype("float32")))
            found.append([y.numpy(), indices.numpy(), *[leaf.grad.numpy() for leaf in leaves]])
    for other in found[1:]:
        for one, two in zip(found[0], other, strict=True):
            assert np.array_equal(one, two)


def test_indices_are_whole_numbers_without_a_gradient():
    y, indices = F.max_pool2d(nb.randn(3, 6, 6, requires_grad=True), 2, return_indices=True)
    assert (y.shape, indices.shape) == ((3, 3, 3), (3, 3, 3))
    assert (indices.dtype, indices.requires_grad, y.requires_grad) == (np.int64, False, True)


def test_unpooling_with_an_index_outside():
    indices = nb.tensor(np.array([[[0, 5, 3]]]))
    with pytest.raises(IndexError, match="max_unpool: indices must be from 0 to 5, got 6"):
        F.max_unpool1d(nb.ones(1, 1, 3), indices + 1, 2).numpy()
    assert F.max_unpool1d(nb.ones(1, 1, 3), indices, 2).numpy().sum() == 3


def test_of_two_numbers_for_one_place_the_last_counts():
    x = nb.tensor(np.array([[1.0, 2.0, 3.0]]), requires_grad=True)
    y = F.max_unpool1d(x, nb.tensor(np.array([[4, 1, 4]])), 2)
    assert y.numpy().tolist() == [[0, 2, 0, 0, 3, 0]]


# --- layers ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("axes", [1, 2, 3])
def test_global_pools(axes):
    x = np.random.default_rng(0).standard_normal((2, 3, *(5, 4, 6)[:axes]))
    where = tuple(range(2, 2 + axes))
    for kind, function in ("Avg", np.mean), ("Max", np.max), ("Sum", np.sum):
        layer = getattr(nn, f"Global{kind}Pool{axes}d")()
        np.testing.assert_allclose(layer(nb.tensor(x)).numpy(), function(x, axis=where, keepdims=True), rtol=1e-13)
        alone = layer(nb.tensor(x[0])).numpy()
        np.testing.assert_allclose(alone, function(x, axis=where, keepdims=True)[0], rtol=1e-13)
        with pytest.raises(ShapeError, match=r"x must be \(N, C, "):
            layer(nb.ones(3))
    testing.check_gradients(getattr(nn, f"GlobalSumPool{axes}d")(), [nb.tensor(x, requires_grad=True)])


def test_layers_show_their_options():
    assert repr(nn.MaxPool1d(3, 2, 1)) == "MaxPool1d(kernel_size=(3,), stride=(2,), padding=(1,))"
    assert repr(nn.AvgPool3d(2, ceil_mode=True)) == (
        "AvgPool3d(kernel_size=(2, 2, 2), stride=(2, 2, 2), padding=(0, 0, 0), ceil_mode=True)")
    assert repr(nn.LPPool2d(2, 3)) == "LPPool2d(norm_type=2, kernel_size=(3, 3), stride=(3, 3))"
    assert repr(nn.MaxUnpool2d(2)) == "MaxUnpool2d(kernel_size=(2, 2), stride=(2, 2), padding=(0, 0))"
    assert repr(nn.AdaptiveMaxPool2d((None, 3))) == "AdaptiveMaxPool2d(output_size=(None, 3))"
    assert repr(nn.Upsample(scale_factor=2)) == "Upsample(scale_factor=2, mode='nearest')"
    assert repr(nn.UpsamplingBilinear2d(7)) == "UpsamplingBilinear2d(size=7, mode='bilinear')"


REFUSED = [
    (lambda: nn.MaxPool1d("2"), DTypeError, "MaxPool1d: kernel_size must be an integer or one in a tuple (length,)"),
    (lambda: nn.MaxPool3d((2, 2)), DTypeError, "MaxPool3d: kernel_size must be an integer or three integers"),
    (lambda: nn.MaxPool2d(2, dilation=0), ShapeError, "MaxPool2d: dilation must be at least 1, got 0"),
    (lambda: nn.MaxPool2d(2, return_indices=1), DTypeError, "MaxPool2d: return_indices must be True or False, got 1"),
    (lambda: nn.SumPool2d(2, ceil_mode="no"), DTypeError, "SumPool2d: ceil_mode must be True or False, got 'no'"),
    (lambda: nn.AvgPool1d(2, count_include_pad=3), DTypeError, "AvgPool1d: count_include_pad must be True or False"),
    (lambda: nn.AvgPool2d(2, divisor_override=0), ShapeError, "AvgPool2d: divisor_override must not be zero"),
    (lambda: nn.LPPool2d(0, 2), ShapeError, "LPPool2d: norm_type must not be 0, got 0"),
    (lambda: nn.LPPool1d(2, -1), ShapeError, "LPPool1d: kernel_size must be at least 1, got -1"),
    (lambda: nn.AdaptiveMaxPool2d(2, None), DTypeError, "AdaptiveMaxPool2d: return_indices must be True or False"),
    (lambda: nn.MaxUnpool2d(2, padding=-1), ShapeError, "MaxUnpool2d: padding must be at least 0, got -1"),
    (lambda: nn.Upsample()(nb.ones(1, 1, 2, 2)), ShapeError, "Upsample: one of size and scale_factor must be given"),
    (lambda: nn.GlobalSumPool2d()(nb.tensor([[[1]]])), DTypeError,
     "GlobalSumPool2d: x must be float32, float64 or bfloat16"),
    (lambda: ops.max_pool2d([[1.0]], 2), DTypeError, "max_pool2d: x must be a Tensor, got list"),
]


@pytest.mark.parametrize(("call", "error", "text"), REFUSED, ids=[text for *_, text in REFUSED])
def test_layers_refuse(call, error, text):
    with pytest.raises(error) as raised:
        call()
    assert text in str(raised.value)
