"""Memory, launches and graphs on GPUs that are not there: what the driver is asked to do."""
import gc
import threading

import numpy as np
import pytest
import simulated
from fake_driver import CUresult, Fake
from numbacnn_cuda import driver

import numbacnn as nb
from numbacnn.errors import BackendError, OutOfMemoryError


def test_what_is_written_is_read(gpus):
    gpus()
    values = np.arange(120, dtype=np.float32).reshape(2, 3, 4, 5)
    for array in values, values[0, 0, 0], values.astype("int64")[:, :0], values[..., ::2], np.float64(3):
        x = nb.tensor(array, device="cuda", dtype=str(np.asarray(array).dtype))
        assert str(x.device) == "cuda"
        np.testing.assert_array_equal(x.numpy(), array)


@simulated.only
@pytest.mark.parametrize("eager", [False, True])
def test_kernels_get_their_arguments(gpus, eager):
    gpus()
    a, b = np.random.default_rng(0).standard_normal((2, 3, 4, 5)), np.arange(3.0).reshape(3, 1, 1)
    with nb.testing.settings(eager=eager):
        found = (nb.tensor(a, device="cuda") + nb.tensor(b, device="cuda")).clamp(-0.5, 2.5)
    np.testing.assert_array_equal(found.numpy(), np.clip(a + b, -0.5, 2.5))


@simulated.only
def test_a_loop_is_replayed_as_a_graph(gpus):
    fake = gpus()
    x = nb.zeros(5, device="cuda")
    for step in range(6):
        x = x + 1
        nb.evaluate(x)
        graphs = len(fake.graphs)
        assert x.tolist() == [step + 1.0] * 5
    assert graphs >= 1


@simulated.only
def test_kernels_find_arrays_by_their_addresses(gpus):
    """Five steps that are started, captured, replayed; then other parameters, whose addresses are others."""
    fake = gpus()
    for _ in range(2):
        given = [nb.nn.Parameter(nb.ones(n, device="cuda")) for n in (3, 5, 2000)]
        optimizer = nb.optim.SGD(given, lr=0.5, momentum=0.5)
        for _ in range(5):
            for p in given:
                p.grad = nb.ones(p.shape, device="cuda")
            optimizer.step()
        for p in given:
            np.testing.assert_allclose(p.numpy(), 1 - 0.5 * (1 + 1.5 + 1.75 + 1.875 + 1.9375), rtol=1e-6)
    assert fake.graphs


def test_out_of_memory_is_told_and_the_program_goes_on(gpus):
    fake = gpus(memory=1 << 20)
    with pytest.raises(OutOfMemoryError, match=r"memory: 0\.0 GB cannot be had on cuda; use smaller batches"):
        nb.zeros(1 << 19, device="cuda")
    x = nb.ones(1 << 10, device="cuda")
    assert x.numpy().shape == (1 << 10,)
    assert fake.left > 0


def test_memory_that_nobody_refers_to_is_freed(gpus):
    fake = gpus()
    device = fake.runtime.device(0)
    block = device.empty(1000)
    left = fake.left
    del block
    gc.collect()
    device.empty(8)
    assert fake.left > left


def test_an_upload_needs_memory_of_its_own_only_once(gpus):
    fake = gpus()
    block = fake.runtime.device(0).empty(64)
    for n in range(20):
        block.write(np.full(64, n, np.uint8), 0)
        assert block.read(64, 0).tolist() == [n] * 64
    assert len(fake.pinned) == driver.STAGING


def test_an_upload_waits_for_the_last_run_that_used_its_memory(gpus):
    """And for no later one: the next batch is copied while a step runs."""
    fake = gpus()
    device = fake.runtime.device(0)
    used, other = device.empty(64), device.empty(64)

    def waits_for(run):
        fake.log.clear()
        used.write(np.zeros(64, np.uint8), 0)
        assert fake.log[0] == ("wait", device.uploads, device.event_of(run))
        assert fake.log[2] == ("wait", device.compute, fake.log[1][1])       # the next run waits for the upload

    waits_for(used.run)                                  # nothing but that it is there
    for last in range(1, 190):
        with device.current():
            device.ran({used.address, other.address} if last % 99 == 1 else {other.address})
        if last % 99 == 1:
            mine = device.runs
        if last in (1, 2, 40, 100, 140):
            assert device.event_of(mine) != device.event_of(device.runs) or mine == device.runs
            waits_for(mine)
    waits_for(device.runs - driver.EVENTS + 1)           # longer ago than is known: with the oldest
    assert len({device.event_of(run) for run in range(device.runs - driver.EVENTS + 1, device.runs + 1)}) == 64


def test_devices_are_counted(gpus):
    gpus(devices=2)
    assert nb.cuda.device_count() == 2


@pytest.mark.parametrize(("fake", "text"), [
    (Fake(devices=0), "there is no NVIDIA GPU, or CUDA_VISIBLE_DEVICES hides it; use the CPU"),
    (Fake(capability=(7, 0)), r"Fake GPU has compute capability 7\.0, kernels need 7\.5 or newer; use the CPU")])
def test_devices_that_cannot_be_used(fake, text):
    with pytest.raises(BackendError, match=f"cuda: {text}"):
        driver.Runtime(driver.Driver(fake)).device(0)


def test_no_driver(monkeypatch):
    monkeypatch.setattr("cuda.bindings.driver.cuInit", lambda flags: 1 / 0)
    with pytest.raises(BackendError, match="there is no NVIDIA driver on this machine; install one"):
        driver.opened()


def test_an_error_of_the_driver_has_a_name_and_a_remedy():
    class Broken(Fake):
        def cuDeviceGetCount(self):
            return CUresult.CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED, None

    with pytest.raises(BackendError, match=r"cuDeviceGetCount failed with CUDA_ERROR_STREAM_CAPTURE_UNSUPPORTED; the"):
        driver.Runtime(driver.Driver(Broken()))


@simulated.only
def test_threads_share_a_device(gpus):
    gpus()
    failed = []

    def work(n):
        x = nb.full((7,), float(n), device="cuda")
        for _ in range(5):
            x = x * 1 + 1
            if x.tolist() != [x.numpy()[0]] * 7:
                failed.append(n)
        if x.tolist() != [n + 5.0] * 7:
            failed.append(n)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
