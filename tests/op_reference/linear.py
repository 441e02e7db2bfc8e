"""Dense layers."""
import math

import numpy as np

from op_reference.made import made


def linear(x, weight, bias=None):
    bias = np.zeros(len(weight)) if bias is None else bias
    rows = x.reshape(math.prod(x.shape[:-1]), x.shape[-1])
    return made("linear", [rows, weight, bias], (len(rows), len(weight))).reshape(*x.shape[:-1], len(weight))


def bilinear(x1, x2, weight, bias=None):
    return np.einsum("...c,ocd,...d->...o", x1, weight, x2) + (0 if bias is None else bias)
