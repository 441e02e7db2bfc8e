"""Norms over axes, and what is made with them."""
from math import inf
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.errors import ShapeError
from numbacnn.graph import Array, record
from numbacnn.ops.axes import Dim, reduced_to, reduction_of
from numbacnn.ops.check import floating
from numbacnn.ops.compare import eq, not_equal, where
from numbacnn.ops.elementwise import divide, maximum, multiply
from numbacnn.ops.extremes import amax, amin, shared
from numbacnn.ops.mathematics import absolute, clamp, power, sign
from numbacnn.ops.reduce import sum
from numbacnn.ops.shape import expand
from numbacnn.options import number


def norm(x: Tensor, p: Any = "fro", dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Measure the p-norm of vectors: (sum of |x|^p)^(1/p).

    Parameters
    ----------
    x : Tensor
        Any shape, float32, float64 or bfloat16.
    p : number or "fro"
        inf: the largest |x|; -inf: the smallest; 0: how many are not 0; "fro" (Frobenius) means 2.
    dim : int or tuple of int, optional
        The axes; by default all.
    keepdim : bool
        Whether to keep the reduced axes, with size 1.

    Returns
    -------
    Tensor
        Keeps x and itself. Where the norm is 0, its gradient is 0.
    """
    floating("norm", x=x)
    if isinstance(p, str) and p != "fro":
        raise ShapeError(f"norm: p must be a number or 'fro', got {p!r}; norms of matrices are not offered")
    p = 2.0 if isinstance(p, str) else number("norm", "p", p, infinite=True)
    kept, shape, terms = reduction_of("norm", x, dim, keepdim)
    if terms == 0 and (p < 0 or p == inf):
        raise ShapeError(f"norm: there must be numbers for p = {p:g}, got x{x.shape}, dim={dim}")
    x_data, dtype = x.array, x.array.dtype
    if p in (inf, -inf):
        sizes = absolute(Tensor(x_data))
        y = (amax if p > 0 else amin)(sizes, dim, keepdim=True).array
    elif p == 0:
        y = sum(not_equal(Tensor(x_data), 0.0).to(dtype), dim, keepdim=True).array
    else:
        y, = record("p_norm", (x_data,), ((kept, dtype),), (p,))

    def backward(dy: Array) -> Gradients:
        return (_gradient(Tensor(dy), Tensor(x_data), Tensor(y), p).array,)

    result = differentiable(y, (x,), backward)
    return reduced_to(result, shape, keepdim)


def _gradient(dy: Tensor, x: Tensor, y: Tensor, p: float) -> Tensor:
    """Sign x |x|^(p - 1) y^(1 - p) dy, but 0 where y is, and where x is if a power were infinite."""
    if p in (inf, -inf):
        return multiply(Tensor(shared(dy.array, absolute(x).array, y.array, True)), sign(x))
    if p == 0:
        return expand(multiply(dy, 0.0), x.shape)
    if p == 1:
        return multiply(sign(x), dy)
    flat = eq(y, 0.0)
    if p == 2:
        return multiply(x, where(flat, 0.0, divide(dy, where(flat, 1.0, y))))
    scale = multiply(dy, power(y, 1 - p))
    if p > 1:
        scale = where(flat, 0.0, scale)
    slope = multiply(sign(x), power(absolute(x), p - 1))
    return multiply(where(eq(x, 0.0), 0.0, slope) if p < 1 else slope, scale)


def normalize(x: Tensor, p: float = 2.0, dim: Dim = 1, eps: float = 1e-12) -> Tensor:
    """Divide vectors by their p-norm: x / max(norm, eps).

    Parameters
    ----------
    x : Tensor
        Any shape, float32, float64 or bfloat16.
    p : number
        Of the norm.
    dim : int or tuple of int
        The axes of the vectors.
    eps : float
        What to divide by, at least.
    """
    floating("normalize", x=x)
    eps = number("normalize", "eps", eps)
    reduction_of("normalize", x, dim)
    return divide(x, clamp(norm(x, p, dim, keepdim=True), min=eps))


def cosine_similarity(x1: Tensor, x2: Tensor, dim: int = 1, eps: float = 1e-8) -> Tensor:
    """Measure the cosine of the angle between vectors: x1 x2 / (max(|x1|, eps) max(|x2|, eps)).

    Parameters
    ----------
    x1, x2 : Tensor
        Of shapes that broadcast, float32, float64 or bfloat16.
    dim : int
        The axis of the vectors, of the common shape.
    eps : float
        What each norm is, at least.
    """
    floating("cosine_similarity", x1=x1, x2=x2)
    eps = number("cosine_similarity", "eps", eps)
    shape = geometry.broadcast("cosine_similarity", x1.shape, x2.shape)
    geometry.reduce("cosine_similarity", shape, dim)
    x1, x2 = (x if x.shape == shape else expand(x, shape) for x in (x1, x2))
    lengths = [maximum(norm(x, 2, dim, keepdim=True), eps) for x in (x1, x2)]
    return sum(multiply(divide(x1, lengths[0]), divide(x2, lengths[1])), dim)
