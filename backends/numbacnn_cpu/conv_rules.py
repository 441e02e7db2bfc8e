"""Which algorithm computes a convolution: the first rule that fits. Winograd's are in winograd_rules.py, before these.

Packing a weight is an op of its own: where the weight does not change, the planner runs it once.
"""
from numbacnn.fusion import Fusion
from numbacnn.kernels import Spec

from .pack import packed, packed_turned


def is_depthwise(weight, conv):
    """Whether each channel has a filter of its own."""
    return weight.shape[:2] == (conv[-1], 1) and conv[-1] > 1


def depthwise_packed(weight):
    """Return what is known of the output of `conv2d_depthwise_pack`."""
    channels, _, tall, wide = weight.shape
    return Spec((tall, wide, channels), weight.dtype)


FUSIONS = [
    Fusion(
        """
        c = conv2d(x, weight, bias, *conv)
        y = relu(c)
        """,
        "y = conv2d_relu(x, weight, bias, *conv)",
        when=lambda weight, conv: not is_depthwise(weight, conv),
    ),
]

DEPTHWISE = [
    Fusion(
        "y = conv2d(x, weight, bias, *conv)",
        """
        packed = conv2d_depthwise_pack(weight)
        y = conv2d_depthwise(x, packed, bias, *conv)
        """,
        when=is_depthwise, temporaries={"packed": depthwise_packed},
    ),
    Fusion(
        "dx = conv2d_backward_input(dy, weight, *conv)",
        """
        packed = conv2d_depthwise_pack(weight)
        dx = conv2d_depthwise_backward_input(dy, packed, *conv)
        """,
        when=is_depthwise, temporaries={"packed": depthwise_packed},
    ),
    Fusion(
        "dweight = conv2d_backward_weight(x, dy, *conv)",
        "dweight = conv2d_depthwise_backward_weight(x, dy, *conv)",
        when=lambda dweight, conv: is_depthwise(dweight, conv),
    ),
]

DIRECT = [
    Fusion(
        "y = conv2d(x, weight, bias, *conv)",
        """
        packed = conv2d_pack(weight, *conv)
        y = conv2d_packed(x, packed, bias, *conv)
        """,
        temporaries={"packed": packed},
    ),
    Fusion(
        "y = conv2d_relu(x, weight, bias, *conv)",
        """
        packed = conv2d_pack(weight, *conv)
        y = conv2d_relu_packed(x, packed, bias, *conv)
        """,
        temporaries={"packed": packed},
    ),
    Fusion(
        "dx = conv2d_backward_input(dy, weight, *conv)",
        """
        packed = conv2d_pack_turned(weight, *conv)
        dx = conv2d_backward_input_packed(dy, packed, *conv)
        """,
        temporaries={"packed": packed_turned},
    ),
    Fusion("dweight = conv2d_backward_weight(x, dy, *conv)", "dweight = conv2d_backward_weight_tiles(x, dy, *conv)"),
]
