"""`x[key]` and `x[key] = value` against NumPy: keys of every kind, values and gradients; and what is refused."""
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import numbacnn as nb
from numbacnn import testing
from numbacnn.errors import DTypeError, GradientError, ShapeError
from numbacnn.graph import DTYPES, thread

many = settings(max_examples=800, deadline=None, derandomize=True)
shapes = st.lists(st.integers(0, 4), min_size=1, max_size=4).map(tuple)
seeds = st.integers(0, 2**32 - 1)
FORMS = {"array": np.asarray, "int32": lambda a: np.asarray(a, np.int32), "list": lambda a: np.asarray(a).tolist(),
         "tensor": lambda a: nb.tensor(np.asarray(a)), "int32 tensor": lambda a: nb.tensor(np.asarray(a, np.int32))}


@st.composite
def slices(draw, n):
    ends = st.none() | st.integers(-n - 2, n + 2)
    return slice(draw(ends), draw(ends), draw(st.sampled_from([None, 1, 2, 3, -1, -2])))


@st.composite
def keys(draw, shape):
    """A key for NumPy, and the same with tensors and lists in place of some arrays."""
    common = draw(st.sampled_from([(), (1,), (3,), (2, 1), (2, 3), (0,)]))
    rng = np.random.default_rng(draw(seeds))
    theirs, ours, axis, dots = [], [], 0, False
    while axis < len(shape):
        kind = draw(st.sampled_from(["slice", "slice", "int", "array", "array", "mask", "new", "dots", "end"]))
        n = shape[axis]
        if kind == "end" and not dots:
            break
        part = mine = None
        covered = shape[axis:axis + draw(st.integers(1, 2))]
        if (kind in ("slice", "end") or (kind == "dots" and dots) or (n == 0 and kind in ("int", "array"))
                or (kind == "mask" and 0 in covered and common != (0,))):
            part = mine = draw(slices(n))
            axis += 1
        elif kind == "int":
            part = mine = int(rng.integers(-n, n))
            axis += 1
        elif kind == "array":
            own = draw(st.sampled_from([common, (1,) * len(common), common[1:], ()]))
            part = rng.integers(-n, n, own)
            mine = FORMS[draw(st.sampled_from(list(FORMS)))](part)
            axis += 1
        elif kind == "mask":
            part = rng.random(covered) < 0.5
            if len(common) > 1 or (common and part.sum() not in (1, common[-1])) or not common:
                part = np.zeros(covered, bool)           # one position, which broadcasts with all others
                part.flat[:1] = True
            mine = draw(st.sampled_from([part, nb.tensor(part), part.tolist() if part.size else part]))
            axis += len(covered)
        elif kind == "dots":
            part = mine = Ellipsis
            dots = True
            axis += draw(st.integers(0, len(shape) - axis))
        theirs.append(part)
        ours.append(mine)
    if len(theirs) == 1 and draw(st.booleans()):
        return theirs[0], ours[0]
    return tuple(theirs), tuple(ours)


@many
@given(st.data(), shapes, st.sampled_from(DTYPES), st.booleans(), seeds)
def test_keys(data, shape, dtype, eager, seed):
    x = np.random.default_rng(seed).integers(0, 99, shape).astype(dtype)
    theirs, ours = data.draw(keys(shape))
    with testing.settings(eager=eager):
        expected, tensor = x[theirs], nb.tensor(x)
        got = tensor[ours].numpy()
        assert (got.shape, got.dtype) == (expected.shape, expected.dtype)
        np.testing.assert_array_equal(got, expected)
        np.testing.assert_array_equal(tensor.numpy(), x)


ALL, MASK = slice(None), np.arange(24).reshape(2, 3, 4) % 3 == 1
HARD = [                                                 # where what is picked goes
    (ALL, [0, 1], None, [1, 0]), (ALL, [0], ..., [1]), (ALL, [0, 2], ..., ALL, [1, 3]), ([0, 1], None, [1, 2]),
    (0, ALL, [1, 2]), (ALL, 1, ALL, [1, 2]), (ALL, 0, [1, 2]), ([[0], [1]], [2, 1]), (ALL, ALL, [[0], [3]], [1, 2]),
    (None, [1, 0], ALL, None, [2, 1]), (slice(1, None), [0, 1], [1, 1], slice(4, 0, -2)), (MASK,), (MASK, 2),
    (ALL, MASK[0]), (..., [0, 4]), (ALL, ALL, None, [1, 0], None), (1, 2, None, [3, 0]), (ALL, [2], None, 1),
    (ALL, np.array([True, False, True]), ALL, [0, 4]), (ALL, ALL, [0, 1], ..., [1, 0])]


@pytest.mark.parametrize("key", HARD, ids=range(len(HARD)))
def test_hard_keys(key):
    x = np.arange(120.0).reshape(2, 3, 4, 5)
    tensor, value = nb.tensor(x), -np.arange(x[key].size, dtype=float).reshape(x[key].shape)
    np.testing.assert_array_equal(tensor[key].numpy(), x[key], strict=True)
    x[key] = tensor[key] = value
    np.testing.assert_array_equal(tensor.numpy(), x)


@many
@given(st.data(), shapes, seeds)
def test_gradients_of_keys(data, shape, seed):
    rng = np.random.default_rng(seed)
    theirs, ours = data.draw(keys(shape))
    x = nb.tensor(rng.integers(-9, 9, shape).astype("float64"), requires_grad=True)
    y = x[ours]
    dy = rng.integers(-9, 9, y.shape).astype("float64")
    y.backward(nb.tensor(dy))
    places = np.arange(x.numel()).reshape(shape)[theirs]
    expected = np.bincount(places.reshape(-1), dy.reshape(-1), x.numel()).reshape(shape)
    np.testing.assert_array_equal(x.grad.numpy(), expected)


@many
@given(st.data(), shapes, st.sampled_from(DTYPES), st.booleans(), seeds)
def test_assignment(data, shape, dtype, single, seed):
    rng = np.random.default_rng(seed)
    theirs, ours = data.draw(keys(shape))
    x = rng.integers(0, 99, shape).astype(dtype)
    tensor, other = nb.tensor(x), nb.tensor(x)
    alias = other.detach()
    picked = x[theirs].shape
    value = rng.integers(0, 99, () if single else picked).astype(dtype)
    x[theirs] = value
    tensor[ours] = value.item() if single and dtype != "uint8" else nb.tensor(value)
    other[ours] = value
    np.testing.assert_array_equal(tensor.numpy(), x)
    np.testing.assert_array_equal(other.numpy(), x)
    assert tensor.dtype == dtype and alias is not other
    np.testing.assert_array_equal(alias[ours].numpy().shape, picked)


@many
@given(st.data(), shapes, seeds)
def test_gradients_of_assignment(data, shape, seed):
    rng = np.random.default_rng(seed)
    theirs, ours = data.draw(keys(shape))
    x = nb.tensor(rng.standard_normal(shape), requires_grad=True)
    value = nb.tensor(rng.standard_normal(np.zeros(shape)[theirs].shape), requires_grad=True)
    y = x * 1.0
    y[ours] = value
    dy = rng.standard_normal(shape)
    y.backward(nb.tensor(dy))
    np.testing.assert_array_equal(value.grad.numpy(), dy[theirs])
    dx = dy.copy()
    dx[theirs] = 0
    np.testing.assert_array_equal(x.grad.numpy(), dx)


def test_a_batch_is_the_same_plan_wherever_it_begins():
    x, labels = nb.tensor(np.arange(1000.0).reshape(250, 4)), nb.tensor(np.arange(250))
    before = len(thread.plans)
    for i in range(0, 250, 64):
        batch, targets = x[i:i + 64], labels[i:i + 64]
        assert np.array_equal((batch * 2).numpy(), x.numpy()[i:i + 64] * 2)
        assert np.array_equal(targets.numpy(), np.arange(250)[i:i + 64])
    assert len(thread.plans) <= before + 4               # a full batch, and the last one


def test_iteration():
    x = nb.tensor(np.arange(6.0).reshape(3, 2), requires_grad=True)
    rows = list(x)
    assert len(x) == len(rows) == 3
    (rows[0] * 3 + rows[2]).sum().backward()
    assert x.grad.tolist() == [[3, 3], [0, 0], [1, 1]]
    a, b, c = x
    assert c.tolist() == [4, 5] and 4.0 in x and 7 not in x and nb.tensor(5.0) in x and b is not a


def test_assignment_gives_a_tensor_another_value():
    x = nb.tensor([1.0, 2.0, 3.0])
    part, same = x[:2], x.detach()
    x[0] = 9
    x[1:] += 1
    assert x.tolist() == [9, 3, 4] and part.tolist() == [1, 2] and same.tolist() == [1, 2, 3]
    weight = nb.nn.Parameter(nb.ones(3))
    with nb.no_grad():
        weight[1] = 0
    assert weight.tolist() == [1, 0, 1] and weight.is_leaf and weight.requires_grad
    loop = nb.zeros(5)
    for i in range(5):
        loop[i] = i * i
    assert loop.tolist() == [0, 1, 4, 9, 16]
    loop[nb.tensor([3, 3, 0])] = nb.tensor([7, 8, 9])    # the last one counts, and takes the dtype
    assert loop.tolist() == [9, 1, 4, 8, 16]


def test_axes_of_size_one_do_not_count_as_axes():
    """Arrays have at most six axes; a key may show more, and what is assigned is broadcast to them."""
    key = None, slice(None), None, None, None, None, slice(None)
    x, expected = nb.zeros(3, 5), np.zeros((3, 5), np.float32)
    for value in 2.0, np.arange(5, dtype=np.float32), np.arange(3, dtype=np.float32).reshape(3, 1, 1, 1, 1, 1):
        x[key] = expected[key] = value
        np.testing.assert_array_equal(x.numpy(), expected)
    nothing = nb.zeros(0, 0, 1)
    nothing[None, :, None, None, None, :, np.array([True])] = 1.0
    with pytest.raises(ShapeError, match=r"must broadcast to \(1, 3, 1, 1, 1, 1, 5\), .* got \(3, 1, 1\)"):
        x[key] = nb.ones(3, 1, 1)


def test_a_failed_assignment_changes_nothing():
    x, y, wrong = nb.tensor([1.0, 2.0, 3.0]), nb.ones(3, 3), nb.tensor([0, 5])
    for change in (lambda: x.__setitem__(wrong, 7), lambda: y.__setitem__((slice(None), wrong), 0),
                   lambda: y.__setitem__((wrong, wrong), 0), lambda: y.__setitem__((slice(1, None), wrong), 0)):
        x[1] = 2
        y[0, 0] = 1
        change()
        with pytest.raises(IndexError, match="index: must be from -3 to 2, got 5"):
            nb.evaluate()
        assert x.tolist() == [1, 2, 3] and y.tolist() == [[1] * 3] * 3


X = np.zeros((2, 3))
REFUSED = [
    (lambda x: x[2], IndexError, "index: must be from -2 to 1 along axis 0 of x(2, 3), got 2"),
    (lambda x: x[0, -4], IndexError, "index: must be from -3 to 2 along axis 1 of x(2, 3), got -4"),
    (lambda x: x[0, 0, 0], IndexError, "index: x(2, 3) has 2 axes, got indices for 3"),
    (lambda x: x[..., ...], IndexError, "index: there may be one ellipsis (...), got 2"),
    (lambda x: x[::0], ShapeError, "index: the step of a slice must not be 0, got slice(None, None, 0)"),
    (lambda x: x[0.5], DTypeError, "index: a key is made of integers, slices, None, ... and tensors"),
    (lambda x: x["new"], DTypeError, "got 'new'"),
    (lambda x: x[0.5:2], DTypeError, "index: a slice is made of integers, got slice(0.5, 2, None)"),
    (lambda x: x[True], DTypeError, "got True"),
    (lambda x: x[np.array(True)], DTypeError, "index: a single bool picks no axis"),
    (lambda x: x[[0, 2]], IndexError, "index: must be from -2 to 1, got 2"),
    (lambda x: x[[[0], [1, 2]]], DTypeError, "index: a list of positions must be a regular array of whole numbers"),
    (lambda x: x[[0.5]], DTypeError, "index: arrays of positions must be int64 or int32, masks bool, got float64"),
    (lambda x: x[nb.tensor([0.5])], DTypeError, "masks bool, got float32"),
    (lambda x: x[nb.tensor([1], dtype="uint8")], DTypeError, "masks bool, got uint8"),
    (lambda x: x[["a"]], DTypeError, "masks bool, got <U1"),
    (lambda x: x[[True, False, True]], IndexError, "index: a mask must have the shape of the axes it covers, (2,) of "
                                                   "x(2, 3), got (3,)"),
    (lambda x: x[nb.ones(2, 2) > 0], IndexError, "(2, 3) of x(2, 3), got (2, 2)"),
    (lambda x: x[[0, 1], [0, 1, 2]], IndexError, "index: arrays of positions must broadcast, got shapes (2,), (3,)"),
    (lambda x: x[nb.zeros(0, 3)[0:1]], DTypeError, "masks bool, got float32"),
    (lambda x: x[[]][0], IndexError, "index: must be none, the axis is empty, along axis 0 of x(0, 3), got 0"),
    (lambda x: x[{}], DTypeError, "got {}"),
    (lambda x: iter(nb.tensor(1.0)), DTypeError, "iter: a tensor without axes has nothing to iterate over"),
    (lambda x: nb.tensor(1.0)[0], IndexError, "index: x() has 0 axes, got indices for 1"),
    (lambda x: len(nb.tensor(1.0)), ShapeError, "len: a tensor without axes has no length"),
    (lambda x: "1" in x, DTypeError, "in: a tensor holds numbers, got str"),
    (lambda x: range(x), DTypeError, "index: only a tensor of one whole number is a position, got float64(2, 3)"),
    (lambda x: x.__setitem__(0, nb.zeros(4)), ShapeError, "index: the value must broadcast to (3,), which the key "
                                                          "picks of x(2, 3), got (4,)"),
    (lambda x: x.__setitem__(0, "a"), DTypeError, "index: operands must be tensors or numbers, got str"),
    (lambda x: x.to("int64").__setitem__(0, 0.5), DTypeError, "index: a value of float32 does not fit a tensor of "
                                                              "int64"),
    (lambda x: x.to("int64").__setitem__(0, nb.ones(3)), DTypeError, "index: a value of float32 does not fit"),
    (lambda x: nb.tensor(X, requires_grad=True).__setitem__(0, 1), GradientError,
     "index: a tensor with requires_grad=True that the user made cannot be changed in place where gradients are "
     "recorded; do it inside `with numbacnn.no_grad():`"),
    (lambda x: x.__setitem__((0, 5), 1), IndexError, "along axis 1 of x(2, 3), got 5"),
]


@pytest.mark.parametrize(("call", "error", "text"), REFUSED, ids=[text for *_, text in REFUSED])
def test_what_is_refused(call, error, text):
    x = nb.tensor(X)
    with pytest.raises(error, match=re.escape(text)):
        call(x)
    assert x.tolist() == X.tolist()


def test_positions_in_tensors_are_checked_when_computed():
    x = nb.tensor(X)
    for index in [2, 0], [0, -3]:
        y = x[nb.tensor(index)]
        with pytest.raises(IndexError, match=f"index: must be from -2 to 1, got {sum(index)}"):
            y.numpy()
