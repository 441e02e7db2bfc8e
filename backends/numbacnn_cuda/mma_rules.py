"""Which convolutions and products of matrices go to tensor cores, which round what they read to tf32 (decision 32)."""
import math

from numbacnn.fusion import Fusion

from .build import capability_of
from .runtime import runtime

LEAST = 1 << 24           # products of numbers: fewer are done before tensor cores would be warm
NARROWEST = 16            # channels to write, and terms of a sum: with fewer, tiles are mostly empty
MOST = 1 << 31            # numbers of an array: places in it are counted in 32 bits
QUAD = 4                  # channels that are written at once


def is_large(filters, terms, *arrays):
    """Whether a product fills tiles; the first array is the one that is written."""
    return (filters >= NARROWEST and terms >= NARROWEST and math.prod(arrays[0].shape) * terms >= LEAST
            and all(math.prod(each.shape) < MOST // 2 for each in arrays) and has_tensor_cores())


def has_tensor_cores():
    """Whether the device multiplies matrices of tf32: from compute capability 8.0 on, and in the simulator."""
    arch = runtime().device(0).arch
    return arch is None or capability_of(arch) >= (8, 0)


def is_rounded(array, precision):
    """Whether operands of convolutions may be rounded."""
    return array.dtype == "float32" and precision != "highest"


def is_matrix_rounded(array, precision):
    """Whether operands of products of matrices may be rounded."""
    return array.dtype == "float32" and precision in ("high", "medium")


def fits(x, weight, y, conv, precision):
    """Whether a convolution goes to tensor cores."""
    filters, *terms = weight.shape
    return (is_rounded(x, precision) and conv[-1] == 1 and filters % QUAD == 0
            and is_large(filters, math.prod(terms), y, x))


def fits_backward_input(dy, weight, dx, conv, precision):
    """Whether its gradient with respect to x does."""
    filters, channels, *taps = weight.shape
    return (is_rounded(dy, precision) and conv[-1] == 1 and channels % QUAD == 0
            and is_large(channels, filters * math.prod(taps) // (conv[0] * conv[1]), dx, dy))


def fits_backward_weight(x, dy, dweight, conv, precision):
    """Whether its gradient with respect to the filters does."""
    return (is_rounded(x, precision) and conv[-1] == 1
            and is_large(dweight.shape[0], dy.shape[0] * math.prod(dy.shape[2:]), dweight, x, dy))


def fits_linear(x, weight, y, precision):
    """Whether a dense layer does."""
    return (is_matrix_rounded(x, precision) and weight.shape[0] % QUAD == 0
            and is_large(weight.shape[0], weight.shape[1], y, x, weight))


def fits_matmul(a, b, y, turns, precision):
    """Whether a product of matrices does: with one matrix b, and if a is turned, it is one and b is not."""
    _, rows, columns = y.shape
    turn_a, turn_b = turns
    return (is_matrix_rounded(a, precision) and columns % QUAD == 0 and b.shape[0] == 1
            and (not turn_a or (a.shape[0] == 1 and not turn_b))
            and is_large(min(rows, columns), a.shape[1 if turn_a else 2], y, a, b))


def epilogue(lines, op):
    """Return the rule that `lines` after a convolution are done before its outputs are written."""
    other = "other, " if "add" in op else ""
    return Fusion(f"{lines}\nc = conv2d(x, weight, bias, *conv)", f"y = {op}(x, weight, bias, {other}*conv)",
                  when=with_other if other else lambda x, weight, c, conv, precision: fits(
                      x, weight, c, conv, precision))


def with_other(x, weight, c, other, conv, precision):
    """Whether a convolution and an array added to it are done at once."""
    return c.shape == other.shape and fits(x, weight, c, conv, precision)


FUSIONS = [
    epilogue("y = relu(s)\ns = add(c, other)", "conv2d_add_relu_tf32"),
    epilogue("y = relu(s)\ns = add(other, c)", "conv2d_add_relu_tf32"),
    epilogue("y = add(c, other)", "conv2d_add_tf32"),
    epilogue("y = add(other, c)", "conv2d_add_tf32"),
    epilogue("y = relu(c)", "conv2d_relu_tf32"),
    Fusion("y = relu(c)\nc = linear(x, weight, bias)", "y = linear_relu_tf32(x, weight, bias)",
           when=lambda x, weight, c, precision: fits_linear(x, weight, c, precision)),
]

VARIANTS = [
    Fusion("y = conv2d(x, weight, bias, *conv)", "y = conv2d_tf32(x, weight, bias, *conv)", when=fits),
    Fusion("dx = conv2d_backward_input(dy, weight, *conv)", "dx = conv2d_backward_input_tf32(dy, weight, *conv)",
           when=fits_backward_input),
    Fusion("dweight = conv2d_backward_weight(x, dy, *conv)", "dweight = conv2d_backward_weight_tf32(x, dy, *conv)",
           when=fits_backward_weight),
    Fusion("y = linear(x, weight, bias)", "y = linear_tf32(x, weight, bias)", when=fits_linear),
    Fusion("dx = linear_backward_input(dy, weight)", "dx = linear_backward_input_tf32(dy, weight)",
           when=lambda dy, weight, dx, precision: is_matrix_rounded(dy, precision) and weight.shape[1] % QUAD == 0
           and is_large(weight.shape[1], weight.shape[0], dx, dy)),
    Fusion("dweight = linear_backward_weight(x, dy)", "dweight = linear_backward_weight_tf32(x, dy)",
           when=lambda x, dy, dweight, precision: is_matrix_rounded(x, precision)
           and is_large(dweight.shape[0], x.shape[0], dweight, x, dy)),
    Fusion("y = matmul(a, b, *turns)", "y = matmul_tf32(a, b, *turns)", when=fits_matmul),
]
