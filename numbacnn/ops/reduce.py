"""Sums, products and counts over axes."""
from math import inf
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.dtypes import FLOATING
from numbacnn.graph import Array, record
from numbacnn.ops.axes import Dim, reduced_to, reduction_of
from numbacnn.ops.check import any_tensor, floating
from numbacnn.ops.compare import eq, not_equal, where
from numbacnn.ops.constant import constant
from numbacnn.ops.elementwise import add, multiply, subtract
from numbacnn.ops.extremes import amax
from numbacnn.ops.mathematics import absolute, exp, log
from numbacnn.ops.shape import expand, reshape
from numbacnn.options import flag


def sum(x: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Add up over axes.

    Parameters
    ----------
    x : Tensor
        Numbers. Integers are added as int64.
    dim : int or tuple of int, optional
        The axes; by default all.
    keepdim : bool
        Whether to keep the reduced axes, with size 1.
    """
    any_tensor("sum", "x", x)
    if x.array.dtype not in FLOATING:
        x = x.to("int64")
    return _sum("sum", x, dim, keepdim, mean=False)


def mean(x: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Take the mean over axes. Parameters are those of `sum`; floating point only."""
    floating("mean", x=x)
    return _sum("mean", x, dim, keepdim, mean=True)


def prod(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Multiply all numbers, or those along an axis; whole numbers as int64.

    Parameters
    ----------
    x : Tensor
        Numbers.
    dim : int, optional
        The axis; by default all numbers are multiplied.
    keepdim : bool
        Whether to keep the axis, with size 1.

    Returns
    -------
    Tensor
        Keeps x (flattened, without `dim`). The gradient of a number is the product of the others, whichever are zero.
    """
    any_tensor("prod", "x", x)
    if keepdim is not False:
        flag("prod", "keepdim", keepdim)
    if dim is None:
        return prod(reshape(x, -1 if 0 not in x.shape else 0), 0)
    if x.ndim == 0:
        geometry.axis("prod", 0, dim)
        return prod(reshape(x, 1), 0)
    axis = geometry.axis("prod", x.ndim, dim)
    kept, shape, _ = reduction_of("prod", x, axis)
    x_data = x.array
    dtype = x_data.dtype if x_data.dtype in FLOATING else "int64"
    y, = record("prod", (x_data,), ((kept, dtype),))

    def backward(dy: Array) -> Gradients:
        return record("prod_backward", (dy, x_data), ((x_data.shape, dtype),), (axis,))

    result = Tensor(y) if dtype == "int64" else differentiable(y, (x,), backward)
    return reduced_to(result, shape, keepdim)


def logsumexp(x: Tensor, dim: Dim, keepdim: bool = False) -> Tensor:
    """Return log(sum(exp(x))) over axes, without overflow: the largest number is taken out first.

    Parameters
    ----------
    x : Tensor
        Any shape, float32, float64 or bfloat16.
    dim : int or tuple of int
        The axes.
    keepdim : bool
        Whether to keep the reduced axes, with size 1.

    Returns
    -------
    Tensor
        Keeps x and the result. -inf where all numbers are; the gradient there is NaN.
    """
    floating("logsumexp", x=x)
    kept, shape, terms = reduction_of("logsumexp", x, dim, keepdim)
    x_data, dtype = x.array, x.array.dtype
    if terms == 0:
        y = expand(Tensor(constant(-inf, dtype, x.device)), kept).array
    else:
        top = amax(Tensor(x_data), dim, keepdim=True)
        top = where(eq(absolute(top), inf), 0.0, top)
        y = add(log(sum(exp(subtract(Tensor(x_data), top)), dim, keepdim=True)), top).array

    def backward(dy: Array) -> Gradients:
        return (multiply(Tensor(dy), exp(subtract(Tensor(x_data), Tensor(y)))).array,)

    result = differentiable(y, (x,), backward)
    return reduced_to(result, shape, keepdim)


def any(x: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return, as bool, whether any number is not 0 (NaN is not), in all or along axes; False of none.

    Parameters are those of `sum`.
    """
    return _told("any", x, dim, keepdim, "amax")


def all(x: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return, as bool, whether no number is 0, in all or along axes; True of none. Parameters are those of `sum`."""
    return _told("all", x, dim, keepdim, "amin")


def count_nonzero(x: Tensor, dim: Dim = None) -> Tensor:
    """Return how many numbers are not 0, in all or along axes, as int64.

    Parameters are those of `sum`, without keepdim.
    """
    any_tensor("count_nonzero", "x", x)
    kept, shape, _ = reduction_of("count_nonzero", x, dim)
    y, = record("sum", (_truth(x).array,), ((kept, "int64"),), (1.0,))
    return reduced_to(Tensor(y), shape, False)


def _truth(x: Tensor) -> Tensor:
    return x if x.array.dtype == "bool" else not_equal(x, 0)


def _told(op: str, x: Tensor, dim: Dim, keepdim: bool, kernel: str) -> Tensor:
    any_tensor(op, "x", x)
    kept, shape, terms = reduction_of(op, x, dim, keepdim)
    if terms:
        y, = record(kernel, (_truth(x).array,), ((kept, "bool"),))
    else:
        y, = record("expand", (constant(op == "all", "bool", x.device),), ((kept, "bool"),))
    return reduced_to(Tensor(y), shape, keepdim)


def _sum(op: str, x: Tensor, dim: Any, keepdim: bool, mean: bool) -> Tensor:
    kept, shape, terms = reduction_of(op, x, dim, keepdim)
    x_data = x.array
    x_shape, dtype, divisor = x_data.shape, x_data.dtype, float(terms if mean else 1)
    y, = record("sum", (x_data,), ((kept, dtype),), (divisor,))
    if not keepdim and shape != kept:
        y, = record("reshape", (y,), ((shape, dtype),))

    def backward(dy: Array) -> Gradients:
        if dy.shape != kept:
            dy, = record("reshape", (dy,), ((kept, dtype),))
        if divisor != 1:
            dy, = record("divide", (dy, constant(divisor, dtype, dy.device)), ((kept, dtype),))
        return record("expand", (dy,), ((x_shape, dtype),))

    return differentiable(y, (x,), backward)
