"""A sum and ReLU, forward and backward, in one pass over memory. An item is a number."""
from numbacnn.kernels.channels_last import flat

from .compile import kernel


@kernel(items=lambda y: y.size, arrange=flat)
def add_relu(a, b, y, begin, end):
    """y = relu(a + b)."""
    zero = y.dtype.type(0)
    a, b, y = a[begin:end], b[begin:end], y[begin:end]
    for i in range(y.size):
        value = a[i] + b[i]
        y[i] = zero if value <= zero else value


@kernel(items=lambda dx: dx.size, arrange=flat)
def relu_fork_backward(a, b, y, dx, begin, end):
    """dx, given two gradients with respect to y = relu(x)."""
    zero = dx.dtype.type(0)
    a, b, y, dx = a[begin:end], b[begin:end], y[begin:end], dx[begin:end]
    for i in range(dx.size):
        total = a[i] + b[i]
        dx[i] = zero if y[i] <= zero else total
