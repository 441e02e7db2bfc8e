"""A network for very small images."""
from numbacnn import nn
from numbacnn.autograd import Tensor
from numbacnn.nn import functional as F


class DigitsCNN(nn.Module):
    """Two convolutions, one pooling, dropout and one dense layer, for images of 8 x 8 pixels such as `Digits`.

    Parameters
    ----------
    num_classes : int
        How many classes there are.

    Notes
    -----
    (N, 1, 8, 8) becomes logits (N, num_classes). Images are pooled once only, after both convolutions: pooled again,
    too little is left to tell an 8 from a 3.
    """

    def __init__(self, num_classes: int = 10) -> None:
        self.conv1 = nn.Conv2d(1, 32, kernel_size=3, padding=1)
        self.conv2 = nn.Conv2d(32, 32, kernel_size=3, padding=1)
        self.pool = nn.MaxPool2d(2)
        self.dropout = nn.Dropout(0.5)
        self.fc1 = nn.Linear(32 * 4 * 4, num_classes)

    def forward(self, x: Tensor) -> Tensor:
        """Compute the logits of images (N, 1, 8, 8)."""
        x = F.relu(self.conv1(x))
        x = self.pool(F.relu(self.conv2(x)))
        logits: Tensor = self.fc1(self.dropout(x.flatten(1)))
        return logits
