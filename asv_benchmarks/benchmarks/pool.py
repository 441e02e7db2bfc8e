"""Pooling and images in other sizes, at shapes from known networks."""
from numbacnn import nn

from . import common

# x, then a layer and its options.
CASES = {
    "max 2x2": ((64, 32, 26, 26), nn.MaxPool2d, 2),
    "max 3x3, stride 2": ((4, 64, 112, 112), nn.MaxPool2d, 3, 2, 1),
    "average 2x2": ((64, 32, 26, 26), nn.AvgPool2d, 2),
    "sum 2x2": ((64, 32, 26, 26), nn.SumPool2d, 2),
    "global average": ((16, 512, 7, 7), nn.AdaptiveAvgPool2d, 1),
    "global maximum": ((16, 512, 7, 7), nn.AdaptiveMaxPool2d, 1),
    "average 13x13 to 7x7": ((16, 256, 13, 13), nn.AdaptiveAvgPool2d, 7),
    "max 2, lines": ((64, 128, 100), nn.MaxPool1d, 2),
    "max 2x2x2": ((2, 32, 16, 56, 56), nn.MaxPool3d, 2),
    "average 2x2x2": ((2, 32, 16, 56, 56), nn.AvgPool3d, 2),
    "bilinear, twice as large": ((8, 64, 56, 56), nn.Upsample, None, 2, "bilinear"),
}


class Pool2d(common.LayerBenchmark):
    cases = CASES
    params = (list(CASES),)

    def layer(self, shape, kind, *options):
        return kind(*options)
