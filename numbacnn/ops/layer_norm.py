"""Layer and RMS normalisation."""
from typing import Any

import numpy as np

from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.graph import Array, record
from numbacnn.ops.check import floating, number
from numbacnn.ops.constant import no_bias, ones
from numbacnn.ops.norm import optional, parameters_of
from numbacnn.ops.shape import reshape


def layer_norm(x: Tensor, normalized_shape: Any, weight: Tensor | None = None, bias: Tensor | None = None,
               eps: float = 1e-5) -> Tensor:
    """Normalise the last axes of x together, then scale and shift each of their numbers.

    Parameters
    ----------
    x : Tensor, shape (..., *normalized_shape)
        Values, float32 or float64.
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
        Values, float32 or float64.
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
                       float(np.finfo(x.array.dtype).eps) if eps is None else eps, 0)


def _normalised(op: str, x: Tensor, normalized_shape: Any, weight: Tensor | None, bias: Tensor | None, eps: Any,
                centered: int) -> Tensor:
    parameters = parameters_of(op, x, weight=weight, bias=bias)
    seen, own = geometry.layer_norm(op, x.shape, normalized_shape, parameters)
    eps, x_shape = number(op, "eps", eps, 0.0), x.shape
    if x_shape != seen:
        x = reshape(x, seen)
    weight, bias = (each if each is None or each.shape == own else reshape(each, own) for each in (weight, bias))
    x_data, dtype, device = x.array, x.array.dtype, x.device
    w_data = ones(own, dtype, device) if weight is None else weight.array
    b_data = no_bias(own, dtype, device) if bias is None else bias.array
    spec, per_row = ((seen, dtype),), ((seen[0],), "float64")
    y, mean, rstd = record("layer_norm", (x_data, w_data, b_data), (*spec, per_row, per_row), (eps, centered))
    inputs, needs_dx, trained = optional(x, weight, bias), x.requires_grad, (weight is not None, bias is not None)

    def backward(dy: Array) -> Gradients:
        dx, gradients = None, []
        if any(trained):
            gradients = record("layer_norm_backward_weight", (dy, x_data, mean, rstd), ((own, dtype),) * 2)
        if needs_dx:
            dx, = record("layer_norm_backward_input", (dy, x_data, mean, rstd, w_data), spec, (centered,))
        return dx, *[each for each, wanted in zip(gradients, trained, strict=False) if wanted]

    result = differentiable(y, inputs, backward)
    return result if x_shape == seen else reshape(result, x_shape)
