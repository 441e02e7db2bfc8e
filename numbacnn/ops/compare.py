"""Comparisons: they have no gradient and end in a decision or a count, so they are computed at once, on the host."""
from collections.abc import Callable
from typing import Any

import numpy as np

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError
from numbacnn.graph import Array


def compare(op: str, function: Callable[[Any, Any], Any]) -> Callable[[Tensor, Any], Tensor]:
    """Make the comparison of that name."""
    def compared(a: Tensor, b: Any) -> Tensor:
        if not isinstance(b, Tensor | np.ndarray | np.generic | int | float):
            raise DTypeError(f"{op}: operands must be tensors or numbers, got {type(b).__name__}")
        geometry.broadcast(op, a.shape, np.shape(b))
        return Tensor(Array.of(np.asarray(function(a.numpy(), np.asarray(b))), a.device))

    compared.__name__, compared.__doc__ = op, f"Return where the comparison holds, as bool: numpy.{op}."
    return compared


equal, not_equal = compare("equal", np.equal), compare("not_equal", np.not_equal)
less, less_equal = compare("less", np.less), compare("less_equal", np.less_equal)
greater, greater_equal = compare("greater", np.greater), compare("greater_equal", np.greater_equal)
