"""Files from the network: several mirrors, a checksum, and never half a file."""
import os
import re
from collections.abc import Sequence
from pathlib import Path

from numbacnn.errors import DTypeError, NumbacnnError


class DownloadError(NumbacnnError, OSError):
    """No mirror delivered a file as it should be."""


def download(name: str, folder: Path, checksum: str, mirrors: Sequence[str], remedy: str) -> Path:
    """Fetch a file from the first mirror that has it, and return where it lies.

    It appears in `folder` only when it is complete and its checksum is right: until then it has another name.
    """
    try:
        import pooch
    except ImportError as error:
        raise ImportError(f"download: {name} cannot be fetched without pooch; install it with: pip install "
                          f"numbacnn[data]\n{remedy}") from error
    failures = []
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{name}"
        try:
            return Path(pooch.retrieve(url, known_hash=checksum, fname=name, path=folder))
        except (OSError, ValueError) as error:           # no such host, 404, cut off, wrong checksum, no such protocol
            failures.append(f"  {url}: {error}")
    raise DownloadError("\n".join([f"download: {name} must come from one of {len(mirrors)} mirrors, got",
                                   *failures, remedy]))


def chosen_mirrors(argument: str | Sequence[str] | None, variable: str, default: Sequence[str]) -> list[str]:
    """The argument, else the environment variable, else the default. Text is cut at blanks and commas."""
    value = os.environ.get(variable, "") if argument is None else argument
    if isinstance(value, str):
        value = [mirror for mirror in re.split(r"[\s,]+", value) if mirror]
    return list(value) or list(default)


def as_folder(op: str, root: str | os.PathLike[str]) -> Path:
    """The folder that an argument `root` names."""
    if not isinstance(root, str | os.PathLike):
        raise DTypeError(f"{op}: root must be a path, got {root!r}")
    return Path(root).expanduser()
