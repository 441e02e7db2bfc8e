"""What tests of the CUDA backend share: GPUs that are not there."""
import sys

import fake_driver
import numbacnn_cuda
import pytest
from numbacnn_cuda import compile, dlpack, driver, frontend, launcher
from numbacnn_cuda.runtime import replace
from simulated import ON_DEVICE

from numbacnn import backend, graph, random


@pytest.fixture
def gpus(monkeypatch):
    """Make `gpus(devices=1, memory=..., capability=...)` fake GPUs the machine's; returns the fake driver.

    In the simulator their kernels compute; otherwise they do nothing.
    """
    if ON_DEVICE:
        pytest.skip("there is a GPU, and these are not")
    simulated = frontend.SIMULATED

    def make(**options):
        fake = (fake_driver.Computing if simulated else fake_driver.Fake)(**options)
        if not simulated:
            fake.binary_of = lambda specification, arch: fake_driver.Binary(b"", "kernel", 32, 0, 0, ())
        runtime = driver.Runtime(driver.Driver(fake))
        runtimes.append(runtime)
        replace(runtime)
        monkeypatch.setattr(launcher, "binary_of", fake.binary_of)
        monkeypatch.setattr(launcher, "functions", {})
        monkeypatch.setattr(backend.Device, "_known", {
            key: device for key, device in backend.Device._known.items() if key[0] != "cuda"})
        fake.runtime = runtime
        return fake

    runtimes = []
    yield make
    for _ in runtimes:
        replace(None)
    graph.thread.recording = graph.Recording()
    graph.thread.arenas, graph.thread.pending = {}, {}
    graph.thread.pool = type(graph.thread.pool)()
    graph.thread.plans.clear()
    for device in [each for each in random._thread.states if each.type == "cuda"]:
        del random._thread.states[device]                # that GPU is gone


@pytest.fixture
def gpu(gpus, monkeypatch):
    """One GPU that shares memory with other libraries, in the simulator, too."""
    monkeypatch.setattr(numbacnn_cuda, "DLPACK", dlpack.CUDA)
    return gpus()


@pytest.fixture
def tuned(monkeypatch):
    """Return a function that sets a constant of a module, also for kernels that were made with another."""
    def put(module, name, value):
        monkeypatch.setattr(module, name, value)
        forget()

    yield put
    monkeypatch.undo()
    forget()


def forget():
    """Make kernels, and functions they call, anew when they are asked for."""
    for name, module in list(sys.modules.items()):
        if name.startswith("numbacnn_cuda."):
            for value in list(vars(module).values()):
                if isinstance(value, compile.Kernel | compile.Device):
                    value.made.clear()
    for kernel in compile.kernels.values():
        kernel.made.clear()
