"""Which algorithm computes a convolution: the first rule that fits. Winograd's are in winograd_rules.py, before these.

Packing a weight is an op of its own: where the weight does not change, the planner runs it once.
"""
from numbacnn.fusion import Fusion
from numbacnn.kernels import Spec

from .conv_scatter import is_narrow
from .conv_tiles import moments_of_job, sums_of_job
from .depthwise import sums_of_strips
from .depthwise_backward import is_covered
from .pack import packed, packed_turned
from .winograd_rules import FORWARD, is_winograd, is_winograd_backward, is_winograd_weight, variant

POINTWISE = 1 << 17       # filters of a 1 x 1 convolution, at most, that go into one pass with a depthwise one


def is_depthwise(weight, conv):
    """Whether each channel has a filter of its own."""
    return weight.shape[:2] == (conv[-1], 1) and conv[-1] > 1


def depthwise_packed(weight):
    """Return what is known of the output of `conv2d_depthwise_pack`."""
    channels, _, tall, wide = weight.shape
    return Spec((tall, wide, channels), weight.dtype)


def epilogue(lines, op):
    """Return the rule that `lines` after a convolution are done before its outputs are written."""
    if "add" in op:
        return Fusion(f"{lines}\nc = conv2d(x, weight, bias, *conv)", f"y = {op}(x, weight, bias, other, *conv)",
                      when=lambda weight, c, other, conv: c.shape == other.shape and not is_depthwise(weight, conv))
    return Fusion(f"{lines}\nc = conv2d(x, weight, bias, *conv)", f"y = {op}(x, weight, bias, *conv)",
                  when=lambda weight, conv: not is_depthwise(weight, conv))


def is_direct(weight, c, conv, precision, constant):
    """Whether a convolution is computed by tiles of sums."""
    return not is_depthwise(weight, conv) and not is_winograd(weight, c, conv, precision, constant)


FUSIONS = [
    epilogue("y = relu(s)\ns = add(c, other)", "conv2d_add_relu"),
    epilogue("y = relu(s)\ns = add(other, c)", "conv2d_add_relu"),
    epilogue("y = add(c, other)", "conv2d_add"),
    epilogue("y = add(other, c)", "conv2d_add"),
    epilogue("y = relu(c)", "conv2d_relu"),
    Fusion(
        """
        y = relu(c)
        c = conv2d(x, weight, bias, *conv)
        """,
        """
        packed = conv2d_depthwise_pack(weight)
        y = conv2d_depthwise_relu(x, packed, bias, *conv)
        """,
        when=is_depthwise, temporaries={"packed": depthwise_packed},
    ),
    Fusion(
        """
        mean, rstd, new_mean, new_var = batch_norm_statistics(c, running_mean, running_var, *norm)
        c = conv2d(x, weight, bias, *conv)
        """,
        """
        packed = conv2d_pack(weight, *conv)
        c, moments = conv2d_moments_packed(x, packed, bias, *conv)
        mean, rstd, new_mean, new_var = batch_norm_join(moments, running_mean, running_var, *norm)
        """,
        when=lambda weight, c, conv, precision, constant: (
            c.shape[0] > 0 and conv[-1] == 1 and is_direct(weight, c, conv, precision, constant)),
        temporaries={"packed": packed, "moments": lambda x, weight, c, conv: moments_of_job(x, weight, c, conv)},
    ),
]


def is_pointwise(weight, conv):
    """Whether a convolution sees one pixel at a time, all channels of it, and so many that bands may read them anew."""
    (outputs, channels), taps = weight.shape[:2], weight.shape[2:]
    return taps == (1, 1) and conv == (1, 1, 0, 0, 1, 1, 1) and 0 < outputs * channels <= POINTWISE


def separable(op):
    """Return the rule that a depthwise convolution and one of 1 x 1 behind it are one."""
    return Fusion(
        f"""
        y = {op}(z, weight, bias, *conv)
        z = conv2d_depthwise_relu(x, packed, first_bias, *depthwise)
        """,
        f"""
        second = conv2d_pack(weight, *conv)
        y = {op.replace('conv2d', 'conv2d_separable')}(x, packed, first_bias, second, bias, *depthwise)
        """,
        when=is_pointwise, temporaries={"second": packed},
    )


SEPARABLE = [separable("conv2d_relu"), separable("conv2d")]

NORMALISED = [            # z is then never stored: what reads it copies it anyway, and copies x normalised
    Fusion(
        """
        dweight = conv2d_backward_weight(z, dy, *conv)
        c = conv2d(z, weight, bias, *conv)
        z = batch_norm_relu(x, mean, rstd, scale, shift)
        """,
        """
        z = batch_norm_relu(x, mean, rstd, scale, shift)
        c = conv2d(z, weight, bias, *conv)
        dweight = conv2d_depthwise_backward_weight_normalised(x, mean, rstd, scale, shift, dy, *conv)
        """,
        when=is_depthwise,
    ),
    Fusion(
        """
        c = conv2d(z, weight, bias, *conv)
        z = batch_norm_relu(x, mean, rstd, scale, shift)
        """,
        """
        packed = conv2d_depthwise_pack(weight)
        c = conv2d_depthwise_normalised(x, mean, rstd, scale, shift, packed, bias, *conv)
        """,
        when=is_depthwise, temporaries={"packed": depthwise_packed},
    ),
    Fusion(
        """
        dweight = conv2d_backward_weight(z, dy, *conv)
        c, moments = conv2d_moments_packed(z, packed, bias, *conv)
        z = batch_norm_relu(x, mean, rstd, scale, shift)
        """,
        """
        z = batch_norm_relu(x, mean, rstd, scale, shift)
        c, moments = conv2d_moments_packed(z, packed, bias, *conv)
        dweight = conv2d_backward_weight_normalised_tiles(x, mean, rstd, scale, shift, dy, *conv)
        """,
        when=lambda dweight, dy, conv, precision: not is_winograd_weight(dweight, dy, conv, precision),
    ),
    Fusion(
        """
        c, moments = conv2d_moments_packed(z, packed, bias, *conv)
        z = batch_norm_relu(x, mean, rstd, scale, shift)
        """,
        "c, moments = conv2d_moments_normalised_packed(x, mean, rstd, scale, shift, packed, bias, *conv)",
    ),
]

SUMMED = [                # dz is read while it is in the cache
    Fusion(
        """
        dscale, dshift = batch_norm_relu_backward_weight(dz, x, mean, rstd, scale, shift)
        dz = conv2d_backward_input(dy, weight, *conv)
        """,
        """
        packed = conv2d_depthwise_pack(weight)
        dz, sums = conv2d_depthwise_backward_input_sums(dy, packed, x, mean, rstd, scale, shift, *conv)
        dscale, dshift = batch_norm_join_sums(sums, rstd)
        """,
        when=lambda weight, dz, conv: dz.shape[0] > 0 and is_depthwise(weight, conv),
        temporaries={"packed": depthwise_packed, "sums": sums_of_strips},
    ),
    Fusion(
        """
        dscale, dshift = batch_norm_relu_backward_weight(dz, x, mean, rstd, scale, shift)
        dz = conv2d_backward_input(dy, weight, *conv)
        """,
        """
        packed = conv2d_pack_turned(weight, *conv)
        dz, sums = conv2d_backward_input_sums_packed(dy, packed, x, mean, rstd, scale, shift, *conv)
        dscale, dshift = batch_norm_join_sums(sums, rstd)
        """,
        when=lambda dy, weight, dz, conv, precision: (
            dz.shape[0] > 0 and conv[:2] == (1, 1) and conv[-1] == 1 and not is_narrow(dy, weight, dz, conv)
            and not is_winograd_backward(weight, dz, conv, precision)),
        temporaries={"packed": packed_turned, "sums": sums_of_job},
    ),
]

BETWEEN = [               # a depthwise convolution between batch norms: both of its gradients at once
    Fusion(
        """
        dz, sums = conv2d_depthwise_backward_input_sums(dy, packed, x, mean, rstd, scale, shift, *conv)
        dweight = conv2d_depthwise_backward_weight_normalised(x, mean, rstd, scale, shift, dy, *conv)
        dy = batch_norm_relu_backward_input(dr, y, mean2, rstd2, scale2, shift2, dscale2, dshift2, *training)
        """,
        """
        dweight, dz, sums = conv2d_depthwise_backward_normalised(
            dr, y, mean2, rstd2, scale2, shift2, dscale2, dshift2, packed, x, mean, rstd, scale, shift, *training,
            *conv)
        """,
        when=is_covered,
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

NARROW = [
    Fusion("dx = conv2d_backward_input(dy, weight, *conv)", "dx = conv2d_backward_input_scattered(dy, weight, *conv)",
           when=is_narrow),
]

DIRECT = [
    *(variant(op, "conv2d_pack(weight, *conv)", f"{op}_packed", packed) for op in FORWARD),
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
