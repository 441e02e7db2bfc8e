"""Forms of operations that give their result to a tensor, tensors made like others, and tests of equality."""
import math
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays, mutually_broadcastable_shapes

import numbacnn as nb
from numbacnn import ops
from numbacnn.errors import DTypeError, GradientError, ShapeError
from numbacnn.ops.methods import IN_PLACE

X = np.array([[0.5, -1.25, 0.75], [2.5, 0.25, -0.5]])
INDEX = np.array([[0, 1, 1], [1, 0, 0]])
ROWS = np.array([[9.0, 8.0, 7.0]])
OTHER = np.array([1.5, -2.0, 0.5])
POSITIVE = {"log_", "log10_", "log1p_", "log2_", "rsqrt_", "sqrt_"}
WHOLE = {"bitwise_and_", "bitwise_or_", "bitwise_xor_"}
OTHER_GRADIENTS = {"floor_divide_", "logical_and_", "logical_not_", "logical_or_", "logical_xor_"}  # PyTorch: wrong
ARGUMENTS = {
    **dict.fromkeys(("add_", "sub_", "subtract_", "mul_", "multiply_", "div_", "divide_", "floor_divide_", "remainder_",
                     "logical_and_", "logical_or_", "logical_xor_"), (OTHER,)),
    "pow_": (2,), **dict.fromkeys(("addcdiv_", "addcmul_"), (OTHER, OTHER)),
    **dict.fromkeys(("clamp_", "clip_"), (-0.5, 0.5)), **dict.fromkeys(("clamp_max_", "clamp_min_"), (0.25,)),
    **dict.fromkeys(WHOLE, (np.array([1, 2, 4]),)), "copy_": (OTHER,), "cumsum_": (0,), "fill_": (2.5,),
    "index_add_": (0, np.array([1]), ROWS), "index_copy_": (0, np.array([1]), ROWS),
    "index_fill_": (1, np.array([0]), 4.5), "lerp_": (X + 1, 0.25),
    "masked_fill_": (X > 0, -7.0), "nan_to_num_": (1.0,), "scatter_": (0, INDEX, X + 9), "scatter_add_": (0, INDEX, X),
}


def first(name):
    if name in WHOLE:
        return np.array([[1, 2, 3], [4, 5, 6]])
    return np.abs(X) if name in POSITIVE else X


def called(name, x, make):
    """x after the call, and what it returns."""
    given = [make(each) if isinstance(each, np.ndarray) else each for each in ARGUMENTS.get(name, ())]
    return getattr(x, name)(*given)


@pytest.mark.parametrize("name", IN_PLACE)
def test_the_tensor_gets_what_the_operation_gives(name):
    x = nb.tensor(first(name))
    before, view = x * 1, x.detach()
    assert called(name, x, nb.tensor) is x
    if name not in ("copy_", "fill_", "zero_"):
        given = [nb.tensor(each) if isinstance(each, np.ndarray) else each for each in ARGUMENTS.get(name, ())]
        expected = getattr(nb.tensor(first(name)), name[:-1])(*given)
        assert np.array_equal(x.numpy(), expected.numpy().astype(x.dtype), equal_nan=True)
    assert np.array_equal(before.numpy(), first(name))   # other values stay
    assert np.array_equal(view.numpy(), first(name))


@pytest.mark.parametrize("name", IN_PLACE)
def test_it_cannot_be_done_to_what_is_trained(name):
    if name in WHOLE:
        return
    w = nb.tensor(first(name), requires_grad=True)
    with pytest.raises(GradientError, match="made cannot be changed in place where gradients are recorded"):
        called(name, w, nb.tensor)
    with nb.no_grad():
        assert called(name, w, nb.tensor) is w
    assert w.requires_grad
    w = nb.tensor(first(name), requires_grad=True)
    called(name, w.data, nb.tensor)
    assert w.is_leaf


@pytest.mark.oracle
@pytest.mark.parametrize("name", IN_PLACE)
def test_pytorch_does_the_same(name):
    torch = pytest.importorskip("torch")
    mine, yours = nb.tensor(first(name)), torch.tensor(first(name))
    called(name, mine, nb.tensor)
    called(name, yours, torch.tensor)
    np.testing.assert_allclose(mine.numpy(), yours.numpy(), rtol=1e-12)
    if name in WHOLE or name in OTHER_GRADIENTS:
        return
    w, v = nb.tensor(first(name), requires_grad=True), torch.tensor(first(name), requires_grad=True)
    y, z = w * 1, v * 1
    called(name, y, nb.tensor)
    called(name, z, torch.tensor)
    assert y.requires_grad == z.requires_grad
    if y.requires_grad:
        (y * y).sum().backward()
    if z.requires_grad:
        (z * z).sum().backward()
    gradients = [np.zeros(X.shape) if x.grad is None else x.grad.numpy() for x in (w, v)]
    np.testing.assert_allclose(*gradients, rtol=1e-12)


@pytest.mark.parametrize("name", ["zero_", "fill_", "copy_", "normal_", "uniform_", "bernoulli_"])
def test_what_is_overwritten_has_a_gradient_of_zero(name):
    arguments = {"fill_": (2.5,), "copy_": (nb.ones(2),)}.get(name, ())
    w = nb.tensor([1.0, 2.0], requires_grad=True)
    y = w * 2
    part = y[:1]
    getattr(part, name)(*[each[:1] if isinstance(each, nb.Tensor) else each for each in arguments])
    y.sum().backward()
    assert w.grad.tolist() == [0, 2]
    y = w * 2
    getattr(y, name)(*arguments)
    assert y.requires_grad
    assert not y.is_leaf
    w.grad = None
    (y * y).sum().backward()
    assert w.grad.tolist() == [0, 0]
    with nb.no_grad():
        z = getattr(w * 2, name)(*arguments)
    assert not z.requires_grad
    assert not getattr(nb.ones(2), name)(*arguments).requires_grad


def test_what_is_copied_over_a_computed_tensor_has_the_gradient():
    w, source = nb.ones(2, requires_grad=True), nb.ones(2, requires_grad=True)
    (w * 2).copy_(source).sum().backward()
    assert source.grad.tolist() == [1, 1]


def test_every_form_is_tried():
    assert set(ARGUMENTS) | POSITIVE <= set(IN_PLACE)


def knows_numpys_names(op):
    while "with_numpy_names" not in op.__code__.co_qualname:
        if not hasattr(op, "__wrapped__"):
            return False
        op = op.__wrapped__
    return True


@pytest.mark.parametrize("name", [name for name in ops.__all__ if knows_numpys_names(getattr(ops, name))])
def test_forms_know_numpys_names_if_the_operation_does(name):
    form, options = getattr(nb.Tensor, f"{name}_", None), {"axis": 0}
    if form is not None:
        x = nb.tensor(first(name))
        assert form(x, **options) is x
        assert np.array_equal(x.numpy(), getattr(np, name)(first(name), **options))


def test_alpha():
    x = nb.tensor([1.0, 2.0])
    assert x.add(x, alpha=3).tolist() == [4, 8]
    assert x.sub_(nb.ones(2), alpha=0.5).tolist() == [0.5, 1.5]
    assert x.add_(1, alpha=2).tolist() == [2.5, 3.5]
    y = nb.ones(2, dtype="float64").add(nb.tensor([1, 10]), alpha=0.1)          # in float64
    assert y.tolist() == [1.1, 2.0]
    w = nb.tensor([1.0, 2.0], requires_grad=True)
    nb.sub(x, w, alpha=3).sum().backward()
    assert w.grad.tolist() == [-3, -3]


def test_detach_in_place():
    w = nb.ones(2, requires_grad=True)
    y = w * 2
    assert y.detach_() is y
    assert y.is_leaf
    assert not y.requires_grad


# --- random numbers, and tensors like others -----------------------------------------------------------------------

def test_tensors_are_filled_with_random_numbers():
    nb.manual_seed(0)
    for dtype in "float32", "float64":
        x = nb.zeros(200, 300, dtype=dtype)
        assert x.normal_(2, 0.5) is x
        assert abs(x.mean().item() - 2) < 0.02
        assert abs(x.std().item() - 0.5) < 0.02
        x.uniform_(-3, 1)
        assert -3 <= x.min().item() < -2.99
        assert 0.99 < x.max().item() <= 1
        assert abs(x.mean().item() + 1) < 0.05
        x.bernoulli_(0.25)
        assert set(x.unique().tolist()) == {0, 1}
        assert abs(x.mean().item() - 0.25) < 0.01
        assert x.dtype == dtype
    assert nb.zeros(3, dtype="bool").bernoulli_(1).tolist() == [True] * 3
    assert nb.zeros(2, 2).bernoulli_(nb.tensor([0.0, 1.0])).tolist() == [[0, 1], [0, 1]]
    assert 4 <= nb.zeros(1).uniform_(to=5, **{"from": 4}).item() <= 5
    assert 4 <= nb.zeros(1).uniform_(4, to=5).item() <= 5
    generator = nb.Generator(3)
    first = nb.zeros(4).normal_(generator=generator).tolist()
    assert nb.zeros(4).normal_(generator=generator.manual_seed(3)).tolist() == first
    layer = nb.nn.Linear(3, 2)
    layer.weight.data.normal_(100, 0.1)
    assert layer.weight.min().item() > 99


def test_tensors_like_others():
    x = nb.ones(2, dtype="float64")
    for y, values in ((x.new_zeros(2, 1), [[0], [0]]), (x.new_ones((1, 2)), [[1, 1]]), (x.new_full((2,), 7), [7, 7]),
                      (x.new_empty(1), [0]), (x.new_tensor([1, 2]), [1, 2])):
        assert y.tolist() == values
        assert y.dtype == nb.float64
    y = x.new_zeros(2, dtype=nb.long, device="cpu")
    assert y.dtype == nb.int64
    assert x.new_ones(2, requires_grad=True).requires_grad
    assert nb.ones(2, dtype="int32").new_full((1,), 3).dtype == nb.int32


# --- equality -----------------------------------------------------------------------------------------------------

def test_equal_and_allclose():
    x = nb.tensor([1.0, math.nan])
    assert nb.equal(nb.ones(2), nb.ones(2)) is True
    assert nb.ones(2).equal(nb.zeros(2)) is False
    assert nb.equal(nb.ones(2), nb.ones(1)) is False     # no broadcasting
    assert nb.equal(nb.tensor([1]), nb.tensor([1.0])) is True
    assert nb.equal(x, x) is False
    assert nb.equal(nb.zeros(0, 3), nb.zeros(0, 3)) is True
    assert nb.allclose(x, x) is False
    assert nb.allclose(x, x, equal_nan=True) is True
    assert x.allclose(x + 1e-6, equal_nan=True) is True
    assert nb.allclose(nb.ones(2), nb.ones(1), rtol=0, atol=0) is True
    assert nb.isclose(x, x).tolist() == [True, False]
    w = nb.ones(2, requires_grad=True)
    assert not nb.isclose(w, w).requires_grad


def test_what_stands_for_infinity():
    for dtype in "float32", "float64":
        y = nb.tensor([math.inf, -math.inf, math.nan, -0.0], dtype=dtype).nan_to_num()
        limit = float(np.finfo(dtype).max)
        assert y.tolist() == [limit, -limit, 0, 0]


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda x: x.add_(1, alpha="2"), DTypeError, "add: alpha must be a number, got '2'"),
    (lambda x: x.long().add_(1, alpha=0.5), DTypeError, "add: alpha must be a whole number beside whole numbers"),
    (lambda x: x.long().exp_(), DTypeError, "exp: the result is float32, which x of int64 cannot hold"),
    (lambda x: x.lerp_(nb.ones(3, 2), 0.5), ShapeError, "lerp: the result must fit in x(2,), got (3, 2)"),
    (lambda x: x.normal_(0, -1), ShapeError, "normal_: std must be at least 0, got -1"),
    (lambda x: x.normal_("a"), DTypeError, "normal_: mean must be a number, got 'a'"),
    (lambda x: x.long().normal_(), DTypeError, "normal_: x must be float32, float64 or bfloat16, got int64"),
    (lambda x: x.normal_(generator="3"), DTypeError, "generator must be a numbacnn.Generator, a numpy.random.Gen"),
    (lambda x: x.uniform_(2, 1), ShapeError, "uniform_: to must be at least 2, got 1"),
    (lambda x: x.uniform_(1, 2, 3), TypeError, "uniform_: arguments must be `from`, `to` and generator, got (1, 2, 3)"),
    (lambda x: x.uniform_(a=1), TypeError, "arguments must be `from`, `to` and generator, got () and {'a': 1}"),
    (lambda x: x.uniform_(0, **{"from": 1}), TypeError, "uniform_: arguments must be `from`, `to` and generator"),
    (lambda x: x.bernoulli_(1.5), ShapeError, "bernoulli_: p must be in [0, 1], got 1.5"),
    (lambda x: x.bernoulli_(nb.ones(3, 2)), ShapeError, "bernoulli_: the result must fit in x(2,), got (3, 2)"),
    (lambda x: x.requires_grad_().normal_(), GradientError, "normal_: a tensor with requires_grad=True that the user"),
    (lambda x: x.new_full((2,), "a"), DTypeError, "new_full: fill_value must be a number, got 'a'"),
    (lambda x: x.new_zeros(-1), ShapeError, "new_zeros: sizes must not be negative, got (-1,)"),
    (lambda x: x.new_ones(2.0), DTypeError, "new_ones: sizes must be whole numbers, got 2.0"),
    (lambda x: x.new_tensor("a"), DTypeError, "tensor: data must be numbers"),
    (lambda x: nb.equal(x, [1.0, 1.0]), DTypeError, "equal: other must be a Tensor, got list"),
    (lambda x: x.allclose(x, rtol=-1), ShapeError, "allclose: rtol must be at least 0, got -1"),
    (lambda x: nb.allclose(x, nb.ones(3)), ShapeError, "allclose: shapes must be equal or broadcast"),
    (lambda x: nb.allclose(1.0, x), DTypeError, "allclose: x must be a Tensor, got float"),
])
def test_what_is_refused(call, error, text):
    with pytest.raises(error, match=re.escape(text)):
        call(nb.ones(2))


# --- beside PyTorch ----------------------------------------------------------------------------------------------

numbers = st.floats(-2, 2) | st.sampled_from([0.0, -0.0, 1.0, 1.00001, 1.000001, -1.0, 1e-9, 3e38, math.inf, -math.inf,
                                              math.nan])


@pytest.mark.oracle
@settings(max_examples=400, deadline=None, derandomize=True)
@given(mutually_broadcastable_shapes(num_shapes=2, max_dims=3, max_side=3), st.data(), st.booleans(),
       st.sampled_from([0.0, 1e-5, 0.5]), st.sampled_from([0.0, 1e-8, 0.25]), st.sampled_from(["float32", "float64"]))
def test_isclose_beside_pytorch(shapes, data, equal_nan, rtol, atol, dtype):
    torch = pytest.importorskip("torch")
    a, b = [data.draw(arrays("float64", shape, elements=numbers)).astype(dtype) for shape in shapes.input_shapes]
    mine = nb.isclose(nb.tensor(a), nb.tensor(b), rtol, atol, equal_nan)
    yours = torch.isclose(torch.tensor(a), torch.tensor(b), rtol, atol, equal_nan)
    assert np.array_equal(mine.numpy(), yours.numpy())
    assert nb.allclose(nb.tensor(a), nb.tensor(b), rtol, atol, equal_nan) == bool(yours.all())


@pytest.mark.oracle
@pytest.mark.parametrize("op", ["lerp", "add", "sub", "addcmul", "addcdiv"])
@settings(max_examples=150, deadline=None, derandomize=True)
@given(mutually_broadcastable_shapes(num_shapes=3, max_dims=3, max_side=3), st.integers(0, 2**32 - 1),
       st.sampled_from([None, 0, 0.5, 0.75, 1]) | st.floats(-2, 2))
def test_mixtures_beside_pytorch(op, shapes, seed, number):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(seed)
    given = [rng.uniform(0.5, 2, shape) * rng.choice([-1, 1], shape) for shape in shapes.input_shapes]
    results = []
    for library, make in ((nb, nb.tensor), (torch, torch.tensor)):
        a, b, c = [make(x, requires_grad=True) for x in given]
        if op == "lerp":
            y = library.lerp(a, b, c if number is None else number)
        elif op in ("add", "sub"):
            y = getattr(library, op)(a, b, alpha=1 if number is None else number)
        else:
            y = getattr(library, op)(a, b, c, value=1 if number is None else number)
        (y * y).sum().backward()
        results.append([y.detach().numpy(), *[None if x.grad is None else x.grad.numpy() for x in (a, b, c)]])
    for mine, yours in zip(*results, strict=True):
        assert (mine is None) == (yours is None)
        if mine is not None:
            np.testing.assert_allclose(mine, yours, rtol=1e-10, atol=1e-10)


def test_the_names_of_both():
    for name in "logical_and", "clamp_min", "isclose", "lerp", "nan_to_num", "rot90", "unique", "index_fill":
        assert getattr(nb, name) is getattr(ops, name)
        assert getattr(nb.Tensor, name) is getattr(ops, name)
    assert nb.eq is ops.eq
