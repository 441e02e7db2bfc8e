"""What all tests share: fixed seeds, and thread state that no test leaves behind."""
import pytest

import numbacnn
from numbacnn import graph


@pytest.fixture(autouse=True)
def fresh():
    """Start each test with a seed, and with nothing recorded."""
    graph.thread.recording = graph.Recording()
    numbacnn.manual_seed(0)
    yield
    graph.thread.recording = graph.Recording()
