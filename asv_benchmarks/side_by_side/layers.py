"""Single convolutions: each pass by itself, through the public functions."""
from typing import NamedTuple

import numpy as np
import torch
from benchmarks.conv import PASSES, SinglePass

import numbacnn

from .training import LAYOUTS


class Layer(NamedTuple):
    """A convolution of a square image."""

    inputs: int
    image: int
    outputs: int
    size: int
    stride: int

    def __str__(self):
        return f"{self.inputs} @ {self.image} to {self.outputs}, {self.size}x{self.size}" + f" / {self.stride}" * (
            self.stride > 1)

    @property
    def options(self):
        """Stride and padding."""
        return self.stride, self.size // 2


RESNET18 = [Layer(*row) for row in (
    (3, 224, 64, 7, 2), (64, 56, 64, 3, 1), (64, 56, 128, 3, 2), (64, 56, 128, 1, 2), (128, 28, 128, 3, 1),
    (128, 28, 256, 3, 2), (128, 28, 256, 1, 2), (256, 14, 256, 3, 1), (256, 14, 512, 3, 2), (256, 14, 512, 1, 2),
    (512, 7, 512, 3, 1))]
RESNET50 = [Layer(*row) for row in (      # those that ResNet-18 has not
    (64, 56, 64, 1, 1), (64, 56, 256, 1, 1), (256, 56, 64, 1, 1), (256, 56, 128, 1, 1), (128, 56, 128, 3, 2),
    (256, 56, 512, 1, 2), (128, 28, 512, 1, 1), (512, 28, 128, 1, 1), (512, 28, 256, 1, 1), (256, 28, 256, 3, 2),
    (512, 28, 1024, 1, 2), (256, 14, 1024, 1, 1), (1024, 14, 256, 1, 1), (1024, 14, 512, 1, 1), (512, 14, 512, 3, 2),
    (1024, 14, 2048, 1, 2), (512, 7, 2048, 1, 1), (2048, 7, 512, 1, 1))]


def runs(layer, batch, which):
    """Make runs of one pass on equal values; each returns its result.

    Returns
    -------
    list of dict, float
        Runs of numbacnn, and of PyTorch by layout; and how many floating point operations a run stands for. Both
        prepare the weight at each run: PyTorch keeps nothing of it, and ours is renewed.
    """
    rng = np.random.default_rng(0)
    x = rng.standard_normal((batch, layer.inputs, layer.image, layer.image), np.float32)
    weight = rng.standard_normal((layer.outputs, layer.inputs, layer.size, layer.size), np.float32)
    weight /= np.float32(np.sqrt(weight[0].size))
    height = (layer.image - 1) // layer.stride + 1
    dy = rng.standard_normal((batch, layer.outputs, height, height), np.float32)
    ours = {"numbacnn": SinglePass(which, *map(numbacnn.tensor, (x, weight, dy)), *layer.options)}
    theirs = {f"PyTorch, {layout}": torch_run(layer, which, *[torch.from_numpy(each).to(memory_format=memory_format)
                                                for each in (x, weight, dy)])
              for layout, memory_format in LAYOUTS.items()}
    return [ours, theirs], 2 * dy.size * weight[0].size


def torch_run(layer, which, x, weight, dy):
    """The same pass of PyTorch."""
    stride, padding = layer.options
    if which == "forward":
        return torch.inference_mode()(lambda: torch.nn.functional.conv2d(x, weight, None, stride, padding))
    place = PASSES.index(which) - 1
    mask = [place == 0, place == 1, False]
    return lambda: torch.ops.aten.convolution_backward(dy, x, weight, None, [stride] * 2, [padding] * 2, [1, 1], False,
                                                       [0, 0], 1, mask)[place]
