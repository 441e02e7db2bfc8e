"""Variance and standard deviation over axes."""
from typing import Any

from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.errors import DTypeError
from numbacnn.graph import Array, record
from numbacnn.ops.axes import reduced_to, reduction_of
from numbacnn.ops.check import floating
from numbacnn.ops.compare import eq, where
from numbacnn.ops.elementwise import divide, multiply, subtract
from numbacnn.ops.mathematics import sqrt
from numbacnn.options import flag, number


def var(x: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
        correction: float | None = None) -> Tensor:
    """Measure the variance over axes: the sum of (x - mean)^2, divided by n - correction.

    Parameters
    ----------
    x : Tensor
        Any shape, float32, float64 or bfloat16.
    dim : int or tuple of int, optional
        The axes; by default all.
    unbiased : bool, optional
        The older name: True for a correction of 1, False for 0.
    keepdim : bool
        Whether to keep the reduced axes, with size 1.
    correction : number
        What is taken off the count n, 1 by default. Where n - correction is not positive, the result is NaN or inf.

    Returns
    -------
    Tensor
        Keeps x and its mean.

    Notes
    -----
    Two passes, sums in float64: as exact as the numbers, however far they are from zero.
    """
    return _moments("var", x, dim, unbiased, keepdim, correction)[0]


def std(x: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
        correction: float | None = None) -> Tensor:
    """Measure the standard deviation over axes, the root of `var`; its gradient where it is 0 is 0.

    Parameters are those of `var`.
    """
    return _moments("std", x, dim, unbiased, keepdim, correction)[0]


def var_mean(x: Tensor, dim: Any = None, unbiased: bool | None = None, keepdim: bool = False, *,
             correction: float | None = None) -> tuple[Tensor, Tensor]:
    """Return `var` and the mean, of one pass. Parameters are those of `var`."""
    return _moments("var_mean", x, dim, unbiased, keepdim, correction)


def _moments(op: str, x: Tensor, dim: Any, unbiased: bool | None, keepdim: bool, correction: float | None
             ) -> tuple[Tensor, Tensor]:
    floating(op, x=x)
    if isinstance(dim, bool):                           # var(x, False) means unbiased=False
        dim, unbiased = None, dim
    if unbiased is not None:
        unbiased = flag(op, "unbiased", unbiased)
    if unbiased is not None and correction is not None:
        raise DTypeError(f"{op}: one of unbiased and correction may be given, got {unbiased} and {correction}")
    taken = float(unbiased) if unbiased is not None else number(op, "correction", 1 if correction is None else
                                                                correction)
    kept, shape, terms = reduction_of(op, x, dim, keepdim)
    divisor = terms - taken if terms > taken else 0.0
    x_data, dtype, x_shape = x.array, x.array.dtype, x.array.shape
    y, mean = record("var", (x_data,), ((kept, dtype), (kept, dtype)), (divisor,))
    root = sqrt(Tensor(y)).array if op == "std" else None

    def backward(dy: Array) -> Gradients:
        scale = Tensor(dy)
        if root is not None:                            # 0 where all numbers are equal
            flat = eq(Tensor(root), 0.0)
            scale = where(flat, 0.0, divide(scale, multiply(where(flat, 1.0, Tensor(root)), 2.0)))
        factor = 2 / divisor if divisor else float("nan") if terms < 2 else float("inf")
        return (multiply(subtract(Tensor(x_data), Tensor(mean)), multiply(scale, factor)).array,)

    def backward_mean(dy: Array) -> Gradients:
        share = divide(Tensor(dy), float(max(terms, 1)))
        return record("expand", (share.array,), ((x_shape, dtype),))

    result = differentiable(y if root is None else root, (x,), backward)
    return (reduced_to(result, shape, keepdim), reduced_to(differentiable(mean, (x,), backward_mean), shape, keepdim))
