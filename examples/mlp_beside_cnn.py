"""A dense network beside a convolutional one, on digits, and on digits that are shifted.

Both learn from digits in the middle of the image. A dense network has a weight for each pixel, and has never seen ink
at the margin; a convolution looks for the same thing everywhere, and global pooling asks only whether it is there.
"""
import numpy as np

import numbacnn
from numbacnn import datasets, nn, optim
from numbacnn.data import DataLoader, TensorDataset

EPOCHS, MARGIN = 12, 3                                   # images are 8 x 8 digits with a margin: 14 x 14
SIZE = 8 + 2 * MARGIN
WIDTHS = 16, 32, 48                                      # channels of the three convolutions


def mlp():
    """Two dense layers."""
    return nn.Sequential(nn.Flatten(), nn.Linear(SIZE * SIZE, 128), nn.ReLU(), nn.Linear(128, 10))


def cnn():
    """Three convolutions, then the maximum of each feature map."""
    first, second, third = WIDTHS
    return nn.Sequential(
        nn.Conv2d(1, first, 3, padding=1), nn.ReLU(), nn.Conv2d(first, second, 3, padding=1), nn.ReLU(),
        nn.Conv2d(second, third, 3, padding=1), nn.ReLU(), nn.GlobalMaxPool2d(), nn.Flatten(), nn.Linear(third, 10))


def shifted(digits, shifts):
    """Images (N, 1, 14, 14) from 0 to 1, each digit moved from the middle by a shift (down, right)."""
    images = np.zeros((len(digits.data), 1, SIZE, SIZE), np.float32)
    for image, digit, (down, right) in zip(images, digits.data, shifts, strict=True):
        image[0, MARGIN + down:MARGIN + down + 8, MARGIN + right:MARGIN + right + 8] = digit / 255
    return images


def train(model, images, targets):
    """Fit the model to centred digits."""
    loader = DataLoader(TensorDataset(images, targets), batch_size=64, shuffle=True)
    optimizer, criterion = optim.Adam(model.parameters(), lr=0.004), nn.CrossEntropyLoss()
    for _ in range(EPOCHS):
        for x, y in loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()


def accuracy(model, images, targets):
    """Share of the images whose digit the model knows."""
    with numbacnn.no_grad():
        return (model(numbacnn.tensor(images)).numpy().argmax(1) == targets).mean()


def main():
    """Train both, and compare."""
    numbacnn.manual_seed(0)
    training, test = datasets.Digits(train=True), datasets.Digits(train=False)
    middle = [(0, 0)] * len(training.data)
    anywhere = np.random.default_rng(0).integers(-MARGIN, MARGIN + 1, (len(test.data), 2))
    print("network   parameters   accuracy   accuracy on shifted digits")
    for name, model in ("MLP", mlp()), ("CNN", cnn()):
        train(model, shifted(training, middle), training.targets)
        parameters = sum(weight.numel() for weight in model.parameters())
        centred = accuracy(model, shifted(test, middle[:len(test.data)]), test.targets)
        moved = accuracy(model, shifted(test, anywhere), test.targets)
        print(f"{name:7} {parameters:12,} {centred:10.1%} {moved:28.1%}")


if __name__ == "__main__":
    main()
