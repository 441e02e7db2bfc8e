"""Products of matrices and vectors."""
from typing import Any

import numpy as np

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.geometry import batches, matrices
from numbacnn.graph import Array, record
from numbacnn.ops.check import any_tensor, floating
from numbacnn.ops.elementwise import add, multiply
from numbacnn.ops.linear import linear
from numbacnn.ops.reduce import sum
from numbacnn.ops.shape import expand, permute, reshape
from numbacnn.options import is_integer, number


def matmul(a: Tensor, b: Tensor) -> Tensor:
    """Multiply matrices, vectors, or batches of matrices, as NumPy does.

    Parameters
    ----------
    a : Tensor, shape (..., I, K) or (K,)
        float32, float64 or bfloat16.
    b : Tensor, shape (..., K, J) or (K,)
        Of the same dtype. A vector is a row on the left, a column on the right; that axis is not in the result.

    Returns
    -------
    Tensor, shape (..., I, J)
        The axes in front broadcast. Keeps a and b.

    Raises
    ------
    ShapeError
        If a does not have as many columns as b has rows, or the axes in front do not broadcast.

    Notes
    -----
    Sums of float32 are added up in float32, in an order that follows from shapes alone.
    """
    a, b = _tensors("matmul", a, b)
    found = geometry.matmul("matmul", a.shape, b.shape)
    if a.ndim == b.ndim == 1:
        return sum(multiply(a, b))
    if b.ndim == 1 and a.ndim == 2:                     # rows of a lie as those of a weight do
        return reshape(linear(reshape(b, 1, -1), a), found.y)
    rows, depth = found.a[-2:]
    columns = found.b[-1]
    if batches(found.b) == 1:                           # all matrices of a are the rows of one
        y = multiplied(reshape(a, 1, batches(found.a) * rows, depth), reshape(b, 1, depth, columns))
        return reshape(y, found.y)
    factors = []
    for x, wanted in ((a, found.a), (b, found.b)):
        x = x if x.shape == wanted else reshape(x, wanted)
        if batches(wanted) != 1 and wanted[:-2] != found.batch:
            x = expand(x, (*found.batch, *wanted[-2:]))
        factors.append(reshape(x, batches(x.shape), *wanted[-2:]) if x.ndim != 3 else x)
    y = multiplied(*factors)
    return y if y.shape == found.y else reshape(y, found.y)


def multiplied(a: Tensor, b: Tensor) -> Tensor:
    """The products of matrices a (N, I, K) and b (N, K, J), of one of which there may be one only."""
    a_data, b_data = a.array, b.array
    shape = max(a.shape[0], b.shape[0]) if 0 not in (a.shape[0], b.shape[0]) else 0, a.shape[1], b.shape[2]
    y, = record("matmul", (a_data, b_data), ((shape, a_data.dtype),), (0, 0))
    needs = a.requires_grad, b.requires_grad

    def backward(dy: Array) -> Gradients:
        return (_gradient(dy, b_data, a_data, 0, 1) if needs[0] else None,
                _gradient(a_data, dy, b_data, 1, 0) if needs[1] else None)

    return differentiable(y, (a, b), backward)


def _gradient(left: Array, right: Array, factor: Array, turn_left: int, turn_right: int) -> Array:
    """The products that are the gradient of a factor, added up if there is one factor for all."""
    many = max(left.shape[0], right.shape[0]) if 0 not in (left.shape[0], right.shape[0]) else 0
    found, = record("matmul", (left, right), (((many, *factor.shape[1:]), factor.dtype),), (turn_left, turn_right))
    if many == factor.shape[0]:
        return found
    return record("sum", (found,), ((factor.shape, factor.dtype),), (1.0,))[0]


def mm(a: Tensor, b: Tensor) -> Tensor:
    """Multiply two matrices: a (I, K), b (K, J).

    Parameters
    ----------
    a, b : Tensor, shape (I, K), (K, J)
        The matrices, of one dtype.
    """
    return _strict("mm", a, b, 2, 2)


def bmm(a: Tensor, b: Tensor) -> Tensor:
    """Multiply as many pairs of matrices: a (N, I, K), b (N, K, J).

    Parameters
    ----------
    a, b : Tensor, shape (N, I, K), (N, K, J)
        The matrices, of one dtype.
    """
    return _strict("bmm", a, b, 3, 3)


def mv(a: Tensor, b: Tensor) -> Tensor:
    """Multiply a matrix and a vector: a (I, K), b (K,).

    Parameters
    ----------
    a, b : Tensor, shape (I, K), (K,)
        The matrix and the vector, of one dtype.
    """
    return _strict("mv", a, b, 2, 1)


def dot(a: Tensor, b: Tensor) -> Tensor:
    """Multiply two vectors of one length: the sum of their products.

    Parameters
    ----------
    a, b : Tensor, shape (I,)
        The vectors, of one dtype.
    """
    return _strict("dot", a, b, 1, 1)


def outer(a: Tensor, b: Tensor) -> Tensor:
    """Multiply each number of a vector a (I,) by each of b (J,): a matrix (I, J).

    Parameters
    ----------
    a, b : Tensor, shape (I,), (J,)
        The vectors, of one dtype.
    """
    any_tensor("outer", "a", a)
    any_tensor("outer", "b", b)
    matrices("outer", (("a", a.shape), ("b", b.shape)), 1)
    return multiply(reshape(a, -1 if a.shape[0] else 0, 1), b)


def addmm(x: Tensor, a: Tensor, b: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """Return beta * x + alpha * (a b) of matrices; x broadcasts.

    Parameters
    ----------
    x : Tensor
        What is added; its shape broadcasts to (I, J).
    a, b : Tensor, shape (I, K), (K, J)
        The matrices.
    beta, alpha : float
        Factors of x and of the product.
    """
    return _added("addmm", x, a, b, beta, alpha, mm)


def baddbmm(x: Tensor, a: Tensor, b: Tensor, *, beta: float = 1, alpha: float = 1) -> Tensor:
    """Return beta * x + alpha * (a b) of batches of matrices; x broadcasts.

    Parameters
    ----------
    x : Tensor
        What is added; its shape broadcasts to (N, I, J).
    a, b : Tensor, shape (N, I, K), (N, K, J)
        The matrices.
    beta, alpha : float
        Factors of x and of the products.
    """
    return _added("baddbmm", x, a, b, beta, alpha, bmm)


def tensordot(a: Tensor, b: Tensor, dims: Any = 2) -> Tensor:
    """Sum the products of two tensors over several axes.

    Parameters
    ----------
    a, b : Tensor
        float32, float64 or bfloat16.
    dims : int or (axes of a, axes of b)
        A number: the last so many axes of a, the first so many of b.

    Returns
    -------
    Tensor
        With the other axes of a, then those of b.
    """
    floating("tensordot", a=a, b=b)
    if is_integer(dims):
        if not 0 <= dims <= min(a.ndim, b.ndim):
            raise ShapeError(f"tensordot: dims must be from 0 to {min(a.ndim, b.ndim)} for a{a.shape}, b{b.shape}, "
                             f"got {dims}")
        dims = list(range(a.ndim - dims, a.ndim)), list(range(dims))
    try:
        gone_a, gone_b = ([*each] if isinstance(each, tuple | list) else [each] for each in dims)
    except (TypeError, ValueError):
        raise DTypeError(f"tensordot: dims must be an integer or two lists of axes, got {dims!r}") from None
    gone_a = [geometry.axis("tensordot", a.ndim, axis) for axis in gone_a]
    gone_b = [geometry.axis("tensordot", b.ndim, axis) for axis in gone_b]
    sizes = [a.shape[axis] for axis in gone_a]
    if sizes != [b.shape[axis] for axis in gone_b] or len({*gone_a}) != len(gone_a) or len({*gone_b}) != len(gone_b):
        raise ShapeError(f"tensordot: dims must name axes of one size, each once, got a{a.shape}, b{b.shape}, "
                         f"dims={dims}")
    stay_a, stay_b = ([axis for axis in range(x.ndim) if axis not in gone] for x, gone in ((a, gone_a), (b, gone_b)))
    depth = geometry.count(tuple(sizes))
    left = reshape(_in_order(a, stay_a + gone_a), geometry.count(tuple([a.shape[n] for n in stay_a])), depth)
    right = reshape(_in_order(b, gone_b + stay_b), depth, geometry.count(tuple([b.shape[n] for n in stay_b])))
    shape = (*[a.shape[n] for n in stay_a], *[b.shape[n] for n in stay_b])
    geometry.few_axes("tensordot", shape)
    return reshape(matmul(left, right), shape)


def _in_order(x: Tensor, axes: list[int]) -> Tensor:
    return x if axes == list(range(x.ndim)) else permute(x, axes)


def _tensors(op: str, a: Any, b: Any) -> tuple[Tensor, Tensor]:
    """Factors as tensors: beside one, an array of its dtype is taken, too."""
    like = a if isinstance(a, Tensor) else b
    if isinstance(like, Tensor):
        a, b = (Tensor(Array.of(x, like.device)) if isinstance(x, np.ndarray) else x for x in (a, b))
    floating(op, a=a, b=b)
    return a, b


def _strict(op: str, a: Tensor, b: Tensor, rank_a: int, rank_b: int) -> Tensor:
    floating(op, a=a, b=b)
    matrices(op, (("a", a.shape),), rank_a)
    matrices(op, (("b", b.shape),), rank_b)
    if rank_a == rank_b:
        matrices(op, (("a", a.shape), ("b", b.shape)), rank_a)
    geometry.matmul(op, a.shape, b.shape)
    return matmul(a, b)


def _added(op: str, x: Tensor, a: Tensor, b: Tensor, beta: float, alpha: float, product: Any) -> Tensor:
    floating(op, x=x, a=a, b=b)
    beta, alpha = number(op, "beta", beta), number(op, "alpha", alpha)
    rank = 2 if op == "addmm" else 3
    matrices(op, (("a", a.shape), ("b", b.shape)), rank)
    shape = geometry.matmul(op, a.shape, b.shape).y
    if geometry.broadcast(op, x.shape, shape) != shape:
        raise ShapeError(f"{op}: x must broadcast to {shape}, got x{x.shape}")
    y = product(a, b)
    y = y if alpha == 1 else multiply(y, alpha)
    return y if beta == 0 else add(y, x if beta == 1 else multiply(x, beta))
