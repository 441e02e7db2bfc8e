"""Batch normalisation in evaluation mode, folded into the convolution before it: it scales and shifts its outputs.

These calls depend on parameters and running statistics only. An item is an output channel. Running statistics come
first where they can: the result is kept with them, not with the bias that all convolutions without one share.
"""
from numbacnn.kernels.channels_last import View

from .compile import kernel


def by_output(*arguments):
    """Arrange the weight (O, C/G, KH, KW), and what it becomes, as rows (O, numbers of a filter)."""
    return [argument.physical().shaped((argument.shape[0], argument.size // max(argument.shape[0], 1)))
            if isinstance(argument, View) and argument.ndim == 4 else argument for argument in arguments]


@kernel(items=lambda weight: weight.shape[0], arrange=by_output)
def conv2d_fold_weight(weight, rstd, scale, folded, begin, end):
    for o in range(begin, end):
        factor = rstd[o] * scale[o]
        for k in range(weight.shape[1]):
            folded[o, k] = weight[o, k] * factor


@kernel(items=lambda mean: mean.size)
def conv2d_fold_bias(mean, bias, rstd, scale, shift, folded, begin, end):
    for o in range(begin, end):
        folded[o] = (bias[o] - mean[o]) * (rstd[o] * scale[o]) + shift[o]
