"""Batch normalisation."""
from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.dtypes import computed
from numbacnn.errors import DTypeError
from numbacnn.graph import Array, record
from numbacnn.ops.affine import both_or_none, optional, parameter_gradients, parameters_of, scale_and_shift
from numbacnn.ops.constant import no_bias
from numbacnn.options import number


def batch_norm(x: Tensor, running_mean: Tensor | None, running_var: Tensor | None, weight: Tensor | None = None,
               bias: Tensor | None = None, training: bool = False, momentum: float = 0.1, eps: float = 1e-5) -> Tensor:
    """Normalise each channel, then scale and shift it.

    Parameters
    ----------
    x : Tensor, shape (N, C) or (N, C, ...)
        Values, float32, float64 or bfloat16.
    running_mean, running_var : Tensor, shape (C,), optional
        Statistics for evaluation. In training they are moved towards those of the batch; without them, nothing is.
    weight, bias : Tensor, shape (C,), optional
        Scale and shift; by default 1 and 0.
    training : bool
        Whether to normalise by the statistics of the batch, or by the running ones.
    momentum : float in [0, 1]
        Running statistics become (1 - momentum) * old + momentum * current.
    eps : float >= 0
        Added to the variance.

    Returns
    -------
    Tensor, shape of x
        (x - mean) / sqrt(variance + eps) * weight + bias; keeps x, the mean and the scale of each channel.

    Notes
    -----
    A batch without any value leaves the running statistics as they are.

    References
    ----------
    S. Ioffe and C. Szegedy, Batch normalization (ICML 2015), algorithms 1 and 2.
    """
    if isinstance(training, Tensor):
        raise DTypeError("batch_norm: training must be a bool, got a Tensor")
    running = both_or_none("batch_norm", running_mean, running_var, needed=not training)
    parameters = parameters_of("batch_norm", x, running_mean=running_mean, running_var=running_var, weight=weight,
                               bias=bias)
    x_data = x.array
    x_shape, dtype = x_data.shape, x_data.dtype
    values = geometry.batch_norm(x_shape, parameters, bool(training))
    momentum, eps = number("batch_norm", "momentum", momentum, 0.0, 1.0), number("batch_norm", "eps", eps, 0.0)
    training = bool(training) and values > 0
    w_data, b_data = scale_and_shift(x_data, x_shape[1:2], weight, bias)
    per_channel, spec = (x_shape[1:2], computed(dtype)), ((x_shape, dtype),)
    old = [each.array for each in running] or [no_bias(x_shape[1], computed(dtype), x_data.device)] * 2
    if training:
        kept = (x_shape[1:2], old[0].dtype)
        mean, rstd, *new = record("batch_norm_statistics", (x_data, *old), (per_channel,) * 2 + (kept,) * 2,
                                  (momentum, eps))
        for tensor, array in zip(running, new, strict=False):
            tensor.array = array
    else:
        mean = old[0]
        rstd, = record("batch_norm_rstd", (old[1],), (per_channel,), (eps,))
    y, = record("batch_norm", (x_data, mean, rstd, w_data, b_data), spec)
    inputs, needs_dx = optional(x, weight, bias), x._requires_grad
    wanted = parameter_gradients(weight, bias)

    def backward(dy: Array) -> Gradients:
        gradients = record("batch_norm_backward_weight", (dy, x_data, mean, rstd), (per_channel,) * 2)
        dx = record("batch_norm_backward_input", (dy, x_data, mean, rstd, w_data, *gradients), spec,
                    (int(training),))[0] if needs_dx else None
        return dx, *wanted(gradients)

    return differentiable(y, inputs, backward)
