"""What operations that normalise share: the parameters that scale and shift, which need not be there."""
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.errors import DTypeError
from numbacnn.graph import Array, record
from numbacnn.known import ones
from numbacnn.ops.check import floating
from numbacnn.ops.constant import no_bias

Shape = tuple[int, ...]


def parameters_of(op: str, x: Tensor, **parameters: Tensor | None) -> tuple[tuple[str, Shape], ...]:
    """Names and shapes of the parameters that there are, which must be of the dtype of x."""
    floating(op, x=x)
    dtype, shapes = x.array.dtype, []
    for name, tensor in parameters.items():
        if tensor is not None:
            if not isinstance(tensor, Tensor) or tensor.array.dtype != dtype:
                floating(op, x=x, **{name: tensor})      # raises
            shapes.append((name, tensor.array.shape))
    return tuple(shapes)


def optional(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> tuple[Tensor, ...]:
    """x, and the parameters that there are: what gets a gradient."""
    if weight is None:
        return (x,) if bias is None else (x, bias)
    return (x, weight) if bias is None else (x, weight, bias)


def which(weight: Tensor | None, bias: Tensor | None) -> slice:
    """Which of the gradients of a weight and a bias are wanted."""
    return slice(0 if weight is not None else 1, 2 if bias is not None else 1)


def scale_and_shift(x: Array, shape: Shape, weight: Tensor | None, bias: Tensor | None) -> tuple[Array, Array]:
    """The weight and the bias, or ones and zeros of that shape."""
    return (ones(shape, x.dtype, x.device) if weight is None else weight.array,
            no_bias(shape, x.dtype, x.device) if bias is None else bias.array)


def both_or_none(op: str, running_mean: Tensor | None, running_var: Tensor | None, needed: bool) -> tuple[Tensor, ...]:
    """Running statistics, if there are any."""
    if running_mean is None and running_var is None:
        if needed:
            raise DTypeError(f"{op}: running_mean and running_var must be tensors where the statistics of x are not "
                             "used, got None")
        return ()
    if running_mean is None or running_var is None:
        name, other = ("running_mean", "running_var") if running_mean is None else ("running_var", "running_mean")
        raise DTypeError(f"{op}: running_mean and running_var must be given together, got {other} and {name}=None")
    return running_mean, running_var


def normalised(kernel: str, x: Tensor, groups: Shape, own: Shape, weight: Tensor | None, bias: Tensor | None,
               eps: float, *kind: int) -> tuple[Tensor, Array, Array]:
    """Record a kernel that normalises groups, and scales and shifts by parameters of the shape `own`.

    Return the result, and a mean and a scale for each group.
    """
    x_data = x.array
    dtype = x_data.dtype
    w_data, b_data = scale_and_shift(x_data, own, weight, bias)
    spec, per_group = ((x_data.shape, dtype),), (groups, "float64")
    y, mean, rstd = record(kernel, (x_data, w_data, b_data), (*spec, per_group, per_group), (eps, *kind))
    inputs, needs_dx, wanted = optional(x, weight, bias), x._requires_grad, which(weight, bias)
    trained = len(inputs) > 1                            # backward must not keep the tensors

    def backward(dy: Array) -> Gradients:
        dx, gradients = None, []
        if trained:
            gradients = record(f"{kernel}_backward_weight", (dy, x_data, mean, rstd), ((own, dtype),) * 2)[wanted]
        if needs_dx:
            dx, = record(f"{kernel}_backward_input", (dy, x_data, mean, rstd, w_data), spec, kind)
        return dx, *gradients

    return differentiable(y, inputs, backward), mean, rstd
