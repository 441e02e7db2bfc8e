"""Which kernel a convolution gets, by its shape and the device, and which tiles; maps as the driver has them."""
import fake_tensor_maps
import numpy as np
import pytest
from fake_driver import Fake
from numbacnn_cuda import conv_tf32, offline, sweep, wgmma_rules
from numbacnn_cuda.compile import TensorMap, Windows
from numbacnn_cuda.driver import Driver
from numbacnn_cuda.runtime import replace
from numbacnn_cuda.tensor_maps import encoded
from numbacnn_cuda.wgmma_tile import columns_for

from numbacnn.errors import BackendError
from numbacnn.kernels.channels_last import View, c_view
from numbacnn.kernels.spec import Place

# images, channels, size, filters, taps, (stride, padding, dilation)
USUAL = (32, 64, 56, 64, 3, (1, 1, 1))


def image(slot, *shape):
    """Return an array as the user sees it."""
    return View.of(Place(slot, 0, shape, "float32"))


def kernels(arch, backward, images, channels, size, filters, taps, window):
    """Return the names of the kernels that a device of an architecture is given."""
    stride, padding, dilation = window
    after = (size + 2 * padding - dilation * (taps - 1) - 1) // stride + 1
    x, y = image(0, images, channels, size, size), image(1, images, filters, after, after)
    weight, numbers = image(2, filters, channels, taps, taps), (stride,) * 2 + (padding,) * 2 + (dilation,) * 2 + (1,)
    replace(offline.Runtime(offline.Device(arch)))
    try:
        found = conv_tf32.conv2d_backward_input_tf32(y, weight, x, *numbers) if backward else (
            conv_tf32.conv2d_tf32(x, weight, image(3, filters), y, *numbers))
    finally:
        replace(None)
    return [kernel.__name__ for kernel, _ in found if kernel.__name__.startswith("conv2d")]


@pytest.mark.parametrize(("arch", "found"), [
    ("sm_80", "conv2d_tf32"), ("sm_90a", "conv2d_wgmma_tf32"), ("sm_100a", "conv2d_tf32"), ("sm_120", "conv2d_tf32")])
@pytest.mark.parametrize("backward", [False, True])
def test_devices(arch, found, backward):
    assert all(name.startswith(f"{found}_") for name in kernels(arch, backward, *USUAL))


@pytest.mark.parametrize(("shape", "backward", "chosen"), [
    ((32, 64, 56, 128, 3, (2, 1, 1)), False, True),
    ((32, 128, 56, 64, 3, (2, 1, 1)), True, True),
    ((32, 256, 56, 64, 1, (1, 0, 1)), False, True),
    ((32, 3, 224, 64, 7, (2, 3, 1)), False, False),           # few channels to read
    ((32, 40, 56, 64, 3, (1, 1, 1)), False, True),
    ((32, 72, 56, 64, 3, (1, 1, 1)), False, True),
    ((32, 62, 56, 64, 3, (1, 1, 1)), False, True),            # two more are added
    ((32, 12, 56, 64, 3, (1, 1, 1)), False, False),
    ((32, 64, 56, 32, 3, (1, 1, 1)), False, False),           # few to write
    ((2, 512, 7, 512, 3, (1, 1, 1)), False, False),           # few tiles
    ((32, 64, 99, 64, 3, (9, 1, 1)), False, False),           # far from one window to the next
    ((32, 64, 56, 64, 3, (1, 64, 64)), False, True),
    ((32, 64, 56, 64, 3, (1, 129, 128)), False, False),       # far from where a window begins
    ((32, 64, 280, 64, 3, (1, 0, 129)), False, False)])
def test_shapes(shape, backward, chosen):
    assert all(("wgmma" in name) == chosen for name in kernels("sm_90a", backward, *shape))


@pytest.mark.parametrize(("arch", "kind", "channels", "filters", "chosen"), [
    ("sm_90a", "bf16", 128, 128, True), ("sm_90a", "tf32", 128, 128, False), ("sm_80", "bf16", 128, 128, False),
    ("sm_90a", "bf16", 128, 64, False), ("sm_90a", "bf16", 24, 128, False), ("sm_90a", "bf16", 40, 128, True),
    ("sm_90a", "bf16", 132, 128, False)])
def test_gradients_of_filters(arch, kind, channels, filters, chosen):
    dtype = "float32" if kind == "tf32" else "bfloat16"
    x, dy = (c_view(slot, 0, (32, 28, 28, n), dtype) for slot, n in enumerate((channels, filters)))
    dweight, axes = c_view(2, 0, (filters, 3, 3, channels), "float32"), (sweep.forward(28, 3, 1, 1, 1),) * 2
    replace(offline.Runtime(offline.Device(arch)))
    try:
        assert wgmma_rules.fits_weight(x, dy, dweight, axes, kind) == chosen
    finally:
        replace(None)


@pytest.mark.parametrize(("rows", "filters", "columns"), [
    (32 * 56 * 56, 64, 64), (32 * 56 * 56, 256, 256), (32 * 28 * 28, 128, 64), (32 * 14 * 14, 256, 128),
    (32 * 7 * 7, 512, 64), (128 * 132, 256, 256), (128 * 132, 128, 128)])
def test_tiles(rows, filters, columns):
    assert columns_for(rows, filters) == columns


@pytest.mark.parametrize(("shape", "dtype", "kind", "box", "windows"), [
    ((2, 5, 7, 24), "float32", "tf32", (128, 32), Windows((-1, 2), (3, -4), (2, 1))),
    ((6, 9, 40), "bfloat16", "bf16", (3, 1, 64), None)])
def test_maps_say_what_they_were_told(shape, dtype, kind, box, windows):
    array = np.arange(np.prod(shape)).astype(dtype).reshape(shape)
    made = encoded(Driver(Fake()), TensorMap(c_view(0, 0, shape, dtype), kind, box, windows), array.ctypes.data)
    found = fake_tensor_maps.decoded(made.ctypes.data)
    np.testing.assert_array_equal(found.view, array)
    assert (found.kind, found.box, found.windows) == (kind, box, windows)


@pytest.mark.parametrize(("shape", "box", "windows", "name"), [
    ((2, 5, 30), (1, 1, 32), None, "Tiled"), ((2, 5, 32), (1, 1, 64), None, "Tiled"),
    ((2, 5, 7, 32), (128, 32), Windows((-1, 2), (128, 0), (1, 1)), "Im2col"),
    ((2, 5, 7, 32), (128, 32), Windows((0, 0), (0, 0), (9, 1)), "Im2col")])
def test_maps_that_the_driver_refuses(shape, box, windows, name):
    given = TensorMap(c_view(0, 0, shape, "float32"), "tf32", box, windows)
    with pytest.raises(BackendError, match=f"cuda: cuTensorMapEncode{name} failed with"):
        encoded(Driver(Fake()), given, 4096)
