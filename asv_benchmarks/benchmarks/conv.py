"""Convolutions, at shapes from known networks."""
from numbacnn import nn

from . import common

# x (N, C, H, W), then out_channels, kernel_size, stride, padding, groups.
CASES = {
    "chapter conv1": ((64, 1, 28, 28), 32, 3, 1, 0, 1),
    "vgg 32x32": ((16, 64, 32, 32), 64, 3, 1, 1, 1),
    "resnet 7x7 stem": ((2, 3, 224, 224), 64, 7, 2, 3, 1),
    "resnet conv3_x": ((4, 128, 28, 28), 128, 3, 1, 1, 1),
    "resnet conv4_1, stride 2": ((4, 128, 28, 28), 256, 3, 2, 1, 1),
    "pointwise": ((4, 256, 14, 14), 256, 1, 1, 0, 1),
    "depthwise": ((4, 128, 28, 28), 128, 3, 1, 1, 128),
    "one image": ((1, 16, 32, 32), 32, 3, 1, 1, 1),
}


class Conv2d(common.LayerBenchmark):
    cases = CASES
    params = (list(CASES),)

    def layer(self, shape, out_channels, kernel_size, stride, padding, groups):
        return nn.Conv2d(shape[1], out_channels, kernel_size, stride=stride, padding=padding, groups=groups)
