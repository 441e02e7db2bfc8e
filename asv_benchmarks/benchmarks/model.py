"""Whole networks: a training step, and inference."""
import numpy as np

import numbacnn
from numbacnn import nn, optim
from numbacnn.nn import functional as F

from . import common


class SimpleCNN(nn.Module):
    """The network of the chapter, for 28 x 28 images."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(32 * 13 * 13, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        return self.fc1(x.view(-1, 32 * 13 * 13))


class Block(nn.Module):
    """Two convolutions with batch norm, and a way around them."""

    def __init__(self, in_channels, out_channels, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(in_channels, out_channels, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(out_channels)
        self.conv2 = nn.Conv2d(out_channels, out_channels, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(out_channels)
        self.shortcut = nn.Sequential() if stride == 1 and in_channels == out_channels else nn.Sequential(
            nn.Conv2d(in_channels, out_channels, 1, stride=stride, bias=False), nn.BatchNorm2d(out_channels))

    def forward(self, x):
        y = F.relu(self.bn1(self.conv1(x)))
        return F.relu(self.bn2(self.conv2(y)) + self.shortcut(x))


def small_resnet():
    """Build a residual network with 8 convolutions, for 32 x 32 colour images."""
    return nn.Sequential(
        nn.Conv2d(3, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(),
        Block(16, 16, 1), Block(16, 32, 2), Block(32, 64, 2),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


MODELS = {"SimpleCNN": (SimpleCNN, (1, 28, 28)), "small ResNet": (small_resnet, (3, 32, 32))}


class Training:
    """One step of Adam: forward, backward, update."""

    param_names = ("model", "batch")
    params = (list(MODELS), [1, 64])
    timeout = 120

    def setup(self, name, batch):
        common.skip_without_backend()
        build, shape = MODELS[name]
        numbacnn.manual_seed(0)
        self.model = build()
        self.criterion = nn.CrossEntropyLoss()
        self.optimizer = optim.Adam(self.model.parameters(), lr=0.001)
        self.x = common.normal(batch, *shape)
        self.targets = numbacnn.tensor(np.arange(batch) % 10)
        for _ in range(3):
            self.time_step(name, batch)

    def time_step(self, name, batch):
        self.optimizer.zero_grad()
        loss = self.criterion(self.model(self.x), self.targets)
        loss.backward()
        self.optimizer.step()
        numbacnn.evaluate(loss)

    def peakmem_step(self, name, batch):
        self.time_step(name, batch)


class Inference:
    """The logits of a batch, in evaluation mode."""

    param_names = ("model", "batch")
    params = (list(MODELS), [1, 64])
    timeout = 120

    def setup(self, name, batch):
        common.skip_without_backend()
        build, shape = MODELS[name]
        self.model = build()
        self.model.eval()
        self.x = common.normal(batch, *shape)
        self.time_forward(name, batch)

    def time_forward(self, name, batch):
        with numbacnn.no_grad():
            numbacnn.evaluate(self.model(self.x))
