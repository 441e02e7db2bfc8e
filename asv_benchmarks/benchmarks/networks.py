"""The networks of the benchmarks, each written once.

A builder takes the namespace of the layers: `numbacnn.nn`, or `torch.nn` for the comparison with PyTorch.
"""
from collections.abc import Callable
from typing import Any, NamedTuple


class Network(NamedTuple):
    """A network: its builder, the shape of an image, how many classes, and how many images make a batch."""

    build: Callable[..., Any]
    image: tuple[int, int, int]
    classes: int
    training_batch: int
    inference_batch: int


def simple_cnn(nn):
    """The network of the chapter."""
    return nn.Sequential(nn.Conv2d(1, 32, 3), nn.ReLU(), nn.MaxPool2d(2, 2), nn.Flatten(), nn.Linear(32 * 13 * 13, 10))


def lenet5(nn):
    """LeNet-5 with ReLU and max pooling, as it is taught today."""
    return nn.Sequential(
        nn.Conv2d(1, 6, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2), nn.Conv2d(6, 16, 5), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(400, 120), nn.ReLU(), nn.Linear(120, 84), nn.ReLU(), nn.Linear(84, 10))


def vgg(nn, widths=(64, 128, 256)):
    """Pairs of convolutions with batch norm, each followed by pooling: VGG, cut to small images."""
    layers, channels = [], 3
    for width in widths:
        layers += conv_bn_relu(nn, channels, width, 3) + conv_bn_relu(nn, width, width, 3) + [nn.MaxPool2d(2)]
        channels = width
    return nn.Sequential(*layers, nn.Flatten(), nn.Linear(channels * 4 * 4, 10))


def separable(nn, blocks=((64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2))):
    """Depthwise and pointwise convolutions in turns: the first layers of MobileNet V1."""
    layers, channels = conv_bn_relu(nn, 3, 32, 3, stride=2), 32
    for width, stride in blocks:
        layers += conv_bn_relu(nn, channels, channels, 3, stride, groups=channels)
        layers += conv_bn_relu(nn, channels, width, 1)
        channels = width
    return nn.Sequential(*layers, *head(nn, channels, 10))


def resnet20(nn):
    """The residual network of 20 layers for 32 x 32 images (He et al., 2015, section 4.2)."""
    return nn.Sequential(*conv_bn_relu(nn, 3, 16, 3), *stages(nn, (16, 32, 64), repeat=3), *head(nn, 64, 10))


def resnet18(nn):
    """The residual network of 18 layers for 224 x 224 images (He et al., 2015, section 4.1)."""
    return nn.Sequential(*conv_bn_relu(nn, 3, 64, 7, stride=2), nn.MaxPool2d(3, 2, 1),
                         *stages(nn, (64, 128, 256, 512), repeat=2), *head(nn, 512, 1000))


def conv_bn(nn, inputs, outputs, size, stride=1, groups=1):
    """A convolution that keeps the image's size but for the stride, and batch norm."""
    return [nn.Conv2d(inputs, outputs, size, stride, size // 2, groups=groups, bias=False), nn.BatchNorm2d(outputs)]


def conv_bn_relu(nn, inputs, outputs, size, stride=1, groups=1):
    """The same and ReLU, in place where that is a difference."""
    return [*conv_bn(nn, inputs, outputs, size, stride, groups), nn.ReLU(inplace=True)]


def stages(nn, widths, repeat):
    """Stages of residual blocks; each but the first halves the image."""
    channels = widths[0]
    for width in widths:
        for _ in range(repeat):
            yield residual(nn, channels, width)
            channels = width


def residual(nn, inputs, outputs):
    """Two convolutions, and a way around them."""
    stride = 1 if inputs == outputs else 2
    body = nn.Sequential(*conv_bn_relu(nn, inputs, outputs, 3, stride), *conv_bn(nn, outputs, outputs, 3))
    shortcut = nn.Identity() if stride == 1 else nn.Sequential(*conv_bn(nn, inputs, outputs, 1, stride))
    return residual_class(nn)(body, shortcut)


def residual_class(nn):
    """The class of residual blocks among the modules of a namespace."""
    class Residual(nn.Module):
        def __init__(self, body, shortcut):
            super().__init__()
            self.body, self.shortcut, self.relu = body, shortcut, nn.ReLU(inplace=True)

        def forward(self, x):
            y = self.body(x)
            y += self.shortcut(x)
            return self.relu(y)

    return Residual


def head(nn, channels, classes):
    """The mean of each channel, and a linear layer."""
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, classes)]


NETWORKS = {
    "SimpleCNN": Network(simple_cnn, (1, 28, 28), 10, 64, 64),
    "LeNet-5": Network(lenet5, (1, 28, 28), 10, 128, 64),
    "ResNet-20": Network(resnet20, (3, 32, 32), 10, 128, 64),
    "VGG": Network(vgg, (3, 32, 32), 10, 64, 64),
    "separable": Network(separable, (3, 96, 96), 10, 32, 64),
    "ResNet-18": Network(resnet18, (3, 224, 224), 1000, 8, 8),
}
