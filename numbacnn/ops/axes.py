"""What reductions share: how axes are named, and how a result loses those it kept with size 1."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.geometry import Shape
from numbacnn.ops.shape import reshape
from numbacnn.options import flag

Dim = int | tuple[int, ...] | list[int] | None


def reduction_of(op: str, x: Tensor, dim: Any, keepdim: Any = False) -> tuple[Shape, Shape, int]:
    """The shape of a reduction of x with and without the reduced axes, and how many numbers make one."""
    if keepdim is not False:
        flag(op, "keepdim", keepdim)
    found: tuple[Shape, Shape, int] = geometry.reduce(op, x.array.shape, tuple(dim) if isinstance(dim, list) else dim)
    return found


def reduced_to(y: Tensor, shape: Shape, keepdim: bool) -> Tensor:
    """The result of a reduction, in its shape without the reduced axes, unless it is to keep them."""
    return y if keepdim or y.array.shape == shape else reshape(y, shape)
