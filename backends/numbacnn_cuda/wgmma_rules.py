"""Which convolutions the kernels of compute capability 9.0 compute: others go to those for all tensor cores."""
import math

from . import mma_conv, mma_weight, wgmma_conv, wgmma_weight
from .build import capability_of
from .mma_conv import WIDTHS
from .mma_tile import LINE
from .runtime import runtime
from .wgmma_tile import covering
from .wgmma_weight import BOX

CHUNK = 16                # bytes: of a pixel or a filter, whole multiples
NARROWEST = 48            # channels to write: with fewer, the narrowest tiles are too empty
FILTERS = 96              # of which gradients are computed: with fewer, half of a tile or more is empty
FEWEST = 64               # tiles of 64 columns: fewer leave too much of a large GPU idle
LEAST, MOST = -128, 127   # pixels between the first or last window and the corner of the image, as maps hold them
FARTHEST = 255            # pixels from where a window begins
LONGEST = 8               # pixels from one window to the next


def convolution(x, weight, y, axes, row_width, kind="tf32", bias=None, other=None, relu=False):
    """Return the calls of a convolution, see `convolution` in mma_conv.py."""
    chosen = wgmma_conv if fits(x, y, axes, kind) else mma_conv
    return chosen.convolution(x, weight, y, axes, row_width, kind, bias, other, relu)


def fits(x, y, axes, kind):
    """Whether maps can say what is read, and tiles of 128 bytes of channels are full enough."""
    images, _, _, channels = x.shape
    nbytes, filters = channels * WIDTHS[kind], y.shape[3]
    if not (is_hopper() and x.size and nbytes % CHUNK == 0 and 2 * nbytes > -(-nbytes // LINE) * LINE
            and filters >= NARROWEST):
        return False
    lines = wgmma_conv.lines_of(axes, x.shape)
    tiles = sum(covering(images * down.places * right.places, filters, 64) for down, right in lines)
    return tiles >= FEWEST and all(is_in_reach(line) for pair in lines for line in pair)


def weight_gradient(x, dy, dweight, axes, scratch, kind="tf32"):
    """Return the calls for the gradient of filters, see `weight_gradient` in mma_weight.py."""
    if fits_weight(x, dy, dweight, axes, kind):
        return wgmma_weight.weight_gradient(x, dy, dweight, axes, scratch)
    return mma_weight.weight_gradient(x, dy, dweight, axes, scratch, kind)


def fits_weight(x, dy, dweight, axes, kind):
    """Whether it is of 16 bits, maps can say what is read, and tiles are full enough."""
    channels, filters = x.shape[3], dweight.shape[0]
    if not (kind == "bf16" and is_hopper() and x.size and dy.size and channels * 2 % CHUNK == 0
            and dy.shape[3] * 2 % CHUNK == 0 and 2 * channels > -(-channels // BOX) * BOX and filters >= FILTERS):
        return False
    tiles = covering(filters, math.prod(dweight.shape[1:3]) * -(-channels // BOX) * BOX, 64)
    parts = max(math.prod(dy.shape[:3]) // wgmma_weight.SHORTEST, 1)
    return tiles * parts >= FEWEST and all(is_in_reach(line) for pair in wgmma_conv.lines_of(axes, x.shape)
                                           for line in pair)


def is_in_reach(line):
    """Whether a map of windows holds what is read along an axis."""
    return (LEAST <= line.lower <= MOST and LEAST <= line.upper <= MOST and line.scale <= LONGEST
            and (line.count - 1) * line.reach <= FARTHEST)


def is_hopper():
    """Whether the device has the instructions of compute capability 9.0, which later ones have not."""
    arch = runtime().device(0).arch
    return arch is not None and capability_of(arch)[0] == 9
