"""Asking for values."""
from numbacnn import graph
from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError


def evaluate(*tensors: Tensor) -> None:
    """Compute everything this thread recorded and somebody still refers to.

    Values are computed by themselves when they are looked at; call this where time is measured, or to free the inputs
    of many outputs that are kept for later.

    Parameters
    ----------
    *tensors : Tensor
        What must have a value afterwards; checked.

    Raises
    ------
    EvaluationError
        If one of them is pending in another thread.
    """
    for each in tensors:
        if not isinstance(each, Tensor):
            raise DTypeError(f"evaluate: arguments must be tensors, got {type(each).__name__}")
    graph.evaluate()
    for each in tensors:
        graph.storage_of(each.array)
