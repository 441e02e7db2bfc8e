"""Softmax, its cross-entropy with targets, and losses of numbers."""
import numpy as np

import numbacnn
from numbacnn import nn
from numbacnn.nn import functional as F

from . import common

# x (N, classes)
CASES = {"ten classes": ((128, 10),), "thousand classes": ((64, 1000),)}


class WithTargets(nn.Module):
    """Cross-entropy as a layer of one input."""

    def __init__(self, batch, classes):
        self.targets = numbacnn.tensor(np.arange(batch) % classes)

    def forward(self, logits):
        return F.cross_entropy(logits, self.targets)


class CrossEntropyLoss(common.LayerBenchmark):
    cases = CASES
    params = (list(CASES),)

    def layer(self, shape):
        return WithTargets(*shape)


class Softmax(common.LayerBenchmark):
    cases = CASES
    params = (list(CASES),)

    def layer(self, shape):
        return nn.Softmax(dim=1)


# x and the targets, then a layer
LOSSES = {"mean squared error": ((4096, 256), nn.MSELoss), "smooth l1": ((4096, 256), nn.SmoothL1Loss),
          "binary cross-entropy": ((4096, 256), nn.BCEWithLogitsLoss), "kl divergence": ((4096, 256), nn.KLDivLoss)}


class WithNumbers(nn.Module):
    """A loss as a layer of one input; its targets are between 0 and 1."""

    def __init__(self, loss, *shape):
        self.loss, self.targets = loss, common.normal(*shape).sigmoid()

    def forward(self, x):
        return self.loss(x, self.targets)


class Loss(common.LayerBenchmark):
    cases = LOSSES
    params = (list(LOSSES),)

    def layer(self, shape, kind):
        return WithNumbers(kind(reduction="sum"), *shape)
