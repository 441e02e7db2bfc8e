"""What all tests share: fixed seeds, and thread state that no test leaves behind."""
import os

import pytest
from mirror import Mirror

import numbacnn
from numbacnn import graph

if "PYTEST_XDIST_WORKER" in os.environ:                  # every core has a process of tests: more would only wait
    os.environ.setdefault("NUMBACNN_COMPILE_PROCESSES", "1")


@pytest.fixture(autouse=True)
def fresh():
    """Start each test with a seed, and with nothing recorded."""
    _clear()
    numbacnn.manual_seed(0)
    yield
    _clear()


@pytest.fixture
def serve():
    """Start web servers on this machine: `serve(files)`."""
    pytest.importorskip("pooch")
    mirrors = []

    def start(content):
        mirrors.append(Mirror(content))
        return mirrors[-1]

    yield start
    for mirror in mirrors:
        mirror.close()


def pytest_terminal_summary(terminalreporter):
    """Say for how many GPUs what was compiled, and looked at (tests/cuda/test_cuda_gates.py)."""
    reports = [report for group in terminalreporter.stats.values() for report in group]
    found = {tuple(each) for report in reports for name, value in getattr(report, "user_properties", ())
             if name == "compiled" for each in value}
    if found:
        kernels, architectures = ({each[n] for each in found} for n in (0, 2))
        terminalreporter.write_line(
            f"machine code: {len(kernels)} kernels in {len({each[:2] for each in found})} forms for "
            f"{', '.join(sorted(architectures))}: {len(found)} in all")


def _clear():
    thread = graph.thread
    thread.recording, thread.capture, thread.observer = graph.Recording(), None, None
    thread.eager, thread.fuse = graph.EAGER, graph.FUSE
