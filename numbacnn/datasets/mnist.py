"""MNIST, 70,000 handwritten digits, and FashionMNIST, as many pieces of clothing."""
from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from numbacnn.datasets.download import as_folder, chosen_mirrors, download
from numbacnn.datasets.idx import read_idx
from numbacnn.datasets.images import ImageDataset


class MNIST(ImageDataset):
    """60,000 handwritten digits of 28 x 28 pixels to train, and 10,000 to test.

    Parameters
    ----------
    root : path
        Folder of the four files, compressed or not: directly in it, or in ``MNIST/raw`` as torchvision lays them.
    train : bool
        The training images, or those to test with.
    transform : callable, optional
        Applied to each image, an uint8 array of shape (28, 28).
    target_transform : callable, optional
        Applied to each label.
    download : bool
        Fetch what is missing of the chosen part into ``root/MNIST/raw``. What is there is used: then no network is
        needed.
    mirrors : str or sequence of str, optional
        Addresses of folders with the four files, tried in turn. By default those of the environment variable
        `NUMBACNN_MNIST_MIRRORS`, separated by blanks or commas, else two public ones.

    Attributes
    ----------
    data : ndarray, shape (N, 28, 28), uint8
        The images, 0 (paper) to 255 (ink).
    targets : ndarray, shape (N,), int64
        The digits, 0 to 9.
    classes : list of str
        Name of each digit.

    Raises
    ------
    FileNotFoundError
        If a file is missing and `download` is false.
    DownloadError
        If no mirror has a file, or none has it with the right checksum.
    ValueError
        If a file is damaged, or images and labels do not belong together.

    References
    ----------
    Y. LeCun, L. Bottou, Y. Bengio, P. Haffner: Gradient-based learning applied to document recognition. Proceedings of
    the IEEE 86 (1998), section III.

    Examples
    --------
    >>> from numbacnn import transforms
    >>> transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.1307,), (0.3081,))])
    >>> dataset = MNIST("./data", train=True, download=True, transform=transform)  # doctest: +SKIP
    """

    files: ClassVar[dict[str, str]] = {
        "train-images-idx3-ubyte.gz": "md5:f68b3c2dcbeaaa9fbdd348bbdeb94873",
        "train-labels-idx1-ubyte.gz": "md5:d53e105ee54ea40749a09fcbcd1e9432",
        "t10k-images-idx3-ubyte.gz": "md5:9fb629c4189551a2d022fa330f9573f3",
        "t10k-labels-idx1-ubyte.gz": "md5:ec29112dd5afa0611ce80d1b7f02629c",
    }
    mirrors: ClassVar[tuple[str, ...]] = (
        "https://ossci-datasets.s3.amazonaws.com/mnist",
        "https://storage.googleapis.com/cvdf-datasets/mnist",
    )

    variable: ClassVar[str] = "NUMBACNN_MNIST_MIRRORS"
    names: ClassVar[tuple[str, ...]] = ("0 - zero", "1 - one", "2 - two", "3 - three", "4 - four", "5 - five",
                                        "6 - six", "7 - seven", "8 - eight", "9 - nine")

    def __init__(self, root: str | PathLike[str], train: bool = True, transform: Callable[[Any], Any] | None = None,
                 target_transform: Callable[[Any], Any] | None = None, download: bool = False,
                 mirrors: str | Sequence[str] | None = None) -> None:
        name = type(self).__name__
        folder = as_folder(name, root)
        sources = chosen_mirrors(mirrors, self.variable, self.mirrors) if download else []
        paths = [self._locate(folder, file, checksum, sources)
                 for file, checksum in self.files.items() if file.startswith("train") == train]
        images, labels = [_read(name, path) for path in paths]
        _check(name, images, labels, paths, len(self.names))
        super().__init__(images, labels, transform, target_transform, self.names)
        self.train = train

    def _locate(self, root: Path, name: str, checksum: str, mirrors: Sequence[str]) -> Path:
        """Where a file lies, after fetching it if it is missing and there are mirrors."""
        raw = root / type(self).__name__ / "raw"
        plain = name.removesuffix(".gz")
        for path in (root / plain, raw / plain, root / name, raw / name):
            if path.is_file():
                return path
        remedy = (f"Put the files {', '.join(self.files)} into {root}, or name mirrors that can be reached with "
                  f"mirrors=[...] or {self.variable}")
        if mirrors:
            return download(name, raw, checksum, mirrors, remedy)
        raise FileNotFoundError(f"{type(self).__name__}: {name} must lie in {root} or {raw}, got nothing there, not "
                                f"even unpacked; pass download=True. {remedy}")


class FashionMNIST(MNIST):
    """60,000 pieces of clothing of 28 x 28 pixels to train, and 10,000 to test: a harder `MNIST` of the same form.

    Its parameters, attributes and errors are those of `MNIST`; the files have the same names, and lie in `root` or in
    ``FashionMNIST/raw``. `NUMBACNN_FASHION_MNIST_MIRRORS` names mirrors. `classes` are kinds of clothing.

    References
    ----------
    H. Xiao, K. Rasul, R. Vollgraf: Fashion-MNIST: a novel image dataset for benchmarking machine learning algorithms.
    arXiv:1708.07747 (2017).

    Examples
    --------
    >>> dataset = FashionMNIST("./data", train=True, download=True)  # doctest: +SKIP
    """

    files: ClassVar[dict[str, str]] = {
        "train-images-idx3-ubyte.gz": "md5:8d4fb7e6c68d591d4c3dfef9ec88bf0d",
        "train-labels-idx1-ubyte.gz": "md5:25c81989df183df01b3e8a0aad5dffbe",
        "t10k-images-idx3-ubyte.gz": "md5:bef4ecab320f06d8554ea6380940ec79",
        "t10k-labels-idx1-ubyte.gz": "md5:bb300cfdad3c16e7a12a480ee83cd310",
    }
    mirrors: ClassVar[tuple[str, ...]] = (
        "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com",
        "https://github.com/zalandoresearch/fashion-mnist/raw/master/data/fashion",
    )
    variable: ClassVar[str] = "NUMBACNN_FASHION_MNIST_MIRRORS"
    names: ClassVar[tuple[str, ...]] = ("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt",
                                        "Sneaker", "Bag", "Ankle boot")


def _read(op: str, path: Path) -> np.ndarray:
    try:
        return read_idx(path)
    except ValueError as error:
        raise ValueError(f"{op}: {error}; delete the file, and fetch it again with download=True") from error


def _check(op: str, images: np.ndarray, labels: np.ndarray, paths: list[Path], classes: int) -> None:
    if images.ndim != 3 or images.dtype != np.uint8:
        raise ValueError(f"{op}: {paths[0]} must hold uint8 images (N, H, W), got {images.dtype}{images.shape}")
    if labels.shape != images.shape[:1] or labels.dtype != np.uint8:
        raise ValueError(f"{op}: {paths[1]} must hold a uint8 label for each of {len(images)} images, got "
                         f"{labels.dtype}{labels.shape}")
    if labels.max(initial=0) >= classes:
        raise ValueError(f"{op}: labels must be 0 to {classes - 1}, got {labels.max()} in {paths[1]}")
