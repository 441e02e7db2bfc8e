"""How the CPU backend lays out arrays, and what it says about it."""
import itertools

import numbacnn_cpu as backend
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numbacnn_cpu.isa import REGISTER
from numbacnn_cpu.memory import ALIGNMENT, PADDING, in_vectors
from numbacnn_cpu.norm_forward import passes_caches
from numbacnn_cpu.pack import ROWS
from numbacnn_cpu.winograd import leaves_caches

from numbacnn.kernels import Place
from numbacnn.kernels.channels_last import View, flat, physical

SHAPES = [(), (5,), (2, 3), (2, 3, 4), (2, 3, 4, 5), (1, 3, 1, 1), (2, 1, 4, 5), (2, 3, 4, 5, 2), (0, 3), (2, 0, 4, 5)]


def counted(shape, dtype="float32"):
    return np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)


def uploaded(values):
    memory = backend.empty(backend.nbytes(values.shape, values.dtype), 0)
    backend.upload(values, memory)
    return memory


def view(shape, dtype="float32"):
    return View.of(Place(0, 0, shape, dtype))


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "uint8", "bool"])
@pytest.mark.parametrize("shape", SHAPES)
def test_an_array_comes_back_as_it_went(shape, dtype):
    values = counted(shape, dtype)
    back = backend.download(uploaded(values), shape, dtype)
    assert back.dtype == dtype and back.shape == shape and np.array_equal(back, values)
    assert back.flags.c_contiguous and back.flags.owndata


def test_upload_takes_any_strides():
    values = counted((4, 6, 5, 2))
    for strange in values.T, values[::2, ::-1], np.broadcast_to(values[:1], values.shape):
        assert np.array_equal(backend.download(uploaded(strange), strange.shape, "float32"), strange)


def test_four_axes_lie_channels_last_and_others_in_order():
    for shape in SHAPES:
        values = counted(shape)
        there = values.transpose(0, 2, 3, 1) if len(shape) == 4 else values
        memory = uploaded(values)
        assert np.array_equal(memory.bytes.view(np.float32), there.ravel())


@pytest.mark.parametrize("nbytes", [0, 1, 100, 1 << 20])
def test_blocks_begin_on_a_cache_line_and_may_be_read_past_their_end(nbytes):
    memory = backend.empty(nbytes, 0)
    block = memory.bytes.base
    assert backend.address(memory) % ALIGNMENT == 0 and memory.bytes.size == nbytes
    assert block.ctypes.data + block.size >= backend.address(memory) + nbytes + PADDING


def test_copy():
    values = counted((2, 3, 4, 5))
    source, target = uploaded(values), uploaded(values * 0)
    backend.copy(source, target, values.nbytes)
    assert np.array_equal(backend.download(target, values.shape, "float32"), values)


@pytest.mark.parametrize("shape", SHAPES)
def test_views_of_a_place(shape):
    values = counted(shape)
    memory = uploaded(values)
    seen = view(shape)
    assert np.array_equal(seen.array(memory.address), values)
    assert np.array_equal(seen.logical().array(memory.address), values)
    assert np.array_equal(seen.flat().array(memory.address), memory.bytes.view(np.float32))
    there = seen.physical().array(memory.address)
    assert there.flags.c_contiguous and seen.physical().contiguous
    assert np.array_equal(there, values.transpose(0, 2, 3, 1) if len(shape) == 4 else values)
    if len(shape) in (2, 4) and values.size:
        rows = np.moveaxis(values, 1, -1).reshape(-1, shape[1])
        assert np.array_equal(seen.rows().array(memory.address), rows)


def test_views_broadcast_and_permuted():
    values = counted((3, 1, 2))
    address = uploaded(values).address
    wide = view((3, 1, 2)).broadcast((4, 3, 5, 2))
    assert wide.strides[0] == wide.strides[2] == 0 and not wide.contiguous
    assert wide.nbytes == 4 * 3 * 5 * 2 * 4
    assert np.array_equal(wide.array(address), np.broadcast_to(values, (4, 3, 5, 2)))
    assert np.array_equal(view((3, 1, 2)).permuted((2, 0, 1)).array(address), values.transpose(2, 0, 1))


def test_a_view_knows_where_its_place_is():
    values = counted((7,))
    seen = View.of(Place(3, 8, (5,), "float32"))
    assert seen.slot == 3 and seen.dtype == np.float32 and seen.nbytes == 20
    assert seen.array(uploaded(values).address).tolist() == [2, 3, 4, 5, 6]


def test_arrangements_leave_numbers_alone():
    arrays = view((2, 3, 4, 5)), view((2,))
    assert physical(*arrays, 7, 0.5) == [arrays[0].physical(), arrays[1], 7, 0.5]
    assert flat(*arrays, 7) == [arrays[0].flat(), arrays[1], 7]


def test_contiguous_ignores_the_strides_of_axes_of_one():
    assert view((4, 1, 1, 5)).contiguous                    # channels last or first: the same
    assert not view((4, 3, 1, 5)).contiguous
    assert view((2, 1, 4)).permuted((1, 0, 2)).contiguous


def shapes_of(size):
    """All shapes of up to four axes with so many elements."""
    for axes in range(1, 5):
        yield from (s for s in itertools.product(range(1, size + 1), repeat=axes) if np.prod(s) == size)


@pytest.mark.parametrize("size", [1, 6, 8, 12])
def test_is_view_says_whether_memory_can_be_read_in_another_shape(size):
    for shape, other in itertools.product(shapes_of(size), repeat=2):
        values = counted(shape)
        read = backend.download(uploaded(values), other, "float32")
        assert backend.is_view(shape, other) == np.array_equal(read, values.reshape(other)), (shape, other)


@given(st.lists(st.integers(1, 4), max_size=5).map(tuple), st.sampled_from(["float32", "bool", "int64"]))
def test_nbytes_is_what_an_array_takes(shape, dtype):
    assert backend.nbytes(shape, dtype) == np.empty(shape, dtype).nbytes


def test_tiles_may_be_loaded_past_the_end_of_a_block():
    assert max(ROWS) * REGISTER <= PADDING
    assert ALIGNMENT % REGISTER == 0


@pytest.mark.parametrize(("offset", "channels", "expected"), [
    (0, REGISTER // 4, True), (REGISTER, REGISTER // 2, True), (4, REGISTER // 4, False),
    (0, REGISTER // 4 + 1, False)])
def test_what_may_be_written_past_the_caches(offset, channels, expected):
    for shape in (2, 3, channels), (2, channels), (channels,):
        assert in_vectors(View.of(Place(0, offset, shape, "float32"))) == expected
    assert in_vectors(View.of(Place(0, offset, (2, channels, 3, 5), "float32")).physical()) == expected


@pytest.mark.parametrize(("offset", "expected"), [(0, True), (REGISTER, True), (REGISTER // 2, False)])
def test_who_writes_past_the_caches_asks_that(offset, expected):
    """A store past the caches to any other place ends the process."""
    images, aligned = (View.of(Place(0, at, (64, 64, 64, 64), "float32")) for at in (offset, 0))
    assert leaves_caches(images.physical()) == expected
    assert passes_caches(images.rows()) == passes_caches(aligned.rows(), images.rows()) == expected
    weight, packed = (View.of(Place(0, offset, shape, "float32")) for shape in ((64, 64, 3, 3), (6, 6, 1, 64, 64)))
    assert backend.conv2d_winograd_weight.arrange(weight, packed)[-1] == expected
