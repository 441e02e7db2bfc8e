"""Devices and backends: chosen by name, and never another in silence."""
import os
import platform
import subprocess
import sys

import pytest

import numbacnn as nb
from numbacnn import backend
from numbacnn.errors import BackendError, DeviceError


def run(code, **environment):
    return subprocess.run([sys.executable, "-c", code], env=os.environ | environment, text=True, capture_output=True,
                          check=False)


def test_devices_are_found_by_name():
    assert nb.device("cpu") is nb.device("cpu:0") is nb.ones(1).device
    assert str(nb.device("cpu")) == "cpu"
    assert repr(nb.device("cpu")) == "device('cpu')"
    assert nb.device("cpu").type == "cpu"
    assert not nb.cuda.is_available()
    assert nb.cuda.device_count() == 0


@pytest.mark.parametrize("name, message", [
    ("tpu", r"there is no backend 'tpu'; installed: cpu"),
    ("cpu:x", "name must look like 'cuda:1', got 'cpu:x'"),
    (3, "name must be a string such as 'cpu' or 'cuda:1', got 3"),
])
def test_odd_names_are_refused(name, message):
    with pytest.raises(DeviceError, match=message):
        nb.device(name)


def test_the_variable_is_read_at_first_use():
    code = "import os, numbacnn; os.environ['NUMBACNN_BACKEND'] = 'tpu'; numbacnn.ones(1)"
    done = run(code)
    assert done.returncode == 1
    assert "BackendError: NUMBACNN_BACKEND=tpu: backend 'tpu' is not installed; installed: cpu" in done.stderr


def test_a_chosen_default_takes_precedence():
    code = ("import numbacnn; numbacnn.set_default_device('cpu'); print(numbacnn.ones(1).device); "
            "numbacnn.set_default_device(None); numbacnn.ones(1)")
    done = run(code, NUMBACNN_BACKEND="tpu")
    assert done.stdout == "cpu\n"
    assert "BackendError" in done.stderr


def test_a_backend_that_cannot_be_imported_says_why(monkeypatch):
    class Broken:
        name = "broken"

        def load(self):
            raise ImportError("no driver")

    monkeypatch.setattr(backend, "_entry_points", lambda: {"broken": Broken(), "cpu": None})
    with pytest.raises(BackendError, match=r"backend 'broken' cannot be used: no driver. Install what it needs"):
        backend.load("broken")


def test_importing_starts_neither_numba_nor_a_backend():
    done = run("import sys, numbacnn; print(sorted(m for m in sys.modules if m.split('.')[0] in "
               "('numba', 'llvmlite', 'numbacnn_cpu', 'tqdm', 'safetensors', 'matplotlib', 'PIL', 'pooch')))")
    assert done.stdout == "[]\n"


LATER = ("cuda", "data", "datasets", "metrics", "models", "testing", "transforms")


def test_importing_leaves_what_only_some_programs_need():
    done = run(f"import sys, numbacnn; print([name for name in {LATER} if 'numbacnn.' + name in sys.modules])")
    assert done.stdout == "[]\n", done.stdout + done.stderr


@pytest.mark.parametrize("way", [
    f"import numbacnn; found = [getattr(numbacnn, name) for name in {LATER} if name in dir(numbacnn)]",
    f"from numbacnn import {', '.join(LATER)}; found = [{', '.join(LATER)}]",
    f"from numbacnn import *; found = [{', '.join(LATER)}]"])
def test_what_was_left_is_imported_when_it_is_named(way):
    done = run(f"{way}; print(*[module.__name__ for module in found])")
    assert done.stdout.split() == [f"numbacnn.{name}" for name in LATER], done.stderr


def test_names_that_do_not_exist_are_told():
    with pytest.raises(AttributeError, match="module 'numbacnn' has no attribute 'dtaa'"):
        nb.dtaa  # noqa: B018



def test_a_wrong_number_of_threads_is_refused():
    done = run("import numbacnn; numbacnn.ones(1)", NUMBACNN_NUM_THREADS="many")
    assert "NUMBACNN_NUM_THREADS must be a whole number from 1 to 1024, got 'many'" in done.stderr


@pytest.mark.parametrize("name", ["NUMBACNN_EAGER", "NUMBACNN_FUSE"])
def test_a_wrong_switch_is_refused(name):
    assert f"{name} must be 0 or 1, got 'off'" in run("import numbacnn", **{name: "off"}).stderr
    assert run("import numbacnn; print(1)", **{name: ""}).stdout == "1\n"


@pytest.mark.skipif(platform.machine().lower() not in ("x86_64", "amd64"), reason="it names an x86 processor")
def test_features_are_those_that_kernels_are_compiled_for():
    code = "import numbacnn_cpu as b; print(b.info()['CPU'], b.info()['vector features'])"
    done = run(code, NUMBA_CPU_NAME="haswell", NUMBA_CPU_FEATURES="")
    assert done.stdout == "haswell sse4.2 avx avx2 fma\n"


def test_the_switches_for_debugging():
    code = """if True:
        import sys; sys.path.insert(0, sys.argv[1])
        from models import SimpleCNN, randomise, train
        from numbacnn.graph import thread
        print(train(randomise(SimpleCNN("float64")), 2, 2, "float64")[0][-1])
        print(any("conv2d_relu" in call.op for plan in thread.plans.values() for call in plan.calls))
        print(len(thread.plans) > 0)
    """
    printed = []
    for variables in {}, {"NUMBACNN_FUSE": "0"}, {"NUMBACNN_EAGER": "1"}:
        done = subprocess.run([sys.executable, "-c", code, os.path.dirname(__file__)], env=os.environ | variables,
                              text=True, capture_output=True, check=True)
        printed.append(done.stdout.split())
    losses = [float(loss) for loss, *_ in printed]
    assert max(losses) - min(losses) < 1e-12 * max(losses)
    assert [rest for _, *rest in printed] == [["True", "True"], ["False", "True"], ["False", "False"]]
