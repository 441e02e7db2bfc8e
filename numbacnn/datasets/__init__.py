"""Images to learn from: digits that come with the package, published datasets, and readers for your own files."""
from numbacnn.datasets.cifar import CIFAR10, CIFAR100
from numbacnn.datasets.digits import Digits
from numbacnn.datasets.download import DownloadError
from numbacnn.datasets.folder import DatasetFolder, ImageFolder
from numbacnn.datasets.idx import read_idx
from numbacnn.datasets.image_file import read_image
from numbacnn.datasets.images import ImageDataset
from numbacnn.datasets.mnist import MNIST, FashionMNIST

__all__ = [
    "Digits",
    "MNIST",
    "FashionMNIST",
    "CIFAR10",
    "CIFAR100",
    "ImageFolder",
    "DatasetFolder",
    "ImageDataset",
    "read_idx",
    "read_image",
    "DownloadError",
]
