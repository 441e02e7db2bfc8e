"""Vectors looked up by indices, and indices as vectors."""
from typing import Any

import numpy as np

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.graph import Array, record
from numbacnn.ops.check import floating
from numbacnn.ops.shape import reshape
from numbacnn.ops.slice import zeros
from numbacnn.ops.take import add_at_array, checked_array, index_tensor, take_array
from numbacnn.options import whole


def embedding(x: Tensor, weight: Tensor, padding_idx: int | None = None, max_norm: float | None = None,
              norm_type: float = 2.0, scale_grad_by_freq: bool = False, sparse: bool = False) -> Tensor:
    """Look up a vector for each index.

    Parameters
    ----------
    x : Tensor of int64 or int32, shape (...)
        Indices from 0 to V - 1, checked when they are computed.
    weight : Tensor, shape (V, D)
        The vectors.
    padding_idx : int, optional
        The index whose vector gets no gradient; it may count from the end.
    max_norm : None
        Not offered: PyTorch shortens the vectors of `weight` in place here. Do that under `no_grad`, before.
    norm_type : float
        Of max_norm.
    scale_grad_by_freq, sparse : False
        Not offered: gradients are sums, and as large as the weight.

    Returns
    -------
    Tensor, shape (..., D)
        Keeps the indices.
    """
    index_tensor("embedding", x, "x")
    floating("embedding", weight=weight)
    refuse("embedding", max_norm=max_norm, scale_grad_by_freq=scale_grad_by_freq, sparse=sparse)
    if weight.ndim != 2:
        raise geometry.wrong_rank("embedding", "weight", weight.shape, "(vectors, length)")
    rows, width = weight.shape
    skipped = padding("embedding", padding_idx, rows)
    index, shape, dtype = checked_array(x.array, rows), x.shape, weight.array.dtype
    if len(shape) != 1:
        index, = record("reshape", (index,), (((x.numel(),), "int64"),))
    def backward(dy: Array) -> Gradients:
        dweight = add_at_array(dy, index, rows, 0)
        if skipped is not None:
            start = Array.of(np.array([skipped, 0], np.int64), dy.device)
            dweight, = record("replace", (start, zeros((1, width), dtype, dy.device), dweight),
                              (((rows, width), dtype),), (1, 1))
        return (dweight,)

    y = differentiable(take_array(weight.array, index, 0), (weight,), backward)
    return y if len(shape) == 1 else reshape(y, (*shape, width))


def one_hot(x: Tensor, num_classes: int = -1) -> Tensor:
    """Return a vector of zeros with a one at each index, as int64.

    Parameters
    ----------
    x : Tensor of int64 or int32, shape (...)
        Indices from 0 to num_classes - 1.
    num_classes : int
        Length of the vectors; -1: the largest index and one, which is computed now.

    Returns
    -------
    Tensor, shape (..., num_classes)
    """
    index_tensor("one_hot", x, "x")
    whole("one_hot", "num_classes", num_classes)
    if num_classes == -1:
        if not x.numel():
            raise ShapeError(f"one_hot: num_classes must be given where there is no index, got x{x.shape}")
        num_classes = max(1, int(x.numpy().max()) + 1)
    if num_classes < 1:
        raise ShapeError(f"one_hot: num_classes must be positive, or -1, got {num_classes}")
    places = checked_array(x.array, int(num_classes))
    column = (*x.shape, 1)
    places, = record("reshape", (places,), ((column, "int64"),))
    ones, = record("equal", (places, places), ((column, "bool"),))
    ones, = record("cast", (ones,), ((column, "int64"),))
    return Tensor(record("scatter_add", (ones, places), (((*x.shape, int(num_classes)), "int64"),), (x.ndim,))[0])


def padding(op: str, padding_idx: Any, rows: int) -> int | None:
    """The index that gets no gradient, counted from the start."""
    if padding_idx is None:
        return None
    whole(op, "padding_idx", padding_idx)
    if not -rows <= padding_idx < rows:
        raise ShapeError(f"{op}: padding_idx must be from {-rows} to {rows - 1}, got {padding_idx}")
    return int(padding_idx) % rows


def refuse(op: str, **options: Any) -> None:
    """Say of what PyTorch offers that it is not offered here."""
    for name, value in options.items():
        if value is not None and value is not False:
            remedy = "shorten the vectors under numbacnn.no_grad()" if name == "max_norm" else "leave it out"
            raise DTypeError(f"{op}: {name} is not offered, got {value!r}; {remedy}")
