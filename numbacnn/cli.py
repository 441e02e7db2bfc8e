"""The command line: `numbacnn train`, `numbacnn predict`, `numbacnn warmup`, `numbacnn info`.

Exit status 0: all is well. 1: nothing was learned. 2: a command that cannot be carried out as given; the reason is one
line on the standard error. 130: ended by Ctrl-C.
"""
import argparse
import math
import os
import platform
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any, NoReturn

from numbacnn import __version__, backend, train
from numbacnn.errors import BackendError, DeviceError

EXTRAS = {"matplotlib": "viz", "pillow": "data", "pooch": "data"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Without the name of the program; by default those it was started with.

    Returns
    -------
    int
        Exit status.
    """
    options = vars(_parser().parse_args(arguments))
    command: Callable[..., int] = options.pop("command")
    try:
        return command(**options)
    except (train.CommandError, BackendError, DeviceError) as error:
        begin = "numbacnn" if isinstance(error, train.CommandError) else "numbacnn:"
        print(begin, " ".join(str(error).split()), file=sys.stderr)
        return 2
    except BrokenPipeError:                              # whoever read the output has gone: that is no fault
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        print("numbacnn:", error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def info() -> int:
    """Print what a report of a fault should contain: versions, and what each backend says."""
    print(f"numbacnn {__version__}")
    _line("Python", f"{platform.python_version()} ({platform.python_implementation()}) on {platform.platform()}")
    for name in ("numpy", "numba", "llvmlite", "safetensors", "tqdm"):
        _line(name, _version(name) or "not installed")
    for name, extra in EXTRAS.items():
        _line(name, _version(name) or f"not installed (pip install numbacnn[{extra}])")
    for name in backend.installed():
        print(f"backend {name}")
        for key, value in _about(name).items():
            _line(key, value)
    print(f"new tensors are born on {backend.default_device()}")
    return 0


def _about(name: str) -> dict[str, str]:
    """What a backend says about itself, or why it cannot be used."""
    about: dict[str, str] = {}
    for question in (lambda module: {"devices": str(module.devices())}, lambda module: module.info()):
        try:
            about |= question(backend.load(name))
        except Exception as error:                       # a backend that is broken is what the user wants to report
            about["cannot be used"] = f"{type(error).__name__}: {error}"
    return about


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _line(name: str, value: str) -> None:
    print(f"  {name:16} {value}")


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        """End with status 2."""
        self.exit(2, f"{self.prog}: {message}; see {self.prog} --help\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser("numbacnn", description="Convolutional networks in which every kernel is Python that Numba "
                                             "compiles.")
    parser.add_argument("--version", action="version", version=f"numbacnn {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    _add_train(commands)
    _add_predict(commands)
    _add_warmup(commands)
    shown = commands.add_parser("info", help="show versions, backends and where compiled kernels are kept")
    shown.set_defaults(command=info)
    return parser


def _add_train(commands: Any) -> None:
    text = "train a network on a data set, and keep it in a folder with its history and pictures"
    parser = commands.add_parser("train", help=text, description=text.capitalize() + ".")
    tasks = parser.add_subparsers(title="data sets", metavar="TASK", required=True)
    for name, task in train.TASKS.items():
        options = tasks.add_parser(name, help=task.summary, description=f"Train a network on {task.summary}.",
                                   formatter_class=argparse.ArgumentDefaultsHelpFormatter)
        options.add_argument("--epochs", metavar="N", type=_count, default=task.epochs,
                             help="how often to go through the images")
        options.add_argument("--batch-size", metavar="N", type=_count, default=task.batch_size, help="images per step")
        options.add_argument("--lr", type=_positive, default=task.lr,
                             help="learning rate of the first step; it falls evenly to zero")
        options.add_argument("--seed", metavar="N", type=_seed, default=0, help="same seed, same result")
        options.add_argument("--out", metavar="DIR", default="runs",
                             help=f"where the run gets a folder: {name}-001, or the next number that is free")
        _add_flag(options, "--quiet", "print the result only")
        if task.on_disk:
            options.add_argument("--data-dir", metavar="DIR", default="data", help="where the files lie")
            _add_flag(options, "--download", "fetch files that are missing; needs pooch")
        options.set_defaults(command=train.train, name=name)


def _add_predict(commands: Any) -> None:
    parser = commands.add_parser("predict", help="show what a trained network sees in images",
                                 description="Print the most probable classes of images, with their probabilities.")
    parser.add_argument("run", metavar="RUN", help="a folder that `numbacnn train` made")
    parser.add_argument("images", metavar="IMAGE", nargs="+", help="an image file (needs Pillow), or .npy; it is "
                        "turned grey and resized as a whole: let the digit fill it as in the training images")
    parser.add_argument("--invert", action="store_true", help="for dark ink on light paper: the training images are "
                                                              "light on dark")
    parser.set_defaults(command=train.predict)


def _add_warmup(commands: Any) -> None:
    text = "compile what networks need to be trained and used, before anybody waits for it"
    parser = commands.add_parser("warmup", help=text, description=f"{text.capitalize()}.")
    parser.add_argument("networks", metavar="NETWORK", nargs="*", type=_network,
                        help=f"{' or '.join(train.NETWORKS)}; by default all")
    parser.add_argument("--arch", metavar="ARCH", default=argparse.SUPPRESS,
                        help="for a GPU of this architecture, such as sm_90a, which need not be in this machine")
    parser.set_defaults(command=train.warmup)


def _network(text: str) -> str:
    if text not in train.NETWORKS:
        raise argparse.ArgumentTypeError(f"must be one of {', '.join(train.NETWORKS)}, got {text!r}")
    return text


def _add_flag(parser: argparse.ArgumentParser, name: str, text: str) -> None:
    parser.add_argument(name, action="store_true", default=argparse.SUPPRESS, help=text)     # or the help shows "False"


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number from 1, got {text!r}")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**63:
        raise argparse.ArgumentTypeError(f"must be a whole number from 0 to 2**63 - 1, got {text!r}")
    return int(text)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"must be a positive number, got {text!r}")
    return value
