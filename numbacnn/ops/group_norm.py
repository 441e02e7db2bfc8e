"""Group and instance normalisation."""
from numbacnn import geometry
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.errors import DTypeError
from numbacnn.graph import Array, record
from numbacnn.ops.check import number
from numbacnn.ops.norm import batch_norm, both_or_none, of_channels, optional, parameters_of


def group_norm(x: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None,
               eps: float = 1e-5) -> Tensor:
    """Normalise groups of channels of each image, then scale and shift each channel.

    Parameters
    ----------
    x : Tensor, shape (N, C, ...)
        Values, float32 or float64.
    num_groups : int
        How many groups there are; it divides C.
    weight, bias : Tensor, shape (C,), optional
        Scale and shift; by default 1 and 0.
    eps : float >= 0
        Added to the variance.

    Returns
    -------
    Tensor, shape of x
        (x - mean) / sqrt(variance + eps) * weight + bias; keeps x and weight, and a mean and a scale for each group.

    References
    ----------
    Y. Wu and K. He, Group normalization (ECCV 2018), section 3.
    """
    geometry.group_norm(x.shape, num_groups, parameters_of("group_norm", x, weight=weight, bias=bias))
    return _normalised(x, int(num_groups), weight, bias, number("group_norm", "eps", eps, 0.0))[0]


def instance_norm(x: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None,
                  weight: Tensor | None = None, bias: Tensor | None = None, use_input_stats: bool = True,
                  momentum: float = 0.1, eps: float = 1e-5) -> Tensor:
    """Normalise each channel of each image, then scale and shift it.

    Parameters
    ----------
    x : Tensor, shape (N, C, ...)
        Values, float32 or float64.
    running_mean, running_var : Tensor, shape (C,), optional
        Moved towards the mean over images of the statistics, or used instead of them.
    weight, bias : Tensor, shape (C,), optional
        Scale and shift; by default 1 and 0.
    use_input_stats : bool
        Whether to normalise by the statistics of x, or by the running ones.
    momentum : float in [0, 1]
        Running statistics become (1 - momentum) * old + momentum * current.
    eps : float >= 0
        Added to the variance.

    Returns
    -------
    Tensor, shape of x
        (x - mean) / sqrt(variance + eps) * weight + bias; keeps x and weight, and a mean and a scale for each channel
        of each image.

    References
    ----------
    D. Ulyanov, A. Vedaldi and V. Lempitsky, Instance normalization (2016), section 2.
    """
    if isinstance(use_input_stats, Tensor):
        raise DTypeError("instance_norm: use_input_stats must be a bool, got a Tensor")
    running = both_or_none("instance_norm", running_mean, running_var, needed=not use_input_stats)
    parameters = parameters_of("instance_norm", x, running_mean=running_mean, running_var=running_var, weight=weight,
                               bias=bias)
    values = geometry.instance_norm(x.shape, parameters, bool(use_input_stats))
    momentum, eps = number("instance_norm", "momentum", momentum, 0.0, 1.0), number("instance_norm", "eps", eps, 0.0)
    if not use_input_stats:
        return batch_norm(x, running_mean, running_var, weight, bias, False, momentum, eps)
    y, mean, rstd = _normalised(x, x.shape[1], weight, bias, eps)
    if running and x.shape[0] * values:
        arrays = tuple([each.array for each in running])
        new = record("instance_norm_running", (mean, rstd, *arrays), ((arrays[0].shape, arrays[0].dtype),) * 2,
                     (momentum, eps, values))
        for tensor, array in zip(running, new, strict=True):
            tensor.array = array
    return y


def _normalised(x: Tensor, groups: int, weight: Tensor | None, bias: Tensor | None, eps: float
                ) -> tuple[Tensor, Array, Array]:
    """The result, and a mean and a scale for each group."""
    x_data, per_channel = x.array, (x.shape[1:2], x.array.dtype)
    w_data, b_data = of_channels(x_data, weight, bias)
    spec, per_group = ((x_data.shape, x_data.dtype),), ((x.shape[0], groups), "float64")
    y, mean, rstd = record("group_norm", (x_data, w_data, b_data), (*spec, per_group, per_group), (eps,))
    inputs, needs_dx, trained = optional(x, weight, bias), x.requires_grad, (weight is not None, bias is not None)

    def backward(dy: Array) -> Gradients:
        dx, gradients = None, []
        if any(trained):
            gradients = record("group_norm_backward_weight", (dy, x_data, mean, rstd), (per_channel,) * 2)
        if needs_dx:
            dx, = record("group_norm_backward_input", (dy, x_data, mean, rstd, w_data), spec)
        return dx, *[each for each, wanted in zip(gradients, trained, strict=False) if wanted]

    return differentiable(y, inputs, backward), mean, rstd
