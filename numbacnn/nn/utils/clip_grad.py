"""Clipping of gradients: one recorded call finds the norm of all, and one scales them."""
from collections.abc import Iterable, Sequence
from math import inf
from numbers import Real
from typing import Any

from numbacnn.autograd import Tensor
from numbacnn.backend import default_device
from numbacnn.dtypes import FLOATING
from numbacnn.errors import DTypeError, GradientError, ShapeError
from numbacnn.graph import Array, record
from numbacnn.ops.check import floating
from numbacnn.ops.constant import constant
from numbacnn.options import flag, number
from numbacnn.part import assign

Tensors = Tensor | Iterable[Tensor]


def clip_grad_norm_(parameters: Tensors, max_norm: float, norm_type: float = 2.0, error_if_nonfinite: bool = False
                    ) -> Tensor:
    """Scale the gradients of all parameters so that their norm, as one vector, is at most `max_norm`.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Those without a gradient are left out.
    max_norm : float >= 0
        The limit. Gradients are multiplied by max_norm / (norm + 1e-6) if that is less than 1; with inf, never.
    norm_type : float > 0, or inf
        Which norm: (sum |g|^norm_type)^(1 / norm_type), or the largest |g|.
    error_if_nonfinite : bool
        Raise an error if the norm is NaN or infinite. This looks at the norm, which computes it now.

    Returns
    -------
    Tensor, shape ()
        The norm before clipping; pending, as results of operations are.

    Raises
    ------
    GradientError
        If asked for: the norm is not finite. Gradients stay as they are.
    """
    given = _tensors("clip_grad_norm_", "parameters", parameters)
    limit = _limit("clip_grad_norm_", "max_norm", max_norm)
    norm = _norm("clip_grad_norm_", _gradients("clip_grad_norm_", given), norm_type, error_if_nonfinite)
    clip_grads_with_norm_(given, limit, norm)
    return norm


def get_total_norm(tensors: Tensors, norm_type: float = 2.0, error_if_nonfinite: bool = False) -> Tensor:
    """Return the norm of all tensors, as one vector.

    Parameters
    ----------
    tensors : Tensor or iterable of Tensor
        Such as the gradients of a model; of one dtype.
    norm_type : float > 0, or inf
        Which norm.
    error_if_nonfinite : bool
        Raise an error if the norm is NaN or infinite. This looks at the norm, which computes it now.

    Returns
    -------
    Tensor, shape ()
        The norm.
    """
    given = _tensors("get_total_norm", "tensors", tensors)
    return _norm("get_total_norm", given, norm_type, error_if_nonfinite)


def clip_grads_with_norm_(parameters: Tensors, max_norm: float, total_norm: Tensor) -> None:
    """Multiply the gradients of all parameters by max_norm / (total_norm + 1e-6), if that is less than 1.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Those without a gradient are left out.
    max_norm : float >= 0
        The limit.
    total_norm : Tensor, shape ()
        The norm of the gradients, as from `get_total_norm`.
    """
    op = "clip_grads_with_norm_"
    gradients = _gradients(op, _tensors(op, "parameters", parameters))
    limit = _limit(op, "max_norm", max_norm)
    floating(op, total_norm=total_norm)
    if total_norm.shape != ():
        raise ShapeError(f"{op}: total_norm must be one number, of shape (), got shape {total_norm.shape}")
    if gradients:
        array = gradients[0].array
        norm = total_norm.array if total_norm.array.dtype == array.dtype else total_norm.to(array.dtype).array
        _replace(gradients, "clip_by_norm", constant(limit, "float64", array.device), norm)


def clip_grad_value_(parameters: Tensors, clip_value: float) -> None:
    """Cut the numbers of all gradients to the interval from -clip_value to clip_value. NaN stays.

    Parameters
    ----------
    parameters : Tensor or iterable of Tensor
        Those without a gradient are left out.
    clip_value : float >= 0
        The limit.
    """
    gradients = _gradients("clip_grad_value_", _tensors("clip_grad_value_", "parameters", parameters))
    limit = _limit("clip_grad_value_", "clip_value", clip_value)
    if gradients:
        _replace(gradients, "clip_by_value", constant(limit, "float64", gradients[0].device))


def _limit(op: str, name: str, value: Any) -> float:
    """Read a limit; inf is none: it only measures."""
    return inf if isinstance(value, float) and value == inf else number(op, name, value, 0.0)


def _norm(op: str, tensors: Sequence[Tensor], norm_type: Any, error_if_nonfinite: bool) -> Tensor:
    order = float(norm_type) if isinstance(norm_type, Real) and not isinstance(norm_type, bool) else None
    if order is None and norm_type != "inf":
        raise DTypeError(f"{op}: norm_type must be a number, got {norm_type!r}")
    order = inf if order is None else order
    if not order > 0:
        raise ShapeError(f"{op}: norm_type must be above 0, or inf, got {order:g}")
    flag(op, "error_if_nonfinite", error_if_nonfinite)
    if not tensors:
        return Tensor(constant(0.0, "float32", default_device()))
    _one_dtype(op, "tensors", tensors)
    norm = Tensor(record("gradient_norm", tuple([t.array for t in tensors]), (((), tensors[0].array.dtype),),
                         (order,))[0])
    if error_if_nonfinite and not abs(norm.item()) < inf:
        raise GradientError(f"{op}: the norm of the gradients must be finite, got {norm.item()}; find the loss that is "
                            "not, or scale them all the same with error_if_nonfinite=False")
    return norm


def _replace(gradients: Sequence[Tensor], kernel: str, *first: Array) -> None:
    """Give gradients, in place, the values that a kernel computes of them."""
    arrays = tuple([g.array for g in gradients])
    results = record(kernel, (*first, *arrays), tuple([(a.shape, a.dtype) for a in arrays]))
    for gradient, result in zip(gradients, results, strict=True):
        assign(gradient, result)


def _gradients(op: str, parameters: Sequence[Tensor]) -> list[Tensor]:
    """The gradients that are there, each once."""
    found = list({id(p.grad): p.grad for p in parameters if p.grad is not None}.values())
    _one_dtype(op, "gradients", found)
    return found


def _one_dtype(op: str, name: str, tensors: Sequence[Tensor]) -> None:
    kinds = {t.array.dtype for t in tensors}
    if len(kinds) > 1 or not kinds.issubset(FLOATING):
        floating(op, **{f"{name}[{i}]": t for i, t in enumerate(tensors)})


def _tensors(op: str, name: str, given: Any) -> list[Tensor]:
    tensors = [given] if isinstance(given, Tensor) else list(given) if isinstance(given, Iterable) else None
    if tensors is None or isinstance(given, str):
        raise DTypeError(f"{op}: {name} must be tensors, such as model.parameters(), got {given!r}")
    for each in tensors:
        if not isinstance(each, Tensor):
            raise DTypeError(f"{op}: {name} must be tensors, such as model.parameters(), got {type(each).__name__}")
    return tensors
