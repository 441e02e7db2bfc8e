"""Files in folders."""
import sys
import zlib

import numpy as np
import pytest

from numbacnn.data import DataLoader
from numbacnn.datasets import DatasetFolder, ImageFolder, read_image
from numbacnn.transforms import ToTensor


@pytest.fixture
def animals(tmp_path):
    """Images of two kinds in several formats, and files that are none."""
    image = pytest.importorskip("PIL.Image")
    rng = np.random.default_rng(0)
    for name in ("dog/b.png", "dog/a/z.bmp", "cat/2.PNG", "cat/10.ppm", "dog/A.tif"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        image.fromarray(rng.integers(0, 256, (4, 5, 3)).astype(np.uint8)).save(path)
    image.fromarray(np.full((4, 5), 9, np.uint8)).save(tmp_path / "cat" / "grey.png")
    for name in ("cat/notes.txt", "cat/._2.PNG", "readme.png"):
        (tmp_path / name).write_text("no image")
    return tmp_path


def names(dataset, root):
    return [(path.removeprefix(str(root) + "/").replace("\\", "/"), label) for path, label in dataset.samples]


def test_classes_and_order(animals):
    dataset = ImageFolder(str(animals), transform=ToTensor())
    assert dataset.classes == ["cat", "dog"] and dataset.class_to_idx == {"cat": 0, "dog": 1}
    assert names(dataset, animals) == [("cat/10.ppm", 0), ("cat/2.PNG", 0), ("cat/grey.png", 0), ("dog/A.tif", 1),
                                       ("dog/b.png", 1), ("dog/a/z.bmp", 1)]
    assert dataset.targets == [0, 0, 0, 1, 1, 1] and dataset.imgs is dataset.samples and len(dataset) == 6
    x, labels = next(iter(DataLoader(dataset, 6)))
    assert x.shape == (6, 3, 4, 5) and labels.tolist() == dataset.targets
    np.testing.assert_array_equal(x.numpy()[2], np.float32(9) / np.float32(255) * np.ones((3, 4, 5), np.float32))
    assert repr(dataset).endswith("6 files in 2 classes)")


def test_images_are_arrays_in_colours(animals):
    image, label = ImageFolder(animals, target_transform=str)[2]
    assert (image.shape, image.dtype, label) == ((4, 5, 3), np.uint8, "0") and set(image.ravel().tolist()) == {9}
    image, _ = ImageFolder(animals, loader=lambda path: path)[0]
    assert image.endswith("10.ppm")


@pytest.mark.parametrize("way", [{"prefetch_factor": 2}, {"num_workers": 1}])
def test_a_thread_and_a_worker_read_the_same(animals, way):
    expected = [batch[0].tolist() for batch in DataLoader(ImageFolder(animals, ToTensor()), 2)]
    assert [batch[0].tolist() for batch in DataLoader(ImageFolder(animals, ToTensor()), 2, **way)] == expected


def test_files_of_any_kind(tmp_path):
    for i, name in enumerate(("x", "y")):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "a.npy", np.full(3, i))
    dataset = DatasetFolder(tmp_path, np.load, ".NPY")
    assert [(x.tolist(), label) for x, label in dataset] == [([0, 0, 0], 0), ([1, 1, 1], 1)]
    chosen = DatasetFolder(tmp_path, np.load, is_valid_file=lambda path: "y" in path.split("/")[-2], allow_empty=True)
    assert len(chosen) == 1 and chosen.classes == ["x", "y"]


@pytest.mark.parametrize(("arguments", "error", "words"), [
    ({"root": "missing"}, FileNotFoundError, "root must be a folder, got .*missing, which does not exist"),
    ({"root": "x/a.npy"}, FileNotFoundError, "root must be a folder, got .*, a file"),
    ({"root": "x"}, FileNotFoundError, "must hold a folder for each class, got none"),
    ({"extensions": (".png",)}, FileNotFoundError, "with one of the endings .png, got none in .* for x; remove"),
    ({"extensions": None, "is_valid_file": bool}, None, ""),
    ({"extensions": None, "is_valid_file": lambda path: False}, FileNotFoundError, "a file that is valid, got none"),
    ({"extensions": None}, ValueError, "exactly one of extensions and is_valid_file must be given, got neither"),
    ({"is_valid_file": bool}, ValueError, "exactly one of extensions and is_valid_file must be given, got both"),
    ({"loader": None}, TypeError, "loader must be callable, got None"),
    ({"loader": "pil"}, TypeError, "loader must be callable or None, got 'pil'"),
    ({"transform": 3}, TypeError, "transform must be callable or None, got 3"),
    ({"target_transform": []}, TypeError, r"target_transform must be callable or None, got \[\]"),
    ({"root": 7}, TypeError, "root must be a path, got 7"),
    ({"root": None}, TypeError, "root must be a path, got None"),
])
def test_what_folders_refuse(tmp_path, monkeypatch, arguments, error, words):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x").mkdir()
    np.save(tmp_path / "x" / "a.npy", np.zeros(1))
    call = {"root": tmp_path, "loader": np.load, "extensions": (".npy",), **arguments}
    if error is None:
        assert len(DatasetFolder(**call)) == 1
    else:
        with pytest.raises(error, match=f"^DatasetFolder: .*{words}"):
            DatasetFolder(**call)


def png(width, height, data):
    """A PNG file with a header of our own."""
    def chunk(kind, body):
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    header = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 0, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


@pytest.mark.parametrize("content", [
    b"", b"no image", png(4, 4, zlib.compress(bytes(20)))[:44], png(4, 4, b"no zlib"), png(4, 4, zlib.compress(b"")),
    png(70_000, 70_000, zlib.compress(bytes(9))), png(0, 4, zlib.compress(b"")),
], ids=["empty", "text", "cut", "damaged", "short", "bomb", "no width"])
def test_what_is_no_image(tmp_path, content):
    pytest.importorskip("PIL")
    path = tmp_path / "x" / "a.png"
    path.parent.mkdir()
    path.write_bytes(content)
    dataset = ImageFolder(tmp_path)
    with pytest.raises(ValueError, match=r"^read_image: .*a.png must be a whole image file, got a damaged one or no"):
        dataset[0]
    with pytest.raises(ValueError, match=r"must be a whole image file") as error:
        next(iter(DataLoader(dataset, 1)))
    assert "raised by sample 0 of ImageFolder" in error.value.__notes__


def test_a_file_that_is_gone_and_a_mode_that_is_none(tmp_path):
    pytest.importorskip("PIL")
    with pytest.raises(FileNotFoundError):
        read_image(tmp_path / "a.png")
    with pytest.raises(ValueError, match=r"^read_image: mode must be 'L', 'RGB' or 'RGBA', got 'CMYK'"):
        read_image(tmp_path / "a.png", mode="CMYK")


def test_without_pillow(tmp_path, monkeypatch):
    (tmp_path / "x").mkdir()
    (tmp_path / "x" / "a.png").write_bytes(b"")
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match=r"needs Pillow; install it with: pip install numbacnn\[data\]"):
        ImageFolder(tmp_path)[0]
