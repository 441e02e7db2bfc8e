"""Images to learn from: digits that come with the package, MNIST, and readers for your own files."""
from numbacnn.datasets.digits import Digits
from numbacnn.datasets.download import DownloadError
from numbacnn.datasets.idx import read_idx
from numbacnn.datasets.image_file import read_image
from numbacnn.datasets.images import ImageDataset
from numbacnn.datasets.mnist import MNIST

__all__ = [
    "Digits",
    "MNIST",
    "ImageDataset",
    "read_idx",
    "read_image",
    "DownloadError",
]
