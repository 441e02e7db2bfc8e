"""Reductions and products of matrices of any shapes beside PyTorch and NumPy, in float64: values and gradients."""
import math

import numpy as np
import pytest
from beside_torch import compare, torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes

import numbacnn as nb
from numbacnn import ops

pytestmark = pytest.mark.oracle

many = settings(max_examples=400, deadline=None, derandomize=True)
seeds, sizes = st.integers(0, 2**32 - 1), st.integers(1, 4)
shapes = st.lists(sizes, min_size=1, max_size=5).map(tuple)


def numbers(seed, shape, whole=False):
    """Normal numbers; or small whole ones, many of which are equal, or zero."""
    rng = np.random.default_rng(seed)
    return rng.integers(-2, 3, shape).astype(float) if whole else rng.standard_normal(shape)


@many
@given(st.data(), shapes, st.booleans(), st.booleans(), seeds)
def test_over_axes(data, shape, keepdim, whole, seed):
    axes = tuple(data.draw(st.lists(st.sampled_from(range(-len(shape), len(shape))), min_size=1,
                                    unique_by=lambda a: a % len(shape))))
    x, options = numbers(seed, shape, whole), {"keepdim": keepdim}
    for op in "sum", "mean", "amax", "amin", "logsumexp":
        compare(lambda a, op=op: getattr(ops, op)(a, axes, **options),
             lambda a, op=op: getattr(torch, op)(a, axes, **options), x)
    terms, correction = math.prod(shape[a] for a in axes), data.draw(st.integers(0, 2))
    if terms > correction:
        for op in "var", "std":
            if op == "var" or not whole:
                compare(lambda a, op=op: getattr(ops, op)(a, axes, correction=correction, **options),
                     lambda a, op=op: getattr(torch, op)(a, axes, correction=correction, **options), x)
    p = data.draw(st.sampled_from([0, 1, 2, 3, 4, 1.5, 0.5, math.inf, -math.inf]))
    if p:                                               # without, the norm has no gradient in PyTorch
        compare(lambda a: ops.norm(a, p, axes, keepdim), lambda a: torch.linalg.vector_norm(a, p, axes, keepdim), x)


@many
@given(st.data(), shapes, st.booleans(), st.booleans(), seeds)
def test_along_an_axis(data, shape, keepdim, whole, seed):
    axis = data.draw(st.sampled_from(range(-len(shape), len(shape))))
    x = numbers(seed, shape, whole)
    compare(lambda a: ops.prod(a, axis, keepdim), lambda a: torch.prod(a, axis, keepdim), x)
    for op in "max", "min":
        compare(lambda a, op=op: getattr(ops, op)(a, axis, keepdim), lambda a,
             op=op: tuple(getattr(a, op)(axis, keepdim)), x)
        compare(getattr(ops, op), lambda a, op=op: getattr(a, op)(), x)
    compare(ops.prod, torch.prod, x)
    for op in "argmax", "argmin":
        assert np.array_equal(getattr(ops, op)(nb.tensor(x), axis).numpy(), getattr(np, op)(x, axis))
    for op in "any", "all":
        assert np.array_equal(getattr(ops, op)(nb.tensor(x), axis, keepdim).numpy(),
                              getattr(np, op)(x, axis, keepdims=keepdim))
    assert np.array_equal(ops.count_nonzero(nb.tensor(x), axis).numpy(), np.count_nonzero(x, axis))


@many
@given(st.data(), mutually_broadcastable_shapes(num_shapes=2, max_dims=3, min_side=1, max_side=3), sizes, sizes, sizes,
       seeds)
def test_matmul(data, fronts, rows, depth, columns, seed):
    a = (*fronts.input_shapes[0], rows * data.draw(st.sampled_from([1, 5])), depth)
    b = (*fronts.input_shapes[1], depth, columns * data.draw(st.sampled_from([1, 13])))
    if data.draw(st.booleans()):
        a = a[-1:]
    elif data.draw(st.booleans()):
        b = b[-2:-1]
    compare(ops.matmul, torch.matmul, numbers(seed, a), numbers(seed + 1, b))


@st.composite
def equations(draw):
    """An equation of one to three operands, and their shapes."""
    operands = draw(st.lists(st.lists(st.sampled_from("ijkl"), max_size=4).map("".join), min_size=1, max_size=3))
    letters = sorted({*"".join(operands)})
    result = draw(st.lists(st.sampled_from(letters), unique=True) if letters else st.just([]))
    length = {c: draw(sizes) for c in "ijkl"}
    return f"{','.join(operands)}->{''.join(result)}", [tuple(length[c] for c in operand) for operand in operands]


@many
@given(equations(), seeds)
def test_einsum(equation, seed):
    text, given_ = equation
    arrays = [numbers(seed + i, shape) for i, shape in enumerate(given_)]
    np.testing.assert_allclose(ops.einsum(text, *map(nb.tensor, arrays)).numpy(), np.einsum(text, *arrays), rtol=1e-10,
                               atol=1e-10)
    compare(lambda *x: ops.einsum(text, *x), lambda *x: torch.einsum(text, *x), *arrays)


@pytest.mark.parametrize("op", ["var", "std"])
def test_spreads_of_too_few(op):
    for x, correction in ((np.ones((1, 3)), 1), (np.zeros((0, 3)), 1), (np.arange(6.0).reshape(2, 3), 3)):
        with pytest.warns(UserWarning, match="degrees of freedom"):
            want = getattr(torch, op)(torch.tensor(x), 0, correction=correction).numpy()
        np.testing.assert_array_equal(getattr(ops, op)(nb.tensor(x), 0, correction=correction).numpy(), want)


def test_rows_of_nothing():
    """Where all is -inf, so is the result; the others are not touched."""
    x = np.array([[-np.inf, -np.inf], [-np.inf, 1.0]])
    leaf = nb.tensor(x, requires_grad=True)
    y = ops.logsumexp(leaf, 1)
    y.sum().backward()
    np.testing.assert_array_equal(y.numpy(), [-np.inf, 1])
    np.testing.assert_array_equal(leaf.grad.numpy(), [[np.nan, np.nan], [0, 1]])
