"""MNIST: the files it is read from, and how they are fetched."""
import gzip
import hashlib
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from numbacnn.data import DataLoader
from numbacnn.datasets import MNIST, DownloadError, read_idx
from numbacnn.datasets.download import chosen_mirrors
from numbacnn.transforms import Compose, Normalize, ToTensor

CODES = {"uint8": 8, "int8": 9, "int16": 11, "int32": 12, "float32": 13, "float64": 14}
CHAPTER = Compose([ToTensor(), Normalize((0.1307,), (0.3081,))])
same_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


def idx_bytes(array):
    """An array as an IDX file, written with other code than it is read with."""
    header = bytes([0, 0, CODES[array.dtype.name], array.ndim]) + b"".join(n.to_bytes(4, "big") for n in array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


def gzipped(content):
    """The same bytes for the same content: no time in the header."""
    return gzip.compress(content, mtime=0)


# --- IDX files -------------------------------------------------------------------------------------------------------

@same_folder
@given(array=nps.arrays(st.sampled_from(list(CODES)), nps.array_shapes(max_dims=4, max_side=5, min_side=0)),
       compress=st.booleans())
def test_what_was_written_is_read(tmp_path, array, compress):
    content = idx_bytes(array)
    path = tmp_path / "file"
    path.write_bytes(gzipped(content) if compress else content)
    y = read_idx(path)
    assert (y.dtype, y.shape, y.flags.writeable, y.dtype.isnative) == (array.dtype, array.shape, True, True)
    assert y.tobytes() == array.tobytes()


@same_folder
@given(compress=st.booleans(), data=st.data())
def test_a_damaged_file_is_an_error_or_an_array(tmp_path, compress, data):
    content = idx_bytes(np.arange(24, dtype=np.int16).reshape(2, 3, 4))
    content = bytearray(gzipped(content) if compress else content)
    damage = data.draw(st.sampled_from(["cut", "longer", "flip"]))
    if damage == "cut":
        del content[data.draw(st.integers(0, len(content) - 1)):]
    elif damage == "longer":
        content += b"\x01"
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path = tmp_path / "file"
    path.write_bytes(content)
    try:
        read_idx(path)
        assert damage == "flip"
    except ValueError as error:
        assert str(error).startswith(f"read_idx: {path} ")


@pytest.mark.parametrize(("content", "text"), [
    (b"", "must begin with 00 00, .* got an empty file"),
    (b"\0\0", "must begin with 00 00, .* got 00 00"),
    (b"PK\x03\x04 and so on", "must begin with 00 00, a type .* got 50 4b 03 04"),
    (bytes([0, 0, 10, 1, 0, 0, 0, 0]), "got 00 00 0a 01"),
    (bytes([0, 0, 8, 0, 1]), "got 00 00 08 00"),
    (bytes([0, 0, 8, 3, 0, 0, 0]), "must declare 3 axes, got a file that ends within its header"),
    (bytes([0, 0, 8, 1, 0, 0, 0, 3, 1, 2]), r"declares uint8\(3,\), 3 bytes, got 2"),
    (bytes([0, 0, 8, 1, 0, 0, 0, 1, 1, 2]), r"declares uint8\(1,\), 1 bytes, got more"),
    (bytes([0, 0, 14, 4, *[255] * 16]), "bytes, got 0"),  # more than there is memory in the world
    (gzipped(bytes([0, 0, 14, 4, *[255] * 16])), "bytes, got 0"),
    (gzipped(b"\0\0\x08\x01")[:-9], "must be a whole gzip file, got a damaged one: "),
    (b"\x1f\x8b and then nonsense", "must be a whole gzip file, got a damaged one: "),
    (gzipped(b"<html>404</html>"), "must begin with 00 00, .* got 3c 68 74 6d"),
])
def test_what_is_no_idx_file(tmp_path, content, text):
    path = tmp_path / "file"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=f"^read_idx: .*{text}"):
        read_idx(path)


def test_a_missing_file_is_missing(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "none")


# --- MNIST -----------------------------------------------------------------------------------------------------------

def small_files():
    """The four files of a small MNIST, by name."""
    rng = np.random.default_rng(0)
    files = {}
    for part, count in (("train", 20), ("t10k", 10)):
        files[f"{part}-images-idx3-ubyte.gz"] = rng.integers(0, 256, (count, 28, 28)).astype(np.uint8)
        files[f"{part}-labels-idx1-ubyte.gz"] = (np.arange(count) % 10).astype(np.uint8)
    return {name: gzipped(idx_bytes(array)) for name, array in files.items()}


@pytest.fixture
def files(monkeypatch):
    """A small MNIST in place of the published one."""
    monkeypatch.delenv("NUMBACNN_MNIST_MIRRORS", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(MNIST, "mirrors", ("http://127.0.0.1:9/nobody-listens-here",))
    content = small_files()
    checksums = {name: f"md5:{hashlib.md5(data).hexdigest()}" for name, data in content.items()}
    monkeypatch.setattr(MNIST, "files", checksums)
    return content


def put(folder, files, unpacked=False):
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        if unpacked:
            (folder / name.removesuffix(".gz")).write_bytes(gzip.decompress(data))
        else:
            (folder / name).write_bytes(data)


@pytest.mark.parametrize("unpacked", [False, True])
@pytest.mark.parametrize("folder", [".", "MNIST/raw"])
@pytest.mark.parametrize("download", [False, True])
def test_files_that_are_there_are_read_without_a_network(tmp_path, files, folder, unpacked, download):
    put(tmp_path / folder, files, unpacked)
    train, test = (MNIST(str(tmp_path), train=part, download=download) for part in (True, False))
    assert (train.data.shape, train.data.dtype, test.data.shape) == ((20, 28, 28), np.uint8, (10, 28, 28))
    assert train.targets.tolist() == [*range(10), *range(10)]
    image, label = train[13]
    assert (image.shape, label, train.classes[label]) == ((28, 28), 3, "3 - three")


def test_the_chapter_s_data_lines(tmp_path, files):
    put(tmp_path, files)
    train_dataset = MNIST(root=tmp_path, train=True, download=True, transform=CHAPTER)
    train_loader = DataLoader(train_dataset, batch_size=8, shuffle=True)
    shapes = [(data.shape, target.shape, str(data.dtype), str(target.dtype)) for data, target in train_loader]
    assert shapes == [((n, 1, 28, 28), (n,), "float32", "int64") for n in (8, 8, 4)]
    np.testing.assert_array_equal(train_dataset[3][0], CHAPTER(train_dataset.data[3]))


def test_missing_files_are_named(tmp_path, files):
    with pytest.raises(FileNotFoundError) as error:
        MNIST(tmp_path)
    for part in (*files, str(tmp_path), "download=True", "mirrors=", "NUMBACNN_MNIST_MIRRORS"):
        assert part in str(error.value)


def test_download(tmp_path, files, serve):
    mirror = serve(files)
    dataset = MNIST(tmp_path, download=True, mirrors=mirror.url)
    assert len(dataset) == 20
    raw = tmp_path / "MNIST" / "raw"
    assert {path.name: path.read_bytes() for path in raw.iterdir()} \
        == {name: data for name, data in files.items() if name.startswith("train")}
    MNIST(tmp_path, download=True, mirrors=mirror.url)
    assert len(mirror.asked) == 2                        # the second time nothing is fetched
    assert len(MNIST(tmp_path, train=False, download=True, mirrors=[mirror.url + "/"])) == 10


def test_mirrors_of_the_environment(tmp_path, files, serve, monkeypatch):
    monkeypatch.setenv("NUMBACNN_MNIST_MIRRORS", f"http://127.0.0.1:9/down, {serve(files).url}")
    assert len(MNIST(tmp_path, download=True)) == 20


@pytest.mark.parametrize("fault", ["not there", "wrong", "cut short", "no server", "no protocol"])
def test_the_second_mirror_is_used_when_the_first_fails(tmp_path, files, serve, fault):
    first, second = serve(files), serve(files)
    url = first.url
    if fault == "not there":
        first.content = {}
    elif fault == "wrong":
        first.content = {name: data + b"?" for name, data in files.items()}
    elif fault == "cut short":
        first.content, first.missing = {name: data[:-99] for name, data in files.items()}, 99
    else:
        url = {"no server": "http://127.0.0.1:9/mnist", "no protocol": "carrier-pigeon://roof"}[fault]
    dataset = MNIST(tmp_path, download=True, mirrors=[url, second.url])
    assert len(dataset) == 20 and len(second.asked) == 2
    assert {path.name for path in (tmp_path / "MNIST" / "raw").iterdir()} == {n for n in files if n.startswith("train")}


def test_when_all_mirrors_fail(tmp_path, files, serve):
    wrong = serve({name: data + b"?" for name, data in files.items()})
    with pytest.raises(DownloadError) as error:
        MNIST(tmp_path, download=True, mirrors=[wrong.url, "http://127.0.0.1:9/mnist"])
    text = str(error.value)
    assert text.startswith("download: train-images-idx3-ubyte.gz must come from one of 2 mirrors, got\n")
    for part in (wrong.url, "hash", "http://127.0.0.1:9/mnist", "Put the files", str(tmp_path), *files):
        assert part in text
    assert isinstance(error.value, OSError)
    assert list((tmp_path / "MNIST" / "raw").iterdir()) == []          # no half file, no temporary one


def test_without_pooch(tmp_path, files, monkeypatch):
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(ImportError, match=r"pip install numbacnn\[data\]\nPut the files"):
        MNIST(tmp_path, download=True)
    put(tmp_path, files)
    assert len(MNIST(tmp_path, download=True)) == 20


@pytest.mark.parametrize(("images", "labels", "text"), [
    (np.zeros(4, np.uint8), np.zeros(4, np.uint8), r"uint8 images \(N, H, W\), got uint8\(4,\)"),
    (np.zeros((4, 2, 2), np.int16), np.zeros(4, np.uint8), r"uint8 images \(N, H, W\), got int16\(4, 2, 2\)"),
    (np.zeros((4, 2, 2), np.uint8), np.zeros(3, np.uint8), r"a uint8 label for each of 4 images, got uint8\(3,\)"),
    (np.zeros((4, 2, 2), np.uint8), np.full(4, 10, np.uint8), "labels must be 0 to 9, got 10"),
])
def test_files_that_do_not_belong_together(tmp_path, files, images, labels, text):
    put(tmp_path, {"train-images-idx3-ubyte": gzipped(idx_bytes(images)),
                   "train-labels-idx1-ubyte": gzipped(idx_bytes(labels))})
    with pytest.raises(ValueError, match=f"^MNIST: .*{text}"):
        MNIST(tmp_path)


def test_a_damaged_file_is_named_with_the_remedy(tmp_path, files):
    put(tmp_path, {name: data[:-20] for name, data in files.items()})
    with pytest.raises(ValueError, match=r"^MNIST: read_idx: .*train-images-idx3-ubyte.gz must be a whole gzip file"
                                         r".*; delete the file, and fetch it again with download=True"):
        MNIST(tmp_path, download=True)


@pytest.mark.parametrize(("argument", "variable", "expected"), [
    (None, "", ["d"]), (None, "a, b\nc", ["a", "b", "c"]), ("x y", "a", ["x", "y"]), (("x",), "a", ["x"])])
def test_who_chooses_the_mirrors(monkeypatch, argument, variable, expected):
    monkeypatch.setenv("MIRRORS", variable)
    assert chosen_mirrors(argument, "MIRRORS", ["d"]) == expected
