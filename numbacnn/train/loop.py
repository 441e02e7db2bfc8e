"""The training loop, and what it measures."""
import math
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from numbacnn.autograd import Tensor, no_grad
from numbacnn.data import DataLoader
from numbacnn.nn import CrossEntropyLoss, Module
from numbacnn.optim import Optimizer


class Epoch(NamedTuple):
    """What one epoch measured: a line of history.csv.

    Loss and accuracy are means over the training images, each measured in the step that trained on it; those of the
    test images are measured after the epoch.
    """

    epoch: int
    lr: float
    loss: float
    accuracy: float
    test_loss: float
    test_accuracy: float
    images_per_second: float
    seconds: float


class Tally:
    """Loss and accuracy over the images that an epoch has seen so far.

    Parameters
    ----------
    epoch : int
        Which epoch, from 1.
    """

    def __init__(self, epoch: int) -> None:
        self.epoch = epoch
        self.images = self.correct = 0
        self.loss_sum = 0.0
        self.begun = time.perf_counter()
        self._first: tuple[float, int] | None = None

    def add(self, loss: float, correct: int, images: int) -> None:
        """Take in a batch: its mean loss, and how many of its images were recognised."""
        self.images += images
        self.correct += correct
        self.loss_sum += loss * images
        self._first = self._first or (time.perf_counter(), images)

    @property
    def loss(self) -> float:
        """Mean loss."""
        return self.loss_sum / self.images

    @property
    def accuracy(self) -> float:
        """Share of the images that were recognised."""
        return self.correct / self.images

    @property
    def seconds(self) -> float:
        """Time since the epoch began."""
        return time.perf_counter() - self.begun

    @property
    def images_per_second(self) -> float:
        """Images per second after the first batch, whose step may compile."""
        moment, images = self._first or (self.begun, 0)
        return (self.images - images) / max(time.perf_counter() - moment, 1e-9)


def fit(model: Module, optimizer: Optimizer, train: DataLoader, test: DataLoader, epochs: int,
        watch: Callable[[Tally], None] = lambda tally: None) -> Iterator[Epoch]:
    """Train a network; yield what each epoch measured.

    The learning rate falls evenly, from what the optimiser has to zero after the last step. A loss that is not finite
    ends the training: its epoch is the last.

    Parameters
    ----------
    model : Module
        From images (N, C, H, W) to logits (N, classes).
    optimizer : Optimizer
        Of the parameters of `model`.
    train, test : DataLoader
        Batches (images, targets) to learn from, and to measure with.
    epochs : int
        How often to go through `train`.
    watch : callable, optional
        Called after each step with the `Tally` of the epoch.
    """
    schedule = FallingRate(optimizer, epochs * len(train))
    for epoch in range(1, epochs + 1):
        lr, tally = optimizer.param_groups[0]["lr"], Tally(epoch)
        train_epoch(model, optimizer, schedule, train, tally, watch)
        seconds, rate = tally.seconds, tally.images_per_second
        logits, targets = evaluate(model, test)
        yield Epoch(epoch, lr, tally.loss, tally.accuracy, cross_entropy(logits, targets), accuracy(logits, targets),
                    rate, seconds)
        if not math.isfinite(tally.loss):
            return


def train_epoch(model: Module, optimizer: Optimizer, schedule: "FallingRate", loader: DataLoader, tally: Tally,
                watch: Callable[[Tally], None]) -> None:
    """Go through the images once, or until the loss is not finite."""
    criterion = CrossEntropyLoss()
    model.train()
    for images, targets in loader:
        optimizer.zero_grad()
        logits = model(images)
        loss = criterion(logits, targets)
        loss.backward()
        optimizer.step()
        schedule.step()
        # optimizer.step() has computed all that is still held: to look at it now costs a copy. Looking earlier would
        # have cut the plan in two.
        tally.add(loss.item(), correct(logits.numpy(), targets.numpy()), len(targets))
        watch(tally)
        if not math.isfinite(tally.loss):
            return


class FallingRate:
    """Lets learning rates fall evenly to zero.

    Parameters
    ----------
    optimizer : Optimizer
        Whose groups have the rates of the first step.
    steps : int
        After how many steps the rates are zero.
    """

    def __init__(self, optimizer: Optimizer, steps: int) -> None:
        self.groups = [(group, group["lr"]) for group in optimizer.param_groups]
        self.steps = steps
        self.done = 0

    def step(self) -> None:
        """Set the rates of the next step."""
        self.done += 1
        for group, lr in self.groups:
            group["lr"] = lr * max(0.0, 1 - self.done / self.steps)


def evaluate(model: Module, loader: DataLoader) -> tuple[np.ndarray, np.ndarray]:
    """Apply a network to all images, in evaluation mode.

    Parameters
    ----------
    model : Module
        From images (N, C, H, W) to logits (N, classes).
    loader : DataLoader
        Batches (images, targets).

    Returns
    -------
    logits : ndarray, shape (images, classes)
        In the order of the loader.
    targets : ndarray of int, shape (images,)
        The right classes.
    """
    training = model.training
    model.eval()
    try:
        with no_grad():
            results = [(_values(model(images)), _values(targets)) for images, targets in loader]
    finally:
        model.train(training)
    logits, targets = zip(*results, strict=True)
    return np.concatenate(logits), np.concatenate(targets)


def correct(logits: np.ndarray, targets: np.ndarray) -> int:
    """How many images are recognised."""
    return int((logits.argmax(1) == targets).sum())


def accuracy(logits: np.ndarray, targets: np.ndarray) -> float:
    """Share of the images that are recognised."""
    return correct(logits, targets) / len(targets)


def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> float:
    """Mean of -log of the probability of the right class."""
    with np.errstate(divide="ignore"):                   # a probability of zero: the loss is infinite
        return float(-np.log(softmax(logits)[np.arange(len(targets)), targets]).mean())


def softmax(logits: np.ndarray) -> np.ndarray:
    """Probabilities of the classes, in float64."""
    with np.errstate(invalid="ignore"):                  # of a network that diverged
        powers = np.exp(logits.astype(np.float64) - logits.max(1, keepdims=True))
        probabilities: np.ndarray = powers / powers.sum(1, keepdims=True)
    return probabilities


def _values(tensor: Tensor) -> np.ndarray:
    return tensor.numpy()
