"""Numbers picked one by one along an axis, and put or added up there."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.dtypes import FLOATING, RANK
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.graph import Array, record
from numbacnn.ops.check import any_tensor, kind
from numbacnn.ops.elementwise import add, scaled
from numbacnn.ops.operands import tensor_like
from numbacnn.ops.shape import cast, expand, reshape
from numbacnn.ops.slice import sliced, zeros
from numbacnn.ops.take import add_at, assigned, checked_array, index_tensor


def gather(x: Tensor, dim: int, index: Tensor) -> Tensor:
    """Pick numbers along an axis: y[i][j][k] = x[i][index[i][j][k]][k] for dim 1.

    Parameters
    ----------
    x : Tensor
        As many axes as index.
    dim : int
        The axis.
    index : Tensor of int64 or int32
        No longer than x along other axes. Indices are checked when they are computed.

    Returns
    -------
    Tensor, shape of index
        Keeps the index.
    """
    axis = _axis("gather", x, dim, index)
    rows, chosen = _lifted(x), _checked(x, index, axis)
    x_shape, dtype = rows.shape, x.array.dtype
    y, = record("gather", (rows.array, chosen), ((chosen.shape, dtype),), (axis,))

    def backward(dy: Array) -> Gradients:
        return record("scatter_add", (dy, chosen), ((x_shape, dtype),), (axis,))

    picked = differentiable(y, (rows,), backward)
    return picked if index.ndim else reshape(picked, ())


def take_along_dim(x: Tensor, indices: Tensor, dim: int | None = None) -> Tensor:
    """Pick numbers along an axis: `gather`, but shapes broadcast along the other axes.

    Parameters
    ----------
    x : Tensor
        As many axes as indices.
    indices : Tensor of int64 or int32
        Such as `argsort` gives.
    dim : int, optional
        The axis; by default both are taken as one row of numbers.
    """
    op = "take_along_dim"
    any_tensor(op, "x", x)
    index_tensor(op, indices, "indices")
    if dim is None:
        return gather(reshape(x, (x.numel(),)), 0, reshape(indices, (indices.numel(),)))
    if x.ndim != indices.ndim:
        raise ShapeError(f"{op}: x and indices must have as many axes, got x{x.shape}, indices{indices.shape}")
    axis = geometry.axis(op, x.ndim, dim)
    rest = [shape[:axis] + (1,) * (x.ndim > 0) + shape[axis + 1:] for shape in (x.shape, indices.shape)]
    common = geometry.broadcast(op, *rest)
    wide = [(*common[:axis], *shape[axis:axis + 1], *common[axis + 1:]) for shape in (x.shape, indices.shape)]
    x, indices = (each if each.shape == shape else expand(each, shape)
                  for each, shape in zip((x, indices), wide, strict=True))
    return gather(x, axis, indices)


def scatter(x: Tensor, dim: int, index: Tensor, src: Any = None, *, value: float | None = None) -> Tensor:
    """Put numbers along an axis: y = x, but y[i][index[i][j][k]][k] = src[i][j][k] for dim 1.

    Parameters
    ----------
    x : Tensor
        As many axes as index and src.
    dim : int
        The axis.
    index : Tensor of int64 or int32
        No longer than src, nor than x along other axes. Where several say the same, the last along the axis counts.
    src : Tensor or number
        In the dtype of x.
    value : number, optional
        In place of `src`.
    """
    if (src is None) == (value is None):
        raise DTypeError(f"scatter: one of src and value must be given, got {src!r} and {value!r}")
    src = value if src is None else src
    axis = _axis("scatter", x, dim, index)
    values = _source("scatter", x, index, src)
    rows, chosen = _lifted(x), _checked(x, index, axis)
    x_shape, dtype, shape = rows.shape, x.array.dtype, values.shape
    y, = record("scatter", (rows.array, chosen, values.array), ((x_shape, dtype),), (axis,))
    needs = x.requires_grad, values.requires_grad

    def backward(dy: Array) -> Gradients:
        dx = dvalues = None
        if needs[0]:
            dx, = record("scatter", (dy, chosen, zeros(shape, dtype, dy.device)), ((x_shape, dtype),), (axis,))
        if needs[1]:
            dvalues, = record("gather", (dy, chosen), ((shape, dtype),), (axis,))
        return dx, dvalues

    changed = differentiable(y, (rows, values), backward)
    return changed if x.ndim else reshape(changed, ())


def scatter_add(x: Tensor, dim: int, index: Tensor, src: Tensor) -> Tensor:
    """Add numbers along an axis: y = x, plus src[i][j][k] at y[i][index[i][j][k]][k] for dim 1.

    Parameters are those of `scatter`; all that say the same place are added, in their order along the axis.
    """
    axis = _axis("scatter_add", x, dim, index)
    any_tensor("scatter_add", "src", src)
    if x.array.dtype == "bool":
        raise DTypeError("scatter_add: x must be numbers, got bool")
    values = _source("scatter_add", x, index, src)
    rows, chosen = _lifted(x), _checked(x, index, axis)
    shape, dtype = values.shape, values.array.dtype
    sums, = record("scatter_add", (values.array, chosen), ((rows.shape, dtype),), (axis,))

    def backward(dy: Array) -> Gradients:
        return record("gather", (dy, chosen), ((shape, dtype),), (axis,))

    y = add(rows, differentiable(sums, (values,), backward))
    return y if x.ndim else reshape(y, ())


def index_add(x: Tensor, dim: int, index: Tensor, source: Tensor, *, alpha: float = 1) -> Tensor:
    """Add rows where an index says so: y = x, plus alpha * source[j] at y[index[j]] for dim 0.

    Parameters
    ----------
    x : Tensor
        Numbers.
    dim : int
        The axis.
    index : Tensor of int64 or int32, shape (M)
        Where each goes; all that say the same place are added, in turn.
    source : Tensor
        As x, but M along the axis.
    alpha : float
        A factor.
    """
    axis = _for_rows("index_add", x, dim, index, source)
    if x.array.dtype == "bool":
        raise DTypeError("index_add: x must be numbers, got bool")
    if type(alpha) is not int or alpha != 1:
        source = scaled("index_add", source, alpha)
    return add(x, add_at(source, checked_array(index.array, x.shape[axis]), x.shape[axis], axis))


def index_copy(x: Tensor, dim: int, index: Tensor, source: Tensor) -> Tensor:
    """Put rows where an index says so: y = x, but source[j] at y[index[j]] for dim 0.

    Parameters
    ----------
    x : Tensor
        Any tensor.
    dim : int
        The axis.
    index : Tensor of int64 or int32, shape (M)
        Where each goes; of several for one place, the last.
    source : Tensor
        As x, but M along the axis.
    """
    axis = _for_rows("index_copy", x, dim, index, source)
    return assigned(x, checked_array(index.array, x.shape[axis]), source, axis)


def index_fill(x: Tensor, dim: int, index: Tensor, value: Any) -> Tensor:
    """Put a number at all positions of an axis that an index names.

    Parameters
    ----------
    x : Tensor
        Any tensor.
    dim : int
        The axis.
    index : Tensor of int64 or int32, shape (M)
        Which positions.
    value : number, or Tensor of shape ()
        Takes the dtype of x.
    """
    axis, shape = _rows("index_fill", x, dim, index)
    number = value if isinstance(value, Tensor) else tensor_like("index_fill", value, x)
    if number.ndim:
        raise ShapeError(f"index_fill: value must be one number, got value{number.shape}")
    if number.array.dtype in FLOATING and x.array.dtype not in FLOATING:
        raise DTypeError(f"index_fill: value must fit x of {x.array.dtype}, got {number.array.dtype}")
    return assigned(x, checked_array(index.array, x.shape[axis]), expand(cast(number, x.array.dtype), shape), axis)


# --- what they share ---------------------------------------------------------------------------------------------

def _axis(op: str, x: Any, dim: int, index: Any) -> int:
    """The axis; the shape of the index fits."""
    any_tensor(op, "x", x)
    index_tensor(op, index)
    axis: int = geometry.axis(op, x.ndim, dim)
    along = [a for a in range(x.ndim) if a != axis]
    if index.ndim != x.ndim or any(index.shape[a] > x.shape[a] for a in along):
        raise ShapeError(f"{op}: index must have as many axes as x, none longer but dim {dim}, got x{x.shape}, "
                         f"index{index.shape}")
    return axis


def _rows(op: str, x: Any, dim: int, index: Any) -> tuple[int, tuple[int, ...]]:
    """The axis, and the shape of the rows that an index names."""
    any_tensor(op, "x", x)
    index_tensor(op, index)
    axis: int = geometry.axis(op, x.ndim, dim)
    if not x.ndim or index.ndim != 1:
        raise ShapeError(f"{op}: x must have axes, and index be (M,), got x{x.shape}, index{index.shape}")
    return axis, (*x.shape[:axis], *index.shape, *x.shape[axis + 1:])


def _for_rows(op: str, x: Tensor, dim: int, index: Tensor, source: Any) -> int:
    """The axis; the source is as the rows that an index names."""
    axis, shape = _rows(op, x, dim, index)
    any_tensor(op, "source", source)
    if source.array.dtype != x.array.dtype:
        raise DTypeError(f"{op}: source must have the dtype of x, {x.array.dtype}, got {source.array.dtype}")
    if source.shape != shape:
        raise ShapeError(f"{op}: source must be as x{x.shape} with {shape[axis]} along dim {dim}, got source"
                         f"{source.shape}")
    return axis


def _lifted(x: Tensor) -> Tensor:
    """A single number as a row of one."""
    return x if x.ndim else reshape(x, (1,))


def _checked(x: Tensor, index: Tensor, axis: int) -> Array:
    """The index, checked when it is computed."""
    return checked_array(_lifted(index).array, x.shape[axis] if x.ndim else 1)


def _source(op: str, x: Tensor, index: Tensor, src: Any) -> Tensor:
    """What is put, in the shape of the index and the dtype of x."""
    shape = index.shape or (1,)
    if not isinstance(src, Tensor):
        if not isinstance(src, bool | int | float):
            raise DTypeError(f"{op}: src must be a Tensor or a number, got {kind(src)}")
        value = tensor_like(op, src, x)
        if RANK[value.array.dtype] > RANK[x.array.dtype]:
            raise DTypeError(f"{op}: {src!r} does not fit x of {x.array.dtype}")
        return expand(reshape(cast(value, x.array.dtype), (1,) * len(shape)), shape)
    if src.array.dtype != x.array.dtype:
        raise DTypeError(f"{op}: src must have the dtype of x, {x.array.dtype}, got {src.array.dtype}")
    if src.ndim != index.ndim or any(m > n for n, m in zip(src.shape, index.shape, strict=True)):
        raise ShapeError(f"{op}: src must have as many axes as index, none shorter, got src{src.shape}, "
                         f"index{index.shape}")
    src = _lifted(src)
    return src if src.shape == shape else sliced(src, (0,) * len(shape), shape)
