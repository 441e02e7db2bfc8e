"""What needs the order along an axis."""
from typing import Any, NamedTuple

import numpy as np

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.dtypes import FLOATING
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.graph import Array, record
from numbacnn.ops.arrange import clone
from numbacnn.ops.check import any_tensor, dtype_name
from numbacnn.ops.shape import cast, reshape
from numbacnn.options import flag, whole


class Sorted(NamedTuple):
    """Numbers in order, and where they were, as int64."""

    values: Tensor
    indices: Tensor


def sort(x: Tensor, dim: int = -1, descending: bool = False, stable: bool = True) -> Sorted:
    """Sort along an axis; NaN is larger than any number.

    Parameters
    ----------
    x : Tensor
        Any tensor.
    dim : int
        The axis.
    descending : bool
        Whether the largest comes first.
    stable : bool
        Equal numbers always stay in their order, whatever is asked for.

    Returns
    -------
    (values, indices)
        Keeps the indices.
    """
    any_tensor("sort", "x", x)
    descending, _ = flag("sort", "descending", descending), flag("sort", "stable", stable)
    axis = geometry.axis("sort", x.ndim, dim)
    return _sorted(x, axis, x.shape[axis] if x.ndim else 1, descending)


def argsort(x: Tensor, dim: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """Return where the numbers are that `sort` would put in order, as int64. Parameters are those of `sort`."""
    any_tensor("argsort", "x", x)
    descending, _ = flag("argsort", "descending", descending), flag("argsort", "stable", stable)
    geometry.axis("argsort", x.ndim, dim)
    return sort(x, dim, descending).indices


def topk(x: Tensor, k: int, dim: int = -1, largest: bool = True, sorted: bool = True) -> Sorted:
    """Return the k largest numbers along an axis, the first of equal ones first; NaN is larger than any number.

    Parameters
    ----------
    x : Tensor
        Any tensor.
    k : int
        How many.
    dim : int
        The axis.
    largest : bool
        False: the smallest.
    sorted : bool
        They are always sorted, whatever is asked for.

    Returns
    -------
    (values, indices)
        Keeps the indices.
    """
    any_tensor("topk", "x", x)
    largest, _ = flag("topk", "largest", largest), flag("topk", "sorted", sorted)
    axis = geometry.axis("topk", x.ndim, dim)
    whole("topk", "k", k)
    size = x.shape[axis] if x.ndim else 1
    if not 0 <= k <= size:
        raise ShapeError(f"topk: k must be from 0 to {size} along dim {dim} of x{x.shape}, got {k}")
    return _sorted(x, axis, int(k), largest)


def cumsum(x: Tensor, dim: int, dtype: Any = None) -> Tensor:
    """Return the sums of all numbers up to each along an axis; of whole numbers as int64.

    Parameters
    ----------
    x : Tensor
        Numbers.
    dim : int
        The axis.
    dtype : dtype, optional
        To which x is converted first.
    """
    any_tensor("cumsum", "x", x)
    axis = geometry.axis("cumsum", x.ndim, dim)
    if dtype is not None:
        name = dtype_name("cumsum", dtype)
        if name not in (*FLOATING, "int64"):
            raise DTypeError(f"cumsum: dtype must be {', '.join(FLOATING)} or int64, got {name}")
        x = cast(x, name)
    x = x if x.array.dtype in FLOATING else cast(x, "int64")
    if not x.ndim:
        return clone(x)
    spec = ((x.shape, x.array.dtype),)
    y, = record("cumsum", (x.array,), spec, (axis, 0))

    def backward(dy: Array) -> Gradients:
        return record("cumsum", (dy,), spec, (axis, 1))

    return differentiable(y, (x,), backward)


def unique(x: Tensor, sorted: bool = True, return_inverse: bool = False, return_counts: bool = False,
           dim: int | None = None) -> Any:
    """Return the different numbers, or the different parts along an axis, which are computed now.

    Parameters
    ----------
    x : Tensor
        Any tensor.
    sorted : bool
        They are always sorted, whatever is asked for.
    return_inverse : bool
        Return, too, which of them each number is, in the shape of x.
    return_counts : bool
        Return, too, how often each is there.
    dim : int, optional
        The axis; by default all numbers are taken one by one.

    Returns
    -------
    Tensor or tuple of Tensor
        Without a gradient. Each NaN is different from all others.
    """
    any_tensor("unique", "x", x)
    for name, value in ("sorted", sorted), ("return_inverse", return_inverse), ("return_counts", return_counts):
        flag("unique", name, value)
    axis = None if dim is None else geometry.axis("unique", x.ndim, dim)
    if not x.ndim:
        axis = None
    found = np.unique(x.numpy(), return_inverse=True, return_counts=True, axis=axis, equal_nan=False)
    inverse = found[1].reshape(x.shape if axis is None else -1)
    results = [Tensor(Array.of(np.array(each, order="C"), x.device)) for each, wanted in (
        (found[0], True), (inverse, return_inverse), (found[2], return_counts)) if wanted]
    return tuple(results) if len(results) > 1 else results[0]


def _sorted(x: Tensor, axis: int, count: int, descending: bool) -> Sorted:
    if not x.ndim:
        values, indices = _sorted(reshape(x, 1), 0, count, descending)
        return Sorted(reshape(values, ()), reshape(indices, ())) if count else Sorted(values, indices)
    x_shape, dtype = x.shape, x.array.dtype
    shape = (*x_shape[:axis], count, *x_shape[axis + 1:])
    y, places = record("sort", (x.array,), ((shape, dtype), (shape, "int64")), (axis, int(descending)))

    def backward(dy: Array) -> Gradients:
        return record("scatter_add", (dy, places), ((x_shape, dtype),), (axis,))

    return Sorted(differentiable(y, (x,), backward), Tensor(places))
