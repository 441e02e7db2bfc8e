"""What the planner may replace: optimisations (FUSIONS), and variants of a kernel, always chosen (VARIANTS)."""
import math

from numbacnn.fusion import Fusion
from numbacnn.kernels import Spec

from .conv_blocked import is_short
from .patches import BLOCK

LONGEST = 512             # numbers in a patch of which the fused gradient of a weight keeps a block of columns


def is_depthwise(weight, conv):
    """Whether each channel has a filter of its own."""
    return weight.shape[:2] == (conv[-1], 1) and conv[-1] > 1


def depthwise_packed(weight):
    """Return what is known of the output of `conv2d_depthwise_pack`."""
    channels, _, tall, wide = weight.shape
    return Spec((tall, wide, channels), weight.dtype)


def turned(weight, conv):
    """Return what is known of the output of `conv2d_turn`."""
    outputs, channels, tall, wide = weight.shape
    groups = conv[-1]
    return Spec((channels * groups, tall, wide * (outputs // groups)), weight.dtype)


def turned_taps(weight):
    """Return what is known of the output of `conv2d_turn_taps`."""
    outputs, channels, tall, wide = weight.shape
    return Spec((tall, wide * channels, outputs), weight.dtype)


def pools_side_by_side(conv, pool):
    """Whether windows share no pixel of the convolution, and a block holds one."""
    (kh, kw), *rest = pool[:2], pool[2:4], pool[4:]
    return conv[-1] == 1 and rest == [(kh, kw), (0, 0, 1, 1)] and kh * kw <= BLOCK


def is_padded_evenly(x, weight, c, conv):
    """Whether the width of the convolution follows from its padding above and to the left ("same" may add one less)."""
    (_, sw, _, pw, _, dw, _), wide = conv, weight.shape[3]
    return c.shape[3] == (x.shape[3] + 2 * pw - dw * (wide - 1) - 1) // sw + 1


FUSIONS = [
    Fusion(                                             # the output of the convolution is not needed: y and argmax tell
        """
        y, argmax = max_pool2d(r, *pool)
        d = max_pool2d_backward(dy, argmax, *pool)
        e = relu_backward(d, r)
        dweight = conv2d_backward_weight(x, e, *conv)
        dbias = conv2d_backward_bias(e)
        """,
        """
        y, argmax = max_pool2d(r, *pool)
        dweight, dbias = conv2d_relu_max_pool2d_backward(x, y, argmax, dy, *conv, *pool)
        """,
        when=lambda x, dweight, e, conv, pool: (
            pools_side_by_side(conv, pool) and is_padded_evenly(x, dweight, e, conv)
            and math.prod(dweight.shape[1:]) <= LONGEST),
    ),
    Fusion(                                             # ask first which windows are positive: there are fewer
        """
        y, argmax = max_pool2d(r, *pool)
        d = max_pool2d_backward(dy, argmax, *pool)
        e = relu_backward(d, r)
        """,
        """
        y, argmax = max_pool2d(r, *pool)
        rectified = relu_backward(dy, y)
        e = max_pool2d_backward(rectified, argmax, *pool)
        """,
        temporaries={"rectified": lambda dy: dy},
    ),
    Fusion(
        """
        c = conv2d(x, weight, bias, *conv)
        r = relu(c)
        y, argmax = max_pool2d(r, *pool)
        """,
        """
        y, argmax = conv2d_relu_max_pool2d(x, weight, bias, *conv, *pool)
        """,
        when=lambda x, weight, c, conv, pool: pools_side_by_side(conv, pool) and is_padded_evenly(x, weight, c, conv),
    ),
]

VARIANTS = [
    Fusion(
        "y = conv2d(x, weight, bias, *conv)",
        """
        packed = conv2d_depthwise_pack(weight)
        y = conv2d_depthwise(x, packed, bias, *conv)
        """,
        when=is_depthwise, temporaries={"packed": depthwise_packed},
    ),
    Fusion("y = conv2d(x, weight, bias, *conv)", "y = conv2d_short(x, weight, bias, *conv)",
           when=lambda weight, conv: conv[-1] == 1 and is_short(weight.shape)),
    Fusion("y = conv2d(x, weight, bias, *conv)", "y = conv2d_long(x, weight, bias, *conv)"),
    Fusion(
        "dx = conv2d_backward_input(dy, weight, *conv)",
        """
        packed = conv2d_depthwise_pack(weight)
        dx = conv2d_depthwise_backward_input(dy, packed, *conv)
        """,
        when=is_depthwise, temporaries={"packed": depthwise_packed},
    ),
    Fusion(
        "dx = conv2d_backward_input(dy, weight, *conv)",
        """
        turned = conv2d_turn_taps(weight)
        dx = conv2d_backward_input_strided(dy, turned, *conv)
        """,
        when=lambda conv: conv[:2] != (1, 1) and conv[-1] == 1, temporaries={"turned": turned_taps},
    ),
    Fusion(
        "dx = conv2d_backward_input(dy, weight, *conv)",
        """
        turned = conv2d_turn(weight)
        dx = conv2d_backward_input_turned(dy, turned, *conv)
        """,
        temporaries={"turned": turned},
    ),
    Fusion(
        "dweight = conv2d_backward_weight(x, dy, *conv)",
        "dweight = conv2d_depthwise_backward_weight(x, dy, *conv)",
        when=lambda dweight, conv: is_depthwise(dweight, conv),
    ),
    Fusion("dweight = conv2d_backward_weight(x, dy, *conv)", "dweight = conv2d_backward_weight_parts(x, dy, *conv)"),
]
