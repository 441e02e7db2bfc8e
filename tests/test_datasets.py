"""The digits of the package, images in memory, and image files."""
import importlib.resources
import io
import sys

import numpy as np
import pytest

from numbacnn.data import DataLoader, Subset
from numbacnn.datasets import Digits, ImageDataset, read_image
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.transforms import Compose, Lambda, Normalize, ToTensor

CHAPTER = Compose([ToTensor(), Normalize((0.1307,), (0.3081,))])


# --- Digits ----------------------------------------------------------------------------------------------------------

def test_digits_are_split_alike():
    train, test = Digits(train=True), Digits(train=False)
    assert (train.data.shape, test.data.shape, train.data.dtype) == ((1437, 8, 8), (360, 8, 8), np.uint8)
    assert (train.data.min(), train.data.max()) == (0, 255)
    assert set(np.bincount(test.targets)) <= {35, 36, 37}
    assert len(train.classes) == len(np.unique(train.targets)) == 10
    assert train.targets.dtype == np.int64


def test_digits_take_the_arguments_of_mnist():
    dataset = Digits(root="./data", train=False, download=True, transform=ToTensor(), target_transform=str)
    image, label = dataset[0]
    assert (image.shape, image.dtype, label) == ((1, 8, 8), np.float32, "0")
    assert dataset.data.max() == 255 and 0.9 < image.max() <= 1


def test_digits_are_those_of_the_source():
    source = pytest.importorskip("sklearn.datasets").load_digits()
    is_test = np.zeros(1797, bool)
    is_test[np.argsort(source.target, kind="stable")[::5]] = True
    for dataset, chosen in ((Digits(train=True), ~is_test), (Digits(train=False), is_test)):
        np.testing.assert_array_equal((dataset.data * 16.0 / 255).round(), source.images[chosen])
        np.testing.assert_array_equal(dataset.targets, source.target[chosen])


def test_digits_of_two_datasets_are_two_arrays():
    Digits().data[:] = 7
    assert Digits().data.max() == 255


def test_digits_bring_their_licence_and_are_small():
    folder = importlib.resources.files("numbacnn.datasets")
    notice = folder.joinpath("digits.txt").read_text(encoding="utf-8")
    for part in ("Alpaydin", "Kaynak", "10.24432/C50P49", "CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"):
        assert part in notice
    assert len(folder.joinpath("digits.npz").read_bytes()) < 60_000


# --- images in memory ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("transform", [None, ToTensor(), CHAPTER], ids=["none", "ToTensor", "chapter"])
@pytest.mark.parametrize("target_transform", [None, Lambda(lambda n: n // 2, batch=lambda n: n // 2)])
def test_batches_have_the_bits_of_the_samples(transform, target_transform):
    dataset = Digits(transform=transform, target_transform=target_transform)
    samples = [dataset[i] for i in range(100)]
    loaders = [DataLoader(data, 32, shuffle=True, generator=0) for data in (Subset(dataset, range(100)), samples)]
    for (x, label), (x1, label1) in zip(*loaders, strict=True):
        assert (x.dtype, x.shape, label.dtype) == (x1.dtype, x1.shape, label1.dtype)
        assert x.numpy().tobytes() == x1.numpy().tobytes()
        np.testing.assert_array_equal(label.numpy(), label1.numpy())


def test_a_transform_without_batch_is_applied_to_each_image():
    seen = []
    transform = Compose([ToTensor(), lambda image: (seen.append(image.shape), image.reshape(-1))[1]])
    x, label = next(iter(DataLoader(Digits(transform=transform), 5)))
    assert seen == [(1, 8, 8)] * 5 and x.shape == (5, 64) and label.shape == (5,)


def test_a_transform_with_batch_is_not_applied_to_each_image():
    def never(image):
        raise AssertionError("one image at a time")

    dataset = Digits(transform=Lambda(never, batch=lambda images: images / np.float32(255)))
    assert sum(len(label) for _, label in DataLoader(dataset, 64)) == 1437


def test_samples_of_an_image_dataset():
    dataset = ImageDataset(np.zeros((3, 2, 2, 3), np.uint8), [4, 5, 6], ToTensor(), classes="abcdefg")
    image, label = dataset[-1]
    assert image.shape == (3, 2, 2) and label == 6 and type(label) is int
    assert [label for _, label in dataset] == [4, 5, 6]
    assert dataset.classes[label] == "g"
    assert repr(dataset) == "ImageDataset(3 images of 2x2x3, transform=ToTensor())"


def test_what_is_done_to_a_sample_is_not_done_to_the_dataset():
    def darken(images):
        images //= 2
        return images

    for dataset in (Digits(transform=darken), Digits(transform=Lambda(darken, batch=darken)), Digits()):
        dataset[0][0][:] = 0
        next(iter(DataLoader(dataset, 9)))
        np.testing.assert_array_equal(dataset.data, Digits().data)


@pytest.mark.parametrize(("data", "targets", "error", "text"), [
    (np.zeros((3, 2, 2)), [1, 2], ShapeError, r"targets \(N,\), got data\(3, 2, 2\), targets\(2,\)"),
    (np.zeros((3, 2)), [1, 2, 3], ShapeError, r"data must be \(N, H, W\) or \(N, H, W, C\)"),
    (np.zeros((3, 2, 2)), [1.0, 2.0, 3.0], DTypeError, "targets must be integers, got float64"),
])
def test_what_an_image_dataset_refuses(data, targets, error, text):
    with pytest.raises(error, match=f"^ImageDataset: .*{text}"):
        ImageDataset(data, targets)


# --- image files -----------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("mode", "grey", "shape"), [
    ("L", False, (2, 3)), ("1", False, (2, 3)), ("LA", False, (2, 3)), ("RGB", True, (2, 3)), ("RGB", False, (2, 3, 3)),
    ("RGBA", False, (2, 3, 3)), ("P", False, (2, 3, 3))])
def test_read_image(mode, grey, shape):
    image = pytest.importorskip("PIL.Image")
    file = io.BytesIO()
    image.new(mode, (3, 2), "white").save(file, "png")
    file.seek(0)
    y = read_image(file, grey=grey)
    assert (y.shape, y.dtype) == (shape, np.uint8)
    np.testing.assert_array_equal(y, np.full(shape, 255))


def test_read_image_without_pillow(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r"read_image: needs Pillow; install it with: pip install numbacnn\[data\]"):
        read_image("any.png")
