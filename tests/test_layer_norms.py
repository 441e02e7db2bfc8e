"""Layer, group, instance and local response norm: their rules, how exact they are, layers; and layers for pixels."""
import numpy as np
import pytest
import ways
from cases import Case, check, normal
from numbacnn_cpu import layer_norm_rules, layout_rules
from numbacnn_cpu.compile import INTERPRETED
from numbacnn_cpu.group_norm import stays
from poison import poisoned  # noqa: F401
from test_fusions import applied  # noqa: F401
from test_same_bits import bits

import numbacnn as nb
from numbacnn import nn, testing
from numbacnn.nn import functional as F

# --- rules -----------------------------------------------------------------------------------------------------------

LAYERS = {                                               # x, what is done
    "few rows": ((9, 13), lambda x, w, b: F.layer_norm(x, 13, w, b)),
    "many rows": ((130, 40), lambda x, w, b: F.layer_norm(x, 40, w, b)),
    "more rows than parts hold": ((2100, 5), lambda x, w, b: F.layer_norm(x, 5, w, b)),
    "long rows": ((3, 1100), lambda x, w, b: F.layer_norm(x, 1100, w, b)),
    "images": ((70, 3, 4, 5), lambda x, w, b: F.layer_norm(x, x.shape[1:], w, b)),
    "root": ((130, 40), lambda x, w, b: F.rms_norm(x, 40, w) + b),
    "groups": ((3, 12, 5, 4), lambda x, w, b: F.group_norm(x, 4, w, b)),
    "groups of uneven size": ((2, 69, 3, 5), lambda x, w, b: F.group_norm(x, 23, w, b)),
    "groups of vectors": ((20, 60), lambda x, w, b: F.group_norm(x, 4, w, b)),
    "groups of runs": ((3, 12, 37), lambda x, w, b: F.group_norm(x, 4, w, b)),
    "large images": ((2, 64, 50, 47), lambda x, w, b: F.group_norm(x, 4, w, b)),
    "one large image": ((1, 34, 70, 61), lambda x, w, b: F.group_norm(x, 17, w, b)),
}
PIXELS = {
    "rows": lambda x, w, b: F.layer_norm(x.permute(0, 2, 3, 1), x.shape[1], w, b).permute(0, 3, 1, 2),
    "two layers": lambda x, w, b: F.linear(F.layer_norm(x.permute(0, 2, 3, 1), x.shape[1], w, b),
                                           w.reshape(1, -1) * b.reshape(-1, 1)).permute(0, 3, 1, 2) + x,
    "there": lambda x, w, b: (x * w.reshape(-1, 1, 1) + b.reshape(-1, 1, 1)).permute(0, 2, 3, 1).reshape(
        -1, x.shape[1]),
    "back": lambda x, w, b: (x.reshape(-1, w.shape[0]) * w + b).reshape(
        x.shape[0], *x.shape[2:], w.shape[0]).permute(0, 3, 1, 2),
    "other axes": lambda x, w, b: x.permute(0, 3, 2, 1).reshape(-1, x.shape[1]) * w + b,
}


def computed(run, shape, parameters, device=None):
    """The output, and all gradients."""
    rng = np.random.default_rng(0)
    x, w, b = (nb.tensor(rng.standard_normal(s), device=device, requires_grad=True)
               for s in (shape, parameters, parameters))
    y = run(x, w, b)
    y.backward(nb.tensor(rng.standard_normal(y.shape), device=device))
    nb.evaluate(y, x.grad, w.grad, b.grad)
    return [each.numpy() for each in (y, x.grad, w.grad, b.grad)]


def parameters_of(name, shape):
    return shape[1:] if name == "images" else (shape[1],)


@pytest.mark.parametrize("name", LAYERS)
def test_all_gradients_in_one_pass(name, applied):  # noqa: F811
    shape, run = LAYERS[name]
    ways.compare(lambda **where: computed(run, shape, parameters_of(name, shape), **where), tolerance=1e-11)
    assert not set(layer_norm_rules.FUSIONS).isdisjoint(applied)


@pytest.mark.parametrize("size", [(2, 5, 3, 4), (3, 16, 1, 2), (1, 3, 4, 4), (2, 1, 3, 2)])
@pytest.mark.parametrize("name", PIXELS)
def test_pixels_are_rows(name, size, applied):  # noqa: F811
    ways.compare(lambda **where: computed(PIXELS[name], size, size[1:2], **where), tolerance=1e-11)


def test_every_rule_of_pixels_applies(applied):  # noqa: F811
    computed(PIXELS["two layers"], (2, 5, 3, 4), (5,))
    assert set(layout_rules.FUSIONS) <= set(applied)


def test_pixels_are_not_copied():
    x, layer = nb.tensor(normal(2, 5, 3, 4)), nn.LayerNorm(5, dtype="float64")

    def run(x):
        with nb.no_grad():
            return layer((x * 2).permute(0, 2, 3, 1)).permute(0, 3, 1, 2) + 1

    ran = [line.op for lines in nb.explain(run, x).plans for line in lines]
    assert not {"permute", "reshape", "pixels", "images"} & set(ran)


def test_a_view_of_pixels_that_somebody_keeps_is_whole():
    x = nb.tensor(normal(2, 5, 3, 4))
    rows = x.permute(0, 2, 3, 1).reshape(-1, 5)
    np.testing.assert_array_equal(rows.numpy(), x.numpy().transpose(0, 2, 3, 1).reshape(-1, 5))
    np.testing.assert_array_equal(rows.reshape(2, 3, 4, 5).permute(0, 3, 1, 2).numpy(), x.numpy())


# --- kernels, each alone ---------------------------------------------------------------------------------------------

def kernel_cases():
    cases = {"cumulative_average": Case("cumulative_average", [*normal(2, 6), np.array(4)], [(6,)])}
    for shape in ((9, 13), (130, 17), (3, 4, 2, 5)):
        (x, dy), own = normal(2, *shape), (1, *shape[1:]) if len(shape) == 4 else shape[1:]
        mean, rstd = normal(shape[0]), np.abs(normal(shape[0]))
        rows = ((shape[0],), "float64")
        for centered in (0, 1):
            cases[f"layer_norm {shape} {centered}"] = Case(
                "layer_norm", [x + 3, *normal(2, *own)], [shape, rows, rows], (1e-5, centered))
            cases[f"layer_norm_backward_input {shape} {centered}"] = Case(
                "layer_norm_backward_input", [dy, x, mean, rstd, normal(*own)], [shape], (centered,))
        cases[f"layer_norm_backward_weight {shape}"] = Case(
            "layer_norm_backward_weight", [dy, x, mean, rstd], [own, own])
    for shape, groups in (((2, 6, 4, 3), 2), ((2, 6, 11), 3), ((1, 6, 180, 150), 2), ((5, 6), 2)):
        (x, dy), (weight, bias) = normal(2, *shape), normal(2, shape[1])
        mean, rstd = normal(shape[0], groups), np.abs(normal(shape[0], groups))
        each = ((shape[0], groups), "float64")
        cases |= {
            f"group_norm {shape}": Case("group_norm", [x + 3, weight, bias], [shape, each, each], (1e-5,)),
            f"group_norm_backward_input {shape}": Case(
                "group_norm_backward_input", [dy, x, mean, rstd, weight], [shape]),
            f"group_norm_backward_weight {shape}": Case(
                "group_norm_backward_weight", [dy, x, mean, rstd], [shape[1:2]] * 2)}
    cases["instance_norm_running"] = Case(
        "instance_norm_running", [normal(3, 5), np.abs(normal(3, 5)) + 0.1, normal(5), normal(5)], [(5,)] * 2,
        (0.1, 1e-5, 7))
    for beta in (0.75, 0.5, 0.3):
        numbers = (2, 1, 0.4, beta, 1.5)
        x, dy = normal(2, 2, 19, 3, 2)
        cases[f"local_response_norm {beta}"] = Case("local_response_norm", [x], [x.shape], numbers)
        cases[f"local_response_norm_backward {beta}"] = Case("local_response_norm_backward", [dy, x], [x.shape],
                                                             numbers)
    return cases


CASES = kernel_cases()
# Sums that cancel are compared in float64; in float32, with float64 in test_float32_stays_near_float64.
BACKWARD = [name for name in CASES if "backward" in name]


@pytest.mark.parametrize("way", ["launch", "program"])
@pytest.mark.parametrize("name", CASES)
def test_kernels(name, way):
    check(CASES[name], "float64", way)
    if name not in BACKWARD:
        check(CASES[name], "float32", way)


# --- how exact -------------------------------------------------------------------------------------------------------

def far(dtype, layer, shape, center):
    """Results, from the numbers that float32 holds: far from zero, and the first one of each row farther still."""
    rng = np.random.default_rng(0)
    x = (center + rng.standard_normal(shape)).astype(np.float32)
    x[..., 0] += 5
    x = nb.tensor(x.astype(dtype), requires_grad=True)
    y = layer(x)
    y.backward(nb.tensor(rng.standard_normal(shape).astype(np.float32).astype(dtype)))
    return y.numpy(), x.grad.numpy()


@pytest.mark.parametrize("center", [0, 1e3, -1e5])
@pytest.mark.parametrize(("layer", "shape"), [
    (lambda x: F.layer_norm(x, x.shape[-1], eps=1e-12), (100, 96)),
    (lambda x: F.layer_norm(x, x.shape[-1], eps=1e-12), (3, 5000)),
    (lambda x: F.group_norm(x, 4, eps=1e-12), (2, 32, 9, 8)), (lambda x: F.group_norm(x, 4, eps=1e-12), (2, 32, 70)),
    (lambda x: F.instance_norm(x, eps=1e-12), (2, 64, 50, 47)), (lambda x: F.instance_norm(x, eps=1e-12), (2, 3, 300)),
], ids=["layer", "long layer", "group of images", "group of runs", "instance of images", "instance of runs"])
def test_float32_stays_near_float64(layer, shape, center):
    """However far the numbers are from zero: what is subtracted is known to more digits than float32 has."""
    for single, double in zip(far("float32", layer, shape, center), far("float64", layer, shape, center), strict=True):
        np.testing.assert_allclose(single, double, rtol=0, atol=1e-5)


def test_batch_norm_of_runs_far_from_zero():
    x = (1e4 + np.random.default_rng(0).standard_normal((8, 3, 50))).astype(np.float32)
    got = [F.batch_norm(nb.tensor(x.astype(dtype)), None, None, training=True).numpy() for dtype in ("f4", "f8")]
    np.testing.assert_allclose(*got, atol=1e-3)          # the mean itself is rounded to float32
    running = [nb.zeros(3), nb.ones(3)]
    F.batch_norm(nb.tensor(x), *running, training=True, momentum=1.0)
    np.testing.assert_allclose(running[1].numpy(), x.astype("f8").var((0, 2), ddof=1), rtol=2e-6)


@pytest.mark.parametrize("shape", [(5, 7), (2, 4, 3, 3), (2, 4, 9)])
def test_equal_numbers_have_no_variance(shape):
    x = nb.tensor(np.full(shape, 1e7 / 3, np.float32))
    for y in F.layer_norm(x, shape[-1]), F.group_norm(x, shape[1]) if len(shape) > 2 else x - x:
        assert not y.numpy().any()
    assert np.isnan(F.layer_norm(x, shape[-1], eps=0.0).numpy()).all()


# --- the same bits ---------------------------------------------------------------------------------------------------

@pytest.mark.skipif(INTERPRETED, reason="one thread")
@pytest.mark.parametrize("name", [*LAYERS, "batch norm of runs", "local response"])
def test_the_same_bits_for_any_number_of_threads(name, monkeypatch):
    others = {"batch norm of runs": ((9, 5, 33), lambda x, w, b: F.batch_norm(x, None, None, w, b, True)),
              "local response": ((3, 40, 9, 8), lambda x, w, b: F.local_response_norm(x, 5, 0.1) + (w * b).sum())}
    shape, run = (LAYERS | others)[name]

    def results():
        rng = np.random.default_rng(0)
        own = parameters_of(name, shape)
        tensors = [nb.tensor(rng.standard_normal(s, np.float32), requires_grad=True) for s in (shape, own, own)]
        y = run(*tensors)
        y.backward(nb.tensor(rng.standard_normal(y.shape, np.float32)))
        return [y.numpy(), *[each.grad.numpy() for each in tensors]]

    assert len(set(bits(monkeypatch, results))) == 1


def test_large_images_are_cut_into_parts():
    """The shapes above do take the ways they are meant for."""
    class Images:
        def __init__(self, *shape):
            self.shape, self.nbytes = shape, 4 * int(np.prod(shape))

    assert stays(Images(*LAYERS["groups"][0]))
    assert not stays(Images(*LAYERS["large images"][0]), Images(*LAYERS["large images"][0]))


# --- layers ----------------------------------------------------------------------------------------------------------

def test_gradients_of_layers():
    for layer, shape in ((nn.LayerNorm((3, 4), dtype="float64"), (2, 3, 4)),
                         (nn.RMSNorm(4, dtype="float64"), (2, 3, 4)),
                         (nn.GroupNorm(2, 4, dtype="float64"), (2, 4, 3)), (nn.LocalResponseNorm(3, 0.5), (2, 4, 3, 2)),
                         (nn.InstanceNorm1d(4, affine=True, dtype="float64"), (2, 4, 3)),
                         (nn.BatchNorm3d(2, dtype="float64"), (2, 2, 1, 3, 2)),
                         (nn.Bilinear(3, 3, 2, dtype="float64"), (4, 3))):
        x = nb.tensor(normal(*shape), requires_grad=True)
        testing.check_gradients((lambda x, layer=layer: layer(x, x)) if isinstance(layer, nn.Bilinear) else layer, [x])


def test_momentum_none_is_the_mean_of_all_batches():
    layer, batches = nn.BatchNorm1d(3, momentum=None, dtype="float64"), normal(4, 5, 3, 2)
    for batch in batches:
        layer(nb.tensor(batch))
    np.testing.assert_allclose(layer.running_mean.numpy(), batches.mean((0, 1, 3)), rtol=1e-13, atol=1e-14)
    np.testing.assert_allclose(layer.running_var.numpy(), batches.var((1, 3), ddof=1).mean(0), rtol=1e-13)
    assert layer.num_batches_tracked.item() == 4
    layer.reset_running_stats()
    assert (layer.num_batches_tracked.item(), layer.running_var.tolist()) == (0, [1, 1, 1])


def test_layers_without_some_of_their_parts():
    x = nb.tensor(normal(4, 6, 3, 2))
    for layer, names in (
            (nn.BatchNorm2d(6, affine=False, dtype="float64"), ["running_mean", "running_var", "num_batches_tracked"]),
            (nn.BatchNorm2d(6, track_running_stats=False, dtype="float64"), ["weight", "bias"]),
            (nn.BatchNorm2d(6, track_running_stats=False, bias=False, dtype="float64"), ["weight"]),
            (nn.InstanceNorm2d(6), []), (nn.GroupNorm(3, 6, affine=False), []),
            (nn.GroupNorm(3, 6, bias=False, dtype="float64"), ["weight"]),
            (nn.LayerNorm((6, 3, 2), bias=False, dtype="float64"), ["weight"]),
            (nn.LayerNorm(2, elementwise_affine=False), []), (nn.RMSNorm(2, elementwise_affine=False), [])):
        assert list(layer.state_dict()) == names
        same = layer(x).numpy()
        if names[:1] != ["running_mean"]:
            np.testing.assert_array_equal(layer.eval()(x).numpy(), same)


def test_dropped_channels_are_whole():
    nb.manual_seed(3)
    for layer, shape, axes in ((nn.Dropout1d(), (9, 8, 5), 2), (nn.Dropout2d(), (9, 8, 3, 4), 2),
                               (nn.Dropout3d(), (9, 8, 2, 3, 2), 2), (nn.Dropout1d(), (50, 5), 1),
                               (nn.Dropout3d(), (60, 2, 3, 2), 1)):
        y = layer(nb.ones(shape)).numpy().reshape(np.prod(shape[:axes]), -1)
        assert (y == y[:, :1]).all()
        assert set(np.unique(y)) == {0, 2}
        assert 0.3 < (y[:, 0] == 0).mean() < 0.7
        assert layer.eval()(nb.ones(shape)).numpy().min() == 1


@pytest.mark.parametrize("layer", [nn.AlphaDropout(0.3), nn.FeatureAlphaDropout(0.3)])
def test_alpha_dropout_keeps_mean_and_variance(layer):
    x = np.random.default_rng(0).standard_normal((300, 200, 2)).astype(np.float32)
    y = layer(nb.tensor(x)).numpy()
    assert abs(y.mean()) < 0.02
    assert abs(y.var() - 1) < 0.03
    assert np.isnan(F.alpha_dropout(nb.tensor([np.nan] * 3), 0.5, True).numpy()).all()


@pytest.mark.parametrize(("make", "text"), [
    (lambda: nn.LayerNorm(()), r"LayerNorm: normalized_shape must name one size at least, .*, got \(\)"),
    (lambda: nn.LayerNorm(2.5), "LayerNorm: normalized_shape must be an integer or several, got 2.5"),
    (lambda: nn.RMSNorm(-1), "RMSNorm: normalized_shape must name one size at least, .*, got -1"),
    (lambda: nn.GroupNorm(3, 4), "GroupNorm: num_groups=3 must divide num_channels=4"),
    (lambda: nn.GroupNorm(0, 4), "GroupNorm: num_groups must be at least 1, got 0"),
    (lambda: nn.GroupNorm(2, True), "GroupNorm: num_channels must be an integer, got True"),
    (lambda: nn.InstanceNorm2d(0), "InstanceNorm2d: num_features must be at least 1, got 0"),
    (lambda: nn.InstanceNorm2d(3)(nb.ones(2, 3)), r"InstanceNorm2d: x must be \(N, C, H, W\) or \(C, H, W\), got x\(2"),
    (lambda: nn.InstanceNorm1d(3, affine=True)(nb.ones(2, 4, 5)), "must have num_features=3 channels, got 4 in x"),
    (lambda: nn.BatchNorm1d(3)(nb.ones(2, 3, 4, 5)), r"BatchNorm1d: x must be \(N, C\) or \(N, C, L\), got x\(2, 3, 4"),
    (lambda: nn.BatchNorm3d(3)(nb.ones(2, 3, 4, 5)), r"BatchNorm3d: x must be \(N, C, D, H, W\), got x\(2, 3, 4, 5\)"),
    (lambda: nn.BatchNorm1d(3)(nb.ones(2, 4)), "batch_norm: x has 4 channels, running_mean must be"),
    (lambda: nn.LocalResponseNorm(0), "LocalResponseNorm: size must be at least 1, got 0"),
    (lambda: nn.Dropout2d(1.5), "Dropout2d: p must be in .0, 1., got 1.5"),
    (lambda: nn.AlphaDropout(None), "AlphaDropout: p must be a number, got None"),
    (lambda: nn.Bilinear(0, 1, 1), "Bilinear: in1_features must be at least 1, got 0"),
    (lambda: nn.LayerNorm(3, dtype="int64"), "LayerNorm: dtype must be float32, float64 or bfloat16, got int64"),
    (lambda: nn.BatchNorm2d(3, dtype="f2"), "dtype must be one of"),
    (lambda: nn.LayerNorm(3, device="gpu9"), "gpu9"),
])
def test_layers_refuse(make, text):
    with pytest.raises((ValueError, TypeError, RuntimeError), match=text):
        make()
