"""A run: the folder of a trained network. It appears when it is complete, under a number of its own."""
import os
import re
import shutil
import uuid
from pathlib import Path

from numbacnn.errors import NumbacnnError
from numbacnn.nn import Module
from numbacnn.serialize import load, save
from numbacnn.train.config import Config
from numbacnn.train.errors import CommandError

MODEL, CONFIG = "model.safetensors", "config.json"


class RunFolder:
    """A folder that is being filled, in a `with` block; `publish` gives it its name, else it is gone after the block.

    Parameters
    ----------
    out : path
        The folder of runs; made if it is missing.
    name : str
        The run will be ``out/name-001``, or the next number: nothing is ever overwritten.
    """

    def __init__(self, out: Path, name: str) -> None:
        self.out, self.name = out, name
        self.path = out / f".{name}-{uuid.uuid4().hex[:8]}"

    def __enter__(self) -> "RunFolder":
        try:
            self.path.mkdir(parents=True)
        except OSError as error:
            raise CommandError(f"train: --out must be a folder that can be written, got {self.out}: {error.strerror}"
                               ) from error
        return self

    def __exit__(self, *error: object) -> None:
        shutil.rmtree(self.path, ignore_errors=True)

    def publish(self) -> Path:
        """Name the folder, and return where it is now."""
        pattern = re.compile(rf"{re.escape(self.name)}-(\d+)")
        numbers = [int(match[1]) for path in self.out.iterdir() if (match := pattern.fullmatch(path.name))]
        number = max(numbers, default=0)
        while True:
            number += 1
            target = self.out / f"{self.name}-{number:03}"
            try:
                if not target.exists():
                    os.rename(self.path, target)
                    return target
            except OSError:
                if not target.exists():                  # else another process was faster
                    raise


def save_run(folder: Path, config: Config, model: Module) -> None:
    """Write a network and its config into a folder.

    Parameters
    ----------
    folder : path
        Where to.
    config : Config
        How it was trained.
    model : Module
        The network.
    """
    save(model.state_dict(), folder / MODEL, {"model": config.model})
    config.write(folder / CONFIG)


def load_run(folder: Path) -> tuple[Config, Module]:
    """Read the network of a run, ready to predict.

    Parameters
    ----------
    folder : path
        A folder that `numbacnn train` made.

    Raises
    ------
    CommandError
        If it is none.
    """
    config = Config.read(folder / CONFIG)
    model = config.build()
    try:
        model.load_state_dict(load(folder / MODEL))
    except (OSError, KeyError, ValueError, NumbacnnError) as error:
        raise CommandError(f"predict: {folder / MODEL} must hold the parameters of {config.model}: {error}") from error
    return config, model.eval()
