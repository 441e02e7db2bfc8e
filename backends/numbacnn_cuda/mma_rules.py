"""Which convolutions and products of matrices go to tensor cores: what is float32 is rounded to tf32 (decision 32).

bfloat16 is multiplied as it is, whatever the precision.
"""
import math

from numbacnn.fusion import Fusion

from .build import capability_of
from .runtime import runtime

LEAST = 1 << 24           # products of numbers: fewer are done before tensor cores would be warm
NARROWEST = 16            # channels to write, and terms of a sum: with fewer, tiles are mostly empty
MOST = 1 << 31            # numbers of an array: places in it are counted in 32 bits
CHUNKS = {"float32": 4, "bfloat16": 8}       # channels that are written at once: 16 bytes
KINDS = {"tf32": "float32", "bf16": "bfloat16"}          # at the end of an op's name: what is read and written
CONVOLUTIONS, MATRICES = ("default", "high", "medium"), ("high", "medium")   # precisions that allow to round float32


def is_large(filters, terms, *arrays):
    """Whether a product fills tiles; the first array is the one that is written."""
    return (filters >= NARROWEST and terms >= NARROWEST and math.prod(arrays[0].shape) * terms >= LEAST
            and all(math.prod(each.shape) < MOST // 2 for each in arrays) and has_tensor_cores())


def has_tensor_cores():
    """Whether the device multiplies matrices of tf32: from compute capability 8.0 on, and in the simulator."""
    arch = runtime().device(0).arch
    return arch is None or capability_of(arch) >= (8, 0)


def rules_of(kind):
    """Return the rules for one kind of numbers: fusions, and variants."""
    dtype = KINDS[kind]

    def allowed(precisions, precision, *arrays):
        """Whether all arrays are of the dtype, and may be multiplied so."""
        return all(each.dtype == dtype for each in arrays) and (dtype != "float32" or precision in precisions)

    def is_written(channels):
        """Whether channels are whole pieces."""
        return channels % CHUNKS[dtype] == 0

    def fits(x, weight, y, conv, precision):
        """Whether a convolution goes to tensor cores."""
        filters, *terms = weight.shape
        return (allowed(CONVOLUTIONS, precision, x, weight, y) and conv[-1] == 1 and is_written(filters)
                and is_large(filters, math.prod(terms), y, x))

    def fits_backward_input(dy, weight, dx, conv, precision):
        """Whether its gradient with respect to x does."""
        filters, channels, *taps = weight.shape
        return (allowed(CONVOLUTIONS, precision, dy, weight, dx) and conv[-1] == 1 and is_written(channels)
                and is_large(channels, filters * math.prod(taps) // (conv[0] * conv[1]), dx, dy))

    def fits_backward_weight(x, dy, dweight, conv, precision):
        """Whether its gradient with respect to the filters does."""
        return (allowed(CONVOLUTIONS, precision, x, dy) and conv[-1] == 1
                and is_large(dweight.shape[0], dy.shape[0] * math.prod(dy.shape[2:]), dweight, x, dy))

    def fits_linear(x, weight, y, precision):
        """Whether a dense layer does."""
        return (allowed(MATRICES, precision, x, weight, y) and is_written(weight.shape[0])
                and is_large(weight.shape[0], weight.shape[1], y, x, weight))

    def fits_linear_backward_input(dy, weight, dx, precision):
        """Whether its gradient with respect to x does."""
        return (allowed(MATRICES, precision, dy, weight, dx) and is_written(weight.shape[1])
                and is_large(weight.shape[1], weight.shape[0], dx, dy))

    def fits_linear_backward_weight(x, dy, dweight, precision):
        """Whether its gradient with respect to the weight does."""
        return (allowed(MATRICES, precision, x, dy)
                and is_large(dweight.shape[0], x.shape[0], dweight, x, dy))

    def fits_matmul(a, b, y, turns, precision):
        """Whether a product of matrices does: with one matrix b, and if a is turned, it is one and b is not."""
        _, rows, columns = y.shape
        turn_a, turn_b = turns
        return (allowed(MATRICES, precision, a, b, y) and is_written(columns) and b.shape[0] == 1
                and (not turn_a or (a.shape[0] == 1 and not turn_b))
                and is_large(min(rows, columns), a.shape[1 if turn_a else 2], y, a, b))

    def with_other(x, weight, c, other, conv, precision):
        """Whether a convolution and an array added to it are done at once."""
        return c.shape == other.shape and c.dtype == other.dtype and fits(x, weight, c, conv, precision)

    def epilogue(lines, op):
        """Return the rule that `lines` after a convolution are done before its outputs are written."""
        other = "other, " if "add" in op else ""
        return Fusion(f"{lines}\nc = conv2d(x, weight, bias, *conv)", f"y = {op}_{kind}(x, weight, bias, {other}*conv)",
                      when=with_other if other else lambda x, weight, c, conv, precision: fits(
                          x, weight, c, conv, precision))

    def variant(call, outputs, op, when):
        """Return the rule that a call is done on tensor cores."""
        return Fusion(f"{outputs} = {op}({call})", f"{outputs} = {op}_{kind}({call})", when=when)

    def widened(call, op, when):
        """Return the rules that a gradient, cast to float32, is written so: its sums are, so nothing is rounded."""
        return [] if dtype == "float32" else [
            Fusion(f"dweight = cast(d)\nd = {op}({call})", f"dweight = {op}_{kind}({call})", when=when)]

    return [
        *widened("x, dy, *conv", "conv2d_backward_weight", lambda x, dy, d, dweight, conv, precision: (
            dweight.dtype == "float32" and fits_backward_weight(x, dy, d, conv, precision))),
        *widened("x, dy", "linear_backward_weight", lambda x, dy, d, dweight, precision: (
            dweight.dtype == "float32" and fits_linear_backward_weight(x, dy, d, precision))),
        epilogue("y = relu(s)\ns = add(c, other)", "conv2d_add_relu"),
        epilogue("y = relu(s)\ns = add(other, c)", "conv2d_add_relu"),
        epilogue("y = add(c, other)", "conv2d_add"),
        epilogue("y = add(other, c)", "conv2d_add"),
        epilogue("y = relu(c)", "conv2d_relu"),
        Fusion("y = relu(c)\nc = linear(x, weight, bias)", f"y = linear_relu_{kind}(x, weight, bias)",
               when=lambda x, weight, c, precision: fits_linear(x, weight, c, precision)),
    ], [
        variant("x, weight, bias, *conv", "y", "conv2d", fits),
        variant("dy, weight, *conv", "dx", "conv2d_backward_input", fits_backward_input),
        variant("x, dy, *conv", "dweight", "conv2d_backward_weight", fits_backward_weight),
        variant("x, weight, bias", "y", "linear", fits_linear),
        variant("dy, weight", "dx", "linear_backward_input", fits_linear_backward_input),
        variant("x, dy", "dweight", "linear_backward_weight", fits_linear_backward_weight),
        variant("a, b, *turns", "y", "matmul", fits_matmul),
    ]


FUSIONS, VARIANTS = [[rule for rules in each for rule in rules] for each in zip(*map(rules_of, KINDS), strict=True)]
