"""What operations that normalise share: the parameters that scale and shift, which need not be there."""
from collections.abc import Callable, Sequence

from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.dtypes import computed
from numbacnn.errors import DTypeError
from numbacnn.graph import Array, record
from numbacnn.known import ones
from numbacnn.ops.check import floating
from numbacnn.ops.constant import no_bias

Shape = tuple[int, ...]


def parameters_of(op: str, x: Tensor, **parameters: Tensor | None) -> tuple[tuple[str, Shape], ...]:
    """Names and shapes of the parameters that there are, of the dtype of x, or float32 beside bfloat16."""
    floating(op, x=x)
    dtype, shapes = x.array.dtype, []
    given = {name: each for name, each in parameters.items() if each is not None}
    if dtype == "bfloat16" and any(getattr(each, "dtype", None) == "float32" for each in given.values()):
        floating(op, **given)
        dtype = "float32"
    for name, tensor in given.items():
        if not isinstance(tensor, Tensor) or tensor.array.dtype != dtype:
            floating(op, x=x, **{name: tensor})          # raises
        shapes.append((name, tensor.array.shape))
    return tuple(shapes)


def optional(x: Tensor, weight: Tensor | None, bias: Tensor | None) -> tuple[Tensor, ...]:
    """x, and the parameters that there are: what gets a gradient."""
    if weight is None:
        return (x,) if bias is None else (x, bias)
    return (x, weight) if bias is None else (x, weight, bias)


def scale_and_shift(x: Array, shape: Shape, weight: Tensor | None, bias: Tensor | None) -> tuple[Array, Array]:
    """The weight and the bias, or ones and zeros of that shape."""
    dtype = computed(x.dtype)
    return (ones(shape, dtype, x.device) if weight is None else weight.array,
            no_bias(shape, dtype, x.device) if bias is None else bias.array)


def parameter_gradients(weight: Tensor | None, bias: Tensor | None) -> Callable[[Sequence[Array]], list[Array]]:
    """What gives, of the gradients of a scale and a shift in the dtype they are computed in, those that are wanted."""
    wanted = [(n, each.array.dtype) for n, each in enumerate((weight, bias)) if each is not None]
    return lambda found: [found[n] if found[n].dtype == dtype else
                          record("cast", (found[n],), ((found[n].shape, dtype),))[0] for n, dtype in wanted]


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
    inputs, needs_dx, wanted = optional(x, weight, bias), x._requires_grad, parameter_gradients(weight, bias)
    trained = len(inputs) > 1                            # backward must not keep the tensors

    def backward(dy: Array) -> Gradients:
        dx, gradients = None, []
        if trained:
            found = record(f"{kernel}_backward_weight", (dy, x_data, mean, rstd), ((own, computed(dtype)),) * 2)
            gradients = wanted(found)
        if needs_dx:
            dx, = record(f"{kernel}_backward_input", (dy, x_data, mean, rstd, w_data), spec, kind)
        return dx, *gradients

    return differentiable(y, inputs, backward), mean, rstd
