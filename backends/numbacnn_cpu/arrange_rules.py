"""Convolutions of sequences, volumes and transposed ones: what is recorded around the kernels of two dimensions.

Sequences (N, C, L) and volumes lie otherwise than images. ReLU goes before the copy that leads back to them, where it
is done with the convolution; what leads back and there again is left out.
"""
from numbacnn.fusion import Fusion

from .conv_rules import is_depthwise
from .conv_scatter import is_narrow
from .pack import packed_turned
from .winograd_rules import is_winograd_backward


def leaves_images(c, v):
    """Whether a reshape leads from images to something else."""
    return len(c.shape) == 4 and len(v.shape) != 4


def is_spread(x, weight, c, b, bias, conv, precision):
    """Whether a transposed convolution is computed by tiles of sums, which can begin with its bias."""
    return (bias.shape == c.shape[1:2] and b.shape == (1, *bias.shape, 1, 1) and not is_depthwise(weight, conv)
            and not is_narrow(x, weight, c, conv) and not is_winograd_backward(weight, c, conv, precision))


def sums_taps(filters, depth, conv, planes):
    """Whether a volume is the sum of images that one tap each along the depth has made, without steps along rows."""
    return is_depthwise(filters, conv) and planes == (depth[0], 1, 0, 0, 1) and depth[4] == 1 and conv[1] == 1


def spread(lines, op):
    """Return the rule that a bias, and what else is in `lines`, is added where the outputs are computed."""
    return Fusion(f"{lines}\nb = reshape(bias)\nc = conv2d_backward_input(x, weight, *conv)",
                  f"packed = conv2d_pack_turned(weight, *conv)\ny = {op}(x, packed, bias, *conv)",
                  when=is_spread, temporaries={"packed": packed_turned})


FUSIONS = [
    Fusion("y = relu(v)\nv = reshape(c)", "r = relu(c)\ny = reshape(r)", when=leaves_images,
           temporaries={"r": lambda c: c}),
    Fusion("y = relu(v)\nv = depth_windows_backward(c, *depth)", "r = relu(c)\ny = depth_windows_backward(r, *depth)",
           when=lambda depth: depth[0] == 1, temporaries={"r": lambda c: c}),
    Fusion("v = reshape(c)\ny = reshape(v)", "v = reshape(c)\ny = reshape(c)",
           when=lambda c, v, y: leaves_images(c, v) and c.shape == y.shape),
    Fusion(
        """
        v = reshape(r)
        dy = reshape(d)
        dv = relu_backward(dy, v)
        dc = reshape(dv)
        """,
        """
        v = reshape(r)
        dc = relu_backward(d, r)
        """,
        when=lambda r, v, d, dc: leaves_images(r, v) and d.shape == r.shape == dc.shape,
    ),
    spread("y = relu(s)\ns = add(c, b)", "conv2d_transposed_relu_packed"),
    spread("y = add(c, b)", "conv2d_transposed_packed"),
    Fusion("y = reshape(v)\nv = reshape(c)", "y = reshape(c)"),      # of any shapes, if nobody else needs v
    Fusion(
        """
        images = depth_windows(x, *depth)
        c = conv2d(images, filters, bias, *conv)
        y = depth_windows_backward(c, *planes)
        """,
        "y = conv3d_depthwise(x, filters, bias, *depth, *conv)", when=sums_taps,
    ),
]
