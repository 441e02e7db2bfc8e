"""Normalisation in training, at shapes from known networks."""
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


# x, then a layer and its options
OTHERS = {
    "layer norm of rows": ((512, 768), nn.LayerNorm, 768), "rms norm of rows": ((512, 768), nn.RMSNorm, 768),
    "group norm": ((8, 128, 28, 28), nn.GroupNorm, 32, 128), "instance norm": ((8, 64, 56, 56), nn.InstanceNorm2d, 64),
    "alexnet, local response": ((8, 96, 27, 27), nn.LocalResponseNorm, 5),
}


class Norm(common.LayerBenchmark):
    cases = OTHERS
    params = (list(OTHERS),)

    def layer(self, shape, kind, *options):
        return kind(*options)
