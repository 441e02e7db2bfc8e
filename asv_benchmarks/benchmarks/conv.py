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


class SinglePass:
    """A run of one pass of a convolution: it returns the result. `renew` belongs before each run, and is not timed.

    It is captured, so that kernels are timed and not the recording of one call.
    """

    def __init__(self, which, x, weight, dy, *options):
        def forward(x, weight):
            return F.conv2d(x, weight, None, *options)

        def gradient(x, weight, dy):
            wanted = x if which == "backward data" else weight
            wanted.requires_grad_()
            forward(x, weight).backward(dy)
            return wanted.grad

        self.captured = numbacnn.capture(forward if which == "forward" else gradient)
        self.inputs = (x, weight) if which == "forward" else (x, weight, dy)

    def __call__(self):
        return self.captured(*self.inputs)

    def renew(self):
        """Write the weight anew, as optimisers do: the next run packs or transforms it, as in each training step."""
        weight = self.inputs[1]
        weight.data = weight * 1.0
        numbacnn.evaluate(weight)


class Conv2d(common.LayerBenchmark):
    """The layer, as users call it."""

    cases = CASES
    params = (list(CASES),)

    def layer(self, shape, out_channels, kernel_size, stride, padding, groups):
        return nn.Conv2d(shape[1], out_channels, kernel_size, stride=stride, padding=padding, groups=groups)


class Conv2dPass:
    """The kernels of each pass, those that prepare the weight included."""

    param_names = ("case", "pass")
    params = (list(CASES), PASSES)
    number = 1                       # a run for each setup, which renews the weight
    repeat = (5, 30, 5.0)
    timeout = 120

    def setup(self, case, which):
        common.skip_without_backend()
        shape, outputs, size, stride, padding, groups = CASES[case]
        options = stride, padding, 1, groups
        x, weight = common.normal(*shape), common.normal(outputs, shape[1] // groups, size, size)
        self.run = SinglePass(which, x, weight, common.normal(*F.conv2d(x, weight, None, *options).shape), *options)
        self.run()
        self.run.renew()

    def time_pass(self, case, which):
        self.run()
