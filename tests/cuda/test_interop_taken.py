"""Arrays taken from other libraries, on GPUs that are not there."""
import numbacnn_cuda
import numpy as np
import pytest
import simulated
from numbacnn_cuda import dlpack
from numbacnn_cuda.exchange import Received, copy_received
from other_library import DTYPES, SIDE, Described, Theirs, address_of, seen

import numbacnn as nb
from numbacnn import nn
from numbacnn.errors import DTypeError


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("version", [None, (1, 0)])
def test_memory_that_lies_as_ours_is_used_where_it_is(gpu, dtype, version):
    rng = np.random.default_rng(0)
    for shape in (5,), (2, 3), (2, 3, 4), (1, 1, 4, 5), (3, 4, 1, 1):
        theirs = Theirs(gpu, rng.integers(0, 2, shape).astype(dtype), version)
        for take in nb.from_dlpack, nb.as_tensor:
            x = take(theirs)
            assert (str(x.device), x.dtype, x.shape, address_of(x)) == ("cuda", dtype, shape, theirs.address)
            np.testing.assert_array_equal(x.numpy(), theirs.values)
    pixels = rng.integers(0, 2, (2, 4, 5, 3)).astype(dtype)      # (N, H, W, C), seen as (N, C, H, W)
    image, row, pixel, channel = pixels.strides
    theirs = Theirs(gpu, pixels, version, strides=((2, 3, 4, 5), (image, channel, row, pixel)))
    x = nb.from_dlpack(theirs)
    assert address_of(x) == theirs.address
    np.testing.assert_array_equal(x.numpy(), pixels.transpose(0, 3, 1, 2))


def test_our_stream_waits_for_theirs(gpu):
    device = gpu.runtime.device(0)
    theirs = Theirs(gpu, np.zeros(4))
    nb.from_dlpack(theirs)
    assert theirs.streams == [device.compute]
    for version, stream, waits in (3, SIDE, SIDE), (3, 1, 1), (3, None, None), (2, None, 1):
        gpu.log.clear()
        nb.as_tensor(Described(theirs, version=version, stream=stream))
        assert [each[2] for each in gpu.log if each[0] == "record"] == [waits] * (waits is not None)
        assert [each[:2] for each in gpu.log if each[0] == "wait"] == [("wait", device.compute)] * (waits is not None)


def test_their_memory_is_kept_until_the_gpu_is_done(gpu):
    device, theirs = gpu.runtime.device(0), Theirs(gpu, np.arange(4.0))
    x = nb.from_dlpack(theirs)
    y = x.detach()
    del x
    device.synchronize()
    assert theirs.freed == 0
    gpu.pending = {*range(100000)}                       # no event is reached
    del y
    device.synchronize()
    assert theirs.freed == 0
    gpu.pending = set()
    nb.zeros(3, device="cuda").numpy()
    device.synchronize()
    assert theirs.freed == 1


@simulated.only
def test_nothing_is_written_to_their_memory(gpu):
    theirs = Theirs(gpu, np.ones(50, np.float32))
    weight = nn.Parameter(nb.from_dlpack(theirs))
    assert address_of(weight) == theirs.address
    optimizer = nb.optim.SGD([weight], lr=1.0)
    for _ in range(3):
        optimizer.zero_grad()
        weight.sum().backward()
        optimizer.step()
    np.testing.assert_array_equal(weight.numpy(), np.full(50, -2.0))
    x = nb.from_dlpack(theirs)
    x += 1
    x[3] = 5
    assert x.tolist()[:4] == [2, 2, 2, 5]
    np.testing.assert_array_equal(seen(dlpack.Taken(theirs.__dlpack__())), np.ones(50))


@simulated.only
def test_a_captured_step_on_their_memory(gpu):
    theirs = [Theirs(gpu, np.full(6, n, np.float32)) for n in range(3)]
    weight = nb.from_dlpack(Theirs(gpu, np.ones(6, np.float32)))

    def add(x):
        weight.data = weight + x
        return weight.sum()

    step = nb.capture(add, weight)
    assert [step(nb.from_dlpack(each)).item() for each in theirs] == [6, 12, 24]


@simulated.only
@pytest.mark.parametrize("dtype", DTYPES)
def test_other_memory_is_copied_where_the_gpu_is(gpu, dtype):
    rng = np.random.default_rng(0)
    cases = [((2, 3, 4, 5), None, 0),                    # four axes, C-ordered
             ((5, 4), (1, 5), 0), ((3, 2, 4), (0, 4, 1), 0), ((4,), (3,), 0), ((2, 3, 2, 2), (1, 2, 6, 12), 0),
             ((6,), None, 3), ((2, 2), None, 1)]         # where no plan would put an array
    for shape, strides, shift in cases:
        values = rng.integers(0, 2, 240).astype(dtype)
        itemsize = values.itemsize
        steps = np.empty(shape, dtype).strides if strides is None else tuple(n * itemsize for n in strides)
        expected = np.lib.stride_tricks.as_strided(values, shape, steps)
        theirs = Theirs(gpu, values, strides=(shape, steps), shift=shift * itemsize)
        for take in nb.from_dlpack, nb.as_tensor, lambda each: nb.as_tensor(Described(each)):
            x = take(theirs)
            assert address_of(x) != theirs.address
            np.testing.assert_array_equal(x.numpy(), expected)
    device = gpu.runtime.device(0)
    device.synchronize()
    device.synchronize()
    assert theirs.freed == 2                             # a copy needs it no longer


def test_tensor_copies(gpu):
    theirs = Theirs(gpu, np.arange(4.0))
    x = nb.tensor(theirs, requires_grad=True)
    assert address_of(x) != theirs.address
    assert (str(x.device), x.requires_grad, x.is_leaf) == ("cuda", True, True)
    assert str(nb.tensor(theirs, device="cpu").device) == str(nb.as_tensor(theirs, device="cpu").device) == "cpu"
    assert nb.as_tensor(theirs, dtype="float32").dtype == np.float32
    if simulated.SIMULATED:
        np.testing.assert_array_equal(x.numpy(), theirs.values)
        np.testing.assert_array_equal(nb.as_tensor(theirs, "float32", "cpu").numpy(), theirs.values)


def test_the_older_protocol(gpu):
    theirs = Theirs(gpu, np.arange(12, dtype=np.float32).reshape(3, 4))
    x = nb.as_tensor(Described(theirs))
    assert (address_of(x), x.shape, x.dtype, str(x.device)) == (theirs.address, (3, 4), np.float32, "cuda")
    assert address_of(nb.as_tensor(Described(theirs, strides=None))) == theirs.address
    assert address_of(nb.tensor(Described(theirs))) != theirs.address
    empty = nb.as_tensor(Described(Theirs(gpu, np.zeros((0, 3))), data=(0, False)))
    assert (empty.shape, str(empty.device)) == ((0, 3), "cuda")
    if simulated.SIMULATED:                              # ours are theirs as well
        again = nb.as_tensor(Described(theirs, **(x + 1).__cuda_array_interface__))
        np.testing.assert_array_equal(again.numpy(), theirs.values + 1)


def test_there_and_back(gpu):
    x = nb.tensor(np.random.default_rng(0).standard_normal((2, 3, 4, 5)), device="cuda")
    y = nb.from_dlpack(x)
    assert address_of(y) == address_of(x)
    storage = x.array.storage
    del x
    np.testing.assert_array_equal(y.numpy(), nb.from_dlpack(y).numpy())
    assert storage.address in gpu.runtime.blocks


class Wrong(Theirs):
    """One whose capsule is changed."""

    def __init__(self, fake, change):
        super().__init__(fake, np.zeros(4, np.float32))
        self.change = change

    def __dlpack__(self, **options):
        capsule = super().__dlpack__(**options)
        managed = dlpack.Versioned.from_address(dlpack.pointer_in(capsule, dlpack.FRESH_VERSIONED))
        for name, value in self.change.items():
            setattr(managed if name == "major" else managed.tensor, name, value)
        return capsule


@pytest.mark.parametrize(("change", "text"), [
    ({"bits": 16}, r"dtype must be one of .*, got float16; convert the numbers first, such as with \.float\(\)"),
    ({"code": 4, "bits": 32}, "got bfloat32"), ({"code": 5, "bits": 64}, "got complex64"),
    ({"code": 0, "bits": 8}, r"got int8; convert the numbers first, such as with \.int\(\)"),
    ({"code": 1}, "got uint32"), ({"lanes": 4}, "got float32x4"), ({"code": 17}, "got dtype 32"),
    ({"major": 2}, "Wrong cannot be read: its capsule is of DLPack 2, known is 1")])
def test_capsules_that_cannot_be_read(gpu, change, text):
    wrong = Wrong(gpu, change)
    with pytest.raises(DTypeError, match=f"from_dlpack: .*{text}"):
        nb.from_dlpack(wrong)
    for _ in range(2):
        gpu.runtime.device(0).synchronize()
    assert wrong.freed == 1


def test_descriptions_that_cannot_be_read(gpu):
    theirs = Theirs(gpu, np.zeros((2, 3), np.float32))
    for options, text in (
            ({"strides": (-12, 4)}, r"Described cannot be read: its strides \(-12, 4\) go backwards; copy it first"),
            ({"typestr": "<f2"}, "got float16"), ({"typestr": ">f4"}, "got >f4"), ({"mask": theirs}, "masked arrays"),
            ({"data": (12345, False)}, "Described cannot be read: its memory, at 12345, is on no GPU")):
        with pytest.raises(DTypeError, match=f"as_tensor: .*{text}"):
            nb.as_tensor(Described(theirs, **options))
    with pytest.raises(DTypeError, match="from_dlpack: data must have __dlpack__"):
        nb.from_dlpack([1.0])

    class Raises(Theirs):
        def __dlpack__(self, **options):
            raise BufferError("not now")

    with pytest.raises(DTypeError, match="from_dlpack: Raises cannot be read: not now"):
        nb.from_dlpack(Raises(gpu, np.zeros(2)))


@simulated.only
def test_the_simulator_is_no_gpu():
    x = nb.arange(3.0, device="cuda")
    assert x.__dlpack_device__() == (1, 0)
    assert not hasattr(x, "__cuda_array_interface__")
    np.testing.assert_array_equal(np.from_dlpack(x), np.arange(3.0))


@simulated.only
def test_numbers_are_gathered_in_the_simulator():
    values = np.random.default_rng(0).standard_normal((5, 2, 4, 3)).astype(np.float32)
    for shown in values, values.transpose(0, 3, 1, 2), values[::2, :, 1:], values.transpose(3, 2, 1, 0):
        memory, = simulated.blocks([np.zeros(shown.shape, np.float32)])
        found = Received(numbacnn_cuda.empty(0), shown.shape, shown.strides, "float32", 0, False)
        found.memory.address = shown.ctypes.data
        copy_received(found, memory)
        np.testing.assert_array_equal(numbacnn_cuda.download(memory, shown.shape, "float32"), shown)
