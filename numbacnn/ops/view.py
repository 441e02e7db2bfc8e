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
from numbacnn.ops import arrange, shape
from numbacnn.part import Put, part_of, repeated

View = Callable[..., Tensor]


def view_of(op: View, put: Put) -> View:
    """Make the form of an operation whose result is a part of its tensor."""
    @wraps(op)
    def view(x: Tensor, *where: Any, **named: Any) -> Tensor:
        y = op(x, *where, **named)
        if y is not x:                                   # `part_of`, written out: views are made in every forward pass
            y.owner = ref(x) if x.owner is None else x, [ref(x.array), graph.replays], put, (op, where, named)
        return y

    return view


def _repeating(op: View) -> View:
    @wraps(op)
    def view(x: Tensor, *where: Any, **named: Any) -> Tensor:
        y = op(x, *where, **named)
        return part_of(x, y, reshaped if y.numel() == x.numel() else repeated)

    return view


def reshaped(x: Tensor, y: Tensor, where: Any) -> Tensor:
    """Put back the numbers of y: in the shape of x."""
    return shape.reshape(y, x.shape)


def permuted(x: Tensor, y: Tensor, where: Any) -> Tensor:
    """Put back the numbers of y: with the axes in the order of x. An empty tensor shows where each went."""
    op, arguments, named = where
    order = op(Tensor(Array.of(np.empty(range(x.ndim)), y.device)), *arguments, **named).shape
    return shape.permute(y, tuple([order.index(a) for a in range(x.ndim)]))


reshape, reshape_as, flatten, unflatten = [view_of(op, reshaped) for op in (
    shape.reshape, arrange.reshape_as, shape.flatten, arrange.unflatten)]
squeeze, unsqueeze = view_of(shape.squeeze, reshaped), view_of(shape.unsqueeze, reshaped)
permute, transpose, swapaxes, movedim = [view_of(op, permuted) for op in (
    shape.permute, shape.transpose, arrange.swapaxes, arrange.movedim)]
expand, broadcast_to = _repeating(shape.expand), _repeating(arrange.broadcast_to)
