"""All parameters as one vector, and back."""
from collections.abc import Iterable
from typing import Any

import numpy as np

from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.errors import DTypeError, GradientError, ShapeError
from numbacnn.geometry import count
from numbacnn.graph import Array, record
from numbacnn.ops.cat import cat_arrays
from numbacnn.ops.check import any_tensor, floating, kind
from numbacnn.ops.slice import slice_array
from numbacnn.part import assign


def parameters_to_vector(parameters: Tensor | Iterable[Tensor]) -> Tensor:
    """Return all parameters as one vector, each in row-major order, with its gradient.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Of one dtype, float32, float64 or bfloat16.

    Returns
    -------
    Tensor, shape (P,)
        All numbers.
    """
    given = _parameters("parameters_to_vector", parameters)
    floating("parameters_to_vector", **{f"parameters[{i}]": p for i, p in enumerate(given)})
    vector = cat_arrays([_reshaped(p.array, (count(p.shape),)) for p in given], 0)
    shapes = [p.shape for p in given]

    def backward(dy: Array) -> Gradients:
        return _pieces(dy, shapes)

    return differentiable(vector, tuple(given), backward)


def vector_to_parameters(vec: Tensor, parameters: Tensor | Iterable[Tensor]) -> None:
    """Give parameters the numbers of a vector, as from `parameters_to_vector`.

    Parameters
    ----------
    vec : Tensor, shape (P,)
        As many numbers as all parameters hold, of their dtype.
    parameters : Tensor or iterable of Tensor
        What to fill, in this order; nothing changes unless everything fits.
    """
    op = "vector_to_parameters"
    given = _parameters(op, parameters)
    any_tensor(op, "vec", vec)
    floating(op, vec=vec, **{f"parameters[{i}]": p for i, p in enumerate(given)})
    total = sum(count(p.shape) for p in given)
    if vec.shape != (total,):
        raise ShapeError(f"{op}: vec must be ({total},), as many numbers as the parameters hold, got shape {vec.shape}")
    for p in given:
        if p.node is not None:
            raise GradientError(f"{op}: parameters must be tensors made by the user, not computed from others")
    for p, piece in zip(given, _pieces(vec.array, [p.shape for p in given]), strict=True):
        assign(p, piece)


def _pieces(vector: Array, shapes: list[tuple[int, ...]]) -> list[Array]:
    """A vector cut in pieces of these shapes."""
    sizes = [count(shape) for shape in shapes]
    begins = np.cumsum([0, *sizes])[:-1]
    return [_reshaped(slice_array(vector, (int(begin),), (size,), (1,)), shape)
            for begin, size, shape in zip(begins, sizes, shapes, strict=True)]


def _reshaped(array: Array, shape: tuple[int, ...]) -> Array:
    return array if array.shape == shape else record("reshape", (array,), ((shape, array.dtype),))[0]


def _parameters(op: str, parameters: Any) -> list[Tensor]:
    if not isinstance(parameters, Tensor | Iterable):
        raise DTypeError(f"{op}: parameters must be tensors, such as model.parameters(), got {kind(parameters)}")
    given = [parameters] if isinstance(parameters, Tensor) else list(parameters)
    if not given:
        raise ShapeError(f"{op}: there must be parameters, got none")
    for i, p in enumerate(given):
        any_tensor(op, f"parameters[{i}]", p)
    return given
