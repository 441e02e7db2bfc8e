"""The network of the textbook chapter."""
from numbacnn import nn
from numbacnn.autograd import Tensor
from numbacnn.nn import functional as F


class SimpleCNN(nn.Module):
    """One convolution, one pooling, one dense layer, for images of 28 x 28 pixels such as MNIST's.

    Parameters
    ----------
    num_classes : int
        How many classes there are.

    Notes
    -----
    (N, 1, 28, 28) becomes logits (N, num_classes). Parameters have the names and shapes of the chapter's network:
    ``conv1`` 1 to 32 channels, 3 x 3, ``fc1`` from 32 * 13 * 13 numbers.
    """

    def __init__(self, num_classes: int = 10) -> None:
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3)
        self.pool = nn.MaxPool2d(2, 2)
        self.fc1 = nn.Linear(32 * 13 * 13, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Compute the logits of images (N, 1, 28, 28)."""
        x = self.pool(F.relu(self.conv1(x)))
        logits: Tensor = self.fc1(x.flatten(1))
        return logits
