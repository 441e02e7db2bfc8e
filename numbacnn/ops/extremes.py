"""The largest and smallest numbers, over axes, with positions, or of two tensors."""
from typing import Any, NamedTuple

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.graph import Array, record
from numbacnn.ops.axes import Dim, reduced_to, reduction_of
from numbacnn.ops.check import any_tensor
from numbacnn.ops.elementwise import maximum, minimum
from numbacnn.ops.shape import reshape
from numbacnn.options import flag


class Extremes(NamedTuple):
    """Numbers chosen along an axis, and where they are."""

    values: Tensor
    indices: Tensor


def max(x: Tensor, dim: Any = None, keepdim: bool = False) -> "Tensor | Extremes":
    """Return the largest number of all; along an axis, with its position; or the larger one of two tensors.

    Parameters
    ----------
    x : Tensor
        Any dtype.
    dim : int or Tensor, optional
        An axis; or another tensor, which makes this `maximum`.
    keepdim : bool
        Whether to keep the axis, with size 1.

    Returns
    -------
    Tensor or (values, indices)
        NaN where one is NaN. Along an axis, `indices` (int64) are those of the first maxima, or first NaNs, which get
        the gradient; of all numbers, those that are equal to the largest share it.

    Raises
    ------
    ShapeError
        If there are no numbers to choose from.
    """
    return _extreme("max", x, dim, keepdim)


def min(x: Tensor, dim: Any = None, keepdim: bool = False) -> "Tensor | Extremes":
    """Return the smallest number of all; along an axis, with its position; or the smaller one of two tensors.

    Parameters and results are those of `max`.
    """
    return _extreme("min", x, dim, keepdim)


def amax(x: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return the largest numbers over axes.

    Parameters
    ----------
    x : Tensor
        Any dtype.
    dim : int or tuple of int, optional
        The axes; by default all.
    keepdim : bool
        Whether to keep the reduced axes, with size 1.

    Returns
    -------
    Tensor
        Keeps x and itself; those equal to the largest share its gradient.
    """
    return _reduced("amax", "amax", x, dim, keepdim)


def amin(x: Tensor, dim: Dim = None, keepdim: bool = False) -> Tensor:
    """Return the smallest numbers over axes. Parameters and result are those of `amax`."""
    return _reduced("amin", "amin", x, dim, keepdim)


def argmax(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Return the index of the first maximum along an axis, or in all, as int64; NaN counts as the largest.

    Parameters
    ----------
    x : Tensor
        Numbers.
    dim : int, optional
        The axis; by default the index is that of the numbers in a row.
    keepdim : bool
        Whether to keep the axis, with size 1.
    """
    return _position("argmax", x, dim, keepdim)


def argmin(x: Tensor, dim: int | None = None, keepdim: bool = False) -> Tensor:
    """Return the index of the first minimum along an axis, or in all, as int64; NaN counts as the smallest.

    Parameters are those of `argmax`.
    """
    return _position("argmin", x, dim, keepdim)


def _position(op: str, x: Tensor, dim: int | None, keepdim: bool) -> Tensor:
    any_tensor(op, "x", x)
    if keepdim is not False:
        flag(op, "keepdim", keepdim)
    if x.array.dtype == "bool":
        raise DTypeError(f"{op}: x must be numbers, got bool")
    if dim is None:
        found = _position(op, reshape(x, -1 if 0 not in x.shape else 0), 0, False)
        return reshape(found, (1,) * x.ndim) if keepdim and x.ndim else found
    kept, shape, axis = _along(op, x, dim)
    if x.ndim == 0:
        return _position(op, reshape(x, 1), 0, False)
    y, = record(op, (x.array,), ((shape, "int64"),), (axis,))
    return reshape(Tensor(y), kept) if keepdim else Tensor(y)


def _along(op: str, x: Tensor, dim: Any) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Shapes with and without the axis, and the axis, which must not be empty."""
    axis = geometry.axis(op, x.ndim, dim)
    kept, shape, terms = geometry.reduce(op, x.shape, axis if x.ndim else ())
    if terms == 0:
        raise ShapeError(f"{op}: the axis must not be empty, got x{x.shape}, dim={dim}")
    return kept, shape, axis


def _extreme(op: str, x: Tensor, dim: Any, keepdim: bool) -> "Tensor | Extremes":
    any_tensor(op, "x", x)
    if keepdim is not False:
        flag(op, "keepdim", keepdim)
    if isinstance(dim, Tensor):
        return maximum(x, dim) if op == "max" else minimum(x, dim)
    if dim is None:
        if keepdim:
            raise DTypeError(f"{op}: keepdim needs dim; use a{op} to keep all axes")
        return _reduced(f"a{op}", op, x, None, False)
    kept, shape, axis = _along(op, x, dim)
    if x.ndim == 0:
        values, indices = _extreme(op, reshape(x, 1), 0, True)
        return Extremes(reshape(values, ()), reshape(indices, ()))
    x_shape, dtype = x.array.shape, x.array.dtype
    y, index = record(f"{op}_along", (x.array,), ((kept, dtype), (kept, "int64")), (axis,))

    def backward(dy: Array) -> Gradients:
        return record("spread_along", (dy, index), ((x_shape, dtype),), (axis,))

    values, indices = differentiable(y, (x,), backward), Tensor(index)
    return Extremes(reduced_to(values, shape, keepdim), reduced_to(indices, shape, keepdim))


def _reduced(kernel: str, op: str, x: Tensor, dim: Dim, keepdim: bool) -> Tensor:
    any_tensor(op, "x", x)
    kept, shape, terms = reduction_of(op, x, dim, keepdim)
    if terms == 0:
        raise ShapeError(f"{op}: there must be numbers to choose from, got x{x.shape}, dim={dim}")
    x_data = x.array
    y, = record(kernel, (x_data,), ((kept, x_data.dtype),))
    with_nan = op in ("max", "min")                     # as in PyTorch: of all numbers, NaNs share the gradient of NaN

    def backward(dy: Array) -> Gradients:
        return (shared(dy, x_data, y, with_nan),)

    result = differentiable(y, (x,), backward)
    return reduced_to(result, shape, keepdim)


def shared(dy: Array, x: Array, y: Array, with_nan: bool) -> Array:
    """The gradient dy of y, the size-1 axes kept, in even shares for the numbers of x that are equal to y."""
    mask, = record("equal", (x, y), ((x.shape, "bool"),))
    if with_nan:
        nan, = record("not_equal", (x, x), ((x.shape, "bool"),))
        nans, = record("not_equal", (y, y), ((y.shape, "bool"),))
        both, = record("bitwise_and", (nan, nans), ((x.shape, "bool"),))
        mask, = record("bitwise_or", (mask, both), ((x.shape, "bool"),))
    shares, = record("cast", (mask,), ((x.shape, x.dtype),))
    count, = record("sum", (shares,), ((y.shape, x.dtype),), (1.0,))
    share, = record("divide", (dy, count), ((y.shape, x.dtype),))
    return record("multiply", (shares, share), ((x.shape, x.dtype),))[0]
