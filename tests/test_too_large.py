"""What is too large is refused with a sentence, and does no harm."""
import numpy as np
import pytest

import numbacnn as nb
from numbacnn import graph
from numbacnn.errors import OutOfMemoryError, ShapeError
from numbacnn.nn import functional as F


@pytest.mark.parametrize(("call", "text"), [
    (lambda x: x.expand(2**16, 2**16, 3), r"expand: the result \(65536, 65536, 3\) would have 12884901888 elements"),
    (lambda x: F.conv1d(x.reshape(1, 1, 3), nb.ones(1, 1, 1), padding=2**31 - 1),
     r"conv2d: the result \(1, 1, 1, 4294967297\) would have 4294967297 elements, at most 2147483647 are possible"),
    (lambda x: F.conv_transpose2d(x.reshape(1, 1, 1, 3), nb.ones(1, 1, 2, 2), stride=2**31 - 1, dilation=2**20),
     r"conv2d_backward_input: the result \(1, 1, 1048577, 4296015871\) would have 4504703433965567"),
])
def test_results(call, text):
    with pytest.raises(ShapeError, match=text):
        call(nb.ones(3))
    assert (nb.ones(3) + 1).tolist() == [2.0, 2.0, 2.0]


def test_data(monkeypatch):
    monkeypatch.setattr(graph, "MAX_ELEMENTS", 5)
    with pytest.raises(ShapeError, match=r"tensor: an array \(2, 3\) would have 6 elements, at most 5 are possible"):
        nb.tensor(np.zeros((2, 3)))


def test_memory_that_cannot_be_had(monkeypatch):
    """What was pending has no value, what was there keeps its own."""
    x = nb.ones(7)
    backend = x.device.backend

    def empty(nbytes, index=0):
        if nbytes > 1e6:
            raise MemoryError
        return enough(nbytes, index)

    enough = backend.empty
    monkeypatch.setattr(backend, "empty", empty)
    y = x.reshape(7, 1).expand(7, 10**6)
    with pytest.raises(OutOfMemoryError, match=r"memory: 0.0 GB cannot be had on cpu; use smaller batches"):
        y.numpy()
    assert (x + 1).tolist() == [2.0] * 7


def test_what_is_free_is_given_back_before_an_allocation_fails(monkeypatch):
    backend, given = nb.ones(1).device.backend, []
    enough = backend.empty

    def empty(nbytes, index=0):
        given.append(nbytes)
        if given.count(nbytes) == 1 and nbytes == 444_444:
            raise MemoryError
        return enough(nbytes, index)

    monkeypatch.setattr(backend, "empty", empty)
    assert nb.zeros(111_111).numpy().sum() == 0
    assert given.count(444_444) == 2
