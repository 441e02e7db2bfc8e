"""Functions of layers without parameters of their own: `import numbacnn.nn.functional as F`."""
from numbacnn.ops import (
    adaptive_avg_pool2d,
    avg_pool2d,
    batch_norm,
    channel_shuffle,
    conv2d,
    cross_entropy,
    dropout,
    embedding,
    leaky_relu,
    linear,
    max_pool2d,
    one_hot,
    pad,
    pixel_shuffle,
    pixel_unshuffle,
    prelu,
    relu,
    sigmoid,
    softmax,
    sum_pool2d,
)

__all__ = ["adaptive_avg_pool2d", "avg_pool2d", "batch_norm", "channel_shuffle", "conv2d", "cross_entropy",
           "dropout", "embedding", "leaky_relu", "linear", "max_pool2d", "one_hot", "pad", "pixel_shuffle",
           "pixel_unshuffle", "prelu", "relu", "sigmoid", "softmax", "sum_pool2d"]
