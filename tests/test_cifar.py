"""CIFAR-10, CIFAR-100 and FashionMNIST: small files of the published form, served on this machine."""
import hashlib
import io
import pickle
import struct
import tarfile

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_mnist import gzipped, idx_bytes, put, small_files

from numbacnn.data import DataLoader
from numbacnn.datasets import CIFAR10, CIFAR100, MNIST, DownloadError, FashionMNIST
from numbacnn.datasets.safe_pickle import read_pickle
from numbacnn.transforms import ToTensor

same_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


# --- pickles of Python 2, opcode by opcode ---------------------------------------------------------------------------

def text(value):
    """A str of Python 2."""
    data = value.encode("latin-1") if isinstance(value, str) else value
    return b"U" + bytes([len(data)]) + data if len(data) < 256 else b"T" + struct.pack("<i", len(data)) + data


def number(value):
    return b"J" + struct.pack("<i", value)


def listed(values):
    return b"](" + b"".join(values) + b"e"


def array(values, fortran=False, dtype="u1"):
    """An array as NumPy pickled it under Python 2: protocol 2, the bytes as a str."""
    shape = b"".join(number(n) for n in values.shape) + (b"\x86" if values.ndim == 2 else b"\x85")
    kind = (b"cnumpy\ndtype\n" + text(dtype) + b"K\x00K\x01\x87R(K\x03" + text("|") + b"NNN" + 2 * number(-1)
            + b"K\x00tb")
    return (b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85" + text("b") + b"\x87R(K\x01" + shape
            + kind + (b"\x88" if fortran else b"\x89") + text(values.tobytes("F" if fortran else "C")) + b"tb")


def pickled(fields):
    return b"\x80\x02}(" + b"".join(text(key) + value for key, value in fields.items()) + b"u."


def batch(count, classes, labels, seed, fortran=False):
    images = np.random.default_rng(seed).integers(0, 256, (count, 3072)).astype(np.uint8)
    numbers = [(seed + i) % classes for i in range(count)]
    return images, numbers, pickled({
        "batch_label": text(f"batch {seed}"), labels: listed(map(number, numbers)), "data": array(images, fortran),
        "coarse_labels": listed(map(number, numbers)), "filenames": listed(text(f"{i}.png") for i in range(count))})


def tar(files, folder):
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as archive:
        for name, data in files.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return content.getvalue()


def small(kind, fortran=False):
    """The files of a small dataset, by name."""
    tenth = kind is CIFAR10
    names = [f"class {i}" for i in range(10 if tenth else 100)]
    parts = {name: batch(4 + i, len(names), kind.labels, i, fortran)[2]
             for i, name in enumerate((*kind.train_files, *kind.test_files))}
    return {**parts, kind.meta[0]: pickled({kind.meta[1]: listed(map(text, names))}), "readme.html": b"<html>"}


@pytest.fixture(params=[CIFAR10, CIFAR100])
def kind(request, monkeypatch):
    """A dataset of which a small one stands in the place of the published one."""
    monkeypatch.delenv("NUMBACNN_CIFAR_MIRRORS", raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(CIFAR10, "mirrors", ("http://127.0.0.1:9/nobody-listens-here",))
    name = request.param.archive[0]
    checksum = hashlib.md5(archive_of(request.param)).hexdigest()
    monkeypatch.setattr(request.param, "archive", (name, f"md5:{checksum}"))
    return request.param


_archives = {}


def archive_of(kind):
    return _archives.setdefault(kind, tar(small(kind), kind.folder))


def check(kind, root, **options):
    """What is read is what was written, in the order of torchvision."""
    for train, files in ((True, kind.train_files), (False, kind.test_files)):
        dataset = kind(root, train=train, **options)
        first = 0 if train else len(kind.train_files)
        parts = [batch(4 + i, len(dataset.classes), kind.labels, i) for i in range(first, first + len(files))]
        expected = np.concatenate([part[0] for part in parts]).reshape(-1, 3, 32, 32).transpose(0, 2, 3, 1)
        np.testing.assert_array_equal(dataset.data, expected)
        assert dataset.data.dtype == np.uint8 and dataset.targets.dtype == np.int64
        assert dataset.targets.tolist() == [label for part in parts for label in part[1]]
        assert dataset.class_to_idx["class 7"] == 7 and len(dataset.classes) == len(dataset.class_to_idx)
    return dataset


# --- CIFAR -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("fortran", [False, True])
@pytest.mark.parametrize("inside", [True, False])
def test_files_that_are_there_are_read(kind, tmp_path, fortran, inside):
    put(tmp_path / kind.folder if inside else tmp_path, small(kind, fortran))
    dataset = check(kind, str(tmp_path), transform=ToTensor())
    x, label = next(iter(DataLoader(dataset, 3)))
    assert x.shape == (3, 3, 32, 32) and x.dtype == np.float32 and label.dtype == np.int64
    image, label = dataset[0]
    assert image.shape == (3, 32, 32) and type(label) is int


def test_an_archive_that_is_there_is_unpacked(kind, tmp_path):
    put(tmp_path, {kind.archive[0]: archive_of(kind)})
    check(kind, tmp_path)
    (tmp_path / kind.archive[0]).unlink()
    check(kind, tmp_path)                                # from what was unpacked
    assert not (tmp_path / kind.folder / "readme.html").exists()


def test_download(kind, tmp_path, serve):
    mirror = serve({kind.archive[0]: archive_of(kind)})
    check(kind, tmp_path, download=True, mirrors=mirror.url)
    check(kind, tmp_path, download=True)
    assert mirror.asked == [kind.archive[0]]
    assert {path.name for path in tmp_path.iterdir()} == {kind.archive[0], kind.folder}


def test_a_wrong_checksum_is_refused(kind, tmp_path, serve, monkeypatch):
    wrong = serve({kind.archive[0]: archive_of(kind) + b"?"})
    monkeypatch.setenv("NUMBACNN_CIFAR_MIRRORS", f"{wrong.url} http://127.0.0.1:9/x")
    with pytest.raises(DownloadError, match=r"(?s)must come from one of 2 mirrors.*hash.*NUMBACNN_CIFAR_MIRRORS"):
        kind(tmp_path, download=True)
    assert list(tmp_path.iterdir()) == []


def test_what_is_missing_is_named(kind, tmp_path):
    with pytest.raises(FileNotFoundError, match=rf"^{kind.__name__}: {kind.folder} or {kind.archive[0]} must lie in .*"
                                                "pass download=True"):
        kind(tmp_path)
    files = small(kind)
    del files[kind.meta[0]]
    put(tmp_path, {kind.archive[0]: tar(files, kind.folder)})
    with pytest.raises(ValueError, match=rf"must hold {kind.meta[0]}, got an archive without"):
        kind(tmp_path)


def test_members_with_other_names_are_not_written(kind, tmp_path):
    files = {**small(kind), "../../evil": b"x"}
    put(tmp_path / "root", {kind.archive[0]: tar(files, kind.folder)})
    check(kind, tmp_path / "root")
    assert {path.name for path in tmp_path.iterdir()} == {"root"}


def test_the_published_checksums_and_names():
    assert CIFAR10.archive[1] == "md5:c58f30108f718f92721af3b95e74349a"
    assert CIFAR100.archive[1] == "md5:eb9058c3a382ffc7106e4002c42a8d85"
    assert set(FashionMNIST.files) == set(MNIST.files) and FashionMNIST.files != MNIST.files


GOOD = {"data": array(np.zeros((2, 3072), np.uint8)), "labels": listed([number(0), number(9)])}
META = pickled({"label_names": listed(map(text, "abcdefghij"))})


@pytest.mark.parametrize(("content", "words"), [
    (b"", "must be a whole pickle of Python 2, got a damaged one: EOFError"),
    (b"no pickle at all", "must be a whole pickle"),
    (pickled(GOOD)[:-40], "must be a whole pickle"),
    (pickled({**GOOD, "data": array(np.zeros((2, 3072), np.uint8))[:-5000]}), "must be a whole pickle"),
    (b"\x80\x02]." , "must hold a dict, got 0"),
    (b"\x80\x02K\x05.", "must hold a dict, got 5"),
    (pickled({"labels": GOOD["labels"]}), r"uint8 images \(N, 3072\) as 'data', got None"),
    (pickled({"data": GOOD["data"]}), "2 labels as 'labels', got None"),
    (pickled({**GOOD, "labels": listed([number(1)])}), "2 labels as 'labels', got 1"),
    (pickled({**GOOD, "labels": listed([number(1), number(10)])}), "labels 0 to 9, got 10"),
    (pickled({**GOOD, "labels": listed([number(1), number(-1)])}), "labels 0 to 9, got -1"),
    (pickled({**GOOD, "labels": listed([number(1), text("a")])}), "labels 0 to 9, got 'a'"),
    (pickled({**GOOD, "data": array(np.zeros((2, 3000), np.uint8))}), r"as 'data', got uint8\(2, 3000\)"),
    (pickled({**GOOD, "data": array(np.zeros(6144, np.uint8))}), r"as 'data', got uint8\(6144,\)"),
    (pickled({**GOOD, "data": array(np.zeros((2, 3072), np.uint8), dtype="f8")}), "must be of uint8, got 'f8'"),
    (pickled({**GOOD, "data": array(np.zeros((2, 3072), np.uint8), dtype="O8")}), "must be of uint8, got 'O8'"),
    (pickled({**GOOD, "x": b"cos\nsystem\n" + text("touch evil") + b"\x85R"}), "got os.system, which could run any"),
    (pickled({**GOOD, "x": b"cbuiltins\neval\n" + text("1") + b"\x85R"}), "got builtins.eval, which could run any"),
    (pickled({**GOOD, "x": b"cnumpy\nload\n"}), "got numpy.load, which"),
    (pickled({**GOOD, "x": b"P1\n"}), "no reference to something outside, got '1'"),
    (b"c__builtin__\ngetattr\n.", "got builtins.getattr|got __builtin__.getattr"),
])
def test_what_is_no_file_of_cifar(tmp_path, monkeypatch, content, words):
    monkeypatch.chdir(tmp_path)
    put(tmp_path, {**small(CIFAR10), "test_batch": content, "batches.meta": META})
    with pytest.raises(ValueError, match=f"^CIFAR10: .*test_batch.*{words}") as error:
        CIFAR10(tmp_path, train=False)
    assert str(error.value).endswith("delete it, and fetch it again with download=True")
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("meta", [pickled({}), pickled({"label_names": listed([])}),
                                  pickled({"label_names": number(3)})])
def test_names_of_classes_must_be_there(tmp_path, meta):
    put(tmp_path, {**small(CIFAR10), "batches.meta": meta})
    with pytest.raises(ValueError, match=r"batches.meta must hold names of classes as 'label_names', got"):
        CIFAR10(tmp_path)


def test_damaged_archives(tmp_path):
    whole = archive_of(CIFAR10)
    for content in (b"", b"no archive", whole[:500], whole[:-9], whole[:300] + bytes(200) + whole[500:]):
        put(tmp_path, {CIFAR10.archive[0]: content})
        with pytest.raises(ValueError, match=r"^CIFAR10: .*cifar-10-python.tar.gz must .*fetch it again"):
            CIFAR10(tmp_path)
        assert not (tmp_path / CIFAR10.folder).exists()


@same_folder
@given(place=st.integers(0, 10_000), value=st.integers(1, 255), cut=st.booleans())
def test_damage_is_an_error_or_an_array(tmp_path, place, value, cut):
    content = bytearray(batch(2, 10, "labels", 0)[2])
    place %= len(content)
    if cut:
        del content[place:]
    else:
        content[place] ^= value
    path = tmp_path / "file"
    path.write_bytes(content)
    try:
        read_pickle(path)
    except ValueError as error:
        assert "must be a whole pickle" in str(error) or "a pickle must hold" in str(error) or "array" in str(error)


def test_pickles_of_python_3_are_read(tmp_path):
    path = tmp_path / "file"
    content = {"data": np.arange(6, dtype=np.uint8).reshape(2, 3), "labels": [1, 2], "text": b"x"}
    path.write_bytes(pickle.dumps(content, 4))
    read = read_pickle(path)
    assert read["data"].tolist() == [[0, 1, 2], [3, 4, 5]] and read["labels"] == [1, 2]


@pytest.mark.parametrize("root", [None, 3, ["a"]])
@pytest.mark.parametrize("dataset", [CIFAR10, FashionMNIST])
def test_root_must_be_a_path(dataset, root):
    with pytest.raises(TypeError, match=rf"^{dataset.__name__}: root must be a path, got"):
        dataset(root)


# --- FashionMNIST ----------------------------------------------------------------------------------------------------

def test_fashion_mnist(tmp_path, serve, monkeypatch):
    content = small_files()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr(FashionMNIST, "files", {name: f"md5:{hashlib.md5(data).hexdigest()}"
                                                for name, data in content.items()})
    mirror = serve(content)
    monkeypatch.setenv("NUMBACNN_FASHION_MNIST_MIRRORS", mirror.url)
    monkeypatch.setenv("NUMBACNN_MNIST_MIRRORS", "http://127.0.0.1:9/x")
    train = FashionMNIST(tmp_path, download=True)
    assert len(train) == 20 and train.classes[9] == "Ankle boot" and train.class_to_idx["Bag"] == 8
    assert (tmp_path / "FashionMNIST" / "raw").is_dir() and not (tmp_path / "MNIST").exists()
    with pytest.raises(FileNotFoundError, match=r"^FashionMNIST: t10k-images.*NUMBACNN_FASHION_MNIST_MIRRORS"):
        FashionMNIST(tmp_path, train=False)
    put(tmp_path, {"t10k-labels-idx1-ubyte.gz": gzipped(idx_bytes(np.full(10, 10, np.uint8))),
                   "t10k-images-idx3-ubyte.gz": content["t10k-images-idx3-ubyte.gz"]})
    with pytest.raises(ValueError, match=r"^FashionMNIST: labels must be 0 to 9, got 10"):
        FashionMNIST(tmp_path, train=False)
