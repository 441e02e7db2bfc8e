"""Convolutions by warpgroups, in the simulator, against sums in float64; and bugs that the simulator must find."""
import functools

import numpy as np
import pytest
import simulated
from numbacnn_cuda import conv_tf32, mma_rules, wgmma_conv, wgmma_rules, wgmma_weight
from numbacnn_cuda.conv_tf32 import ONE_TAP
from numbacnn_cuda.dtypes import BFLOAT16
from numbacnn_cuda.frontend import SIMULATED
from numbacnn_cuda.simulated import Device
from test_cuda_tensor_cores import Example, error, is_noticed, planted

import numbacnn as nb
from numbacnn import ops

pytestmark = simulated.only
on_simulator = pytest.mark.skipif(not SIMULATED, reason="on a GPU threads might wait forever")
BOUND = 4e-4              # of the norm of what is computed; tf32 rounds to 2**-11, two factors
ROUNDED = 2.0 ** -9       # results are rounded to bfloat16
# images, rows, columns, channels, filters, taps, stride, padding, dilation, columns of a tile
SHAPES = [
    (1, 6, 5, 36, 64, (3, 3), (1, 1), (1, 1), (1, 1), 64),
    (3, 9, 8, 32, 72, (3, 2), (2, 1), (1, 0), (1, 2), 64),
    (2, 9, 8, 32, 100, (1, 1), (1, 1), (0, 0), (1, 1), 128),
    (1, 5, 5, 20, 260, (1, 1), (2, 2), (0, 0), (1, 1), 256)]


@pytest.fixture
def hopper(monkeypatch):
    """Return a function that makes the simulator one of compute capability 9.0, with tiles of so many columns."""
    def only(columns):
        monkeypatch.setattr(Device, "arch", "sm_90a")
        if not wgmma_rules.is_hopper():
            pytest.skip("the GPU has another compute capability")
        monkeypatch.setattr(wgmma_rules, "FEWEST", 1)
        monkeypatch.setattr(wgmma_conv, "columns_for", lambda *sizes: columns)
    return only


@pytest.mark.parametrize("shape", SHAPES)
def test_convolutions(shape, hopper):
    hopper(shape[-1])
    assert Example(*shape).forward() < BOUND


def test_numbers_are_rounded_to_nearest(hopper):
    """Also on a GPU: copies of numbers of float32 round them, products would cut them off."""
    hopper(64)
    unit = 2.0 ** -10
    given = np.array([1 + 0.75 * unit, 1 + 0.5 * unit, 1 + 1.5 * unit, -1 - 0.75 * unit, 2047, -3, np.inf, np.nan])
    expected = np.array([1 + unit, 1, 1 + 2 * unit, -1 - unit, 2047, -3, np.inf, np.nan])
    x, weight = np.zeros((1, 32, 1, 8), np.float32), np.zeros((64, 32, 1, 1), np.float32)
    x[0, 3, 0], weight[:, 3] = given, 1
    y = simulated.run("conv2d_tf32", (x, weight, np.zeros(64, np.float32)), [((1, 64, 1, 8), "float32")], ONE_TAP)[0]
    np.testing.assert_array_equal(y[0, :, 0], np.broadcast_to(expected, (64, 8)))
    x[0, 3, 0], weight[:8, 3] = 1, given[:, None, None]
    y = simulated.run("conv2d_tf32", (x, weight, np.zeros(64, np.float32)), [((1, 64, 1, 8), "float32")], ONE_TAP)[0]
    np.testing.assert_array_equal(y[0, :8, 0], np.broadcast_to(expected[:, None], (8, 8)))


def test_bfloat16(hopper):
    hopper(64)
    example = Example(2, 6, 6, 40, 72, (3, 3), (2, 2), (1, 1), (1, 1), 64, BFLOAT16)
    bias = example.bias.astype(np.float32)
    assert example.forward() < ROUNDED
    assert error(example.run("conv2d", example.x, example.weight, bias, like=example.y), example.y) < ROUNDED
    assert error(example.run("conv2d_backward_input", example.dy, example.weight, like=example.x),
                 example.dx) < ROUNDED


BACKWARD = [
    (1, 6, 5, 64, 36, (3, 2), (1, 1), (1, 0), (1, 2), 64),
    (2, 7, 8, 64, 32, (3, 3), (2, 2), (1, 1), (1, 1), 64),
    (1, 6, 6, 64, 32, (1, 1), (2, 2), (0, 0), (1, 1), 64)]


@pytest.mark.parametrize("shape", BACKWARD)
def test_gradients_of_images(shape, hopper):
    hopper(shape[-1])
    example = Example(*shape)
    assert error(example.run("conv2d_backward_input", example.dy, example.weight, like=example.x),
                 example.dx) < BOUND


def test_maps_follow_their_arrays(gpus, hopper, monkeypatch):
    """Steps that are started, captured and replayed, in the same memory and elsewhere; the driver makes the maps."""
    hopper(64)
    monkeypatch.setattr(mma_rules, "LEAST", 1)
    fake = gpus()
    rng = np.random.default_rng(0)
    for _ in range(2):
        weight = rng.standard_normal((64, 32, 1, 1)).astype(np.float32)
        filters, taken = nb.tensor(weight, device="cuda"), []
        for step in range(5):
            x = rng.standard_normal((1, 32, 3, 4)).astype(np.float32)
            y = ops.conv2d(nb.tensor(x, device="cuda"), filters, None)
            expected = np.einsum("nchw,oc->nohw", x.astype(np.float64), weight[:, :, 0, 0])
            assert error(y.numpy(), expected) < BOUND
            if step == 3:
                taken.append(y)
    assert fake.graphs
    assert {fake.specifications[name].kernel.__name__ for (_, name), *_ in fake.started} == {"conv2d_wgmma_tf32_64"}


@functools.cache
def example():
    """Return a convolution of one tile, and of more steps than there are stages."""
    return Example(1, 5, 5, 32, 60, (3, 3), (1, 1), (1, 1), (1, 1), 64)


FULL = "            barrier_wait(full + 8 * now, parity)\n"
BUGS = {
    "no wait for a copy": (FULL, ""),
    "another parity": (FULL, FULL.replace("parity", "1 - parity")),
    "a producer that waits for the first phase": ("int32(0), int32(1)  ", "int32(0), int32(0)  "),
    "fewer bytes": ("8 * now, stage_bytes)", "8 * now, x_bytes)"),
    "the next 16 bytes": ("a + uint64(further * k)", "a + uint64(k)"),
    "no swizzle": ("b + uint64(further * k)", "b + uint64(further * k) - (uint64(1) << uint64(62))"),
    "rows of a descriptor": ("(place + x_bytes, leading, PATTERN)", "(place + x_bytes, leading, LINE)"),
    "a stage that is never free": ("if leads and step > 0", "if leads and step > depth"),
    "a stage that is free too early": ("products_wait(1) ", "products_wait(2) "),
    "a stage that is free when half are done": ("(stages + stage), 2)", "(stages + stage), 1)"),
    "no wait for products": ("        products_wait(0)\n", ""),
    "products of no group": ("            products_end()\n", ""),
    "registers that are not ready": ("products_begin()\n", "pass\n"),
    "a map that may be old": ("        map_ready(weight)\n", ""),
    "no wait for the other half": ("            some_wait(1, MULTIPLYING) ", "            # "),
    "results before they are there": ("cuda.syncwarp()", "pass"),
    "pixels after the last": ("(m < grid[2]) & (n < place[2])", "n < place[2]"),
    "channels after the last": ("(m < grid[2]) & (n < place[2])", "m < grid[2]"),
    "one window too many": ("* self.scale - (length - 1)", "* self.scale - (length - 2)")}


@on_simulator
@pytest.mark.parametrize("bug", [None, *BUGS])
def test_bugs_are_noticed(bug, hopper, monkeypatch):
    hopper(64)
    made = planted(wgmma_conv, *BUGS.get(bug, ("", "")))
    made.columns_for = lambda *sizes: 64
    monkeypatch.setattr(conv_tf32, "convolution", made.convolution)
    assert is_noticed(example().forward) == (bug is not None)


# images, rows, columns, channels, filters, taps, stride, padding, dilation, columns of a tile
WEIGHTS = [
    (2, 9, 8, 72, 40, (1, 2), (2, 1), (0, 1), (1, 1), 256),
    (3, 8, 8, 64, 136, (1, 1), (1, 1), (0, 0), (1, 1), 64),
    (2, 7, 7, 24, 72, (3, 3), (1, 1), (1, 1), (1, 2), 128)]


def error_in_weights(shape, monkeypatch, gradient=wgmma_weight.weight_gradient):
    """Return the error of the gradient of filters of bfloat16, which is written as float32."""
    monkeypatch.setattr(conv_tf32, "weight_gradient",
                        lambda x, dy, dweight, axes, scratch, kind: gradient(x, dy, dweight, axes, scratch))
    example = Example(*shape, BFLOAT16)
    found, = simulated.run("conv2d_backward_weight_bf16", [example.x, example.dy],
                           [(example.dweight.shape, "float32")], example.numbers)
    return error(found, example.dweight)


@pytest.mark.parametrize("shape", WEIGHTS)
def test_gradients_of_filters(shape, hopper, monkeypatch):
    hopper(shape[-1])
    monkeypatch.setattr(wgmma_weight, "columns_for", lambda *sizes: shape[-1])
    monkeypatch.setattr(wgmma_weight, "parts_for", lambda blocks, pixels: 2)
    assert error_in_weights(shape, monkeypatch) < 1e-6


WEIGHT_BUGS = {
    "pixels of a product": ("FURTHER = 16 * LINE", "FURTHER = 8 * LINE"),
    "boxes beside each other": ("turned=True), box_bytes,", "turned=True), box_bytes // 2,"),
    "tiles that are not turned": (", turned=True", ""),
    "another half": ("m_first + half * HALF", "m_first"),
    "taps of a row": ("(tap - down * wide) * right_reach", "tap * right_reach"),
    "channels of the next tap": ("& (channel < channels)", ""),
    "filters after the last": ("(m < filters) & ", ""),
    "a map that may be old": ("        map_ready(dy)\n", ""),
    "a part too long": ("pixels // (parts * DEPTH)) * DEPTH", "pixels // (parts * DEPTH)) * DEPTH + 1")}


@on_simulator
@pytest.mark.parametrize("bug", [None, *WEIGHT_BUGS])
def test_bugs_in_gradients_of_filters_are_noticed(bug, hopper, monkeypatch):
    hopper(128)
    made = planted(wgmma_weight, *WEIGHT_BUGS.get(bug, ("", "")))
    made.columns_for, made.parts_for = lambda *sizes: 128, lambda blocks, pixels: 2
    assert is_noticed(lambda: error_in_weights(WEIGHTS[-1], monkeypatch, made.weight_gradient)) == (bug is not None)
