"""Arrays of bfloat16 given to other libraries and taken from them, on GPUs that are not there."""
import numbacnn_cuda as backend
import numpy as np
import pytest
from numbacnn_cuda import dlpack
from numbacnn_cuda.dtypes import BFLOAT16
from numbacnn_cuda.exchange import copy_received
from other_library import Theirs, seen
from simulated import only

SHAPE = 2, 3, 4, 5


def numbers():
    return np.random.default_rng(0).standard_normal(SHAPE).astype(BFLOAT16)


def block_of(values):
    memory = backend.empty(values.nbytes)
    backend.upload(values, memory)
    return memory


@pytest.mark.parametrize("version", [None, (1, 0)])
def test_a_capsule_says_bfloat16(gpu, version):
    values = numbers()
    memory = block_of(values)
    taken = dlpack.Taken(backend.lend(memory, memory, (SHAPE, "bfloat16"), 0, 1, version, version is None))
    assert (taken.tensor.code, taken.tensor.bits, taken.tensor.lanes) == (4, 16, 1)
    assert (taken.shape, taken.dtype, taken.data) == (SHAPE, "bfloat16", memory.address)
    np.testing.assert_array_equal(seen(taken).view(np.uint16), values.view(np.uint16))


def test_torch_reads_it(gpu):
    """The same capsule, said to be on the CPU, as all memory here is."""
    torch = pytest.importorskip("torch")
    values = numbers()
    memory = block_of(values)
    given = backend.lend(memory, memory, (SHAPE, "bfloat16"), 0, 1, (1, 0), False)
    dlpack.Versioned.from_address(dlpack.pointer_in(given, dlpack.FRESH_VERSIONED)).tensor.device_type = 1
    found = torch.from_dlpack(given)
    assert found.dtype == torch.bfloat16
    np.testing.assert_array_equal(found.float().numpy(), values.astype("float32"))


@pytest.mark.parametrize("version", [None, (1, 0)])
def test_what_others_give(gpu, version):
    pixels = numbers().transpose(0, 2, 3, 1).copy()      # (N, H, W, C), seen as (N, C, H, W)
    image, row, pixel, channel = pixels.strides
    found = backend.receive(Theirs(gpu, pixels, version, strides=(SHAPE, (image, channel, row, pixel))))
    assert (found.shape, found.dtype, found.lies) == (SHAPE, "bfloat16", True)
    assert not backend.receive(Theirs(gpu, numbers(), version)).lies


@only
def test_what_lies_otherwise_is_copied(gpu):
    values = numbers()
    found, memory = backend.receive(Theirs(gpu, values)), backend.empty(values.nbytes)
    copy_received(found, memory)
    np.testing.assert_array_equal(backend.download(memory, SHAPE, "bfloat16").view(np.uint16), values.view(np.uint16))


def test_the_other_protocol_has_no_name_for_it(gpu):
    memory = block_of(numbers())
    with pytest.raises(AttributeError, match=r"has no name for bfloat16; use DLPack, such as torch\.from_dlpack\(x\)"):
        backend.array_interface(memory, memory, (SHAPE, "bfloat16"), 0)
