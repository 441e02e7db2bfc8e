"""Names of dtypes, and every way to ask for one."""
import builtins

import numpy as np
import pytest

import numbacnn as nb
from numbacnn.errors import DeviceError, DTypeError

NAMES = {"float32": "float32", "float": "float32", "float64": "float64", "double": "float64", "int32": "int32",
         "int": "int32", "int64": "int64", "long": "int64", "uint8": "uint8", "bool": "bool"}


@pytest.mark.parametrize(("name", "dtype"), NAMES.items())
def test_names(name, dtype):
    named = getattr(nb, name)
    assert isinstance(named, nb.dtype)
    assert named is np.dtype(dtype)
    x = nb.tensor([[0, 1], [2, 3]], dtype=named)
    assert x.dtype is named
    assert x.dtype == dtype
    if name not in ("float32", "float64", "int32", "int64", "uint8"):
        assert getattr(nb.ones(2, dtype="int64"), name)().dtype == named


def test_names_of_python_stay_pythons():
    everything = {}
    exec("from numbacnn import *", everything)           # as a program may
    for name in "float", "int", "bool":
        assert everything.get(name, getattr(builtins, name)) is getattr(builtins, name)
    assert everything["long"] is nb.int64
    assert (nb.inf, nb.pi, nb.e, nb.nan == nb.nan) == (np.inf, np.pi, np.e, False)


FLOATING = [nb.zeros, nb.ones, nb.empty, nb.rand, nb.randn]


@pytest.mark.parametrize("given", [nb.double, "float64", np.float64, np.dtype("float64"), float], ids=str)
def test_whatever_names_a_dtype(given):
    made = [*[make(2, 3, dtype=given) for make in FLOATING], nb.full((2,), 1, dtype=given), nb.arange(3, dtype=given),
            nb.linspace(0, 1, 3, dtype=given), nb.eye(2, dtype=given), nb.tensor([1, 2], dtype=given),
            nb.as_tensor(np.ones(2), dtype=given), nb.zeros_like(nb.ones(2), dtype=given), nb.ones(2).to(given),
            nb.ones(2).to(dtype=given), nb.ones(2, 3).cumsum(0, dtype=given), nb.nn.Linear(2, 1, dtype=given).weight,
            nb.nn.Linear(2, 1).to(given).bias, nb.nn.Linear(2, 1).to(dtype=given).bias]
    assert {str(x.dtype) for x in made} == {"float64"}


def test_none_is_the_default():
    for make in FLOATING:
        assert make(2, 3, dtype=None).dtype == nb.float32
    assert nb.eye(2, dtype=None).dtype == nb.linspace(0, 1, 3, dtype=None).dtype == nb.float32
    assert nb.randint(3, (2,), dtype=None).dtype == nb.randperm(2, dtype=None).dtype == nb.int64


def test_every_form_of_to():
    x, other = nb.tensor([1.5, 2.5]), nb.ones(1, dtype=nb.float64)
    for y in (x.to(nb.float64), x.to("cpu", nb.float64), x.to(nb.device("cpu"), nb.float64, True, False),
              x.to(dtype=nb.double, device="cpu"), x.to(device=nb.device("cpu"), dtype=float), x.to(other),
              x.to(other=other), x.to("cpu", dtype="float64", non_blocking=True), x.to("double"), x.type_as(other)):
        assert y.dtype == nb.float64
        assert y.tolist() == [1.5, 2.5]
    for same in (x.to("cpu"), x.to(device="cpu", non_blocking=True), x.to(x), x.to(nb.float32), x.to(),
                 x.to("cpu", True)):
        assert same is x
    twin = x.to(x, copy=True)
    twin.add_(1)
    assert x.tolist() == [1.5, 2.5]
    w = nb.tensor([1.0, 2.0], requires_grad=True)
    (w.to(other).to(device="cpu", dtype=nb.float32, copy=True) * 2).sum().backward()
    assert w.grad.tolist() == [2, 2]
    assert w.grad.dtype == nb.float32


def test_what_is_a_tensor():
    assert nb.is_tensor(nb.ones(1))
    assert nb.is_tensor(nb.nn.Linear(1, 1).weight)
    assert not nb.is_tensor(np.ones(1))


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda x: x.to("float16"), DTypeError, "to: dtype must be one of .*, got 'float16'"),
    (lambda x: x.to(np.complex64), DTypeError, "to: dtype must be one of .*, got <class 'numpy.complex64'>"),
    (lambda x: x.to(0), DTypeError, "to: dtype must be one of .*, got 0"),
    (lambda x: x.to(dtype="cpu"), DTypeError, "to: dtype must be one of .*, got 'cpu'"),
    (lambda x: x.to(device="float32"), DeviceError, "there is no backend 'float32'"),
    (lambda x: x.to("gpu"), DeviceError, "there is no backend 'gpu'"),
    (lambda x: x.to(nb.float32, x), DTypeError, "to: there must be one dtype at most, got float32, float32"),
    (lambda x: x.to([1]), DTypeError, r"to: dtype must be one of .*, got \[1\]"),
    (lambda x: nb.zeros(2, dtype="float16"), DTypeError, "zeros: dtype must be one of .*, got 'float16'"),
    (lambda x: nb.tensor([1], dtype=3), DTypeError, "tensor: dtype must be one of .*, got 3"),
])
def test_what_is_no_dtype(call, error, text):
    with pytest.raises(error, match=text):
        call(nb.ones(2))
