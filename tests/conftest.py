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


def _clear():
    thread = graph.thread
    thread.recording, thread.capture, thread.observer = graph.Recording(), None, None
    thread.eager, thread.fuse = graph.EAGER, graph.FUSE
