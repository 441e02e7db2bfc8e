"""What all tests share: fixed seeds, and thread state that no test leaves behind."""
import pytest

import numbacnn
from numbacnn import graph


@pytest.fixture(autouse=True)
def fresh():
    """Start each test with a seed, and with nothing recorded."""
    _clear()
    numbacnn.manual_seed(0)
    yield
    _clear()


def _clear():
    thread = graph.thread
    thread.recording, thread.capture, thread.observer = graph.Recording(), None, None
    thread.eager, thread.fuse = graph.EAGER, graph.FUSE
