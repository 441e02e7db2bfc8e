"""The same numbers under other shapes: what reshape, permute and expand have other names for."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.errors import ShapeError
from numbacnn.geometry import count
from numbacnn.geometry.options import Geometry
from numbacnn.graph import Array
from numbacnn.ops.check import any_tensor
from numbacnn.ops.shape import expand, order_of_transpose, permuted, reshape, sizes_of
from numbacnn.options import choice


def clone(x: Tensor) -> Tensor:
    """Return another tensor of the same values, which passes its gradient on."""
    any_tensor("clone", "x", x)

    def backward(dy: Array) -> Gradients:
        return (dy,)

    return differentiable(x.array, (x,), backward)


def contiguous(x: Tensor) -> Tensor:
    """Return x: how a tensor lies in memory is its backend's business."""
    any_tensor("contiguous", "x", x)
    return x


def movedim(x: Tensor, source: Any, destination: Any) -> Tensor:
    """Move axes to other places; the others stay in their order.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    source, destination : int or tuple of int
        Where axes are, and where they are to be.
    """
    return permuted(x, order_of_movedim(x, source, destination))


def order_of_movedim(x: Tensor, source: Any, destination: Any) -> Geometry:
    """The shape and the axes of `movedim`."""
    any_tensor("movedim", "x", x)
    origin, target = (geometry.axes("movedim", x.ndim, sizes_of("movedim", (dims,))) for dims in (source, destination))
    if len(origin) != len(target):
        raise ShapeError(f"movedim: source and destination must name as many axes, got {source} and {destination}")
    rest = iter([a for a in range(x.ndim) if a not in origin])
    return geometry.permute(x.shape, tuple([origin[target.index(a)] if a in target else next(rest)
                                            for a in range(x.ndim)]))


def swapaxes(x: Tensor, axis0: int, axis1: int) -> Tensor:
    """Swap two axes.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    axis0, axis1 : int
        The axes.
    """
    return permuted(x, order_of_swapaxes(x, axis0, axis1))


def order_of_swapaxes(x: Tensor, axis0: int, axis1: int) -> Geometry:
    """The shape and the axes of `swapaxes`."""
    return order_of_transpose(x, axis0, axis1, "swapaxes")


def reshape_as(x: Tensor, other: Tensor) -> Tensor:
    """Arrange the numbers in the shape of another tensor.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    other : Tensor
        The tensor whose shape is taken.
    """
    any_tensor("reshape_as", "x", x)
    any_tensor("reshape_as", "other", other)
    geometry.reshape("reshape_as", x.shape, other.shape)
    return reshape(x, other.shape)


def expand_as(x: Tensor, other: Tensor) -> Tensor:
    """Repeat along axes of size 1, and along new axes in front, to the shape of another tensor.

    Parameters
    ----------
    x : Tensor
        Any tensor.
    other : Tensor
        Whose shape the result has.
    """
    any_tensor("expand_as", "x", x)
    any_tensor("expand_as", "other", other)
    return expand(x, other.shape)


def broadcast_to(x: Tensor, shape: Any) -> Tensor:
    """Repeat along axes of size 1, and along new axes in front.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    shape : tuple of int
        The shape of the result; -1 keeps a size.
    """
    any_tensor("broadcast_to", "x", x)
    return expand(x, shape if isinstance(shape, tuple | list) else (shape,))


def unflatten(x: Tensor, dim: int, sizes: Any) -> Tensor:
    """Make several axes of one; one size may be -1.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    dim : int
        The axis.
    sizes : tuple of int
        Lengths of the axes that take its place; one may be -1.
    """
    any_tensor("unflatten", "x", x)
    if not x.ndim:
        raise ShapeError("unflatten: x must have axes, got a single number")
    a, sizes = geometry.axis("unflatten", x.ndim, dim), sizes_of("unflatten", (sizes,))
    if not sizes:
        raise ShapeError("unflatten: sizes must not be empty")
    sizes = geometry.reshape("unflatten", x.shape[a:a + 1], sizes)
    return reshape(x, (*x.shape[:a], *sizes, *x.shape[a + 1:]))


def meshgrid(*tensors: Any, indexing: str = "ij") -> tuple[Tensor, ...]:
    """Return tensors of one shape, each of which repeats one of those given (of one axis) along the other axes.

    Parameters
    ----------
    *tensors : Tensor, shape (n) or ()
        One for each axis of the results, or one list of them.
    indexing : "ij" or "xy"
        "xy" swaps the first two axes of the results.
    """
    given = tensors[0] if len(tensors) == 1 and isinstance(tensors[0], list | tuple) else tensors
    choice("meshgrid", "indexing", indexing, "ij", "xy")
    for i, x in enumerate(given):
        any_tensor("meshgrid", f"tensors[{i}]", x)
        if x.ndim > 1:
            raise ShapeError(f"meshgrid: tensors must have one axis, got, at {i}, shape {x.shape}")
    sizes = [x.numel() for x in given]
    axes = list(range(len(given)))
    if indexing == "xy" and len(given) > 1:
        axes[:2], sizes[:2] = [1, 0], sizes[1::-1]
    return tuple([expand(reshape(x, [x.numel() if a == own else 1 for a in range(len(sizes))]), tuple(sizes))
                  for x, own in zip(given, axes, strict=True)])


def rows_of(op: str, x: Any, least: int = 3) -> Tensor:
    """Images (..., C, H, W) as (N, C, H, W)."""
    any_tensor(op, "x", x)
    if x.ndim < least:
        raise ShapeError(f"{op}: x must have axes (..., C, H, W), got x{x.shape}")
    images: Tensor = x if x.ndim == 4 else reshape(x, (count(x.shape[:-3]), *x.shape[-3:]))
    return images
