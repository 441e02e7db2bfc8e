"""Shapes: the same numbers, arranged otherwise; and dtypes and devices."""
from operator import index
from typing import Any

from numbacnn import backend, geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.backend import Device
from numbacnn.dtypes import FLOATING
from numbacnn.errors import DTypeError
from numbacnn.geometry.options import Geometry
from numbacnn.graph import Array, record, thread
from numbacnn.ops.check import any_tensor, dtype_name, is_dtype


def reshape(x: Tensor, *shape: Any) -> Tensor:
    """Arrange the numbers, in row-major order, in another shape; one size may be -1.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    *shape : int, or one tuple of int
        The sizes.
    """
    any_tensor("reshape", "x", x)
    return _reshaped(x, geometry.reshape("reshape", x.array.shape, sizes_of("reshape", shape)))


def _reshaped(x: Tensor, shape: tuple[int, ...]) -> Tensor:
    x_data = x.array
    x_shape, dtype = x_data.shape, x_data.dtype
    y, = record("reshape", (x_data,), ((shape, dtype),))

    def backward(dy: Array) -> Gradients:
        return record("reshape", (dy,), ((x_shape, dtype),))

    return differentiable(y, (x,), backward)


def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Join the axes from `start_dim` to `end_dim` into one.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    start_dim, end_dim : int
        First and last axis to join.
    """
    any_tensor("flatten", "x", x)
    return _reshaped(x, geometry.flatten(x.array.shape, start_dim, end_dim))


def squeeze(x: Tensor, dim: int | None = None) -> Tensor:
    """Drop the axes of size 1, or that one if its size is 1.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    dim : int, optional
        The axis; by default all of size 1.
    """
    any_tensor("squeeze", "x", x)
    axes = range(x.ndim) if dim is None else (geometry.axis("squeeze", x.ndim, dim),)
    return _reshaped(x, tuple([n for a, n in enumerate(x.shape) if n != 1 or a not in axes]))


def unsqueeze(x: Tensor, dim: int) -> Tensor:
    """Insert an axis of size 1.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    dim : int
        The index of the new axis in the result.
    """
    any_tensor("unsqueeze", "x", x)
    a = geometry.axis("unsqueeze", x.ndim + 1, dim)
    return _reshaped(x, (*x.shape[:a], 1, *x.shape[a:]))


def permute(x: Tensor, *dims: Any) -> Tensor:
    """Put the axes in another order.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    *dims : int, or one tuple of int
        Each axis of x, in the new order.
    """
    return permuted(x, order_of_permute(x, *dims))


def order_of_permute(x: Tensor, *dims: Any) -> Geometry:
    """The shape and the axes of `permute`."""
    any_tensor("permute", "x", x)
    return geometry.permute(x.array.shape, sizes_of("permute", dims))


def permuted(x: Tensor, turned: Geometry) -> Tensor:
    """x with its axes in the order that one of the functions of geometry gave."""
    shape, axes = turned
    x_shape, dtype = x.array.shape, x.array.dtype
    y, = record("permute", (x.array,), ((shape, dtype),), axes)
    back = tuple([axes.index(a) for a in range(len(axes))])

    def backward(dy: Array) -> Gradients:
        return record("permute", (dy,), ((x_shape, dtype),), back)

    return differentiable(y, (x,), backward)


def transpose(x: Tensor, dim0: int, dim1: int) -> Tensor:
    """Swap two axes.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    dim0, dim1 : int
        The axes.
    """
    return permuted(x, order_of_transpose(x, dim0, dim1))


def order_of_transpose(x: Tensor, dim0: int, dim1: int, op: str = "transpose") -> Geometry:
    """The shape and the axes of `transpose`."""
    any_tensor(op, "x", x)
    shape = x.array.shape
    a, b, axes = geometry.axis(op, len(shape), dim0), geometry.axis(op, len(shape), dim1), list(range(len(shape)))
    if shape:
        axes[a], axes[b] = b, a
    return geometry.permute(shape, tuple(axes))


def expand(x: Tensor, *shape: Any) -> Tensor:
    """Repeat along axes of size 1, and along new axes in front; -1 keeps a size.

    Parameters
    ----------
    x : Tensor
        Any shape and dtype.
    *shape : int, or one tuple of int
        The sizes of the result.
    """
    any_tensor("expand", "x", x)
    y_shape = geometry.expand(x.shape, sizes_of("expand", shape))
    x_shape, dtype = x.shape, x.array.dtype
    y, = record("expand", (x.array,), ((y_shape, dtype),))

    def backward(dy: Array) -> Gradients:
        return (sum_to(dy, x_shape),)

    return differentiable(y, (x,), backward)


def sum_to(dy: Array, shape: tuple[int, ...]) -> Array:
    """The gradient of broadcasting: the sum over the axes along which an array of that shape was repeated."""
    if dy.shape == shape:
        return dy
    kept = (1,) * (len(dy.shape) - len(shape)) + shape
    dx, = record("sum", (dy,), ((kept, dy.dtype),), (1.0,))
    if kept != shape:
        dx, = record("reshape", (dx,), ((shape, dy.dtype),))
    return dx


def to(x: Tensor, *target: Any, dtype: Any = None, device: Any = None, other: Tensor | None = None,
       non_blocking: bool = False, copy: bool = False) -> Tensor:
    """Return the tensor in another dtype, on another device, or both; itself if nothing changes.

    Parameters
    ----------
    x : Tensor
        Any tensor.
    *target : dtype, device, name of either, or Tensor
        Such as ``numbacnn.float64``, ``"cuda"``; a tensor stands for its dtype and device.
    dtype : dtype, optional
        The same, by name.
    device : str or Device, optional
        The same, by name.
    other : Tensor, optional
        The same, by name.
    non_blocking : bool
        Accepted for compatibility, also behind the other arguments.
    copy : bool
        Return another tensor even if nothing changes.
    """
    any_tensor("to", "x", x)
    y = x
    wanted, place = _targets((*target, other), dtype, device)
    if place is not None:
        y = _move(y, place)
    if wanted is not None:
        y = cast(y, wanted)
    if copy and y is x:
        y = differentiable(x.array, (x,), lambda dy: (dy,))
    return y


def _targets(given: tuple[Any, ...], dtype: Any, device: Any) -> tuple[Any, Device | None]:
    """The dtype and the device among all that was given."""
    dtypes: list[Any] = [] if dtype is None else [dtype]
    places: list[Device] = [] if device is None else [backend.device(device)]
    for i, each in enumerate(given):
        if isinstance(each, Tensor):
            dtypes.append(each.array.dtype)
            places.append(each.device)
        elif isinstance(each, Device) or (isinstance(each, str) and not is_dtype(each)):
            places.append(backend.device(each))
        elif each is not None and not (i and isinstance(each, bool)):      # True: non_blocking
            dtypes.append(each)
    for name, found in (("dtype", dtypes), ("device", places)):
        if len(found) > 1:
            raise DTypeError(f"to: there must be one {name} at most, got {', '.join(map(str, found))}")
    return dtypes[0] if dtypes else None, places[0] if places else None


def cast(x: Tensor, dtype: Any) -> Tensor:
    """Return the tensor in another dtype."""
    name = dtype_name("to", dtype)
    old = x.array.dtype
    if name == old:
        return x
    y, = record("cast", (x.array,), ((x.shape, name),))
    if name not in FLOATING or old not in FLOATING:
        return Tensor(y)
    shape = x.shape

    def backward(dy: Array) -> Gradients:
        return record("cast", (dy,), ((shape, old),))

    return differentiable(y, (x,), backward)


def _move(x: Tensor, target: Device) -> Tensor:
    if target is x.device:
        return x
    source = x.device
    y = moved(x.array, target)

    def backward(dy: Array) -> Gradients:
        return (moved(dy, source),)

    return differentiable(y, (x,), backward)


def moved(array: Array, target: Device) -> Array:
    """The same value on another device: if that is one of the same backend, the numbers go there directly."""
    if target.type != array.device.type:
        return Array.of(array.numpy(), target)
    source = array.computed()
    storage = thread.pool.take(target, source.nbytes)
    target.backend.copy(source.memory, storage.memory, source.nbytes)
    return Array.at(array.shape, array.dtype, storage)


def sizes_of(op: str, given: tuple[Any, ...]) -> tuple[int, ...]:
    """`x.view(2, 3)` and `x.view((2, 3))` mean the same."""
    sizes = given[0] if len(given) == 1 and isinstance(given[0], tuple | list) else given
    try:
        if bool in map(type, sizes):
            raise TypeError
        return tuple([index(n) for n in sizes])
    except TypeError:
        raise DTypeError(f"{op}: sizes and axes must be integers, got {tuple(sizes)}") from None
