"""Whether two tensors are the same, or nearly."""

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.ops.check import any_tensor
from numbacnn.ops.compare import bitwise_and, bitwise_or, eq, isfinite, isnan, less_equal
from numbacnn.ops.elementwise import add, multiply, subtract
from numbacnn.ops.mapped import real
from numbacnn.ops.mathematics import absolute
from numbacnn.ops.operands import promoted
from numbacnn.options import number


def isclose(x: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> Tensor:
    """Return where numbers differ by little: |x - other| <= atol + rtol * |other|, or they are equal.

    Parameters
    ----------
    x, other : Tensor
        They broadcast, and take the higher of the two dtypes.
    rtol, atol : float
        How far they may be apart, as a share of `other`, and at all. Not negative.
    equal_nan : bool
        Whether NaN is close to NaN.

    Returns
    -------
    Tensor of bool
    """
    return _close("isclose", x, other, rtol, atol, equal_nan)


def allclose(x: Tensor, other: Tensor, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False) -> bool:
    """Return whether all numbers are close, which is computed now. Parameters are those of `isclose`."""
    return bool(_close("allclose", x, other, rtol, atol, equal_nan).numpy().all())


def equal(x: Tensor, other: Tensor) -> bool:
    """Return whether two tensors have one shape and equal numbers, which is computed now; `eq` tells where.

    Parameters
    ----------
    x, other : Tensor
        Any tensors, also of two dtypes.
    """
    any_tensor("equal", "x", x)
    any_tensor("equal", "other", other)
    return x.shape == other.shape and bool(eq(x, other).numpy().all())


def _close(op: str, x: Tensor, other: Tensor, rtol: float, atol: float, equal_nan: bool) -> Tensor:
    any_tensor(op, "x", x)
    any_tensor(op, "other", other)
    rtol, atol = number(op, "rtol", rtol, 0.0, infinite=True), number(op, "atol", atol, 0.0, infinite=True)
    geometry.broadcast(op, x.shape, other.shape)
    x, other = promoted(real(op, x.detach()), real(op, other.detach()))
    same, apart = eq(x, other), absolute(subtract(x, other))
    near = less_equal(apart, add(multiply(absolute(other), rtol), atol))
    close = bitwise_or(same, bitwise_and(isfinite(apart), near))
    return bitwise_or(close, bitwise_and(isnan(x), isnan(other))) if equal_nan else close
