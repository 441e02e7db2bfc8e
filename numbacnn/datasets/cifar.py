"""CIFAR-10 and CIFAR-100: 60,000 small colour photographs each."""
import gzip
import os
import tarfile
import tempfile
import zlib
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from numbacnn.datasets.download import as_folder, chosen_mirrors, download
from numbacnn.datasets.images import ImageDataset
from numbacnn.datasets.safe_pickle import read_pickle

PIXELS = 3 * 32 * 32


class CIFAR10(ImageDataset):
    """50,000 photographs of 32 x 32 pixels in 10 classes to train, and 10,000 to test.

    Parameters
    ----------
    root : path
        Folder of ``cifar-10-batches-py``, or of the archive ``cifar-10-python.tar.gz``, which is unpacked there.
    train : bool
        The training images, or those to test with.
    transform : callable, optional
        Applied to each image, an uint8 array of shape (32, 32, 3).
    target_transform : callable, optional
        Applied to each label.
    download : bool
        Fetch the archive into `root` and unpack it, unless its files are there.
    mirrors : str or sequence of str, optional
        Addresses of folders with the archive, tried in turn. By default those of the environment variable
        `NUMBACNN_CIFAR_MIRRORS`, separated by blanks or commas, else the authors' page.

    Attributes
    ----------
    data : ndarray, shape (N, 32, 32, 3), uint8
        The images.
    targets : ndarray, shape (N,), int64
        The labels, 0 to 9.
    classes : list of str
        Name of each label.
    class_to_idx : dict of str to int
        Label of each name.

    Raises
    ------
    FileNotFoundError
        If files are missing and `download` is false.
    DownloadError
        If no mirror has the archive with the right checksum.
    ValueError
        If a file is damaged, or holds something else.

    Notes
    -----
    The files are pickles, which could run anything when they are loaded. Here they are read by a reader that makes
    numbers, text, lists and arrays, and nothing else.

    References
    ----------
    A. Krizhevsky: Learning multiple layers of features from tiny images. Technical report, University of Toronto
    (2009).

    Examples
    --------
    >>> dataset = CIFAR10("./data", train=True, download=True)  # doctest: +SKIP
    """

    folder: ClassVar[str] = "cifar-10-batches-py"
    archive: ClassVar[tuple[str, str]] = ("cifar-10-python.tar.gz", "md5:c58f30108f718f92721af3b95e74349a")
    train_files: ClassVar[tuple[str, ...]] = tuple(f"data_batch_{i}" for i in range(1, 6))
    test_files: ClassVar[tuple[str, ...]] = ("test_batch",)
    meta: ClassVar[tuple[str, str]] = ("batches.meta", "label_names")
    labels: ClassVar[str] = "labels"
    mirrors: ClassVar[tuple[str, ...]] = ("https://www.cs.toronto.edu/~kriz",)

    def __init__(self, root: str | PathLike[str], train: bool = True, transform: Callable[[Any], Any] | None = None,
                 target_transform: Callable[[Any], Any] | None = None, download: bool = False,
                 mirrors: str | Sequence[str] | None = None) -> None:
        files = self.train_files if train else self.test_files
        folder = self._folder(as_folder(type(self).__name__, root), {*files, self.meta[0]}, download, mirrors)
        classes = self._classes(folder / self.meta[0])
        batches = [self._batch(folder / file, len(classes)) for file in files]
        data = np.concatenate([images for images, _ in batches])
        super().__init__(data, np.concatenate([labels for _, labels in batches]), transform, target_transform, classes)
        self.train = train

    def _folder(self, root: Path, wanted: set[str], fetch: bool, mirrors: str | Sequence[str] | None) -> Path:
        """Where the files lie, after fetching and unpacking what is missing."""
        for folder in (root / self.folder, root):
            if all((folder / name).is_file() for name in wanted):
                return folder
        name, checksum = self.archive
        archive = root / name
        remedy = (f"Put {name} into {root}, or name mirrors that can be reached with mirrors=[...] or "
                  "NUMBACNN_CIFAR_MIRRORS")
        if not archive.is_file():
            if not fetch:
                raise FileNotFoundError(f"{type(self).__name__}: {self.folder} or {name} must lie in {root}, got "
                                        f"neither, or not all files; pass download=True. {remedy}")
            sources = chosen_mirrors(mirrors, "NUMBACNN_CIFAR_MIRRORS", self.mirrors)
            archive = download(name, root, checksum, sources, remedy)
        known = {*self.train_files, *self.test_files, self.meta[0]}
        missing = wanted - _unpacked(type(self).__name__, archive, root / self.folder, known)
        if missing:
            raise ValueError(f"{type(self).__name__}: {archive} must hold {', '.join(sorted(missing))}, got an archive "
                             "without; delete it, and fetch it again with download=True")
        return root / self.folder

    def _batch(self, path: Path, classes: int) -> tuple[np.ndarray, np.ndarray]:
        """Images (N, 32, 32, 3) and labels of one file."""
        content = self._read(path)
        data, labels = content.get("data"), content.get(self.labels)
        if not isinstance(data, np.ndarray) or data.ndim != 2 or data.shape[1] != PIXELS:
            raise self._damaged(path, f"uint8 images (N, {PIXELS}) as 'data'", data)
        if not isinstance(labels, list) or len(labels) != len(data):
            raise self._damaged(path, f"{len(data)} labels as {self.labels!r}", labels)
        for label in labels:
            if type(label) is not int or not 0 <= label < classes:
                raise self._damaged(path, f"labels 0 to {classes - 1}", label)
        return data.reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1), np.array(labels, np.int64)

    def _classes(self, path: Path) -> list[str]:
        names = self._read(path).get(self.meta[1])
        if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
            raise self._damaged(path, f"names of classes as {self.meta[1]!r}", names)
        return names

    def _read(self, path: Path) -> dict[str, Any]:
        try:
            content = read_pickle(path)
        except ValueError as error:
            raise ValueError(f"{type(self).__name__}: {path}: {error}; delete it, and fetch it again with "
                             "download=True") from error
        if not isinstance(content, dict):
            raise self._damaged(path, "a dict", content)
        return content

    def _damaged(self, path: Path, wanted: str, value: Any) -> ValueError:
        got = f"{value.dtype}{value.shape}" if isinstance(value, np.ndarray) else \
            f"{len(value)}" if isinstance(value, list) else repr(value)[:40]
        return ValueError(f"{type(self).__name__}: {path} must hold {wanted}, got {got}; delete it, and fetch it again "
                          "with download=True")


class CIFAR100(CIFAR10):
    """50,000 photographs of 32 x 32 pixels in 100 classes to train, and 10,000 to test.

    Its parameters, attributes and errors are those of `CIFAR10`; the folder is ``cifar-100-python``, the archive
    ``cifar-100-python.tar.gz``, and labels are the fine ones, 0 to 99.

    Examples
    --------
    >>> dataset = CIFAR100("./data", train=True, download=True)  # doctest: +SKIP
    """

    folder: ClassVar[str] = "cifar-100-python"
    archive: ClassVar[tuple[str, str]] = ("cifar-100-python.tar.gz", "md5:eb9058c3a382ffc7106e4002c42a8d85")
    train_files: ClassVar[tuple[str, ...]] = ("train",)
    test_files: ClassVar[tuple[str, ...]] = ("test",)
    meta: ClassVar[tuple[str, str]] = ("meta", "fine_label_names")
    labels: ClassVar[str] = "fine_labels"


def _unpacked(op: str, archive: Path, folder: Path, wanted: set[str]) -> set[str]:
    """Unpack the wanted files of an archive, and no other, into the folder; return which were there."""
    files: dict[str, bytes] = {}
    try:
        with gzip.open(archive) as stream, tarfile.open(fileobj=stream, mode="r:") as content:
            for member in content:
                name = member.name.rpartition("/")[2]
                file = content.extractfile(member) if member.isfile() and name in wanted else None
                if file is not None:
                    files[name] = file.read()
            while stream.read(1 << 20):                  # to the end, where the checksum is
                pass
    except (tarfile.TarError, gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise ValueError(f"{op}: {archive} must be a whole tar.gz archive, got a damaged one: {error}; delete it, and "
                         "fetch it again with download=True") from error
    for name, data in files.items():
        _put(folder, name, data)
    return set(files)


def _put(folder: Path, name: str, content: bytes) -> None:
    """Write a file that appears only when it is complete."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder, delete=False) as file:
        file.write(content)
    os.replace(file.name, folder / name)
