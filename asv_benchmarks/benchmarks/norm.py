"""Batch normalisation in training, at shapes from known networks."""
from numbacnn import nn

from . import common

# x (N, C, H, W)
CASES = {
    "resnet-20, first": ((16, 16, 32, 32),),
    "resnet-18, first": ((2, 64, 112, 112),),
    "resnet-18, last": ((8, 512, 7, 7),),
    "few channels": ((16, 3, 32, 32),),
}


class BatchNorm2d(common.LayerBenchmark):
    cases = CASES
    params = (list(CASES),)

    def layer(self, shape):
        return nn.BatchNorm2d(shape[1])
