"""Sums and ReLU: what a residual network does where no batch normalisation is beside it."""
from numbacnn.kernels.channels_last import flat

from .compile import cuda, kernel
from .norm_forward import passed, rectified


@kernel(items=lambda y: y.size, arrange=flat)
def add_relu(a, b, y):
    i = cuda.grid(1)
    if i < y.size:
        y[i] = rectified(a[i] + b[i])


@kernel(items=lambda dx: dx.size, arrange=flat)
def relu_fork_backward(a, b, y, dx):
    """Two gradients of y, of which it was made by ReLU."""
    i = cuda.grid(1)
    if i < dx.size:
        dx[i] = passed(a[i] + b[i], y[i])
