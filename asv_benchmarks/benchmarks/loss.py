"""Softmax, and its cross-entropy with targets."""
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
