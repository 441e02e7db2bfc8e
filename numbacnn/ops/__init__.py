"""Operations: one function each, its backward nested inside; and what Python's operators and Tensor's methods call."""
from numbacnn.autograd import Tensor
from numbacnn.ops import aliases
from numbacnn.ops.activation import (
    hardshrink,
    hardsigmoid,
    hardswish,
    hardtanh,
    leaky_relu,
    prelu,
    relu,
    relu6,
    softshrink,
    threshold,
)
from numbacnn.ops.adaptive_pool import (
    adaptive_avg_pool1d,
    adaptive_avg_pool2d,
    adaptive_avg_pool3d,
    adaptive_max_pool1d,
    adaptive_max_pool2d,
    adaptive_max_pool3d,
)
from numbacnn.ops.arrange import clone, contiguous, meshgrid
from numbacnn.ops.autocast import POLICIES, under_autocast
from numbacnn.ops.cat import cat, hstack, stack, vstack
from numbacnn.ops.closeness import allclose, equal, isclose
from numbacnn.ops.compare import (
    bitwise_and,
    bitwise_or,
    bitwise_xor,
    eq,
    greater,
    greater_equal,
    invert,
    is_different,
    is_equal,
    isfinite,
    isinf,
    isnan,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    nan_to_num,
    not_equal,
    where,
)
from numbacnn.ops.conv import conv1d, conv2d, conv3d
from numbacnn.ops.conv_transpose import conv_transpose1d, conv_transpose2d, conv_transpose3d
from numbacnn.ops.diagonal import diagonal
from numbacnn.ops.difference import (
    binary_cross_entropy,
    binary_cross_entropy_with_logits,
    huber_loss,
    kl_div,
    l1_loss,
    mse_loss,
    smooth_l1_loss,
)
from numbacnn.ops.dropout import alpha_dropout, dropout, dropout1d, dropout2d, dropout3d, feature_alpha_dropout
from numbacnn.ops.einsum import einsum
from numbacnn.ops.elementwise import (
    add,
    divide,
    floor_divide,
    in_place,
    maximum,
    minimum,
    multiply,
    negative,
    remainder,
    subtract,
)
from numbacnn.ops.embedding import embedding, one_hot
from numbacnn.ops.exchange import cuda_array_interface, dlpack_device, to_dlpack
from numbacnn.ops.extremes import amax, amin, argmax, argmin, max, min
from numbacnn.ops.gather import gather, index_add, index_copy, index_fill, scatter, scatter_add, take_along_dim
from numbacnn.ops.glu import glu
from numbacnn.ops.group_norm import group_norm, instance_norm
from numbacnn.ops.index import as_position, contains, getitem, iterate, setitem
from numbacnn.ops.layer_norm import layer_norm, rms_norm
from numbacnn.ops.linear import bilinear, linear
from numbacnn.ops.local_response import local_response_norm
from numbacnn.ops.loss import cross_entropy, nll_loss
from numbacnn.ops.lp_pool import lp_pool1d, lp_pool2d, lp_pool3d
from numbacnn.ops.margin import (
    cosine_embedding_loss,
    gaussian_nll_loss,
    hinge_embedding_loss,
    margin_ranking_loss,
    multilabel_soft_margin_loss,
    poisson_nll_loss,
    soft_margin_loss,
    triplet_margin_loss,
)
from numbacnn.ops.mask import masked_fill, masked_select, nonzero, tril, triu
from numbacnn.ops.mathematics import (
    absolute,
    ceil,
    clamp,
    clamp_max,
    clamp_min,
    cos,
    erf,
    exp,
    expm1,
    floor,
    log,
    log1p,
    log2,
    log10,
    power,
    reciprocal,
    round,
    rsqrt,
    sign,
    sin,
    sqrt,
    square,
    trunc,
)
from numbacnn.ops.matmul import addmm, baddbmm, bmm, dot, matmul, mm, mv, outer, tensordot
from numbacnn.ops.methods import NAMED
from numbacnn.ops.mixture import addcdiv, addcmul, lerp
from numbacnn.ops.moments import std, var, var_mean
from numbacnn.ops.norm import batch_norm
from numbacnn.ops.numpy_names import with_numpy_names
from numbacnn.ops.pad import pad
from numbacnn.ops.pixel_shuffle import channel_shuffle, pixel_shuffle, pixel_unshuffle
from numbacnn.ops.pool import (
    avg_pool1d,
    avg_pool2d,
    avg_pool3d,
    max_pool1d,
    max_pool2d,
    max_pool3d,
    sum_pool1d,
    sum_pool2d,
    sum_pool3d,
)
from numbacnn.ops.reduce import all, any, count_nonzero, logsumexp, mean, prod, sum
from numbacnn.ops.repeat import repeat, repeat_interleave, roll, tile
from numbacnn.ops.shape import to
from numbacnn.ops.slice import flip, narrow, rot90, select
from numbacnn.ops.smooth_activation import (
    celu,
    elu,
    gelu,
    logsigmoid,
    mish,
    selu,
    sigmoid,
    silu,
    softplus,
    softsign,
    tanh,
    tanhshrink,
)
from numbacnn.ops.softmax import log_softmax, softmax, softmin
from numbacnn.ops.sort import argsort, cumsum, sort, topk, unique
from numbacnn.ops.split import chunk, split, tensor_split, unbind
from numbacnn.ops.take import index_select
from numbacnn.ops.unfold import fold, unfold
from numbacnn.ops.unpool import max_unpool1d, max_unpool2d, max_unpool3d
from numbacnn.ops.upsampling import interpolate
from numbacnn.ops.vector_norm import cosine_similarity, norm, normalize
from numbacnn.ops.view import (
    broadcast_to,
    expand,
    expand_as,
    flatten,
    movedim,
    permute,
    reshape,
    reshape_as,
    squeeze,
    swapaxes,
    transpose,
    unflatten,
    unsqueeze,
)

__all__ = [
    "absolute", "adaptive_avg_pool1d", "adaptive_avg_pool2d", "adaptive_avg_pool3d", "adaptive_max_pool1d",
    "adaptive_max_pool2d", "adaptive_max_pool3d", "add", "addcdiv", "addcmul", "addmm", "all", "alpha_dropout", "amax",
    "amin", "any", "argmax", "argmin", "argsort", "avg_pool1d", "avg_pool2d", "avg_pool3d", "baddbmm", "batch_norm",
    "bilinear", "binary_cross_entropy", "binary_cross_entropy_with_logits", "bitwise_and", "bitwise_or", "bitwise_xor",
    "bmm", "broadcast_to", "cat", "ceil", "celu", "channel_shuffle", "chunk", "clamp", "clamp_max", "clamp_min",
    "clone", "contiguous", "conv1d", "conv2d", "conv3d", "conv_transpose1d", "conv_transpose2d", "conv_transpose3d",
    "cos", "cosine_embedding_loss", "cosine_similarity", "count_nonzero", "cross_entropy", "cumsum", "diagonal",
    "divide", "dot", "dropout", "dropout1d", "dropout2d", "dropout3d", "einsum", "elu", "embedding", "eq", "erf", "exp",
    "expand", "expand_as", "expm1", "feature_alpha_dropout", "flatten", "flip", "floor", "floor_divide", "fold",
    "gather", "gaussian_nll_loss", "gelu", "glu", "greater", "greater_equal", "group_norm", "hardshrink", "hardsigmoid",
    "hardswish", "hardtanh", "hinge_embedding_loss", "hstack", "huber_loss", "index_add", "index_copy", "index_fill",
    "index_select", "instance_norm", "interpolate", "isclose", "isfinite", "isinf", "isnan", "kl_div", "l1_loss",
    "layer_norm", "leaky_relu", "lerp", "less", "less_equal", "linear", "local_response_norm", "log", "log10", "log1p",
    "log2", "log_softmax", "logical_and", "logical_not", "logical_or", "logical_xor", "logsigmoid", "logsumexp",
    "lp_pool1d", "lp_pool2d", "lp_pool3d", "margin_ranking_loss", "masked_fill", "masked_select", "matmul", "max",
    "max_pool1d", "max_pool2d", "max_pool3d", "max_unpool1d", "max_unpool2d", "max_unpool3d", "maximum", "mean",
    "meshgrid", "min", "minimum", "mish", "mm", "movedim", "mse_loss", "multilabel_soft_margin_loss", "multiply", "mv",
    "nan_to_num", "narrow", "negative", "nll_loss", "nonzero", "norm", "normalize", "not_equal", "one_hot", "outer",
    "pad", "permute", "pixel_shuffle", "pixel_unshuffle", "poisson_nll_loss", "power", "prelu", "prod", "reciprocal",
    "relu", "relu6", "remainder", "repeat", "repeat_interleave", "reshape", "reshape_as", "rms_norm", "roll", "rot90",
    "round", "rsqrt", "scatter", "scatter_add", "select", "selu", "sigmoid", "sign", "silu", "sin", "smooth_l1_loss",
    "soft_margin_loss", "softmax", "softmin", "softplus", "softshrink", "softsign", "sort", "split", "sqrt", "square",
    "squeeze", "stack", "std", "subtract", "sum", "sum_pool1d", "sum_pool2d", "sum_pool3d", "swapaxes",
    "take_along_dim", "tanh", "tanhshrink", "tensor_split", "tensordot", "threshold", "tile", "to", "topk", "transpose",
    "tril", "triplet_margin_loss", "triu", "trunc", "unbind", "unflatten", "unfold", "unique", "unsqueeze", "var",
    "var_mean", "vstack", "where",
]

for _op in (all, amax, amin, any, argmax, argmin, argsort, cat, count_nonzero, cumsum, log_softmax, logsumexp, max,
            mean, min, norm, prod, softmax, sort, stack, std, sum, topk, var, var_mean):
    globals()[_op.__name__] = with_numpy_names(_op)

for _name, _policy in POLICIES.items():
    globals()[_name] = under_autocast(globals()[_name], _policy)
aliases.pow = power

METHODS = {
    "__add__": add, "__radd__": add, "__mul__": multiply, "__rmul__": multiply, "__sub__": subtract,
    "__rsub__": lambda x, other: subtract(other, x), "__truediv__": divide,
    "__rtruediv__": lambda x, other: divide(other, x), "__neg__": negative, "__pow__": power,
    "__rpow__": lambda x, other: power(other, x), "__mod__": remainder,
    "__rmod__": lambda x, other: remainder(other, x), "__floordiv__": floor_divide,
    "__rfloordiv__": lambda x, other: floor_divide(other, x), "__abs__": absolute, "__and__": bitwise_and,
    "__rand__": bitwise_and, "__or__": bitwise_or, "__ror__": bitwise_or, "__xor__": bitwise_xor,
    "__rxor__": bitwise_xor, "__invert__": invert,
    "__iadd__": in_place(add), "__isub__": in_place(subtract), "__imul__": in_place(multiply),
    "__itruediv__": in_place(divide), "__eq__": is_equal, "__ne__": is_different, "__lt__": less, "__le__": less_equal,
    "__gt__": greater, "__ge__": greater_equal, "__hash__": object.__hash__,
    "__dlpack__": to_dlpack, "__dlpack_device__": dlpack_device,
    "__cuda_array_interface__": property(cuda_array_interface), "__matmul__": matmul,
    "__rmatmul__": lambda x, other: matmul(other, x), "reshape": reshape, "view": reshape, "flatten": flatten,
    "squeeze": squeeze, "unsqueeze": unsqueeze, "permute": permute, "transpose": transpose, "expand": expand, "to": to,
    **NAMED, "pow": power,
    "__getitem__": getitem, "__setitem__": setitem, "__iter__": iterate, "__contains__": contains,
    "__index__": as_position, "view_as": reshape_as,
    **{function.__name__: function for function in (
        absolute, add, addcdiv, addcmul, addmm, all, allclose, amax, amin, any, argmax, argmin, argsort, baddbmm,
        bitwise_and, bitwise_or, bitwise_xor, bmm, broadcast_to, ceil, chunk, clamp, clamp_max, clamp_min, clone,
        contiguous, cos, count_nonzero, cumsum, diagonal, divide, dot, eq, equal, erf, exp, expand_as, expm1, flip,
        floor, floor_divide, gather, greater, greater_equal, index_add, index_copy, index_fill, index_select, isclose,
        isfinite, isinf, isnan, lerp, less, less_equal, log, log10, log1p, log2, log_softmax, logical_and, logical_not,
        logical_or, logical_xor, logsumexp, masked_fill, masked_select, matmul, max, maximum, mean, min, minimum, mm,
        movedim, multiply, mv, nan_to_num, narrow, negative, nonzero, norm, not_equal, outer, prod, reciprocal, relu,
        remainder, repeat, repeat_interleave, reshape_as, roll, rot90, round, rsqrt, scatter, scatter_add, select,
        sigmoid, sign, sin, softmax, sort, split, sqrt, square, std, subtract, sum, swapaxes, take_along_dim, tanh,
        tensor_split, tile, topk, tril, triu, trunc, unbind, unflatten, unique, var)},
}

for _name, _method in METHODS.items():                   # creation.py and sampling.py, which stand above, add more
    setattr(Tensor, _name, _method)
