"""Group and instance normalisation."""
from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError
from numbacnn.graph import record
from numbacnn.ops.affine import both_or_none, normalised, parameters_of
from numbacnn.ops.norm import batch_norm
from numbacnn.options import number


def group_norm(x: Tensor, num_groups: int, weight: Tensor | None = None, bias: Tensor | None = None,
               eps: float = 1e-5) -> Tensor:
    """Normalise groups of channels of each image, then scale and shift each channel.

    Parameters
    ----------
    x : Tensor, shape (N, C, ...)
        Values, float32, float64 or bfloat16.
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
    parameters = parameters_of("group_norm", x, weight=weight, bias=bias)
    x_shape = x.shape
    geometry.group_norm(x_shape, num_groups, parameters)
    groups, eps = (x_shape[0], int(num_groups)), number("group_norm", "eps", eps, 0.0)
    return normalised("group_norm", x, groups, x_shape[1:2], weight, bias, eps)[0]


def instance_norm(x: Tensor, running_mean: Tensor | None = None, running_var: Tensor | None = None,
                  weight: Tensor | None = None, bias: Tensor | None = None, use_input_stats: bool = True,
                  momentum: float = 0.1, eps: float = 1e-5) -> Tensor:
    """Normalise each channel of each image, then scale and shift it.

    Parameters
    ----------
    x : Tensor, shape (N, C, ...)
        Values, float32, float64 or bfloat16.
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
    y, mean, rstd = normalised("group_norm", x, x.shape[:2], x.shape[1:2], weight, bias, eps)
    if running and x.shape[0] * values:
        arrays = tuple([each.array for each in running])
        new = record("instance_norm_running", (mean, rstd, *arrays), ((arrays[0].shape, arrays[0].dtype),) * 2,
                     (momentum, eps, values))
        for tensor, array in zip(running, new, strict=True):
            tensor.array = array
    return y
