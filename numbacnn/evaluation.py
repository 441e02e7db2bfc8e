"""Asking for values, and how exact they must be."""
from numbacnn import graph
from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError, EvaluationError
from numbacnn.options import choice

PRECISIONS = "default", "highest", "high", "medium"


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


def set_precision(precision: str) -> None:
    """Choose how exact convolutions and products of matrices in float32 are, in this thread and in those begun later.

    Parameters
    ----------
    precision : {"default", "highest", "high", "medium"}
        "default" lets a backend compute convolutions by faster algorithms with larger rounding errors: on CPUs,
        Winograd's for 3 x 3 filters, whose errors are about 1e-5 of the largest value; on GPUs, tensor cores that round
        what they multiply to tf32, with errors of about 3e-4. "highest" rules them out. "high" allows them for dense
        layers and `matmul`, too, and so does "medium". These are PyTorch's defaults, and what its
        `set_float32_matmul_precision` calls them.

    Raises
    ------
    ValueError
        If it is none of these.
    EvaluationError
        Inside a captured function.

    See Also
    --------
    get_precision : The present choice.
    """
    choice("set_precision", "precision", precision, *PRECISIONS)
    if graph.thread.capture is not None:
        raise EvaluationError("set_precision: a captured function has one precision; set it before capture()")
    graph.evaluate()
    graph.PRECISION = graph.thread.precision = precision


def get_precision() -> str:
    """Return how exact convolutions and products of matrices in float32 are.

    Returns
    -------
    str
        What `set_precision` was given, or "default".

    Examples
    --------
    >>> import numbacnn
    >>> numbacnn.get_precision()
    'default'
    """
    return graph.thread.precision
