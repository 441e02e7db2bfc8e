"""Convolution, ReLU and max pooling as one, in both directions (fused.py)."""
import math

from numbacnn.fusion import Fusion
from numbacnn.kernels import Spec

from .fused import SUMS, step_of
from .fused_inputs import is_sparse, packed_for_winners
from .fused_planes import do_planes_gain
from .fused_tables import together, usual
from .fused_winner_tables import layout
from .pack import lanes_of, vectors_for

WINDOW = 16               # pixels of a window, at most: a tile has all of them
LONGEST = 300             # products in a sum, at most: beyond, other algorithms gain more than fusing does


def is_pooled(x, weight, c, y, conv, pool):
    """Whether the fused kernels can compute it, and should."""
    (kh, kw), *rest = pool[:2], pool[2:4], pool[4:]
    inside = y.shape[2] * kh <= c.shape[2] and y.shape[3] * kw <= c.shape[3]
    side_by_side = rest == [(kh, kw), (0, 0, 1, 1)] and kh * kw <= WINDOW and inside
    fitting = weight.shape[0] > 0 and 0 < math.prod(weight.shape[1:]) <= LONGEST
    return conv[-1] == 1 and side_by_side and fitting and is_padded_evenly(x, weight, c, conv)


def is_padded_evenly(x, weight, c, conv):
    """Whether the width of the convolution follows from its padding above and to the left ("same" may add one less)."""
    (_, sw, _, pw, _, dw, _), wide = conv, weight.shape[3]
    return c.shape[3] == (x.shape[3] + 2 * pw - dw * (wide - 1) - 1) // sw + 1


def packed_for_windows(weight, y, conv, pool):
    """Return what is known of the output of `conv2d_pack_windows`.

    Tiles are so narrow that they have whole windows. Few outputs leave room for windows side by side: that is a wider
    filter with zeros, so it must be shorter than those of all windows; and there is another block, the weight for one,
    by which kernels know (`are_several`). Planes (fused_planes.py) have as many columns as outputs: no whole vector.
    """
    (outputs, channels, tall, wide), size, numbers = weight.shape, pool[0] * pool[1], usual(conv + pool)
    vectors = min(vectors_for(outputs, weight.dtype), max(1, SUMS // size))
    width = vectors * lanes_of(weight.dtype)
    count = together(outputs, y.shape[3], numbers, lanes_of(weight.dtype))
    if wide <= step_of(numbers):
        count = 1
    several = wide + (count - 1) * step_of(numbers)
    if do_planes_gain(weight, y, numbers, several * vectors / count):
        return Spec((1, tall, wide, channels, outputs), weight.dtype)
    if count > 1:
        return Spec((2, tall, several, channels, width), weight.dtype)
    return Spec((-(-outputs // width), tall, wide, channels, width), weight.dtype)


def bytes_of(y):
    """Return what is known of the place of each window's maximum."""
    return Spec(y.shape, "uint8")


def do_winners_gain(x, dweight, both):
    """Whether the sums of windows' winners take less than those of all pixels, in tiles that waste nothing."""
    (outputs, channels, tall, wide), lanes, pixels = dweight.shape, lanes_of(x.dtype), both[7] * both[8]
    _, cost = layout((tall, wide), channels, usual(both), outputs, lanes)
    return cost < pixels * outputs * -(-channels * tall * wide // lanes)


FUSIONS = [
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
    Fusion(                                             # nobody needs argmax where the next rules apply
        """
        c = conv2d(x, weight, bias, *conv)
        r = relu(c)
        y, argmax = max_pool2d(r, *pool)
        """,
        """
        packed = conv2d_pack_windows(weight, *conv, *pool)
        y, which = conv2d_relu_max_pool2d(x, packed, bias, *conv, *pool)
        argmax = conv2d_relu_max_pool2d_argmax(which, x, weight, *conv, *pool)
        """,
        when=is_pooled, temporaries={"packed": packed_for_windows, "which": bytes_of},
    ),
    Fusion(                                             # the output of the convolution is not needed: y and which tell
        """
        y, which = conv2d_relu_max_pool2d(x, packed, bias, *both)
        argmax = conv2d_relu_max_pool2d_argmax(which, x, weight, *both)
        rectified = relu_backward(dy, y)
        e = max_pool2d_backward(rectified, argmax, *pool)
        dweight = conv2d_backward_weight(x, e, *conv)
        dbias = conv2d_backward_bias(e)
        """,
        """
        y, which = conv2d_relu_max_pool2d(x, packed, bias, *both)
        argmax = conv2d_relu_max_pool2d_argmax(which, x, weight, *both)
        dweight, dbias = conv2d_relu_max_pool2d_backward(x, y, which, dy, *both)
        """,
        when=lambda conv, pool, both: conv + pool == both,
    ),
    Fusion(                                             # the gradient of x needs that of the whole convolution
        """
        argmax = conv2d_relu_max_pool2d_argmax(which, x, weight, *both)
        rectified = relu_backward(dy, y)
        e = max_pool2d_backward(rectified, argmax, *pool)
        """,
        """
        argmax = conv2d_relu_max_pool2d_argmax(which, x, weight, *both)
        e = relu_max_pool2d_backward(dy, y, which, *pool)
        """,
    ),
    Fusion(                                             # those of weight and bias do not, even then
        """
        y, which = conv2d_relu_max_pool2d(x, packed, bias, *both)
        e = relu_max_pool2d_backward(dy, y, which, *pool)
        dweight = conv2d_backward_weight(x, e, *conv)
        dbias = conv2d_backward_bias(e)
        """,
        """
        y, which = conv2d_relu_max_pool2d(x, packed, bias, *both)
        e = relu_max_pool2d_backward(dy, y, which, *pool)
        dweight, dbias = conv2d_backward_winners(x, y, which, dy, *both)
        """,
        when=lambda x, dweight, conv, pool, both: conv + pool == both and do_winners_gain(x, dweight, both),
    ),
    Fusion(                                             # nor does that of x, if it is the last that needs that of all
        """
        y, which = conv2d_relu_max_pool2d(x, packed, bias, *both)
        e = relu_max_pool2d_backward(dy, y, which, *pool)
        dx = conv2d_backward_input(e, weight, *conv)
        """,
        """
        y, which = conv2d_relu_max_pool2d(x, packed, bias, *both)
        winners = conv2d_pack_winners(weight, *both)
        dx = conv2d_relu_max_pool2d_backward_input(dy, y, which, weight, winners, *both)
        """,
        when=lambda e, weight, dx, conv, pool, both: conv + pool == both and is_sparse(e, weight, dx, conv, both),
        temporaries={"winners": packed_for_winners},
    ),
]
