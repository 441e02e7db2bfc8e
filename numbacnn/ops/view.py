"""The same numbers under other shapes, for users: what is written to the result in place is written to the tensor.

The operations themselves (`ops.shape`, `ops.arrange`) make no parts: what other operations make of them are results of
their own.
"""
from collections.abc import Callable
from functools import wraps
from typing import Any
from weakref import ref

import numpy as np

from numbacnn import graph
from numbacnn.autograd import Tensor
from numbacnn.graph import Array
from numbacnn.ops import arrange
from numbacnn.ops import shape as plain
from numbacnn.part import Put, held, part_of, repeated

View = Callable[..., Tensor]


def view_of(op: View, put: Put) -> View:
    """Make the form of an operation whose result is a part of its tensor."""
    @wraps(op)
    def view(x: Tensor, *where: Any, **named: Any) -> Tensor:
        y = op(x, *where, **named)
        return y if y is x else part_of(x, y, put, (op, where, named))

    return view


@wraps(plain.reshape)
def reshape(x: Tensor, *shape: Any) -> Tensor:
    """Arrange the numbers, in row-major order, in another shape; one size may be -1."""
    y = plain.reshape(x, *shape)
    y.owner = ref(x) if x.owner is None else held(x), [ref(x.array), graph.replays], reshaped, ()   # `part_of`
    return y


@wraps(plain.flatten)
def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Join the axes from `start_dim` to `end_dim` into one."""
    y = plain.flatten(x, start_dim, end_dim)
    y.owner = ref(x) if x.owner is None else held(x), [ref(x.array), graph.replays], reshaped, ()
    return y


def _repeating(op: View) -> View:
    @wraps(op)
    def view(x: Tensor, *where: Any, **named: Any) -> Tensor:
        y = op(x, *where, **named)
        return part_of(x, y, reshaped if y.numel() == x.numel() else repeated)

    return view


def reshaped(x: Tensor, y: Tensor, where: Any) -> Tensor:
    """Put back the numbers of y: in the shape of x."""
    return plain.reshape(y, x.shape)


def permuted(x: Tensor, y: Tensor, where: Any) -> Tensor:
    """Put back the numbers of y: with the axes in the order of x. An empty tensor shows where each went."""
    op, arguments, named = where
    order = op(Tensor(Array.of(np.empty(range(x.ndim)), y.device)), *arguments, **named).shape
    return plain.permute(y, tuple([order.index(a) for a in range(x.ndim)]))


reshape_as, unflatten, squeeze, unsqueeze = [view_of(op, reshaped) for op in (
    arrange.reshape_as, arrange.unflatten, plain.squeeze, plain.unsqueeze)]
permute, transpose, swapaxes, movedim = [view_of(op, permuted) for op in (
    plain.permute, plain.transpose, arrange.swapaxes, arrange.movedim)]
expand, expand_as, broadcast_to = [_repeating(op) for op in (plain.expand, arrange.expand_as, arrange.broadcast_to)]
