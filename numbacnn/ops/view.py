"""The same numbers under other shapes, for users: what is written to the result in place is written to the tensor.

Here is what arranges numbers otherwise (`ops.shape`, `ops.arrange`); what picks some of them makes parts where it is.
The operations themselves make none: what other operations make of them are results of their own.
"""
from collections.abc import Callable
from functools import wraps
from typing import Any

from numbacnn.autograd import Tensor
from numbacnn.geometry.options import Geometry
from numbacnn.ops import arrange
from numbacnn.ops import shape as plain
from numbacnn.part import REPEATED, Way, part_of

View = Callable[..., Tensor]


def _back(x: Tensor, y: Tensor, axes: tuple[int, ...]) -> Tensor:
    """y with its axes in the order of x."""
    return plain.permute(y, tuple([axes.index(a) for a in range(len(axes))]))


RESHAPED = Way(lambda x, shape, where: plain.reshape(x, shape), lambda x, y, where: plain.reshape(y, x.shape),
               lambda where, shape, there: ())
PERMUTED = Way(lambda x, shape, axes: plain.permute(x, axes), _back,
               lambda axes, shape, then: tuple([axes[a] for a in then]))


def _reshaping(op: View) -> View:
    """Make the form of an operation whose result has the numbers of its tensor, in their order."""
    @wraps(op)
    def view(x: Tensor, *sizes: Any, **named: Any) -> Tensor:
        return part_of(x, op(x, *sizes, **named), RESHAPED)

    return view


def _permuting(op: View, order: Callable[..., Geometry]) -> View:
    """Make the form of an operation whose result has the axes of its tensor in that order."""
    @wraps(op)
    def view(x: Tensor, *dims: Any, **named: Any) -> Tensor:
        turned = order(x, *dims, **named)
        return part_of(x, plain.permuted(x, turned), PERMUTED, turned[1])

    return view


def _repeating(op: View) -> View:
    """Make the form of an operation whose result has each number of its tensor once or several times."""
    @wraps(op)
    def view(x: Tensor, *sizes: Any, **named: Any) -> Tensor:
        y = op(x, *sizes, **named)
        return part_of(x, y, RESHAPED if y.numel() == x.numel() else REPEATED)

    return view


@wraps(plain.flatten)
def flatten(x: Tensor, start_dim: int = 0, end_dim: int = -1) -> Tensor:
    """Join the axes from `start_dim` to `end_dim` into one."""
    return part_of(x, plain.flatten(x, start_dim, end_dim), RESHAPED)


reshape, reshape_as, unflatten, squeeze, unsqueeze = [_reshaping(op) for op in (
    plain.reshape, arrange.reshape_as, arrange.unflatten, plain.squeeze, plain.unsqueeze)]
permute, transpose, swapaxes, movedim = [_permuting(op, order) for op, order in (
    (plain.permute, plain.order_of_permute), (plain.transpose, plain.order_of_transpose),
    (arrange.swapaxes, arrange.order_of_swapaxes), (arrange.movedim, arrange.order_of_movedim))]
expand, expand_as, broadcast_to = [_repeating(op) for op in (plain.expand, arrange.expand_as, arrange.broadcast_to)]
