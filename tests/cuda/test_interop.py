"""Arrays given to other libraries, from GPUs that are not there."""
import numpy as np
import pytest
import simulated
from numbacnn_cuda import dlpack
from numbacnn_cuda.lending import LEGACY
from other_library import DTYPES, SIDE, address_of, seen

import numbacnn as nb
from numbacnn import nn
from numbacnn.errors import EvaluationError, GradientError


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (7,), (2, 3), (2, 3, 4, 5), (1, 1, 4, 5)])
def test_the_interface_describes_what_the_user_sees(gpu, dtype, shape):
    values = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    x = nb.tensor(values, device="cuda")
    known = x.__cuda_array_interface__
    assert (known["version"], known["shape"], known["typestr"]) == (3, shape, values.dtype.str)
    assert known["data"] == (address_of(x), True)
    assert known["stream"] == gpu.runtime.device(0).compute
    np.testing.assert_array_equal(seen(known), values)
    if shape == (2, 3, 4, 5):                            # channels lie last
        assert known["strides"] == tuple(n * values.itemsize for n in (60, 1, 15, 3))
    assert known["strides"] is not None


def test_an_interface_without_numbers_has_no_address(gpu):
    known = nb.zeros(0, 3, device="cuda").__cuda_array_interface__
    assert (known["shape"], known["data"]) == ((0, 3), (0, True))


def test_what_was_described_stays_until_the_tensor_goes(gpu):
    x = nb.ones(64, device="cuda")
    known, storage = x.__cuda_array_interface__, x.array.storage
    assert x.__cuda_array_interface__ == known
    x.data = nb.zeros(64, device="cuda")                 # nothing refers to the ones any more
    address = storage.address
    del storage
    others = [nb.full((64,), 7.0, device="cuda") for _ in range(3)]
    assert address not in map(address_of, others)
    np.testing.assert_array_equal(seen(known), np.ones(64))
    assert not any(each[0] == "synchronize" for each in gpu.log)
    del x
    others += [nb.full((64,), 7.0, device="cuda") for _ in range(4)]      # one of them takes it back
    assert ("synchronize", ("context", 0)) in gpu.log
    assert address in map(address_of, others)


def test_who_has_no_interface(gpu):
    assert not hasattr(nb.zeros(2, device="cpu"), "__cuda_array_interface__")
    with pytest.raises(AttributeError, match=r"only tensors on a GPU have it, this one is on cpu; move it there with"):
        nb.zeros(2, device="cpu").__cuda_array_interface__      # noqa: B018
    with pytest.raises(GradientError, match=r"that requires a gradient is not given away; use \.detach\(\)"):
        nb.zeros(2, device="cuda", requires_grad=True).__cuda_array_interface__      # noqa: B018


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3), (2, 3, 4, 5)])
@pytest.mark.parametrize("version", [None, (1, 0)])
def test_a_capsule_holds_the_numbers(gpu, dtype, shape, version):
    values = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    x = nb.tensor(values, device="cuda")
    assert x.__dlpack_device__() == (dlpack.CUDA, 0)
    taken = dlpack.Taken(x.__dlpack__(stream=1, max_version=version))
    assert (taken.tensor.device_type, taken.tensor.device_id) == (dlpack.CUDA, 0)
    assert (taken.shape, taken.dtype, taken.read_only) == (shape, dtype, version is not None)
    assert (taken.data == address_of(x)) == (version is not None)          # an old consumer could write to a view
    np.testing.assert_array_equal(seen(taken), values)


def test_copies_are_the_consumers_own(gpu):
    x = nb.arange(5.0, device="cuda")
    taken = dlpack.Taken(x.__dlpack__(max_version=(1, 0), copy=True))
    assert taken.managed.flags == dlpack.COPIED
    seen(taken)[:] = -1
    np.testing.assert_array_equal(x.numpy(), np.arange(5.0))


def test_the_consumers_stream_waits_for_ours(gpu):
    device, x = gpu.runtime.device(0), nb.zeros(3, device="cuda")
    for stream, waiting in (None, LEGACY), (1, LEGACY), (2, 2), (SIDE, SIDE):
        gpu.log.clear()
        x.__dlpack__(stream=stream, max_version=(1, 0))
        (record, event, ours), wait = [each for each in gpu.log if each[0] in ("record", "wait")][-2:]
        assert (record, ours, wait) == ("record", device.compute, ("wait", waiting, event))
        device.synchronize()
    gpu.log.clear()
    x.__dlpack__(stream=-1, max_version=(1, 0))
    assert not gpu.log


@pytest.mark.parametrize("stream", [0, -2, "1", 1.0, True])
def test_streams_that_are_none(gpu, stream):
    with pytest.raises(BufferError, match="__dlpack__: stream must be the number of a CUDA stream, 1 for the default"):
        nb.zeros(2, device="cuda").__dlpack__(stream=stream, max_version=(1, 0))


def test_a_capsule_is_read_once_and_freed_once(gpu):
    x = nb.zeros(3, device="cuda")
    lending = gpu.runtime.device(0).lending
    capsule = x.__dlpack__(max_version=(1, 0))
    assert dlpack.is_capsule(capsule, b"dltensor_versioned")
    taken = dlpack.Taken(capsule)
    assert dlpack.is_capsule(capsule, b"used_dltensor_versioned")
    with pytest.raises(BufferError, match="must return a new capsule"):
        dlpack.Taken(capsule)
    del capsule
    assert not lending.returned
    del taken
    assert len(lending.returned) == 1
    capsule = x.__dlpack__()                             # nobody reads this one
    assert dlpack.is_capsule(capsule, b"dltensor")
    del capsule
    assert len(lending.returned) == 1                    # what came before was settled meanwhile


def test_memory_comes_back_when_the_consumers_stream_is_done(gpu):
    device, x = gpu.runtime.device(0), nb.full((64,), 3.0, device="cuda")
    for stream, text in (1, "wait"), (SIDE, "synchronize"), (-1, "synchronize"):
        taken = dlpack.Taken(x.__dlpack__(stream=stream, max_version=(1, 0)))
        run = device.last_run(x.array.storage.memory)
        del taken
        gpu.log.clear()
        device.synchronize()
        assert gpu.log[0][0] == ("record" if text == "wait" else text)
        if text == "wait":
            assert gpu.log[:2] == [("record", gpu.log[0][1], LEGACY), ("wait", device.compute, gpu.log[0][1])]
        assert device.last_run(x.array.storage.memory) > run         # uploads wait, too


@simulated.only
@pytest.mark.parametrize("captured", [False, True])
def test_what_was_exported_is_not_updated(gpu, captured):
    """A parameter's memory is updated in place by later steps; not while somebody else has it."""
    weight = nn.Parameter(nb.ones(100, device="cuda"))
    optimizer = nb.optim.SGD([weight], lr=1.0, momentum=0.5)

    def step():
        optimizer.zero_grad()
        loss = (weight * weight).sum()
        loss.backward()
        optimizer.step()
        return loss

    run = nb.capture(step, [weight], optimizer) if captured else step
    run()
    before = weight.numpy()
    exported, other = dlpack.Taken(weight.__dlpack__(max_version=(1, 0))), weight.detach()
    described = other.__cuda_array_interface__
    for _ in range(4):
        run()
    assert (weight.numpy() != before).all()
    np.testing.assert_array_equal(seen(exported), before)
    np.testing.assert_array_equal(seen(described), before)


def test_what_is_asked_of_a_capsule_and_cannot_be(gpu):
    x = nb.zeros(2, device="cuda")
    with pytest.raises(BufferError, match=r"a view may only be read, of which DLPack knows from version 1\.0 on; give"):
        x.__dlpack__(copy=False)
    with pytest.raises(BufferError, match=r"values are given on the CPU \(1, 0\), got dl_device=\(2, 1\)"):
        x.__dlpack__(dl_device=(2, 1))
    with pytest.raises(BufferError, match="only a copy can be had"):
        x.__dlpack__(dl_device=(1, 0), copy=False)
    with pytest.raises((BufferError, RuntimeError), match="device"):
        np.from_dlpack(x)                                # NumPy knows no GPU


def test_a_copy_on_the_cpu(gpu):
    values = np.arange(6.0).reshape(2, 3)
    found = np.from_dlpack(nb.tensor(values, device="cuda"), device="cpu")
    np.testing.assert_array_equal(found, values)


def test_captured_functions_give_nothing_away(gpu):
    for look in (lambda x: x.__dlpack__(), lambda x: x.__cuda_array_interface__):
        def given(x, look=look):
            look(x)
            return x + 1

        with pytest.raises(EvaluationError, match="capture: the captured function looks at a value"):
            nb.capture(given)(nb.zeros(2, device="cuda"))


# --- consumers that are there ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("version", [None, (1, 0)])
def test_others_read_our_capsules(gpu, version):
    """The same capsules, said to be on the CPU, as all memory here is."""
    torch = pytest.importorskip("torch")
    values = np.random.default_rng(0).standard_normal((2, 3, 4, 5))
    x = nb.tensor(values, device="cuda")

    class Ours:
        def __dlpack_device__(self):
            return 1, 0

        def __dlpack__(self, **options):
            capsule = x.__dlpack__(max_version=version)
            fresh = dlpack.FRESH if version is None else dlpack.FRESH_VERSIONED
            managed = (dlpack.Managed if version is None else dlpack.Versioned).from_address(
                dlpack.pointer_in(capsule, fresh))
            managed.tensor.device_type = 1
            return capsule

    for read in np.from_dlpack, torch.from_dlpack:
        found = read(Ours())
        np.testing.assert_array_equal(np.asarray(found), values)
        del found
        assert len(gpu.runtime.device(0).lending.returned) == 1
        gpu.runtime.device(0).synchronize()


def test_cuda_core_reads_what_we_give(gpu):
    utils = pytest.importorskip("cuda.core.utils")
    values = np.random.default_rng(0).standard_normal((2, 3, 4, 5)).astype(np.float32)
    x = nb.tensor(values, device="cuda")
    view = utils.StridedMemoryView.from_dlpack(x, stream_ptr=-1)
    assert (view.ptr, view.shape, view.strides) == (address_of(x), (2, 3, 4, 5), (60, 1, 15, 3))
    assert (view.dtype, view.readonly, view.device_id) == (np.float32, True, 0)
