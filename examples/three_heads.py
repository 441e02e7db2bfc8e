"""One body, three heads: which digit is it, is it a zero, and where does its ink lie?

A convolutional network ends in a head that fits the question: a score per class for cross entropy, one score for binary
cross entropy, numbers as they are for a regression. The digits come with the package.
"""
import numpy as np

import numbacnn
from numbacnn import datasets, nn, optim
from numbacnn.data import DataLoader, TensorDataset

EPOCHS = 8
WIDTHS = 16, 32                                          # channels of the two convolutions


def network(outputs):
    """The body, and a head with so many outputs."""
    first, second = WIDTHS
    return nn.Sequential(
        nn.Conv2d(1, first, 3, padding=1), nn.ReLU(), nn.Conv2d(first, second, 3, padding=1), nn.ReLU(),
        nn.MaxPool2d(2), nn.Flatten(), nn.Linear(second * 4 * 4, outputs))


def images(digits):
    """Images (N, 1, 8, 8) from 0 to 1."""
    return (digits.data[:, None] / 255).astype(np.float32)


def centre(pictures):
    """Row and column of the ink's centre of mass, in pixels."""
    ink = pictures[:, 0] / pictures.sum((1, 2, 3))[:, None, None]
    rows, columns = (ink.sum(axis) @ np.arange(8) for axis in (2, 1))
    return np.stack([rows, columns], 1).astype(np.float32)


def train(model, criterion, pictures, targets):
    """Fit the model to the targets, and return it."""
    loader = DataLoader(TensorDataset(pictures, targets), batch_size=64, shuffle=True)
    optimizer = optim.Adam(model.parameters(), lr=0.003)
    for _ in range(EPOCHS):
        for x, y in loader:
            optimizer.zero_grad()
            criterion(model(x), y).backward()
            optimizer.step()
    return model


def predict(model, pictures):
    """What the model says, as an array."""
    with numbacnn.no_grad():
        return model(numbacnn.tensor(pictures)).numpy()


def main():
    """Answer the three questions."""
    numbacnn.manual_seed(0)
    training, test = datasets.Digits(train=True), datasets.Digits(train=False)
    x, unseen = images(training), images(test)

    model = train(network(10), nn.CrossEntropyLoss(label_smoothing=0.05), x, training.targets)
    right = (predict(model, unseen).argmax(1) == test.targets).mean()
    print(f"many classes: which digit is it?        right for {right:.1%} of {len(test)} digits it has not seen")

    zeros = (training.targets == 0).astype(np.float32)[:, None]
    many = (1 - zeros).sum() / zeros.sum()               # how many others there are for each zero
    criterion = nn.BCEWithLogitsLoss(pos_weight=numbacnn.tensor(np.float32([many])))
    model = train(network(1), criterion, x, zeros)
    said, is_zero = predict(model, unseen)[:, 0] > 0, test.targets == 0
    print(f"two classes:  is it a zero?             finds {(said & is_zero).sum()} of {is_zero.sum()} zeros, and "
          f"{(said & ~is_zero).sum()} others")

    places, true = centre(x), centre(unseen)
    mean = places.mean(0)
    model = train(network(2), nn.HuberLoss(delta=0.5), x, places - mean)
    error = np.abs(predict(model, unseen) + mean - true).mean()
    print(f"numbers:      where is the ink's centre? {error:.3f} pixels beside it on average; a guess is "
          f"{np.abs(mean - true).mean():.3f} pixels beside it")


if __name__ == "__main__":
    main()
