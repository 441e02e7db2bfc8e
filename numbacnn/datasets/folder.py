"""Files in folders: one folder per class."""
import os
from collections.abc import Callable, Iterable
from os import PathLike
from pathlib import Path
from typing import Any

from numbacnn.data import Dataset
from numbacnn.data.arguments import function
from numbacnn.datasets.download import as_folder
from numbacnn.datasets.image_file import read_image
from numbacnn.errors import DTypeError, ShapeError

IMG_EXTENSIONS = (".jpg", ".jpeg", ".png", ".ppm", ".bmp", ".pgm", ".tif", ".tiff", ".webp")


class DatasetFolder(Dataset[tuple[Any, Any]]):
    """Files of any kind, sorted into one folder per class: ``root/cat/1.npy``, ``root/dog/a/2.npy``.

    Parameters
    ----------
    root : path
        Folder of the folders.
    loader : callable
        Reads the file of a path.
    extensions : sequence of str, optional
        Endings of names that count, such as ``(".npy",)``, in small or capital letters.
    transform : callable, optional
        Applied to what the loader gives.
    target_transform : callable, optional
        Applied to each label.
    is_valid_file : callable, optional
        Tells from the path whether a file counts, in place of `extensions`.
    allow_empty : bool
        Whether a class may have no file.

    Attributes
    ----------
    classes : list of str
        Names of the folders, sorted.
    class_to_idx : dict of str to int
        Label of each name.
    samples : list of (str, int)
        Path and label of each sample: by class, then by path.
    targets : list of int
        Label of each sample.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, if it holds none, or if a class has no file.

    Notes
    -----
    Names and order are those of torchvision. Files that begin with a dot do not count.
    """

    def __init__(self, root: str | PathLike[str], loader: Callable[[str], Any],
                 extensions: str | Iterable[str] | None = None, transform: Callable[[Any], Any] | None = None,
                 target_transform: Callable[[Any], Any] | None = None,
                 is_valid_file: Callable[[str], bool] | None = None, allow_empty: bool = False) -> None:
        op = type(self).__name__
        if function(op, "loader", loader) is None:
            raise DTypeError(f"{op}: loader must be callable, got None")
        if (extensions is None) == (function(op, "is_valid_file", is_valid_file) is None):
            raise ShapeError(f"{op}: exactly one of extensions and is_valid_file must be given, got "
                             f"{'neither' if extensions is None else 'both'}")
        self.root = str(root)
        self.loader = loader
        self.extensions = None if extensions is None else \
            tuple([extensions] if isinstance(extensions, str) else extensions)
        self.transform = function(op, "transform", transform)
        self.target_transform = function(op, "target_transform", target_transform)
        folder = as_folder(op, root)
        self.classes = _classes(op, folder)
        self.class_to_idx = {name: i for i, name in enumerate(self.classes)}
        self.samples = self._files(op, folder, is_valid_file or self._has_extension, allow_empty)
        self.targets = [label for _, label in self.samples]

    def __getitem__(self, index: int) -> tuple[Any, Any]:
        path, label = self.samples[index]
        sample: Any = self.loader(path)
        if self.transform is not None:
            sample = self.transform(sample)
        return sample, label if self.target_transform is None else self.target_transform(label)

    def __len__(self) -> int:
        return len(self.samples)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.root!r}, {len(self)} files in {len(self.classes)} classes)"

    def _has_extension(self, path: str) -> bool:
        return path.lower().endswith(tuple(ending.lower() for ending in self.extensions or ()))

    def _files(self, op: str, root: Path, counts: Callable[[str], bool], allow_empty: bool) -> list[tuple[str, int]]:
        samples, empty = [], []
        for label, name in enumerate(self.classes):
            paths = [os.path.join(folder, file) for folder, _, files in sorted(os.walk(root / name, followlinks=True))
                     for file in sorted(files) if not file.startswith(".")]
            found = [(path, label) for path in paths if counts(path)]
            samples += found
            empty += [] if found else [name]
        if empty and not allow_empty:
            what = f" with one of the endings {', '.join(self.extensions)}" if self.extensions else " that is valid"
            raise FileNotFoundError(f"{op}: every class must have a file{what}, got none in {root} for "
                                    f"{', '.join(empty)}; remove the folders, or pass allow_empty=True")
        return samples


class ImageFolder(DatasetFolder):
    """Images, sorted into one folder per class: ``root/cat/1.png``, ``root/dog/2.jpg``.

    Parameters
    ----------
    root : path
        Folder of the folders.
    transform : callable, optional
        Applied to each image, by default an uint8 array of shape (H, W, 3).
    target_transform : callable, optional
        Applied to each label.
    loader : callable, optional
        Reads the image of a path; by default Pillow does, in colours.
    is_valid_file : callable, optional
        Tells from the path whether a file counts; by default those that end like images.
    allow_empty : bool
        Whether a class may have no image.

    Attributes
    ----------
    classes : list of str
        Names of the folders, sorted.
    class_to_idx : dict of str to int
        Label of each name.
    samples, imgs : list of (str, int)
        Path and label of each image: by class, then by path.
    targets : list of int
        Label of each image.

    Raises
    ------
    FileNotFoundError
        If there is no such folder, if it holds none, or if a class has no image.
    ImportError
        If Pillow is not installed (``pip install numbacnn[data]``), when the first image is read.
    ValueError
        If a file is no image, or a damaged one, when it is read.

    Notes
    -----
    Names and order are those of torchvision; images are arrays, not Pillow's.
    """

    def __init__(self, root: str | PathLike[str], transform: Callable[[Any], Any] | None = None,
                 target_transform: Callable[[Any], Any] | None = None, loader: Callable[[str], Any] | None = None,
                 is_valid_file: Callable[[str], bool] | None = None, allow_empty: bool = False) -> None:
        super().__init__(root, _read_colours if loader is None else loader,
                         IMG_EXTENSIONS if is_valid_file is None else None, transform, target_transform, is_valid_file,
                         allow_empty)
        self.imgs = self.samples


def _read_colours(path: str) -> Any:
    return read_image(path, mode="RGB")


def _classes(op: str, root: Path) -> list[str]:
    if not root.is_dir():
        raise FileNotFoundError(f"{op}: root must be a folder, got {root}, "
                                f"{'a file' if root.exists() else 'which does not exist'}")
    classes = sorted(entry.name for entry in os.scandir(root) if entry.is_dir())
    if not classes:
        raise FileNotFoundError(f"{op}: {root} must hold a folder for each class, got none")
    return classes
