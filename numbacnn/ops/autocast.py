"""What `numbacnn.autocast` makes of operations: which ones it casts the inputs of, and to what, as PyTorch does.

Operations that are not in the table compute in whatever they get: of two dtypes, in the higher one.
"""
from collections.abc import Callable
from functools import wraps
from typing import Any

from numbacnn.autograd import Tensor
from numbacnn.graph import thread
from numbacnn.ops.shape import cast

LOWER, FLOAT32, WIDEST = "lower", "float32", "widest"    # the dtype of autocast, float32, the higher one of the inputs

POLICIES = {
    **dict.fromkeys((
        "addmm", "baddbmm", "bmm", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d",
        "conv_transpose3d", "einsum", "linear", "matmul", "mm", "mv", "prelu"), LOWER),
    **dict.fromkeys((
        "binary_cross_entropy", "binary_cross_entropy_with_logits", "cosine_embedding_loss", "cosine_similarity",
        "cross_entropy", "cumsum", "exp", "expm1", "gaussian_nll_loss", "group_norm", "hinge_embedding_loss",
        "huber_loss", "interpolate", "kl_div", "l1_loss", "layer_norm", "log", "log10", "log1p", "log2", "log_softmax",
        "logsumexp", "margin_ranking_loss", "mse_loss", "multilabel_soft_margin_loss", "nll_loss", "norm", "normalize",
        "poisson_nll_loss", "power", "prod", "reciprocal", "rms_norm", "rsqrt", "smooth_l1_loss", "soft_margin_loss",
        "softmax", "softmin", "softplus", "sum", "triplet_margin_loss"), FLOAT32),
    **dict.fromkeys(("addcdiv", "addcmul", "bilinear", "dot", "scatter_add", "tensordot"), WIDEST)}


def under_autocast(op: Callable[..., Any], policy: str) -> Callable[..., Any]:
    """Make the form of an operation that follows `numbacnn.autocast`; what it is made of does not."""
    @wraps(op)
    def function(*arguments: Any, **options: Any) -> Any:
        if thread.autocast:
            dtype = _dtype(policy, [*arguments, *options.values()])
            arguments = tuple([_cast(each, dtype) for each in arguments])
            options = {name: _cast(each, dtype) for name, each in options.items()}
        return op(*arguments, **options)

    function.__module__ = "numbacnn.ops"                 # where it is found under its name
    return function


def _dtype(policy: str, arguments: list[Any]) -> str:
    """The dtype to compute in."""
    tensors = [x for each in arguments for x in (each if isinstance(each, list | tuple) else (each,)) if _is_cast(x)]
    if policy == FLOAT32 or (policy == WIDEST and any(x.array.dtype == "float32" for x in tensors)):
        return "float32"
    return next((_lower(x) for x in tensors), "float32")


def _cast(x: Any, dtype: str) -> Any:
    if isinstance(x, list | tuple) and any(isinstance(each, Tensor) for each in x):
        return type(x)([_cast(each, dtype) for each in x])
    return cast(x, dtype) if _is_cast(x) else x


def _is_cast(x: Any) -> bool:
    """Whether autocast is about a tensor: never of float64, which nothing here is made for."""
    return isinstance(x, Tensor) and x.array.dtype in ("float32", "bfloat16") and _lower(x) != ""


def _lower(x: Tensor) -> str:
    """The dtype of autocast on a device; nothing where it is not enabled."""
    wanted = thread.autocast
    return wanted.get(x.device.type, wanted.get("", ""))
