"""Winograd convolutions: values and gradients against float64, on all kinds of shapes; and when they are chosen.

Rules choose them for layers with many channels; most tests here have them chosen always, for small shapes.
"""
import numba
import numbacnn_cpu
import numpy as np
import pytest
import reference
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numbacnn_cpu import winograd, winograd_backward, winograd_rules
from poison import poisoned  # noqa: F401

import numbacnn as nb
from numbacnn.nn import functional as F

# Errors in units of float32's rounding (2 ** -24) times what the sum would be if nothing cancelled out. Transforms add
# numbers that are larger than the result, and of both signs: what |A|, |B| and |G| of F(4, 3) make of ones is up to 16
# times what the direct sum is, along each of two axes (48 against 3); of F(2, 3) it is 8 against 3.
BOUNDS = {6: 256, 4: 8}
FLOAT64 = 1e-12
INTERPRETED = bool(numba.config.DISABLE_JIT)
OPS = {False: {"conv2d_winograd", "conv2d_winograd_backward_input"},
       True: {"conv2d_winograd_deep", "conv2d_winograd_deep_backward_input"}}
WEIGHT_OPS = {6: "conv2d_winograd_backward_weight", 4: "conv2d_winograd_backward_weight_small"}


@pytest.fixture
def chosen(monkeypatch):
    """Return a function that has windows of a size chosen wherever they are possible, in float64 too.

    Weights are transformed beforehand, or (`deep`) where they are multiplied, if there are few windows.
    """
    def choose(edge, deep=False):
        for name in "best_edge", "best_edge_weight":
            monkeypatch.setattr(winograd_rules, name, lambda *sizes, **known: edge)
        monkeypatch.setattr(winograd_rules, "PIXELS", 0)
        monkeypatch.setattr(winograd_rules, "LARGE", 0 if deep else np.inf)
        monkeypatch.setattr(winograd_rules, "DTYPES", ("float32", "float64"))
        if not set(winograd_rules.WINOGRAD) <= set(numbacnn_cpu.VARIANTS):
            monkeypatch.setattr(numbacnn_cpu, "VARIANTS", [*winograd_rules.WINOGRAD, *numbacnn_cpu.VARIANTS])
        nb.graph.thread.plans.clear()                    # or nothing is built anew

    yield choose
    nb.graph.thread.plans.clear()


def computed(x, weight, bias, dy, padding):
    """The output and the gradients of a convolution."""
    leaves = [nb.tensor(values, requires_grad=True) for values in (x, weight, bias)]
    y = F.conv2d(*leaves, padding=padding)
    y.backward(nb.tensor(dy))
    nb.evaluate(y, *[leaf.grad for leaf in leaves])
    return [y.numpy(), *[leaf.grad.numpy() for leaf in leaves[:2]]]


def expected(x, weight, bias, dy, padding):
    """The same in float64, by the reference."""
    x, weight, bias, dy = (values.astype("float64") for values in (x, weight, bias, dy))
    y, dx, dweight = np.empty(dy.shape), np.empty(x.shape), np.empty(weight.shape)
    conv = (1, 1, padding, padding, 1, 1, 1)
    reference.conv2d(x, weight, bias, y, *conv)
    reference.conv2d_backward_input(dy, weight, dx, *conv)
    reference.conv2d_backward_weight(x, dy, dweight, *conv)
    return [y, dx, dweight]


def inputs(images, channels, height, width, outputs, padding, dtype, whole=False):
    """Random x, weight, bias and dy."""
    rng = np.random.default_rng([images, channels, height, width, outputs, padding])
    shapes = [(images, channels, height, width), (outputs, channels, 3, 3), (outputs,),
              (images, outputs, height + 2 * padding - 2, width + 2 * padding - 2)]
    return [(rng.integers(-3, 4, s) if whole else rng.standard_normal(s)).astype(dtype) for s in shapes]


def check(edge, shape, dtype="float64"):
    """Compare with the reference, in units that the bounds are given in."""
    arrays, padding = inputs(*shape, dtype), shape[-1]
    sizes = expected(*map(np.abs, arrays), padding)      # what the sums would be if nothing cancelled out
    for got, wanted, size in zip(computed(*arrays, padding), expected(*arrays, padding), sizes, strict=True):
        assert got.dtype == dtype
        if dtype == "float64":
            np.testing.assert_allclose(got, wanted, rtol=FLOAT64, atol=FLOAT64 * size.max(initial=1))
        else:
            assert np.abs(got - wanted).max(initial=0) <= BOUNDS[edge] * 2.0 ** -24 * size.max(initial=0)


# (images, channels, height, width, outputs, padding)
SIZES = [(1, 3, height, width, 2, padding) for height, width, padding in [
    *[(n, n, 1) for n in range(1, 14)], *[(n, 14 - n, 2) for n in range(1, 14)],
    *[(n, 16 - n, 0) for n in range(3, 14)],
]]
CHANNELS = [(2, channels, 7, 6, outputs, 1) for channels, outputs in [
    (1, 1), (1, 17), (15, 16), (16, 15), (17, 3), (33, 65), (8, 40), (70, 130)]]
BATCHES = [(0, 4, 8, 8, 4, 1), (1, 4, 8, 9, 4, 1), (3, 4, 13, 5, 4, 0)]
edges = pytest.mark.parametrize("edge", [6, 4])
depths = pytest.mark.parametrize("deep", [False, True], ids=["beforehand", "deep"])


@edges
@depths
@pytest.mark.parametrize("shape", [*SIZES, *CHANNELS, *BATCHES], ids=str)
def test_float64(edge, deep, shape, chosen):
    chosen(edge, deep)
    check(edge, shape)


@edges
@depths
@pytest.mark.parametrize("shape", [SIZES[7], SIZES[20], *CHANNELS, *BATCHES], ids=str)
def test_float32(edge, deep, shape, chosen):
    chosen(edge, deep)
    check(edge, shape, "float32")


@edges
@pytest.mark.parametrize("shape", [SIZES[7], *CHANNELS, BATCHES[2]], ids=str)
def test_few_windows_and_wide_blocks_of_columns(edge, shape, chosen, monkeypatch):
    """As where there are many: no item has windows in common with another."""
    monkeypatch.setattr(winograd_rules, "FEW", 0)
    chosen(edge)
    check(edge, shape)


@pytest.mark.parametrize("shape", [SIZES[5], *CHANNELS[:-1], BATCHES[2]], ids=str)
def test_small_whole_numbers_are_exact_with_small_windows(shape, chosen):
    """F(2, 3) multiplies by a half and by a quarter, no more."""
    chosen(4)
    arrays = inputs(*shape, "float32", whole=True)
    for got, wanted in zip(computed(*arrays, shape[-1]), expected(*arrays, shape[-1]), strict=True):
        assert np.array_equal(got, wanted)


@settings(max_examples=40, deadline=None, derandomize=True,
          suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(st.sampled_from([6, 4]), st.booleans(), st.integers(0, 3), st.integers(1, 35), st.integers(1, 11),
       st.integers(1, 11), st.integers(1, 35), st.integers(0, 2), st.sampled_from(["float32", "float64"]))
def test_any_shape(chosen, edge, deep, images, channels, height, width, outputs, padding, dtype):
    chosen(edge, deep)
    least = 3 - 2 * padding
    check(edge, (images, channels, max(height, least), max(width, least), outputs, padding), dtype)


@edges
@depths
@pytest.mark.skipif(INTERPRETED, reason="minutes")
@pytest.mark.parametrize("shape", [(2, 160, 12, 12, 160, 1), (9, 64, 16, 8, 64, 1), (4, 256, 7, 7, 128, 1)], ids=str)
def test_larger_shapes(edge, deep, shape, chosen):
    """Several blocks; weights of either kind."""
    chosen(edge, deep)
    check(edge, shape, "float32")


@pytest.mark.skipif(INTERPRETED, reason="minutes")
def test_windows_that_are_transformed_in_turns(chosen, monkeypatch):
    """Sums of a large weight are kept in between."""
    monkeypatch.setattr(winograd_backward, "CHUNK", 1 << 17)
    chosen(6)
    check(6, (5, 100, 11, 10, 120, 1))


@edges
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("shape", [(2, 16, 7, 6, 32, 1), (3, 48, 4, 9, 80, 2), (2, 17, 6, 5, 16, 1)], ids=str)
def test_outputs_that_are_written_past_the_caches(edge, shape, dtype, chosen, monkeypatch):
    monkeypatch.setattr(winograd, "FAR", 1)              # as large ones are; where channels are not whole vectors, none
    chosen(edge)
    check(edge, shape, dtype)


@edges
@depths
def test_what_ran(edge, deep, chosen):
    chosen(edge, deep)
    arrays = inputs(1, 4, 8, 8, 4, 1, "float32")
    explanation = nb.explain(lambda: computed(*arrays, 1))
    assert OPS[deep] | {WEIGHT_OPS[edge]} <= {line.op for lines in explanation.plans for line in lines}


@pytest.mark.parametrize(("edge", "place", "rows", "columns"), [    # of a NaN, and of those that it reaches
    (6, (6, 6), (4, 8), (4, 8)),                         # amid a window: its 4 x 4 outputs
    (6, (7, 8), (4, 9), (7, 12)),                        # between windows: a row or a column more
    (6, (0, 12), (0, 4), (11, 16)), (6, (15, 5), (12, 16), (4, 8)),
    (4, (6, 6), (5, 8), (5, 8)), (4, (7, 8), (6, 9), (7, 10)), (4, (0, 15), (0, 2), (14, 16)),       # as by direct sums
], ids=str)
def test_how_far_a_nan_spreads(edge, place, rows, columns, chosen):
    chosen(edge)
    x, weight, bias, dy = inputs(1, 3, 16, 16, 2, 1, "float32")
    x[0, 1][place] = dy[0, 1][place] = np.nan
    y, dx, _ = computed(x, weight, bias, dy, 1)
    expected = np.zeros((16, 16), bool)
    expected[slice(*rows), slice(*columns)] = True
    for result in y[0], dx[0]:
        for channel in result:
            np.testing.assert_array_equal(np.isnan(channel), expected)


def ran(x, weight, dtype="float32", **options):
    """The variants of convolution that a program uses."""
    def program():
        leaves = [nb.zeros(shape, dtype=dtype, requires_grad=True) for shape in (x, weight)]
        y = F.conv2d(*leaves, **options)
        y.backward(nb.zeros(y.shape, dtype=dtype))
        nb.evaluate(y, *[leaf.grad for leaf in leaves])

    return {line.op for lines in nb.explain(program).plans for line in lines}


@pytest.mark.parametrize(("x", "weight", "options"), [
    ((2, 64, 8, 8), (64, 64, 3, 3), {"padding": 1, "stride": 2}),
    ((2, 64, 8, 8), (64, 64, 3, 3), {"padding": 1, "dilation": 2}),
    ((2, 64, 8, 8), (64, 32, 3, 3), {"padding": 1, "groups": 2}),
    ((2, 64, 8, 8), (64, 64, 3, 3), {"padding": 3}),
    ((2, 64, 8, 8), (64, 64, 5, 5), {"padding": 2}),
    ((2, 64, 8, 8), (64, 64, 1, 3), {}),
], ids=str)
def test_other_convolutions_are_direct(x, weight, options, chosen):
    chosen(6)
    assert not any("winograd" in op for op in ran(x, weight, **options))


def test_float64_is_direct(chosen, monkeypatch):
    chosen(6)
    monkeypatch.setattr(winograd_rules, "DTYPES", ("float32",))
    assert not any("winograd" in op for op in ran((2, 64, 8, 8), (64, 64, 3, 3), "float64", padding=1))


def test_the_highest_precision_is_direct(chosen):
    chosen(6)
    before = nb.get_precision()
    try:
        nb.set_precision("highest")
        assert not any("winograd" in op for op in ran((2, 64, 8, 8), (64, 64, 3, 3), padding=1))
    finally:
        nb.set_precision(before)


@pytest.mark.parametrize(("edge", "sizes"), [            # images, height, width, channels, outputs
    (6, (8, 56, 56, 64, 64)), (6, (8, 28, 28, 128, 128)), (6, (8, 14, 14, 256, 256)), (6, (32, 7, 7, 512, 512)),
    (6, (1, 56, 56, 64, 64)), (6, (128, 32, 32, 16, 16)), (6, (64, 8, 8, 256, 256)),
    (4, (64, 2, 2, 64, 64)),                             # four pixels: of a window of 6 x 6, 12 would be wasted
    (4, (1, 7, 7, 512, 512)),                            # few numbers of the weight: to transform it takes longest
    (0, (1, 4, 4, 512, 512)), (4, (4, 4, 4, 512, 512)), (0, (4, 4, 4, 64, 64)), (0, (0, 7, 7, 512, 512)),
    (0, (64, 1, 1, 64, 64)), (0, (128, 224, 224, 3, 3)), (0, (0, 8, 8, 64, 64)),
], ids=str)
def test_the_choice(edge, sizes):
    assert winograd_rules.best_edge(*sizes) == edge


@pytest.mark.parametrize(("edge", "changing", "sizes"), [      # images, height, width, channels, outputs
    (6, 0, (1, 16, 16, 32, 32)), (4, 0, (1, 8, 8, 64, 64)), (4, 0, (1, 8, 8, 128, 128)), (6, 6, (1, 56, 56, 64, 64)),
    (0, 0, (1, 12, 12, 16, 16)), (0, 0, (1, 4, 4, 128, 128)), (4, 4, (1, 7, 7, 512, 512)),
], ids=str)
def test_a_weight_that_never_changes_is_transformed_for_fewer_windows(edge, changing, sizes):
    assert winograd_rules.best_edge(*sizes, constant=True) == edge
    assert winograd_rules.best_edge(*sizes) == changing


def test_inference_of_one_image_and_training_choose_for_themselves():
    """A batch norm is folded into the weight, which is the same in each run: that is known, too."""
    model = nb.nn.Sequential(nb.nn.Conv2d(32, 32, 3, padding=1), nb.nn.BatchNorm2d(32))
    optimizer, x = nb.optim.SGD(model.parameters(), 0.1), nb.ones((1, 32, 16, 16))

    def infer():
        with nb.no_grad():
            nb.evaluate(model(x))

    def train():
        optimizer.zero_grad()
        model(x).sum().backward()
        optimizer.step()
        nb.evaluate()

    def uses(step):
        return any("winograd" in line.op and "weight" not in line.op for p in nb.explain(step).plans for line in p)

    assert not uses(train)
    model.eval()
    assert uses(infer)


@pytest.mark.parametrize(("deep", "edge", "sizes"), [    # images, height, width, channels, outputs
    (True, 6, (8, 7, 7, 512, 512)), (True, 6, (18, 7, 7, 512, 512)), (False, 6, (19, 7, 7, 512, 512)),
    (True, 4, (8, 5, 5, 512, 512)), (False, 6, (1, 28, 28, 128, 130)), (True, 6, (1, 28, 28, 129, 130)),
    (False, 6, (8, 14, 14, 256, 256)), (True, 4, (1, 7, 7, 512, 512)), (False, 4, (1, 6, 7, 512, 512)),
], ids=str)
def test_where_weights_are_transformed(deep, edge, sizes):
    assert winograd_rules.is_deep(edge, *sizes) == deep


def test_costs():
    """Counted by hand: one window; a large weight, which is transformed where it is multiplied."""
    assert winograd_rules.direct_cost(1, 4, 4, 1, 1) == 144
    assert winograd_rules.direct_cost(1, 4, 4, 160, 160, 50) == 9 * (16 + 50) * 25_600
    assert winograd_rules.winograd_cost(4, 1, 4, 4, 160, 160, 13) == 16 * (4 * (25_600 + 320 * winograd_rules.TRANSFORM)
                                                                           + 25_600 * 13)


@pytest.mark.parametrize(("edge", "sizes"), [
    (6, (8, 56, 56, 64, 64)), (6, (32, 7, 7, 512, 512)), (0, (1, 7, 7, 512, 512)), (0, (4, 7, 7, 256, 256)),
    (0, (0, 7, 7, 512, 512)),
], ids=str)
def test_the_choice_for_gradients_of_weights(edge, sizes):
    """These are not packed: a large weight gives no reason."""
    assert winograd_rules.best_edge_weight(*sizes) == edge
    assert winograd_rules.winograd_cost(6, 1, 4, 4, 16, 16) == 36 * (256 + 32 * winograd_rules.TRANSFORM
                                                                      + 256 * winograd_rules.PREPARE)
