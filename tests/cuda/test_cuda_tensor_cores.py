"""Convolutions on tensor cores, in the simulator, against sums in float64; and bugs that the simulator must find."""
import types
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import simulated
from numbacnn_cuda import conv_tf32, mma_conv, mma_rules, mma_weight
from numbacnn_cuda.mma_tile import Tile, divisor
from numbacnn_cuda.simulator import cuda

import numbacnn as nb
from numbacnn import ops

pytestmark = simulated.only
BOUND = 6e-4              # of the norm of what is computed; tf32 rounds to 2**-11, two factors
TINY, FLAT, HIGH = Tile(32, 32, 32, 32, 3), Tile(32, 64, 32, 32, 2), Tile(64, 32, 32, 32, 4)
# images, rows, columns, channels, filters, taps, stride, padding, dilation, tile
SHAPES = [
    (1, 6, 5, 8, 12, (3, 3), (1, 1), (1, 1), (1, 1), TINY),
    (2, 7, 7, 3, 8, (3, 3), (2, 2), (1, 1), (1, 1), FLAT),
    (1, 8, 9, 36, 36, (2, 3), (2, 1), (0, 2), (1, 2), HIGH),
    (2, 5, 5, 40, 36, (1, 1), (2, 2), (0, 0), (1, 1), TINY),
    (1, 9, 9, 4, 4, (5, 5), (3, 3), (2, 2), (1, 1), TINY),
    (3, 4, 4, 36, 40, (1, 1), (1, 1), (0, 0), (1, 1), FLAT)]


@pytest.fixture
def tiles(monkeypatch):
    """Return a function that makes a tile the only one."""
    def only(tile):
        for module in mma_conv, mma_weight:
            monkeypatch.setattr(module, "tile_for", lambda *sizes: tile)
    return only


class Example:
    """Arrays of a convolution, and what it and its gradients are in float64."""

    def __init__(self, images, height, width, channels, filters, taps, stride, padding, dilation, tile,
                 dtype=np.float32):
        rng = np.random.default_rng(0)
        self.dtype, self.kind = dtype, "tf32" if dtype == np.float32 else "bf16"
        self.x, self.weight, self.bias = (rng.standard_normal(shape).astype(dtype) for shape in (
            (images, channels, height, width), (filters, channels, *taps), filters))
        wide = [nb.tensor(each.astype(np.float64), device="cpu", requires_grad=True)
                for each in (self.x, self.weight, self.bias)]
        y = ops.conv2d(*wide, stride=stride, padding=padding, dilation=dilation)
        self.other, self.dy = (rng.standard_normal(y.shape).astype(dtype) for _ in range(2))
        y.backward(nb.tensor(self.dy.astype(np.float64), device="cpu"))
        self.y, self.dx, self.dweight = y.numpy(), wide[0].grad.numpy(), wide[1].grad.numpy()
        self.numbers = *stride, *padding, *dilation, 1

    def run(self, op, *inputs, like):
        """Run an op; return its one output."""
        found, = simulated.run(f"{op}_{self.kind}", inputs, [(like.shape, self.dtype)], self.numbers)
        return found.astype(np.float32)

    def forward(self):
        """Return the relative error of the convolution with all that may follow it."""
        found = self.run("conv2d_add_relu", self.x, self.weight, self.bias, self.other, like=self.y)
        return error(found, np.maximum(self.y + self.other.astype(np.float64), 0))

    def backward(self):
        """Return the relative error of the gradient of the filters."""
        return error(self.run("conv2d_backward_weight", self.x, self.dy, like=self.dweight), self.dweight)


def error(found, expected):
    """Return the norm of what is wrong, relative to that of what is right; NaN if there is one."""
    return np.linalg.norm(found - expected) / np.linalg.norm(expected)


@pytest.mark.parametrize("shape", SHAPES)
def test_convolutions_and_their_gradients(shape, tiles):
    tiles(shape[-1])
    example = Example(*shape)
    before = cuda.conflicts
    assert error(example.run("conv2d", example.x, example.weight, example.bias, like=example.y),
                 example.y) < BOUND
    assert example.forward() < BOUND
    if example.x.shape[1] % 4 == 0:                      # channels are written in fours
        assert error(example.run("conv2d_backward_input", example.dy, example.weight, like=example.x),
                     example.dx) < BOUND
    assert example.backward() < BOUND
    assert cuda.conflicts == before


def test_sums_over_pixels_in_several_parts(tiles):
    tiles(TINY)
    assert Example(2, 12, 12, 5, 9, (1, 1), (1, 1), (0, 0), (1, 1), TINY).backward() < BOUND


@pytest.mark.parametrize(("rows", "channels", "outputs"), [(40, 33, 12), (5, 64, 72)])
def test_dense_layers_and_products(rows, channels, outputs, tiles):
    tiles(TINY)
    rng = np.random.default_rng(0)
    x, weight, bias, dy = (rng.standard_normal(shape).astype(np.float32) for shape in (
        (rows, channels), (outputs, channels), outputs, (rows, outputs)))
    wide, turned = x.astype(np.float64), weight.T.astype(np.float64)
    padded = np.pad(weight, ((0, 0), (0, -channels % 4)))
    for op, inputs, expected, numbers in [
            ("linear_tf32", (x, weight, bias), wide @ turned + bias, ()),
            ("linear_relu_tf32", (x, weight, bias), np.maximum(wide @ turned + bias, 0), ()),
            ("linear_backward_input_tf32", (dy, padded), dy.astype(np.float64) @ padded, ()),
            ("linear_backward_weight_tf32", (x, dy), dy.T.astype(np.float64) @ x, ()),
            ("matmul_tf32", (np.stack([x, -x]), weight.T[None].copy()), np.stack([wide, -wide]) @ turned, (0, 0)),
            ("matmul_tf32", (x[None], weight[None]), (wide @ turned)[None], (0, 1)),
            ("matmul_tf32", (x.T[None].copy(), weight.T[None].copy()), (wide @ turned)[None], (1, 0))]:
        assert error(simulated.run(op, inputs, [(expected.shape, "float32")], numbers)[0], expected) < BOUND, op


def test_whole_numbers_are_exact(tiles):
    tiles(TINY)
    rng = np.random.default_rng(0)
    x, weight = (rng.integers(-2048, 2049, shape).astype(np.float32) for shape in ((8, 20), (12, 20)))
    weight = np.sign(weight)
    found = simulated.run("linear_tf32", (x, weight, np.zeros(12, np.float32)), [((8, 12), "float32")])[0]
    np.testing.assert_array_equal(found, x @ weight.T)


def test_nan_and_infinity_stay(tiles):
    tiles(TINY)
    x = np.ones((4, 8), np.float32)
    x[1, 3], x[2, 4], x[3, 5] = np.nan, np.inf, -np.inf
    found = simulated.run("linear_relu_tf32", (x, np.ones((4, 8), np.float32), np.zeros(4, np.float32)),
                          [((4, 4), "float32")])[0]
    np.testing.assert_array_equal(found[:, 0], [8, np.nan, np.inf, 0])


ROUNDED = {"highest": (False, False), "default": (True, False), "high": (True, True), "medium": (True, True)}


@pytest.mark.parametrize("precision", ROUNDED)
def test_what_precision_allows(precision, tiles, monkeypatch):
    monkeypatch.setattr(mma_rules, "LEAST", 1)
    tiles(TINY)
    rng = np.random.default_rng(0)
    x, filters, weight = (rng.standard_normal(shape).astype(np.float32) for shape in (
        (2, 16, 5, 5), (16, 16, 3, 3), (16, 400)))
    nb.set_precision(precision)
    try:
        for op, given, rounded in zip((convolved, dense), (filters, weight), ROUNDED[precision], strict=True):
            single, double = (results(op, x.astype(dtype), given.astype(dtype)) for dtype in ("float32", "float64"))
            errors = [error(found, expected) for found, expected in zip(single, double, strict=True)]
            assert max(errors) < (BOUND if rounded else 1e-6)
            assert (errors[0] > 5e-5) == rounded
    finally:
        nb.set_precision("default")


def convolved(x, weight):
    """Return a convolution, and what comes after it."""
    return ops.relu(ops.conv2d(x, weight, None, padding=1) + x)


def dense(x, weight):
    """Return a dense layer of a flat x."""
    return ops.linear(ops.reshape(x, (x.shape[0], -1)), weight, None)


def results(op, *arrays):
    """Return what an op gives on the CUDA backend, and the gradients of all arrays."""
    given = [nb.tensor(array, device="cuda", requires_grad=True) for array in arrays]
    y = op(*given)
    y.backward(y * 0 + 1)
    return [y.numpy(), *[each.grad.numpy() for each in given]]


def test_division_by_multiplication():
    rng = np.random.default_rng(0)
    for n in (1, 2, 3, 7, 56, 112, 224, 3136, 65535, 2**31 - 1):
        multiplier, shift = divisor(n)
        for i in (0, 1, n - 1, n, n + 1, 2**31 - 1, *map(int, rng.integers(0, 2**31, 50))):
            assert i >= 2**31 or i * multiplier >> shift == i // n
            assert 2**31 * multiplier < 2**63


numbers = count()


def planted(module, line, wrong):
    """Return a module with one line changed."""
    source = Path(module.__file__).read_text()
    assert line in source, line
    made = types.ModuleType(f"{module.__name__} {next(numbers)}")
    made.__dict__.update(__package__="numbacnn_cuda", __file__=module.__file__)
    exec(compile(source.replace(line, wrong), module.__file__, "exec"), made.__dict__)
    return made


WAIT = "            copies_wait(behind)\n            cuda.syncthreads()"
LEAVE = "        cuda.syncthreads()\n        put("
ARRIVE = "        cuda.syncthreads()\n        {} = int32({}_first + thread % beside_each * {})"
CONV_BUGS = {
    "one group too few": ("copies_wait(behind)", "copies_wait(ahead)"),
    "no wait for the others": (WAIT, "            copies_wait(behind)"),
    "another chunk": ("a_row + 16 * i, a_chunk)", "a_row + 16 * i, a_chunk ^ 2)"),
    "no swizzle": ("copy_16(stage + swizzled(row + i * passed, chunk),", "copy_16(stage + (row + i * passed) * LINE +"
                   " chunk * CHUNK,"),
    "no zeros at the border": ("CHUNK if inside else 0)\n        for", "CHUNK)\n        for"),
    "the wrong stage": ("base + free * stage_bytes", "base + now * stage_bytes"),
    "results over what is still read": (LEAVE, "        put("),
    "results before they are there": (ARRIVE.format("n", "n", "each"), ARRIVE.format("n", "n", "each").replace(
        "cuda.syncthreads()", "pass")),
    "pixels after the last": ("if (m < pixels) & (n < filters)", "if n < filters"),
    "channels after the last": ("if (m < pixels) & (n < filters)", "if m < pixels"),
    "a stage for each warp only": ("tops[i], lefts[i] = int32(top if m < pixels else FAR), left",
                                   "tops[i], lefts[i] = int32(top), left")}
WEIGHT_BUGS = {
    "one group too few": ("copies_wait(behind)", "copies_wait(ahead)"),
    "no wait for the others": (WAIT, "            copies_wait(behind)"),
    "rows of fragments": ("load(a, b, place, int32(pixel + 4)", "load(a, b, place, int32(pixel + 3)"),
    "pixels after the last of dy": ("inside = (pixel < last) & (", "inside = (pixel >= 0) & ("),
    "the wrong stage": ("base + free * stage_bytes", "base + now * stage_bytes"),
    "results over what is still read": (LEAVE, "        put("),
    "results before they are there": (ARRIVE.format("q", "q", "of_chunk"), ARRIVE.format("q", "q", "of_chunk").replace(
        "cuda.syncthreads()", "pass")),
    "filters after the last": ("if (m < filters) & (q < length)", "if q < length")}


def is_noticed(compute, bound=BOUND):
    """Whether a computation fails, gives wrong numbers, or others if threads come in another order."""
    try:
        return not compute() < bound
    except (AssertionError, IndexError, ValueError, RuntimeError, MemoryError):
        return True


def test_without_a_bug_nothing_is_noticed(monkeypatch):
    for module, name in (mma_conv, "convolution"), (mma_weight, "weight_gradient"):
        made = planted(module, "copies_wait(behind)", "copies_wait(behind)")
        made.tile_for = lambda *sizes: Tile(64, 32, 32, 32, 3)
        monkeypatch.setattr(conv_tf32, name, getattr(made, name))
    assert Example(3, 5, 5, 44, 36, (3, 3), (1, 1), (1, 1), (1, 1), None).forward() < BOUND
    assert Example(3, 7, 7, 12, 36, (3, 3), (1, 1), (1, 1), (1, 1), None).backward() < BOUND


@pytest.mark.parametrize("bug", CONV_BUGS)
def test_bugs_in_convolutions_are_noticed(bug, monkeypatch):
    made = planted(mma_conv, *CONV_BUGS[bug])
    made.tile_for = lambda *sizes: Tile(64, 32, 32, 32, 3)
    monkeypatch.setattr(conv_tf32, "convolution", made.convolution)
    assert is_noticed(Example(3, 5, 5, 44, 36, (3, 3), (1, 1), (1, 1), (1, 1), None).forward)


@pytest.mark.parametrize("bug", WEIGHT_BUGS)
def test_bugs_in_gradients_of_filters_are_noticed(bug, monkeypatch):
    made = planted(mma_weight, *WEIGHT_BUGS[bug])
    made.tile_for = lambda *sizes: Tile(64, 64, 32, 32, 3)
    monkeypatch.setattr(conv_tf32, "weight_gradient", made.weight_gradient)
    assert is_noticed(Example(3, 7, 7, 12, 36, (3, 3), (1, 1), (1, 1), (1, 1), None).backward)
