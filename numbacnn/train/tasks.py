"""What can be trained by name: a data set, the network for it, and options that suit both."""
from collections.abc import Callable
from typing import Any, NamedTuple

from numbacnn.datasets import MNIST, Digits, ImageDataset
from numbacnn.models import DigitsCNN, SimpleCNN
from numbacnn.nn import Module
from numbacnn.train.errors import CommandError
from numbacnn.transforms import Compose, Normalize, ToTensor


class Task(NamedTuple):
    """A data set and how to train on it.

    Attributes
    ----------
    summary : str
        One line for the help.
    dataset : callable
        ``Digits``, ``MNIST`` or what takes the same arguments.
    on_disk : bool
        Whether the images are files of the user's.
    model : type of Module
        The network.
    image_size : (int, int)
        Height and width of the images it takes.
    mean, std : float
        Of the training images, 0 (paper) to 1 (ink): the network gets (image - mean) / std.
    epochs, batch_size, lr : int, int, float
        Defaults. The learning rate is that of the first step; it falls to zero.
    """

    summary: str
    dataset: Callable[..., ImageDataset]
    on_disk: bool
    model: type[Module]
    image_size: tuple[int, int]
    mean: float
    std: float
    epochs: int
    batch_size: int
    lr: float


TASKS = {
    "digits": Task("1,797 handwritten digits of 8 x 8 pixels, which come with the package", Digits, False, DigitsCNN,
                   (8, 8), 0.3058, 0.3761, epochs=15, batch_size=32, lr=3e-3),
    "mnist": Task("70,000 handwritten digits of 28 x 28 pixels, from four files", MNIST, True, SimpleCNN,
                  (28, 28), 0.1307, 0.3081, epochs=3, batch_size=64, lr=2e-3),
}


def normalisation(mean: float, std: float) -> Compose:
    """From the pixels of an image to what the network takes."""
    return Compose([ToTensor(), Normalize(mean, std)])


def load_images(name: str, data_dir: str | None, download: bool) -> tuple[ImageDataset, ImageDataset]:
    """The images of a task: to train with, and to test with."""
    task = TASKS[name]
    options: dict[str, Any] = {"root": data_dir, "download": download} if task.on_disk else {}
    options["transform"] = normalisation(task.mean, task.std)
    try:
        return task.dataset(train=True, **options), task.dataset(train=False, **options)
    except FileNotFoundError as error:
        raise CommandError(f"train {name}: {error}. On the command line: --data-dir DIR, --download") from error
    except (OSError, ValueError, ImportError) as error:
        raise CommandError(f"train {name}: {error}") from error
