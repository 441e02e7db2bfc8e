"""Elementwise operations beside PyTorch: any shape, any memory layout, any numbers, options, dtypes."""
import numpy as np
import pytest
from beside_torch import differentiated, ours, theirs, torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, mutually_broadcastable_shapes
from op_table import activation, mathematics
from test_properties import LAYOUTS

import numbacnn as nb
from numbacnn import ops

pytestmark = pytest.mark.oracle
many = settings(max_examples=400, deadline=None, derandomize=True)
seeds, layouts = st.integers(0, 2**32 - 1), st.sampled_from(list(LAYOUTS))
TORCH = activation.counterparts(torch) | mathematics.counterparts(torch)
TORCH["celu"] = lambda x, alpha=1.0: torch.where(x > 0, x, alpha * torch.expm1(x / alpha))   # F.celu rounds 1 / alpha
ROUNDINGS = {"float64": 1e-12, "float32": 3e-6}          # of the largest number: about 20 units in the last place

numbers = st.floats(0.05, 3.0)
OPTIONS = {
    "leaky_relu": st.fixed_dictionaries({"negative_slope": st.floats(-1, 1)}),
    "elu": st.fixed_dictionaries({"alpha": numbers}), "celu": st.fixed_dictionaries({"alpha": numbers}),
    "softplus": st.fixed_dictionaries({"beta": numbers, "threshold": st.floats(1, 30)}),
    "hardtanh": st.fixed_dictionaries({"min_val": st.floats(-3, 0), "max_val": numbers}),
    "hardshrink": st.fixed_dictionaries({"lambd": numbers}), "softshrink": st.fixed_dictionaries({"lambd": numbers}),
    "gelu": st.fixed_dictionaries({"approximate": st.sampled_from(["none", "tanh"])}),
    "threshold": st.fixed_dictionaries({"threshold": st.floats(-2, 2), "value": st.floats(-2, 2)}),
    "clamp": st.fixed_dictionaries({"min": st.floats(-2, 0), "max": numbers})}
UNARY = sorted({*activation.KEPT, *mathematics.KEPT, *mathematics.STEPS, "threshold", "clamp"})


def both(mine, yours, arrays, dtype, layout):
    """Values and gradients of both, for arrays in that dtype and layout."""
    arrays = [x.astype(dtype) for x in arrays]
    got = differentiated(mine, lambda x, wanted: ours(LAYOUTS[layout](x), wanted), arrays)
    right = differentiated(yours, theirs, arrays)
    return [*got.values, *got.gradients], [*right.values, *[
        np.zeros_like(x) if dx is None else dx for x, dx in zip(arrays, right.gradients, strict=True)]]


def assert_close(got, expected, dtype):
    for mine, yours in zip(got, expected, strict=True):
        assert mine.shape == yours.shape
        assert mine.dtype == dtype
        size = max(1.0, float(np.abs(yours[np.isfinite(yours)]).max(initial=0)))
        np.testing.assert_allclose(mine, yours, rtol=ROUNDINGS[dtype], atol=ROUNDINGS[dtype] * size)


@many
@given(st.data(), st.sampled_from(UNARY), array_shapes(min_dims=0, max_dims=5, min_side=0, max_side=6), layouts,
       st.sampled_from(["float32", "float64"]), st.sampled_from([0.1, 1.0, 6.0, 60.0]), seeds)
def test_functions_of_numbers(data, op, shape, layout, dtype, size, seed):
    options = data.draw(OPTIONS[op]) if op in OPTIONS else {}
    x = np.random.default_rng(seed).standard_normal(shape) * min(size, 6.0 if op in ("exp", "expm1") else size)
    if op in mathematics.POSITIVE or op == "reciprocal":
        x = np.abs(x) + 0.01
    x = np.asarray(x)                                    # a product of arrays without axes is none
    got, expected = both(lambda x: getattr(ops, op)(x, **options), lambda x: TORCH[op](x, **options), [x], dtype,
                         layout)
    assert_close(got, expected, dtype)


@many
@given(mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_dims=5, max_side=4), layouts,
       st.sampled_from(["add", "sub", "mul", "true_divide", "maximum", "minimum", "remainder", "pow"]),
       st.sampled_from(["float32", "float64"]), st.booleans(), seeds)
def test_arithmetic(shapes, layout, op, dtype, whole, seed):
    rng = np.random.default_rng(seed)
    a, b = (rng.integers(-3, 4, shape).astype(float) if whole else rng.standard_normal(shape)
            for shape in shapes.input_shapes)
    if op in ("true_divide", "remainder"):
        b = np.where(b == 0, 1.5, b)
    if op == "pow":
        a = np.abs(a) + 0.25
    a, b = np.asarray(a), np.asarray(b)
    name = {"sub": "subtract", "mul": "multiply", "true_divide": "divide", "pow": "power"}.get(op, op)
    got, expected = both(getattr(ops, name), getattr(torch, op), [a, b], dtype, layout)
    assert_close(got, expected, dtype)


@many
@given(mutually_broadcastable_shapes(num_shapes=3, min_side=0, max_dims=4, max_side=4), layouts,
       st.sampled_from(["float32", "float64"]), seeds)
def test_choices(shapes, layout, dtype, seed):
    rng = np.random.default_rng(seed)
    condition = rng.integers(0, 2, shapes.input_shapes[0]).astype(bool)
    a, b = (np.asarray(rng.standard_normal(shape)) for shape in shapes.input_shapes[1:])
    got, expected = both(lambda a, b: ops.where(nb.tensor(condition), a, b),
                         lambda a, b: torch.where(torch.tensor(condition), a, b), [a, b], dtype, layout)
    assert_close(got, expected, dtype)


DTYPES = ("bool", "uint8", "int32", "int64", "float32", "float64")


@pytest.mark.parametrize("op", ["add", "mul", "maximum", "true_divide", "eq", "lt"])
@pytest.mark.parametrize("b", DTYPES)
@pytest.mark.parametrize("a", DTYPES)
def test_dtypes_are_promoted_as_in_pytorch(a, b, op):
    if a == b == "bool" and op not in ("eq", "lt"):
        pytest.skip("arithmetic of two bools is refused")
    x, y = np.array([0, 1, 1, 0]).astype(a), np.array([1, 1, 0, 0]).astype(b)
    name = {"mul": "multiply", "true_divide": "divide", "lt": "less"}.get(op, op)
    got, expected = getattr(ops, name)(nb.tensor(x), nb.tensor(y)), getattr(torch, op)(torch.tensor(x), torch.tensor(y))
    assert str(got.dtype) == str(expected.dtype).removeprefix("torch.")
    np.testing.assert_array_equal(got.numpy(), expected.numpy())


@pytest.mark.parametrize("number", [2, -1, 2.5, True])
@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_take_the_dtype_of_the_tensor(dtype, number):
    x = np.array([0, 1, 1]).astype(dtype)
    if (dtype, number) in (("bool", True), ("uint8", -1)):
        pytest.skip("refused")
    got, expected = nb.tensor(x) + number, torch.tensor(x) + number
    assert str(got.dtype) == str(expected.dtype).removeprefix("torch.")
    np.testing.assert_array_equal(got.numpy(), expected.numpy())
