"""Convolutions by warpgroups, in the simulator, against sums in float64; and bugs that the simulator must find."""
import numpy as np
import pytest
import simulated
from numbacnn_cuda import mma_rules, wgmma_conv, wgmma_rules
from numbacnn_cuda.simulated import Device
from test_cuda_tensor_cores import Example, error

import numbacnn as nb
from numbacnn import ops

pytestmark = simulated.only
BOUND = 4e-4              # of the norm of what is computed; tf32 rounds to 2**-11, two factors
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
        monkeypatch.setattr(wgmma_rules, "FEWEST", 1)
        monkeypatch.setattr(wgmma_conv, "columns_for", lambda *sizes: columns)
    return only


@pytest.mark.parametrize("shape", SHAPES)
def test_convolutions(shape, hopper):
    hopper(shape[-1])
    assert Example(*shape).forward() < BOUND


BACKWARD = [
    (1, 6, 5, 64, 36, (3, 2), (1, 1), (1, 0), (1, 2), 64),
    (2, 7, 8, 64, 32, (3, 3), (2, 2), (1, 1), (1, 1), 64),
    (1, 6, 6, 64, 32, (1, 1), (2, 2), (0, 0), (1, 1), 64)]


@pytest.mark.parametrize("shape", BACKWARD)
def test_gradients_of_images(shape, hopper):
    hopper(shape[-1])
    example = Example(*shape)
    assert error(example.run("conv2d_backward_input_tf32", example.dy, example.weight, like=example.x),
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
