"""Convolution."""
import numpy as np

from op_reference.made import made, pair, positions


def conv2d(x, weight, bias=None, stride=1, padding=0, dilation=1, groups=1):
    stride, dilation, window = pair(stride), pair(dilation), weight.shape[2:]
    both = [2 * p for p in pair(padding)] if not isinstance(padding, str) else (0, 0)
    if padding == "same":
        both = [d * (k - 1) for k, d in zip(window, dilation, strict=True)]
    size = [len(positions(x.shape[2 + a] + both[a], window[a], stride[a], dilation[a])) for a in (0, 1)]
    bias = np.zeros(len(weight)) if bias is None else bias
    return made("conv2d", [x, weight, bias], (len(x), len(weight), *size), *stride, both[0] // 2, both[1] // 2,
                *dilation, groups)
