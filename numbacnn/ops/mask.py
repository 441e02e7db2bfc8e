"""What masks say: numbers replaced or picked where they are true; and masks that follow from positions."""
from typing import Any

import numpy as np

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.backend import Device
from numbacnn.dtypes import FLOATING
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.geometry import count
from numbacnn.graph import Array
from numbacnn.known import remembered
from numbacnn.ops.arrange import clone
from numbacnn.ops.check import any_tensor, kind
from numbacnn.ops.compare import where
from numbacnn.ops.index import getitem
from numbacnn.ops.operands import tensor_like
from numbacnn.ops.shape import cast, expand
from numbacnn.options import flag, whole


def masked_fill(x: Tensor, mask: Tensor, value: Any) -> Tensor:
    """Return x with a number where the mask is true.

    Parameters
    ----------
    x : Tensor
        Any tensor.
    mask : Tensor of bool
        Broadcasts to the shape of x, or x to its.
    value : number, or Tensor of shape ()
        Takes the dtype of x.
    """
    _mask("masked_fill", x, mask)
    if isinstance(value, Tensor) and value.ndim:
        raise ShapeError(f"masked_fill: value must be one number, got shape {value.shape}; use where")
    filling = value if isinstance(value, Tensor) else tensor_like("masked_fill", value, x)
    if filling.array.dtype in FLOATING and x.array.dtype not in FLOATING:
        raise DTypeError(f"masked_fill: a value of {filling.array.dtype} does not fit x of {x.array.dtype}; convert x "
                         "with .to(numbacnn.float32)")
    return where(mask, cast(filling, x.array.dtype), x)


def masked_select(x: Tensor, mask: Tensor) -> Tensor:
    """Return the numbers where the mask is true, as one row. The mask is computed now: it decides a shape.

    Parameters
    ----------
    x : Tensor
        Broadcasts with the mask.
    mask : Tensor of bool
        Which numbers.
    """
    shape = _mask("masked_select", x, mask)
    x = x if x.shape == shape else expand(x, shape)
    return getitem(x if shape else x.reshape(1), np.broadcast_to(mask.numpy(), shape or (1,)))


def nonzero(x: Tensor, as_tuple: bool = False) -> Any:
    """Return where x is not zero, computed now: (count, axes) as int64, or a tensor for each axis.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    as_tuple : bool
        Whether to return a tensor for each axis.
    """
    any_tensor("nonzero", "x", x)
    as_tuple = flag("nonzero", "as_tuple", as_tuple)
    places = np.argwhere(x.numpy()).astype(np.int64)
    if as_tuple:
        places = places if x.ndim else np.zeros((len(places), 1), np.int64)
        return tuple([Tensor(Array.of(np.ascontiguousarray(column), x.device)) for column in places.T])
    return Tensor(Array.of(places, x.device))


def tril(x: Tensor, diagonal: int = 0) -> Tensor:
    """Return the lower triangle of the last two axes: zero above the diagonal, or one so far to the right of it.

    Parameters
    ----------
    x : Tensor, shape (..., H, W)
        Any dtype.
    diagonal : int
        How far to the right of the main diagonal; negative: below it.
    """
    return _triangle("tril", x, diagonal, lower=True)


def triu(x: Tensor, diagonal: int = 0) -> Tensor:
    """Return the upper triangle of the last two axes: zero below the diagonal, or one so far to the right of it.

    Parameters are those of `tril`.
    """
    return _triangle("triu", x, diagonal, lower=False)


def _triangle(op: str, x: Tensor, diagonal: int, lower: bool) -> Tensor:
    any_tensor(op, "x", x)
    whole(op, "diagonal", diagonal)
    if x.ndim < 2:
        raise ShapeError(f"{op}: x must have two axes at least, got x{x.shape}")
    if not count(x.shape):
        return clone(x)
    rows, columns = x.shape[-2:]
    within = max(-rows, min(int(diagonal), columns))     # all that is further away is the same
    return where(Tensor(_below(rows, columns, within, lower, x.device)), x, False)


@remembered
def _below(rows: int, columns: int, diagonal: int, lower: bool, device: Device) -> Array:
    mask = np.tri(rows, columns, diagonal if lower else diagonal - 1, bool)
    return Array.of(mask if lower else ~mask, device)


def _mask(op: str, x: Any, mask: Any) -> tuple[int, ...]:
    """Check a mask; return the common shape."""
    any_tensor(op, "x", x)
    if not isinstance(mask, Tensor) or mask.array.dtype != "bool":
        got = mask.array.dtype if isinstance(mask, Tensor) else kind(mask)
        raise DTypeError(f"{op}: mask must be a Tensor of bool, got {got}; compare: x > 0")
    shape: tuple[int, ...] = geometry.broadcast(op, x.shape, mask.shape)
    return shape
