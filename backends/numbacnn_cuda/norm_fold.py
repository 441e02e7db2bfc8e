"""Batch normalisation in evaluation mode, folded into the convolution before it: it scales and shifts its outputs.

These calls depend on parameters and running statistics only. Running statistics come first where they can: the result
is kept with them, not with the bias that all convolutions without one share.
"""
from numbacnn.kernels.channels_last import flat

from .compile import cuda, kernel


@kernel(items=lambda folded: folded.size, arrange=flat)
def conv2d_fold_weight(weight, rstd, scale, folded):
    i = cuda.grid(1)
    if i < folded.size:
        o = i // (folded.size // rstd.size)
        folded[i] = weight[i] * (rstd[o] * scale[o])


@kernel(items=lambda mean: mean.size)
def conv2d_fold_bias(mean, bias, rstd, scale, shift, folded):
    o = cuda.grid(1)
    if o < mean.size:
        folded[o] = (bias[o] - mean[o]) * (rstd[o] * scale[o]) + shift[o]
