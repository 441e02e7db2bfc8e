"""Layer and RMS normalisation."""
from typing import Any

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.dtypes import EPS
from numbacnn.ops.affine import normalised, parameters_of
from numbacnn.ops.check import floating
from numbacnn.ops.shape import reshape
from numbacnn.options import number


def layer_norm(x: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None,
               eps: float = 1e-5) -> Tensor:
    """Normalise the last axes of x together, then scale and shift each of their numbers.

    Parameters
    ----------
    x : Tensor, shape (..., *normalized_shape)
        Values, float32, float64 or bfloat16.
    normalized_shape : int or tuple of int
        The sizes of the last axes.
    weight, bias : Tensor, shape normalized_shape, optional
        Scale and shift; by default 1 and 0.
    eps : float >= 0
        Added to the variance.

    Returns
    -------
    Tensor, shape of x
        (x - mean) / sqrt(variance + eps) * weight + bias; keeps x and weight, and a mean and a scale for each vector.

    References
    ----------
    J. Ba, J. Kiros and G. Hinton, Layer normalization (2016), section 3.
    """
    return _normalised("layer_norm", x, normalized_shape, weight, bias, eps, 1)


def rms_norm(x: Tensor, normalized_shape: Any, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """Divide the last axes of x by the root of the mean of their squares, then scale each number.

    Parameters
    ----------
    x : Tensor, shape (..., *normalized_shape)
        Values, float32, float64 or bfloat16.
    normalized_shape : int or tuple of int
        The sizes of the last axes.
    weight : Tensor, shape normalized_shape, optional
        Scale; by default 1.
    eps : float >= 0, optional
        Added to the mean of squares; by default the distance of 1 to the next number of x's dtype.

    Returns
    -------
    Tensor, shape of x
        x / sqrt(mean of x^2 + eps) * weight; keeps x and weight, and a scale for each vector.

    References
    ----------
    B. Zhang and R. Sennrich, Root mean square layer normalization (NeurIPS 2019), section 4.
    """
    floating("rms_norm", x=x)
    return _normalised("rms_norm", x, normalized_shape, weight, None,
                       EPS[x.array.dtype] if eps is None else eps, 0)


def _normalised(op: str, x: Tensor, normalized_shape: Any, weight: Tensor | None, bias: Tensor | None, eps: Any,
                centered: int) -> Tensor:
    parameters = parameters_of(op, x, weight=weight, bias=bias)
    seen, own = geometry.layer_norm(op, x.shape, normalized_shape, parameters)
    eps, x_shape = number(op, "eps", eps, 0.0), x.shape
    if x_shape != seen:
        x = reshape(x, seen)
    if weight is not None and weight.array.shape != own:
        weight = reshape(weight, own)
    if bias is not None and bias.array.shape != own:
        bias = reshape(bias, own)
    result = normalised("layer_norm", x, (seen[0],), own, weight, bias, eps, centered)[0]
    return result if x_shape == seen else reshape(result, x_shape)
