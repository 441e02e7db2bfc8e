"""What losses share: one shape of what is compared, and what becomes of the losses of a batch."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.errors import ShapeError
from numbacnn.ops.check import floating
from numbacnn.ops.reduce import mean, sum
from numbacnn.options import choice

REDUCTIONS = ("mean", "sum", "none")


def checked_reduction(op: str, reduction: Any, size_average: Any = None, reduce: Any = None,
                      known: tuple[str, ...] = REDUCTIONS) -> None:
    """Check the name of a reduction; what PyTorch had in its place is refused."""
    if size_average is not None or reduce is not None:
        raise ShapeError(f"{op}: size_average and reduce are no longer taken, got {size_average!r} and {reduce!r}; "
                         "use reduction='mean', 'sum' or 'none'")
    choice(op, "reduction", reduction, *known)


def one_shape(op: str, **tensors: Tensor) -> None:
    """Check that tensors have one dtype and one shape."""
    floating(op, **tensors)
    first, shape = "", None
    for name, tensor in tensors.items():
        found = tensor.array.shape
        if shape is not None and found != shape:
            geometry.one_shape(op, first, shape, name, found)    # raises
        first, shape = first or name, found


def reduced(losses: Tensor, reduction: str) -> Tensor:
    """The mean of losses, their sum, or themselves; the mean of none is NaN."""
    if reduction == "none":
        return losses
    return mean(losses) if reduction == "mean" else sum(losses)
