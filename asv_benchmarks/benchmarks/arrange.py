"""What puts numbers elsewhere: borders, transposed and joined images, parts, indices, order."""
import numpy as np

import numbacnn
from numbacnn import nn

from . import common

SHAPE, ROWS = (16, 64, 56, 56), (10_000, 128)
LAYERS = {
    "zeros around": (SHAPE, nn.ZeroPad2d, 1), "reflections around": (SHAPE, nn.ReflectionPad2d, 1),
    "pixel shuffle": (SHAPE, nn.PixelShuffle, 2), "unfold 3x3": ((4, 32, 28, 28), nn.Unfold, 3),
}
# a function of x, the shape of x, and how many indices of rows it takes besides
CALLS = {
    "channels last": (lambda x: x.permute(0, 2, 3, 1).reshape(-1, 64), SHAPE, 0),
    "cat": (lambda x: numbacnn.cat([x, x], 1), SHAPE, 0), "flip": (lambda x: x.flip(3), SHAPE, 0),
    "every other pixel": (lambda x: x[:, :, ::2, ::2], SHAPE, 0),
    "rows at indices": (lambda x, index: x[index], ROWS, 4096),
    "scatter add": (lambda x, index: numbacnn.index_add(x, 0, index, x[:4096]), ROWS, 4096),
    "ten largest": (lambda x: x.topk(10, 1)[0], ROWS, 0),
}


class Arrange(common.LayerBenchmark):
    cases = LAYERS
    params = (list(LAYERS),)

    def layer(self, shape, kind, *options):
        return kind(*options)


class Pick(common.CallBenchmark):
    cases = CALLS
    params = (list(CALLS),)

    def arguments(self, shape, indices):
        index = np.random.default_rng(1).integers(0, shape[0], indices)
        return [common.normal(*shape), *[numbacnn.tensor(index)] * bool(indices)]
