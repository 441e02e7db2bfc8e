"""Networks and batches that several tests train."""
import numpy as np

from numbacnn import nn, optim, tensor
from numbacnn.graph import Array
from numbacnn.nn import functional as F


class SimpleCNN(nn.Module):
    """The network of the textbook chapter."""

    def __init__(self, dtype="float32"):
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3, dtype=dtype)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(32 * 13 * 13, 10, dtype=dtype)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        return self.fc1(x.view(-1, 32 * 13 * 13))


class Block(nn.Module):
    """A residual block."""

    def __init__(self, inputs, outputs, stride=1, dtype="float32"):
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False, dtype=dtype)
        self.bn1 = nn.BatchNorm2d(outputs, dtype=dtype)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, padding=1, bias=False, dtype=dtype)
        self.bn2 = nn.BatchNorm2d(outputs, dtype=dtype)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False, dtype=dtype),
                                          nn.BatchNorm2d(outputs, dtype=dtype))

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        return F.relu(y + self.shortcut(x))


class SmallResNet(nn.Module):
    """A residual network with batch normalisation, small enough for tests."""

    def __init__(self, dtype="float32", channels=1, width=4, depth=3):
        self.conv1 = nn.Conv2d(channels, width, 3, padding=1, bias=False, dtype=dtype)
        self.bn1 = nn.BatchNorm2d(width, dtype=dtype)
        sizes = [width * 2**i for i in range(depth)]
        self.layers = nn.Sequential(*[Block(a, b, 1 if a == b else 2, dtype)
                                      for a, b in zip([width, *sizes], sizes, strict=False)])
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(sizes[-1], 10, dtype=dtype)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        return self.fc(self.pool(self.layers(x)).flatten(1))


def batch(n=8, channels=1, size=28, dtype="float32", seed=0):
    """Random images and classes."""
    rng = np.random.default_rng(seed)
    return rng.standard_normal((n, channels, size, size)).astype(dtype), rng.integers(0, 10, n)


def randomise(model, seed=0, bound=0.2):
    """Give a model parameters that depend on the seed alone."""
    rng = np.random.default_rng(seed)
    for p in model.parameters():
        p.array = Array.of(rng.uniform(-bound, bound, p.shape).astype(p.dtype))
    return model


def train(model, steps=3, n=8, dtype="float32", lr=1e-2, make=optim.Adam, batches=None, **options):
    """Train a little; return losses, final parameters, last gradients and last output."""
    optimizer, criterion, losses = make(model.parameters(), lr=lr), nn.CrossEntropyLoss(), []
    for step in range(steps):
        x, y = batches[step] if batches else batch(n, dtype=dtype, seed=step, **options)
        optimizer.zero_grad()
        output = model(tensor(x))
        loss = criterion(output, tensor(y))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    parameters = list(model.parameters())
    return losses, [p.numpy() for p in parameters], [p.grad.numpy() for p in parameters], output.numpy()


def descending(p, optimizer):
    """A step that makes the sum of p * x smaller."""
    def step(x):
        optimizer.zero_grad()
        loss = (p * x).sum()
        loss.backward()
        optimizer.step()
        return loss

    return step
