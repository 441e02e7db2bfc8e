"""Functions of layers without parameters of their own: `import numbacnn.nn.functional as F`."""
from numbacnn.ops import (
    adaptive_avg_pool2d,
    avg_pool2d,
    batch_norm,
    conv1d,
    conv2d,
    conv3d,
    conv_transpose1d,
    conv_transpose2d,
    conv_transpose3d,
    cross_entropy,
    dropout,
    leaky_relu,
    linear,
    max_pool2d,
    prelu,
    relu,
    sigmoid,
    softmax,
    sum_pool2d,
)

__all__ = ["adaptive_avg_pool2d", "avg_pool2d", "batch_norm", "conv1d", "conv2d", "conv3d", "conv_transpose1d",
           "conv_transpose2d", "conv_transpose3d", "cross_entropy", "dropout", "leaky_relu", "linear", "max_pool2d",
           "prelu", "relu", "sigmoid", "softmax", "sum_pool2d"]
