"""When a convolution is computed by Winograd's algorithm, and from windows of which size: variants for fusions.py.

Filters of 3 x 3 taps, stride 1, dilation 1, one group, float32. Costs are counted in multiply-adds: what the direct
convolution does, against the products of windows, and what it takes to transform these and, if it changes, the weight.
So small images, whose last windows are half empty, and few channels are computed directly.
"""
from numbacnn.fusion import Fusion
from numbacnn.kernels import Spec

from .pack import blocked, lanes_of

DTYPES = "float32",       # in float64 numbers are computed to be exact
EDGES = 6, 4              # of windows: F(4, 3) and F(2, 3)
TRANSFORM = 14            # multiply-adds in the time that it takes to transform one number of a window, there or back,
PREPARE = 30              # one number of the weight, to write it and to read it again,
PREPARE_DEEP = 13         # or where it is multiplied (winograd_deep.py),
READ = 9                  # or to read it, where it was transformed once (`constant`),
PACK = 50                 # one number of a large weight for the direct convolution, likewise
LARGE = 16_700            # filters of a weight that is large: transformed (36 numbers of each) it fills a cache,
PIXELS = 48               # and of its outputs, at least: for fewer, one that is prepared once is read fastest packed
DEEP = 72                 # windows, at most, for which a large weight is transformed where it is multiplied
FEW = 36                  # windows, at most, that items share, each computing some columns of all
FORWARD = "conv2d", "conv2d_relu", "conv2d_add", "conv2d_add_relu"
MARGIN = 1.1              # times faster, at least: Winograd's sums are less exact


def is_large(images, height, width, channels, outputs):
    """Whether the weight is large, and is not read for a few pixels only."""
    return channels * outputs > LARGE and images * height * width >= PIXELS


def windows_of(edge, images, height, width):
    """Return how many windows of edge x edge pixels cover images of an output."""
    return images * -(-height // (edge - 2)) * -(-width // (edge - 2))


def is_deep(edge, *sizes):
    """Whether the weight is transformed where it is multiplied."""
    return edge > 0 and is_large(*sizes) and windows_of(edge, *sizes[:3]) <= DEEP


def direct_cost(images, height, width, channels, outputs, pack=0):
    """Return what the direct convolution costs, given the size of its output."""
    return 9 * (images * height * width + pack) * channels * outputs


def winograd_cost(edge, images, height, width, channels, outputs, prepare=PREPARE):
    """Return what it costs from windows of edge x edge pixels."""
    windows, lanes = windows_of(edge, images, height, width), lanes_of("float32")
    vectors = -(-channels // lanes) + -(-outputs // lanes)
    return edge * edge * (windows * (channels * outputs + TRANSFORM * vectors * lanes) + prepare * channels * outputs)


def best_edge(*sizes, constant=False):
    """Return the size of windows for a convolution with a weight, or 0 if it is computed directly."""
    prepare = READ if constant else PREPARE
    costs = {edge: winograd_cost(edge, *sizes, PREPARE_DEEP if is_deep(edge, *sizes) else prepare) for edge in EDGES}
    return cheaper(costs, direct_cost(*sizes, PACK if is_large(*sizes) else 0))


def best_edge_weight(*sizes):
    """Return the same for the gradient of a weight: that of the direct convolution is written as it is."""
    return cheaper({edge: winograd_cost(edge, *sizes) for edge in EDGES}, direct_cost(*sizes))


def cheaper(costs, direct):
    """Return the size of windows that costs least, or 0."""
    edge = min(costs, key=costs.__getitem__)
    return edge if costs[edge] * MARGIN < direct else 0


def is_possible(weight, conv, precision):
    """Whether the algorithm computes a convolution at all, and exactly enough."""
    stride, padding, rest = conv[:2], conv[2:4], conv[4:]
    return (weight.shape[2:] == (3, 3) and stride == (1, 1) and max(padding) <= 2 and rest == (1, 1, 1)
            and weight.dtype in DTYPES and precision != "highest")


def edge_forward(weight, y, constant=()):
    """Return the size of windows of `conv2d`."""
    images, outputs, height, width = y.shape
    return best_edge(images, height, width, weight.shape[1], outputs, constant="weight" in constant)


def edge_backward(weight, dx):
    """Return the size of windows of `conv2d_backward_input`."""
    images, channels, height, width = dx.shape
    return best_edge(images, height, width, weight.shape[0], channels)


def edge_weight(dweight, dy):
    """Return the size of windows of `conv2d_backward_weight`."""
    images, outputs, height, width = dy.shape
    return best_edge_weight(images, height, width, dweight.shape[1], outputs)


def winograd_packed(weight, y, constant):
    """Return what is known of the output of `conv2d_winograd_weight`."""
    return packed_for(edge_forward(weight, y, constant), weight.shape[1], y)


def winograd_packed_turned(weight, dx):
    """Return what is known of the output of `conv2d_winograd_weight_turned`."""
    return packed_for(edge_backward(weight, dx), weight.shape[0], dx)


def packed_for(edge, depth, output):
    """Return the `Spec` of a transformed weight: in narrow blocks of columns if several items share a few windows."""
    images, columns, height, width = output.shape
    windows = windows_of(edge, images, height, width)
    if windows > FEW:
        blocks, wide = blocked(columns, 1, output.dtype)
    else:
        lanes = lanes_of(output.dtype)
        wide = min(1 if windows >= 8 else 2, -(-columns // lanes)) * lanes       # tiles of eight vectors or more
        blocks = -(-columns // wide)
    return Spec((edge, edge, blocks, depth, wide), output.dtype)


def is_winograd(weight, y, conv, precision, constant):
    """Whether the algorithm computes a convolution forward."""
    return is_possible(weight, conv, precision) and edge_forward(weight, y, constant) > 0


def is_winograd_backward(weight, dx, conv, precision):
    """Whether the algorithm computes the gradient of a convolution's input."""
    return is_possible(weight, conv, precision) and edge_backward(weight, dx) > 0


def is_winograd_weight(dweight, dy, conv, precision):
    """Whether the algorithm computes the gradient of a convolution's weight."""
    return is_possible(dweight, conv, precision) and edge_weight(dweight, dy) > 0


def is_deep_forward(weight, y, conv, precision):
    """Whether it is in `conv2d`: also for a weight that never changes, which is read fastest as it is (decision 16)."""
    images, outputs, height, width = y.shape
    return (is_possible(weight, conv, precision)
            and is_deep(edge_forward(weight, y), images, height, width, weight.shape[1], outputs))


def is_deep_backward(weight, dx, conv, precision):
    """Whether it is in `conv2d_backward_input`."""
    images, channels, height, width = dx.shape
    return (is_possible(weight, conv, precision)
            and is_deep(edge_backward(weight, dx), images, height, width, weight.shape[0], channels))


def inputs_of(op):
    """Return what an op adds to a convolution."""
    return "bias, other" if "add" in op else "bias"


def variant(op, pack, packed_op, spec, when=lambda: True):
    """Return the rule that an op on a weight becomes one on a packed weight, of which `spec` is known."""
    return Fusion(f"y = {op}(x, weight, {inputs_of(op)}, *conv)",
                  f"packed = {pack}\ny = {packed_op}(x, packed, {inputs_of(op)}, *conv)",
                  when=when, temporaries={"packed": spec})


WINOGRAD = [
    *(Fusion(f"y = {op}(x, weight, {inputs_of(op)}, *conv)",
             f"y = {op}_winograd_deep(x, weight, {inputs_of(op)}, *conv)", when=is_deep_forward) for op in FORWARD),
    Fusion("dx = conv2d_backward_input(dy, weight, *conv)",
           "dx = conv2d_winograd_deep_backward_input(dy, weight, *conv)", when=is_deep_backward),
    *(variant(op, "conv2d_winograd_weight(weight)", f"{op}_winograd", winograd_packed, when=is_winograd)
      for op in FORWARD),
    Fusion(
        "dx = conv2d_backward_input(dy, weight, *conv)",
        """
        packed = conv2d_winograd_weight_turned(weight)
        dx = conv2d_winograd_backward_input(dy, packed, *conv)
        """,
        when=is_winograd_backward, temporaries={"packed": winograd_packed_turned},
    ),
    Fusion(
        "dweight = conv2d_backward_weight(x, dy, *conv)",
        "dweight = conv2d_winograd_backward_weight(x, dy, *conv)",
        when=lambda dweight, dy, conv, precision: (
            is_possible(dweight, conv, precision) and edge_weight(dweight, dy) == 6),
    ),
    Fusion(
        "dweight = conv2d_backward_weight(x, dy, *conv)",
        "dweight = conv2d_winograd_backward_weight_small(x, dy, *conv)",
        when=lambda dweight, dy, conv, precision: (
            is_possible(dweight, conv, precision) and edge_weight(dweight, dy) == 4),
    ),
]
