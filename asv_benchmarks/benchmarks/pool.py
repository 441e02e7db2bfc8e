"""Pooling, at shapes from known networks."""
from numbacnn import nn

from . import common

# x (N, C, H, W), then a layer and its options.
CASES = {
    "max 2x2": ((64, 32, 26, 26), nn.MaxPool2d, 2),
    "max 3x3, stride 2": ((4, 64, 112, 112), nn.MaxPool2d, 3, 2, 1),
    "average 2x2": ((64, 32, 26, 26), nn.AvgPool2d, 2),
    "sum 2x2": ((64, 32, 26, 26), nn.SumPool2d, 2),
    "global average": ((16, 512, 7, 7), nn.AdaptiveAvgPool2d, 1),
}


class Pool2d(common.LayerBenchmark):
    cases = CASES
    params = (list(CASES),)

    def layer(self, shape, kind, *options):
        return kind(*options)
