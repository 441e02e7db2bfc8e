"""Numbers repeated, and moved along an axis: picked by indices that follow from shapes."""
from typing import Any

import numpy as np

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.backend import Device
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.graph import Array
from numbacnn.known import remembered
from numbacnn.ops.arrange import clone
from numbacnn.ops.check import any_tensor, kind
from numbacnn.ops.shape import reshape, sizes_of
from numbacnn.ops.take import places, taken
from numbacnn.options import is_integer


def roll(x: Tensor, shifts: Any, dims: Any = None) -> Tensor:
    """Move the numbers along axes; what leaves at the end comes in at the beginning.

    Parameters
    ----------
    x : Tensor
        Any tensor.
    shifts : int or tuple of int
        How far, one for each of `dims`.
    dims : int or tuple of int, optional
        The axes; by default x is rolled as one row of numbers.
    """
    any_tensor("roll", "x", x)
    moves = sizes_of("roll", (shifts,))
    if dims is None:
        if len(moves) != 1:
            raise ShapeError(f"roll: without dims there must be one shift, got {moves}")
        return reshape(roll(reshape(x, -1), moves, 0), x.shape) if x.numel() else clone(x)
    axes = [geometry.axis("roll", x.ndim, dim) for dim in sizes_of("roll", (dims,))]
    if len(moves) != len(axes):
        raise ShapeError(f"roll: there must be one shift for each of dims, got shifts {moves}, dims {dims}")
    for axis, shift in zip(axes, moves, strict=True):
        if x.ndim and x.shape[axis] and shift % x.shape[axis]:
            x = taken(x, _rolled(x.shape[axis], shift % x.shape[axis], x.device), axis)
    return clone(x)


def repeat(x: Tensor, *sizes: Any) -> Tensor:
    """Repeat the whole along axes, so many times each; sizes in front of those of x make new axes.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    *sizes : int, or one tuple of int
        How often, for each axis; at least as many as x has.
    """
    any_tensor("repeat", "x", x)
    times = sizes_of("repeat", sizes)
    if len(times) < x.ndim or any(n < 0 for n in times):
        raise ShapeError(f"repeat: there must be a number for each axis of x{x.shape}, none negative, got {times}")
    return _repeated(x, times)


def tile(x: Tensor, *dims: Any) -> Tensor:
    """Repeat the whole along axes, so many times each; axes in front of those given are not repeated.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    *dims : int, or one tuple of int
        How often, for each of the last axes.
    """
    any_tensor("tile", "x", x)
    times = sizes_of("tile", dims)
    if any(n < 0 for n in times):
        raise ShapeError(f"tile: numbers must not be negative, got {times}")
    return _repeated(x, (1,) * (x.ndim - len(times)) + times)


def repeat_interleave(x: Tensor, repeats: Any, dim: int | None = None) -> Tensor:
    """Repeat each number, or what is at each position of an axis.

    Parameters
    ----------
    x : Tensor
        Any tensor.
    repeats : int or Tensor, shape (n)
        How often; a tensor says it of each position, and is computed now: it decides a shape.
    dim : int, optional
        The axis; by default x is taken as one row of numbers.
    """
    op = "repeat_interleave"
    any_tensor(op, "x", x)
    shape = (x.numel(),) if dim is None or not x.ndim else x.shape
    axis = geometry.axis(op, len(shape), dim or 0)
    if is_integer(repeats):
        if repeats < 0:
            raise ShapeError(f"{op}: repeats must not be negative, got {repeats}")
        chosen = _each(shape[axis], int(repeats), x.device)
    else:
        if not isinstance(repeats, Tensor | np.ndarray | list | tuple):
            raise DTypeError(f"{op}: repeats must be an integer, or a tensor of integers, got {kind(repeats)}")
        counts = np.asarray(repeats)
        if counts.dtype.kind not in "iu":
            raise DTypeError(f"{op}: repeats must be integers, got {counts.dtype}")
        if counts.shape not in ((), (1,), shape[axis:axis + 1]) or counts.min(initial=0) < 0:
            raise ShapeError(f"{op}: repeats must be one number for each of the {shape[axis]} positions, none "
                             f"negative, got shape {counts.shape}")
        each = np.broadcast_to(counts.reshape(-1), shape[axis:axis + 1])
        chosen = places(op, int(each.sum()), lambda: np.repeat(np.arange(shape[axis]), each), x.device)
    return taken(x if x.shape == shape else reshape(x, shape), chosen, axis)


def _repeated(x: Tensor, times: tuple[int, ...]) -> Tensor:
    x = reshape(x, (1,) * (len(times) - x.ndim) + x.shape) if len(times) > x.ndim else clone(x)
    for axis, n in enumerate(times):
        if n != 1:
            x = taken(x, _again(x.shape[axis], n, x.device), axis)
    return x


@remembered
def _rolled(size: int, shift: int, device: Device) -> Array:
    return places("roll", size, lambda: np.roll(np.arange(size), shift), device)


@remembered
def _again(size: int, times: int, device: Device) -> Array:
    return places("tile", size * times, lambda: np.tile(np.arange(size), times), device)


@remembered
def _each(size: int, times: int, device: Device) -> Array:
    return places("repeat_interleave", size * times, lambda: np.repeat(np.arange(size), times), device)
