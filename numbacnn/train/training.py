"""The command `numbacnn train`: from the name of a task to a run folder."""
import math
import sys
from io import StringIO
from pathlib import Path

import numpy as np

from numbacnn.backend import default_device
from numbacnn.data import DataLoader
from numbacnn.optim import Adam
from numbacnn.random import manual_seed
from numbacnn.train.config import Config
from numbacnn.train.console import CompileNotice, Progress
from numbacnn.train.loop import Epoch, accuracy, evaluate, fit
from numbacnn.train.report import confusion_matrix, draw_pictures, write_history
from numbacnn.train.run import RunFolder, save_run
from numbacnn.train.tasks import TASKS, load_images

TEST_BATCH = 1000
SUCCEEDED, FAILED, INTERRUPTED = 0, 1, 130


def train(name: str, *, epochs: int, batch_size: int, lr: float, seed: int = 0, out: str = "runs", quiet: bool = False,
          data_dir: str | None = None, download: bool = False) -> int:
    """Train on a task, keep the result in a new folder, and tell the user.

    Parameters
    ----------
    name : str
        One of `TASKS`.
    epochs, batch_size, lr, seed : int, int, float, int
        Options of the training.
    out : str
        The folder in which the run gets a folder of its own.
    quiet : bool
        Print the result only.
    data_dir : str, optional
        Where the images lie, if the task reads files.
    download : bool
        Whether to fetch files that are missing.

    Returns
    -------
    int
        Exit status: 0, 1 if nothing was learned, 130 if Ctrl-C ended it. What there is is kept in any case.
    """
    task = TASKS[name]
    train_images, test_images = load_images(name, data_dir, download)
    config = Config(name, task.model.__name__, train_images.classes, task.image_size, task.mean, task.std, epochs,
                    batch_size, lr, seed, str(default_device()))
    manual_seed(seed)
    model = config.build()
    train_loader = DataLoader(train_images, batch_size, shuffle=True)
    test_loader = DataLoader(test_images, TEST_BATCH)
    screen = StringIO() if quiet else sys.stdout
    history: list[Epoch] = []
    with RunFolder(Path(out), name) as folder, CompileNotice(screen) as notice:
        progress = Progress(epochs, len(train_images), screen, notice)
        try:
            for epoch in fit(model, Adam(model.parameters(), lr), train_loader, test_loader, epochs, progress.step):
                history.append(epoch)
                progress.epoch(epoch)
            logits, targets = evaluate(model, test_loader)
            config.test_accuracy = accuracy(logits, targets)
            config.outcome = judge(history, logits, targets)
            if config.outcome == "finished":
                confusion = confusion_matrix(logits, targets)
                if not draw_pictures(folder.path, history, confusion, config.classes, model):
                    print("no pictures without matplotlib; install it with: pip install numbacnn[viz]", file=screen)
        except KeyboardInterrupt:
            config.outcome = "interrupted"
        finally:
            progress.close()
        write_history(folder.path / "history.csv", history)
        save_run(folder.path, config, model)
        return tell(config, folder.publish())


def judge(history: list[Epoch], logits: np.ndarray, targets: np.ndarray) -> str:
    """How a training that went to its end has ended: "finished", or what went wrong."""
    last = history[-1]
    if not math.isfinite(last.loss):
        return f"the loss became {last.loss} in epoch {last.epoch}"
    if not np.isfinite(logits).all():
        return "the network's outputs are not finite"
    reached, chance = accuracy(logits, targets), np.bincount(targets).max() / len(targets)
    if reached <= chance:
        return f"test accuracy {reached:.4f} is not better than guessing ({chance:.4f})"
    return "finished"


def tell(config: Config, place: Path) -> int:
    """Print the last line, and return the exit status."""
    if config.outcome == "finished":
        print(f"test accuracy {config.test_accuracy:.4f}; saved to {place}")
        return SUCCEEDED
    if config.outcome == "interrupted":
        print(f"numbacnn train: interrupted; what there is was saved to {place}", file=sys.stderr)
        return INTERRUPTED
    print(f"numbacnn train: nothing was learned: {config.outcome}; another --lr may help, it was {config.lr:g}. "
          f"Saved to {place}", file=sys.stderr)
    return FAILED
