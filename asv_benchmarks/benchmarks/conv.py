"""Convolutions, at shapes from known networks."""
import numbacnn
from numbacnn import nn
from numbacnn.nn import functional as F

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
PASSES = ("forward", "backward data", "backward weight")


def single_pass(which, x, weight, dy, *options):
    """Make a run of one pass of a convolution, which returns the result.

    It is captured, so that kernels are timed and not the recording of one call. The weights are an input of the
    capture: they are prepared anew at each run, as in each training step.
    """
    def forward(x, weight):
        return F.conv2d(x, weight, None, *options)

    def gradient(x, weight, dy):
        wanted = x if which == "backward data" else weight
        wanted.requires_grad_()
        forward(x, weight).backward(dy)
        return wanted.grad

    captured = numbacnn.capture(forward if which == "forward" else gradient)
    inputs = (x, weight) if which == "forward" else (x, weight, dy)
    return lambda: captured(*inputs)


class Conv2d(common.LayerBenchmark):
    """The layer, as users call it."""

    cases = CASES
    params = (list(CASES),)

    def layer(self, shape, out_channels, kernel_size, stride, padding, groups):
        return nn.Conv2d(shape[1], out_channels, kernel_size, stride=stride, padding=padding, groups=groups)


class Conv2dPass:
    """The kernels of each pass."""

    param_names = ("case", "pass")
    params = (list(CASES), PASSES)
    timeout = 120

    def setup(self, case, which):
        common.skip_without_backend()
        shape, outputs, size, stride, padding, groups = CASES[case]
        options = stride, padding, 1, groups
        x, weight = common.normal(*shape), common.normal(outputs, shape[1] // groups, size, size)
        self.run = single_pass(which, x, weight, common.normal(*F.conv2d(x, weight, None, *options).shape), *options)
        self.run()

    def time_pass(self, case, which):
        self.run()
