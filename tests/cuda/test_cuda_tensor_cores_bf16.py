"""Convolutions and products of bfloat16 on tensor cores, in the simulator, against float64; and planted bugs."""
import numpy as np
import pytest
import simulated
from numbacnn_cuda import conv_tf32, mma_conv, mma_rules, mma_weight
from numbacnn_cuda.dtypes import BFLOAT16
from numbacnn_cuda.mma_tile import Tile
from numbacnn_cuda.simulator import cuda
from test_cuda_tensor_cores import CONV_BUGS, WEIGHT_BUGS, Example, error, is_noticed, planted, tiles  # noqa: F401

from numbacnn.fusion import parse
from numbacnn.kernels import Spec

pytestmark = simulated.only
BOUND = 2.0 ** -9         # of the norm of what is computed: the result is rounded once
SQUARE, FLAT, HIGH = Tile(64, 64, 32, 32, 3), Tile(64, 128, 64, 32, 2), Tile(128, 64, 64, 32, 4)
# images, rows, columns, channels, filters, taps, stride, padding, dilation, tile
SHAPES = [
    (1, 4, 5, 8, 72, (3, 3), (1, 1), (1, 1), (1, 1), SQUARE),
    (2, 7, 7, 3, 8, (3, 3), (2, 2), (1, 1), (1, 1), FLAT),
    (1, 8, 9, 37, 40, (2, 3), (2, 1), (0, 2), (1, 2), HIGH),
    (2, 4, 3, 72, 136, (1, 1), (2, 2), (0, 0), (1, 1), SQUARE),
    (1, 9, 9, 16, 16, (3, 3), (3, 3), (2, 2), (1, 1), SQUARE)]


@pytest.mark.parametrize("shape", SHAPES)
def test_convolutions_and_their_gradients(shape, tiles):  # noqa: F811
    tiles(shape[-1])
    example = Example(*shape, dtype=BFLOAT16)
    before = cuda.conflicts
    for bias in example.bias, example.bias.astype(np.float32):
        assert error(example.run("conv2d", example.x, example.weight, bias, like=example.y), example.y) < BOUND
    assert example.forward() < BOUND
    if example.x.shape[1] % 8 == 0:                      # channels are written in eights
        assert error(example.run("conv2d_backward_input", example.dy, example.weight, like=example.x),
                     example.dx) < BOUND
    assert example.backward() < BOUND
    assert cuda.conflicts == before


def test_sums_over_pixels_in_several_parts(tiles):  # noqa: F811
    tiles(SQUARE)
    assert Example(2, 12, 12, 5, 9, (1, 1), (1, 1), (0, 0), (1, 1), SQUARE, BFLOAT16).backward() < BOUND


@pytest.mark.parametrize("pixels", [(5, 5), (12, 12)], ids=["one part", "two parts"])
def test_gradients_of_filters_in_float32(pixels, tiles):  # noqa: F811
    """What a cast follows is not rounded: products of bfloat16 are exact in float32."""
    tiles(SQUARE)
    example = Example(2, *pixels, 8, 24, (1, 1), (1, 1), (0, 0), (1, 1), SQUARE, BFLOAT16)
    found, = simulated.run("conv2d_backward_weight_bf16", [example.x, example.dy],
                           [(example.dweight.shape, "float32")], example.numbers)
    assert error(found, example.dweight) < 1e-6


def test_a_cast_of_a_gradient_is_done_at_once(monkeypatch):
    monkeypatch.setattr(mma_rules, "LEAST", 1)
    rng = np.random.default_rng(0)
    rules = {rule.lines[1].op: rule for rule in mma_rules.FUSIONS if rule.lines[0].op == "cast"}
    image, window = (1, 16, 4, 4), (1, 1, 0, 0, 1, 1, 1)
    for op, shapes, numbers in (("conv2d_backward_weight", [image, image, (16, 16, 1, 1)], window),
                                ("linear_backward_weight", [(17, 16), (17, 16), (16, 16)], ())):
        specs = [Spec(shape, "bfloat16") for shape in shapes]
        options = [numbers] * (numbers != ())
        for dtype in "float32", "float64":
            assert rules[op].when(*specs, Spec(shapes[2], dtype), *options, "highest") == (dtype == "float32")
        x, dy = (rng.standard_normal(shape).astype(BFLOAT16) for shape in shapes[:2])
        line, = parse(rules[op].replacement)
        fused, = simulated.run(line.op, [x, dy], [(shapes[2], "float32")], numbers)
        rounded, = simulated.run(op, [x, dy], [(shapes[2], BFLOAT16)], numbers)
        np.testing.assert_allclose(fused, rounded.astype("float32"), rtol=2.0 ** -8, atol=1e-5)


@pytest.mark.parametrize(("rows", "channels", "outputs"), [(40, 33, 16), (5, 64, 72)])
def test_dense_layers_and_products(rows, channels, outputs, tiles):  # noqa: F811
    tiles(SQUARE)
    rng = np.random.default_rng(0)
    x, weight, bias, dy = (rng.standard_normal(shape).astype(BFLOAT16) for shape in (
        (rows, channels), (outputs, channels), outputs, (rows, outputs)))
    wide, turned, wide_dy = x.astype(np.float64), weight.T.astype(np.float64), dy.astype(np.float64)
    shift = bias.astype(np.float64)
    padded = np.pad(weight, ((0, 0), (0, -channels % 8)))
    for op, inputs, expected, numbers in [
            ("linear_bf16", (x, weight, bias), wide @ turned + shift, ()),
            ("linear_relu_bf16", (x, weight, bias), np.maximum(wide @ turned + shift, 0), ()),
            ("linear_backward_input_bf16", (dy, padded), wide_dy @ padded.astype(np.float64), ()),
            ("linear_backward_weight_bf16", (x, dy), wide_dy.T @ wide, ()),
            ("matmul_bf16", (np.stack([x, -x]), weight.T[None].copy()), np.stack([wide, -wide]) @ turned, (0, 0)),
            ("matmul_bf16", (x[None], weight[None]), (wide @ turned)[None], (0, 1)),
            ("matmul_bf16", (x.T[None].copy(), weight.T[None].copy()), (wide @ turned)[None], (1, 0))]:
        found, = simulated.run(op, inputs, [(expected.shape, BFLOAT16)], numbers)
        assert error(found.astype(np.float64), expected) < BOUND, op


def test_nan_and_infinity_stay(tiles):  # noqa: F811
    tiles(SQUARE)
    x = np.ones((4, 8), BFLOAT16)
    x[1, 3], x[2, 4], x[3, 5] = np.nan, np.inf, -np.inf
    found, = simulated.run("linear_relu_bf16", (x, np.ones((8, 8), BFLOAT16), np.zeros(8, BFLOAT16)),
                           [((4, 8), BFLOAT16)])
    np.testing.assert_array_equal(found[:, 0].astype(np.float32), [8, np.nan, np.inf, 0])


IMAGES, FILTERS = (32, 64, 28, 28), (64, 64, 3, 3)
CONV = 1, 1, 1, 1, 1, 1, 1


def variants(op, specs, numbers, precision):
    """Return the ops that rules put in place of a call, by the names that these give to arrays."""
    found = []
    for rule in mma_rules.VARIANTS:
        line, = rule.lines
        if line.op == op:
            known = dict(zip((*line.inputs, *line.outputs), specs, strict=True))
            known |= {"conv": numbers, "turns": numbers, "precision": precision}
            names = rule.when.__code__.co_varnames[:rule.when.__code__.co_argcount]
            if rule.when(*[known[name] for name in names]):
                found.append(parse(rule.replacement)[0].op)
    return found


@pytest.mark.parametrize("precision", ["highest", "default", "high", "medium"])
def test_bfloat16_goes_to_tensor_cores_at_every_precision(precision):
    x, weight = Spec(IMAGES, "bfloat16"), Spec(FILTERS, "bfloat16")
    bias, single = Spec((64,), "bfloat16"), Spec(IMAGES, "float32")
    assert variants("conv2d", [x, weight, bias, x], CONV, precision) == ["conv2d_bf16"]
    assert variants("conv2d", [x, weight, Spec((64,), "float32"), x], CONV, precision) == ["conv2d_bf16"]
    assert variants("conv2d_backward_input", [x, weight, x], CONV, precision) == ["conv2d_backward_input_bf16"]
    assert variants("conv2d_backward_weight", [x, x, weight], CONV, precision) == ["conv2d_backward_weight_bf16"]
    matrix = Spec((512, 512), "bfloat16")
    assert variants("linear", [matrix, matrix, bias, matrix], (), precision) == ["linear_bf16"]
    assert variants("conv2d", [single, weight, bias, x], CONV, precision) == []           # mixed
    odd = Spec((36, 64, 3, 3), "bfloat16"), Spec((32, 36, 28, 28), "bfloat16")
    assert variants("conv2d", [x, odd[0], bias, odd[1]], CONV, precision) == []           # no multiple of 8


BUGS = [("convolution", mma_conv, bug) for bug in CONV_BUGS.values()] + [
    ("weight_gradient", mma_weight, bug) for bug in WEIGHT_BUGS.values() if "load(a, b" not in bug[0]] + [
    ("weight_gradient", mma_weight, ("b_chunk + 2 * j, columns", "b_chunk + j, columns")),
    ("weight_gradient", mma_weight, ("lane // 16 * 8), int32(m_warp", "lane // 8 % 2 * 8), int32(m_warp"))]


@pytest.mark.parametrize(("name", "module", "bug"), [
    ("convolution", mma_conv, None), ("weight_gradient", mma_weight, None), *BUGS])
def test_bugs_are_noticed(name, module, bug, monkeypatch):
    made = planted(module, *bug or ("copies_wait(behind)", "copies_wait(behind)"))
    made.tile_for = lambda *sizes: Tile(64, 64, 32, 32, 3)
    monkeypatch.setattr(conv_tf32, name, getattr(made, name))
    example = Example(1, 5, 5, 24, 40, (3, 3), (1, 1), (1, 1), (1, 1), None, BFLOAT16)
    if name == "weight_gradient":
        example = Example(3, 9, 9, 8, 40, (3, 3), (1, 1), (1, 1), (1, 1), None, BFLOAT16)
    compute = example.forward if name == "convolution" else example.backward
    assert is_noticed(compute, BOUND) == (bug is not None)
