"""Making tensors of what there is, and by rules; beside NumPy's arrays and other libraries'; what is refused."""
import array
import datetime
import decimal
import fractions
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import numbacnn as nb
from numbacnn.errors import DTypeError, ShapeError

many = settings(max_examples=500, deadline=None, derandomize=True)


def equal(x, values, dtype=None):
    """Whether a tensor has this dtype and these numbers."""
    values = np.asarray(values)
    assert x.dtype == (dtype or values.dtype)
    assert x.shape == values.shape
    np.testing.assert_array_equal(x.numpy(), values)


# --- by rules ---------------------------------------------------------------------------------------------------------

def test_filled():
    equal(nb.zeros(2, 3), np.zeros((2, 3), "float32"))
    equal(nb.ones((2,), dtype="int64"), np.ones(2, "int64"))
    equal(nb.empty(0, 3), np.zeros((0, 3), "float32"))
    equal(nb.zeros(()), np.zeros((), "float32"))
    equal(nb.zeros(np.int64(2)), np.zeros(2, "float32"))
    equal(nb.full((2, 2), 7), np.full((2, 2), 7))
    equal(nb.full([2], 1.5), np.full(2, 1.5, "float32"))
    equal(nb.full((2,), True), np.full(2, True))
    equal(nb.full((2,), 7, dtype="float64"), np.full(2, 7.0))
    equal(nb.full((2,), nb.tensor(3.0)), np.full(2, 3, "float32"))
    x = nb.zeros(2, 3, dtype="float64")
    equal(nb.zeros_like(x), np.zeros((2, 3)))
    equal(nb.ones_like(x, dtype="uint8"), np.ones((2, 3), "uint8"))
    equal(nb.empty_like(x), np.zeros((2, 3)))
    equal(nb.full_like(x, -2), np.full((2, 3), -2.0))
    equal(nb.eye(3), np.eye(3, dtype="float32"))
    equal(nb.eye(2, 3, dtype="int32"), np.eye(2, 3, dtype="int32"))
    assert nb.ones_like(x, requires_grad=True).requires_grad


@pytest.mark.parametrize("made", [nb.Tensor, nb.nn.Parameter, nb.nn.Buffer, nb.tensor, nb.as_tensor])
def test_numbers_of_python_are_float32_and_arrays_keep_their_dtype(made):
    for data in 1.5, [1.5], [[1, 2.5]], (), [np.float64(1.5)], [np.ones(2), np.ones(2)]:
        assert made(data).dtype == np.float32
    for dtype in "float32", "float64":
        assert made(np.ones(2, dtype)).dtype == made(nb.ones(2, dtype=dtype)).dtype == made(np.ones(2, dtype)[0]).dtype
        assert made(np.ones(2, dtype)).dtype == dtype


@pytest.mark.parametrize("made", [nb.Tensor, nb.nn.Buffer, nb.tensor, nb.as_tensor])
def test_whole_numbers_of_python_are_int64(made):
    assert made([1, 2]).dtype == made(3).dtype == np.int64
    assert made([True]).dtype == bool


@pytest.mark.parametrize("made", [nb.Tensor, nb.nn.Parameter, nb.nn.Buffer, nb.tensor, nb.as_tensor])
@pytest.mark.parametrize("data", [[[1.0], [1.0, 2.0]], "text", None, [1j], {}], ids=str)
def test_what_is_no_number_is_refused(made, data):
    with pytest.raises(DTypeError, match=r"(tensor|Parameter|Buffer): (data|dtype) must be"):
        made(data)


@pytest.mark.parametrize("dtype", ["uint8", "int32", "int64"])
def test_true_is_one_among_whole_numbers(dtype):
    x = nb.zeros(2, dtype=dtype)
    for made in (nb.tensor([True, True], dtype=dtype), nb.as_tensor(np.array([True, True]), dtype=dtype),
                 nb.full((2,), True, dtype=dtype), nb.full_like(x, True), x.new_full((2,), np.True_)):
        equal(made, np.ones(2, dtype))
    equal(nb.full_like(x, False), np.zeros(2, dtype))


@many
@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(-7, 7).filter(bool))
def test_ranges_of_whole_numbers(start, end, step):
    if (end - start) * step >= 0:
        equal(nb.arange(start, end, step), np.arange(start, end, step))


@many
@given(st.floats(-10, 10), st.floats(0, 10), st.floats(0.1, 3), st.integers(0, 40))
def test_ranges(start, length, step, steps):
    equal(nb.arange(start, start + length, step, dtype="float64"),
          start + np.arange(np.ceil((start + length - start) / step)) * step)
    np.testing.assert_allclose(nb.linspace(start, start + length, steps, dtype="float64").numpy(),
                               np.linspace(start, start + length, steps), rtol=1e-13, atol=1e-13)


def test_ranges_with_defaults():
    equal(nb.arange(4), np.arange(4))
    equal(nb.arange(3.0), np.arange(3, dtype="float32"))
    equal(nb.arange(1, 2, 0.25), np.arange(1, 2, 0.25, dtype="float32"))
    equal(nb.arange(5, dtype="uint8"), np.arange(5, dtype="uint8"))
    equal(nb.linspace(0, 1, 1), np.zeros(1, "float32"))
    equal(nb.linspace(3, -3, 4), np.array([3, 1, -1, -3], "float32"))


# --- of what there is -------------------------------------------------------------------------------------------------

GIVEN = {                                                # data, numbers, dtype
    "float": (1.5, 1.5, "float32"), "int": (3, 3, "int64"), "bool": (True, True, "bool"),
    "lists": ([[1, 2]], [[1, 2]], "int64"),
    "tuples": (((1.0,), (2.0,)), [[1], [2]], "float32"), "mixed": ([1, 2.5, True], [1, 2.5, 1], "float32"),
    "nothing": ([], [], "float32"), "no rows": ([[], []], [[], []], "float32"), "range": (range(3), [0, 1, 2], "int64"),
    "NumPy numbers": ([np.float64(1), np.float32(2)], [1, 2], "float32"),
    "a NumPy number": (np.float64(2), 2, "float64"),
    "infinities": ([float("inf"), float("nan")], [np.inf, np.nan], "float32"), "bytes of an array": (
        array.array("d", [1, 2]), [1, 2], "float32"),
        "arrays in a list": ([np.ones(2), np.zeros(2)], [[1, 1], [0, 0]], "float32"),
    "the largest": (2**63 - 1, 2**63 - 1, "int64"), "the least": ([-2**63], [-2**63], "int64"),
    "empty array": (np.zeros((0, 3)), np.zeros((0, 3)), "float64"), "no axes": (np.array(3.0), 3.0, "float64"),
    "Fortran": (np.asfortranarray(np.arange(6.0).reshape(2, 3)), np.arange(6).reshape(2, 3), "float64"),
    "negative strides": (np.arange(6, dtype="int32")[::-2], [5, 3, 1], "int32"),
    "other order of bytes": (np.arange(3, dtype=">f4"), [0, 1, 2], "float32"),
    "broadcast": (np.broadcast_to(np.float32(2), (2, 2)), np.full((2, 2), 2), "float32"),
    "masked": (np.ma.array([1.0, 2.0]), [1, 2], "float64"),
    "matrix of objects": (np.array([[1, 2]], np.uint8), [[1, 2]], "uint8"),
}


@pytest.mark.parametrize("row", GIVEN.values(), ids=GIVEN)
def test_given(row):
    data, values, dtype = row
    equal(nb.tensor(data), np.asarray(values).astype(dtype))
    equal(nb.as_tensor(data), np.asarray(values).astype(dtype))


def test_tensors_in_lists():
    x = nb.tensor([1.0, 2.0])
    equal(nb.tensor([x, x]), np.array([[1, 2], [1, 2]], "float32"))
    equal(nb.tensor([x.sum(), 1.0]), np.array([3, 1], "float32"))
    equal(nb.tensor(x, dtype="int64"), np.array([1, 2]))


@pytest.mark.parametrize("mode", ["r", "r+", "c"])
def test_memmap(tmp_path, mode):
    path = tmp_path / "numbers"
    np.arange(6, dtype="float32").tofile(path)
    mapped = np.memmap(path, "float32", mode, shape=(2, 3))
    equal(nb.tensor(mapped), np.arange(6, dtype="float32").reshape(2, 3))
    equal(nb.from_numpy(mapped.T), np.arange(6, dtype="float32").reshape(2, 3).T)


def test_numbers_are_copied():
    values = np.zeros(3, np.float32)
    x, y = nb.from_numpy(values), nb.from_dlpack(values)
    values[:] = 1
    equal(x, np.zeros(3, "float32"))
    equal(y, np.zeros(3, "float32"))
    found = x.numpy()
    found[:] = 5
    np.asarray(x)[:] = 6
    equal(x, np.zeros(3, "float32"))


def test_as_tensor():
    x = nb.tensor([1.0], requires_grad=True)
    assert nb.as_tensor(x) is x
    assert nb.as_tensor(x, "float32") is x
    y = nb.as_tensor(x, "float64")
    assert y.dtype == np.float64
    y.sum().backward()
    equal(x.grad, np.ones(1, "float32"))


@pytest.mark.parametrize(("dtype", "data", "values"), [
    ("float32", np.arange(3, dtype="float16"), [0, 1, 2]), ("int32", np.arange(3, dtype="int8"), [0, 1, 2]),
    ("int64", np.array([2**63 - 1], "uint64"), [2**63 - 1]), ("uint8", [0, 255], [0, 255]),
    ("int64", [-1.7, 2.9], [-1, 2]),
    ("bool", [0, 2, -1], [False, True, True]), ("bool", [0.0, np.nan], [False, True]), ("float64", [1, 2], [1, 2]),
    ("float32", [1e300], [np.inf]), ("float64", True, 1)])
def test_conversions(dtype, data, values):
    equal(nb.tensor(data, dtype=dtype), np.asarray(values).astype(dtype))


# --- beside NumPy -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_operators_beside_arrays_and_numbers(dtype):
    values, other = np.array([1.0, 2, 4], dtype), np.array([3.0, 5, 7], dtype)
    x = nb.tensor(values)
    for left, right in ((x, other), (other, x), (np.float32(2), x), (x, np.float32(2)), (np.float64(2), x),
                        (x, np.float64(2)),
                        (np.int64(2), x), (2, x), (x, 2.5), (np.array(2, dtype), x)):
        a, b = (each.numpy() if isinstance(each, nb.Tensor) else np.asarray(each, dtype) for each in (left, right))
        for y, expected in ((left + right, a + b), (left * right, a * b), (left - right, a - b), (left / right, a / b)):
            assert isinstance(y, nb.Tensor)
            np.testing.assert_allclose(y.numpy(), expected, rtol=1e-6)
            assert y.dtype == dtype
    assert isinstance(other @ x, nb.Tensor)
    assert (other @ x).item() == (x @ other).item() == values @ other


def test_functions_of_numpy_take_the_values():
    x = nb.tensor([[1.0, 4.0]])
    for found, expected in ((np.sqrt(x), [[1, 2]]), (np.add(np.ones(2, np.float32), x), [[2, 5]]),
                            (np.sum(x.numpy()), 5),
                            (np.concatenate([x, x]), [[1, 4], [1, 4]]), (np.asarray(x), [[1, 4]]),
                            (np.array(x, dtype="float64"), [[1, 4]]), (np.asarray(x, dtype=">f4"), [[1, 4]])):
        assert isinstance(found, np.ndarray | np.generic)
        np.testing.assert_array_equal(found, expected)
    total = np.zeros((1, 2), np.float32)
    total += x
    np.testing.assert_array_equal(total, [[1, 4]])
    with pytest.raises(ValueError, match="only a copy can be had"):
        np.asarray(x, copy=False)


@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "uint8", "bool"])
@pytest.mark.parametrize("shape", [(), (0, 3), (2, 3), (2, 3, 4, 5)])
def test_dlpack(dtype, shape):
    values = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    x = nb.tensor(values)
    assert x.__dlpack_device__() == (1, 0)
    np.testing.assert_array_equal(np.from_dlpack(x), values)
    equal(nb.from_dlpack(values), values)
    equal(nb.from_dlpack(x), values)


def test_what_was_exported_is_not_updated():
    """A parameter's memory is updated in place by later steps; numbers given away are not."""
    weight = nb.nn.Parameter(nb.ones(1000))
    optimizer = nb.optim.SGD([weight], lr=1.0)
    exported = np.from_dlpack(weight), np.asarray(weight), weight.numpy()
    for _ in range(3):
        optimizer.zero_grad()
        weight.sum().backward()
        optimizer.step()
    for values in exported:
        np.testing.assert_array_equal(values, np.ones(1000, "float32"))
    assert weight.numpy()[0] == -2


@pytest.mark.oracle
def test_dlpack_of_torch():
    torch = pytest.importorskip("torch")
    theirs = torch.arange(6.0).reshape(2, 3).T
    equal(nb.from_dlpack(theirs), theirs.numpy())
    equal(nb.tensor(theirs), theirs.numpy())
    assert torch.equal(torch.from_dlpack(nb.tensor(theirs.numpy())), theirs)
    for wrong, text in ((torch.ones(2, dtype=torch.bfloat16), "from_dlpack: torch.Tensor cannot be read"),
                        (torch.ones(2, requires_grad=True),
                         "from_dlpack: Tensor cannot be read|torch.Tensor cannot be read"),
                        (torch.ones(2, dtype=torch.complex64),
                         "tensor: data must be real numbers, got complex numbers"),
                        (torch.ones(2, dtype=torch.float16), "dtype must be one of")):
        with pytest.raises(DTypeError, match=text):
            nb.from_dlpack(wrong)


REFUSED = [
    (lambda: nb.tensor([[1, 2], [3]]), DTypeError, "tensor: data must be numbers, in nested lists of equal lengths"),
    (lambda: nb.tensor([1, [2]]), DTypeError, "tensor: data must be numbers, in nested lists of equal lengths"),
    (lambda: nb.tensor("text"), DTypeError, "got str"),
    (lambda: nb.tensor(["a", "b"]), DTypeError, "tensor: data must be real numbers, got text"),
    (lambda: nb.tensor(["1", "2"], dtype="float32"), DTypeError, "tensor: data must be real numbers, got text"),
    (lambda: nb.tensor([b"1"]), DTypeError, "tensor: data must be real numbers, got bytes"),
    (lambda: nb.tensor(None), DTypeError, "tensor: data must be numbers", ),
    (lambda: nb.tensor([None, 1.0]), DTypeError, "tensor: data must be real numbers, got NoneType"),
    (lambda: nb.tensor([None], dtype="float32"), DTypeError, "tensor: data must be real numbers, got NoneType"),
    (lambda: nb.tensor({1, 2}), DTypeError, "got set"),
    (lambda: nb.tensor({"a": 1}), DTypeError, "got dict"),
    (lambda: nb.tensor(i for i in range(3)), DTypeError, "got generator"),
    (lambda: nb.tensor(object()), DTypeError, "tensor: data must be real numbers, got object"),
    (lambda: nb.tensor(2**63), DTypeError, "got"),
    (lambda: nb.tensor([2**70]), DTypeError,
     "whole numbers must be from -2**63 to 2**63 - 1, got 1180591620717411303424"),
    (lambda: nb.tensor([-2**64, 1]), DTypeError, "whole numbers must be from -2**63 to 2**63 - 1"),
    (lambda: nb.tensor(1j), DTypeError, "tensor: data must be real numbers, got complex numbers"),
    (lambda: nb.tensor(np.ones(2, complex), dtype="float32"), DTypeError, "got complex numbers"),
    (lambda: nb.tensor(np.array(["2020-01-01"], "M8[D]")), DTypeError, "got dates"),
    (lambda: nb.tensor(np.array([1], "m8[s]")), DTypeError, "got spans of time"),
    (lambda: nb.tensor(np.zeros(2, [("a", "f4")])), DTypeError, "got records"),
    (lambda: nb.tensor(datetime.date(2020, 1, 1)), DTypeError, "tensor: data must be real numbers, got date"),
    (lambda: nb.tensor([decimal.Decimal("1.5")]), DTypeError, "tensor: data must be real numbers, got Decimal"),
    (lambda: nb.tensor(fractions.Fraction(1, 2)), DTypeError, "tensor: data must be real numbers, got Fraction"),
    (lambda: nb.tensor(np.ones(2, "float16")), DTypeError,
     "got float16; convert the numbers, such as with .astype(np.float32)"),
    (lambda: nb.tensor(np.ones(2, "int8")), DTypeError,
     "got int8; convert the numbers, such as with .astype(np.int32)"),
    (lambda: nb.tensor(np.ones(2, "uint64")), DTypeError,
     "got uint64; convert the numbers, such as with .astype(np.int64)"),
    (lambda: nb.tensor(np.ones(2, "longdouble")), DTypeError, "dtype must be one of"),
    (lambda: nb.tensor([300], dtype="uint8"), DTypeError, "numbers must be from 0 to 255 for uint8, got 300"),
    (lambda: nb.tensor([-1], dtype="uint8"), DTypeError, "numbers must be from 0 to 255 for uint8, got -1"),
    (lambda: nb.tensor([2**31], dtype="int32"), DTypeError, "for int32, got 2147483648"),
    (lambda: nb.tensor([float("nan")], dtype="int64"), DTypeError, "for int64, got nan"),
    (lambda: nb.tensor([1e30], dtype="int64"), DTypeError, "for int64, got 1e+30"),
    (lambda: nb.tensor(np.array([2**64 - 1], "uint64"), dtype="int64"), DTypeError,
     "for int64, got 18446744073709551615"),
    (lambda: nb.tensor([1], dtype="float16"), DTypeError, "tensor: dtype must be one of"),
    (lambda: nb.tensor([1], requires_grad=True), DTypeError,
     "tensor: only floating point tensors have gradients, got int64"),
    (lambda: nb.from_numpy([1.0]), DTypeError, "from_numpy: values must be a NumPy array, got list"),
    (lambda: nb.from_dlpack([1.0]), DTypeError, "from_dlpack: data must have __dlpack__"),
    (lambda: nb.zeros(-1), ShapeError, "zeros: sizes must not be negative, got (-1,)"),
    (lambda: nb.zeros(2.0), DTypeError, "zeros: sizes must be whole numbers, got 2.0"),
    (lambda: nb.zeros("2"), DTypeError, "zeros: sizes must be whole numbers, got '2'"),
    (lambda: nb.zeros(True), DTypeError, "zeros: sizes must be whole numbers, got True"),
    (lambda: nb.zeros(None), DTypeError, "zeros: sizes must be whole numbers, got None"),
    (lambda: nb.zeros(2**40, 2**40), ShapeError, "zeros: (1099511627776, 1099511627776) of float32 needs"),
    (lambda: nb.ones(2, dtype=complex), DTypeError, "ones: dtype must be one of"),
    (lambda: nb.ones(2, dtype="int64", requires_grad=True), DTypeError, "only floating point tensors have gradients"),
    (lambda: nb.full((2,), "x"), DTypeError, "full: fill_value must be a number, got 'x'"),
    (lambda: nb.full((2,), 300, dtype="uint8"), DTypeError, "numbers must be from 0 to 255 for uint8, got 300"),
    (lambda: nb.full_like(nb.zeros(2), None), DTypeError, "full_like: fill_value must be a number, got None"),
    (lambda: nb.zeros_like([1.0]), DTypeError, "zeros_like: x must be a Tensor, got list"),
    (lambda: nb.eye(-2), ShapeError, "eye: sizes must not be negative, got (-2, -2)"),
    (lambda: nb.eye(2, 2.5), DTypeError, "eye: sizes must be whole numbers, got 2.5"),
    (lambda: nb.arange(0, 5, 0), ShapeError, "arange: step must not be 0"),
    (lambda: nb.arange(5, 0), ShapeError, "arange: step must lead from start to end, got start=5, end=0, step=1"),
    (lambda: nb.arange(float("inf")), ShapeError, "arange: end must be finite"),
    (lambda: nb.arange(float("nan")), ShapeError, "arange: end must be finite"),
    (lambda: nb.arange("5"), DTypeError, "arange: end must be a number, got '5'"),
    (lambda: nb.arange(2**62), ShapeError, "arange: (4611686018427387904,) of float64 needs"),
    (lambda: nb.arange(300, dtype="uint8"), DTypeError, "numbers must be from 0 to 255 for uint8, got 299"),
    (lambda: nb.linspace(0, 1, -1), ShapeError, "linspace: sizes must not be negative"),
    (lambda: nb.linspace(0, 1, 2.5), DTypeError, "linspace: sizes must be whole numbers, got 2.5"),
    (lambda: nb.linspace(0, float("inf"), 3), ShapeError, "linspace: end must be finite"),
    (lambda: nb.zeros(2).__dlpack__(copy=False), BufferError, "__dlpack__: only a copy can be had"),
    (lambda: nb.zeros(2).__dlpack__(dl_device=(2, 0)), BufferError, "__dlpack__: values are given on the CPU"),
    (lambda: nb.zeros(2).__dlpack__(stream=3), DTypeError, "__dlpack__: stream must be None on the CPU, got 3"),
    (lambda: np.ones(2) + nb.ones(2), DTypeError, "add: an array of float64 would make a tensor of float32 float64"),
    (lambda: np.ones((2, 2)) @ nb.ones(2), DTypeError, "matmul: all arguments must have one dtype"),
]


@pytest.mark.parametrize("row", REFUSED, ids=range(len(REFUSED)))
def test_what_is_refused(row):
    call, error, text = row
    with pytest.raises(error, match=re.escape(text)):
        call()
