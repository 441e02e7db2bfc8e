"""Batch normalisation."""
from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.errors import DTypeError
from numbacnn.graph import Array, record
from numbacnn.ops.check import any_tensor, floating, number


def batch_norm(x: Tensor, running_mean: Tensor, running_var: Tensor, weight: Tensor, bias: Tensor,
               training: bool = False, momentum: float = 0.1, eps: float = 1e-5) -> Tensor:
    """Normalise each channel, then scale and shift it.

    Parameters
    ----------
    x : Tensor, shape (N, C) or (N, C, H, W)
        Values, float32 or float64.
    running_mean, running_var : Tensor, shape (C,)
        Statistics for evaluation. In training they are moved towards those of the batch.
    weight, bias : Tensor, shape (C,)
        Scale and shift.
    training : bool
        Whether to normalise by the statistics of the batch, or by the running ones.
    momentum : float in [0, 1]
        Running statistics become (1 - momentum) * old + momentum * current.
    eps : float > 0
        Added to the variance.

    Returns
    -------
    Tensor, shape of x
        (x - mean) / sqrt(variance + eps) * weight + bias; keeps x, the mean and the scale of each channel.

    References
    ----------
    S. Ioffe and C. Szegedy, Batch normalization (ICML 2015), algorithms 1 and 2.
    """
    any_tensor("batch_norm", "bias", bias)
    floating("batch_norm", x=x, running_mean=running_mean, running_var=running_var, weight=weight, bias=bias)
    parameters = tuple([(name, tensor.shape) for name, tensor in (
        ("running_mean", running_mean), ("running_var", running_var), ("weight", weight), ("bias", bias))])
    geometry.channels("batch_norm", x.shape, parameters, 2 if training else 0)
    momentum, eps = number("batch_norm", "momentum", momentum, 0.0, 1.0), number("batch_norm", "eps", eps, 0.0)
    if isinstance(training, Tensor):
        raise DTypeError("batch_norm: training must be a bool, got a Tensor")
    x_data, w_data = x.array, weight.array
    per_channel = (w_data.shape, w_data.dtype)
    if training:
        mean, rstd, running_mean.array, running_var.array = record(
            "batch_norm_statistics", (x_data, running_mean.array, running_var.array), (per_channel,) * 4,
            (momentum, eps))
    else:
        mean = running_mean.array
        rstd, = record("batch_norm_rstd", (running_var.array,), (per_channel,), (eps,))
    spec = ((x_data.shape, x_data.dtype),)
    y, = record("batch_norm", (x_data, mean, rstd, w_data, bias.array), spec)
    needs_dx = x.requires_grad

    def backward(dy: Array) -> Gradients:
        dweight, dbias = record("batch_norm_backward_weight", (dy, x_data, mean, rstd), (per_channel,) * 2)
        dx = record("batch_norm_backward_input", (dy, x_data, mean, rstd, w_data, dweight, dbias), spec,
                    (int(training),))[0] if needs_dx else None
        return dx, dweight, dbias

    return differentiable(y, (x, weight, bias), backward)
