"""Products of matrices: NumPy's own sums of products."""
import numpy as np


def matmul(a, b):
    left, right = a if a.ndim > 1 else a[None], b if b.ndim > 1 else b[:, None]
    y = (left[..., :, :, None] * right[..., None, :, :]).sum(axis=-2)
    y = y if a.ndim > 1 else y[..., 0, :]
    return y if b.ndim > 1 else y[..., 0]


mm = bmm = mv = dot = matmul


def outer(a, b):
    return a[:, None] * b


def addmm(x, a, b, beta=1, alpha=1):
    product = alpha * matmul(a, b)
    return beta * x + product if beta else product


baddbmm = addmm


def einsum(equation, *operands):
    return np.asarray(np.einsum(equation, *operands))


def tensordot(a, b, dims=2):
    return np.asarray(np.tensordot(a, b, dims))
