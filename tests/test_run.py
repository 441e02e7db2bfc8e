"""A run: the folder of a trained network, and images that it is shown."""
import json
import os
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

from numbacnn import models, no_grad, tensor
from numbacnn.datasets import Digits
from numbacnn.train import CommandError, Config, load_run, save_run
from numbacnn.train.config import versions
from numbacnn.train.predict import looks_inverted, read_pixels, resize
from numbacnn.train.run import RunFolder


def config(**changes):
    return Config(**{"task": "digits", "model": "DigitsCNN", "classes": list("0123456789"), "image_size": (8, 8),
                     "mean": 0.3, "std": 0.4, "epochs": 1, "batch_size": 32, "lr": 0.1, "seed": 0, "device": "cpu",
                     "test_accuracy": 0.5} | changes)


# --- the run folder --------------------------------------------------------------------------------------------------

def test_runs_are_numbered_and_never_overwritten(tmp_path):
    (tmp_path / "digits-007").mkdir()
    (tmp_path / "digits-008").write_text("a file is in the way, too")
    (tmp_path / "digits-x").mkdir()
    places = []
    for text in ("first", "second"):
        with RunFolder(tmp_path, "digits") as folder:
            (folder.path / "file").write_text(text)
            places.append(folder.publish())
    assert [place.name for place in places] == ["digits-009", "digits-010"]
    assert [(place / "file").read_text() for place in places] == ["first", "second"]


def test_a_number_that_was_taken_meanwhile_is_skipped(tmp_path, monkeypatch):
    rename = os.rename

    def slow_rename(source, target):
        if target.name == "digits-001":
            target.mkdir()
            (target / "model").write_text("of another process")
        rename(source, target)

    monkeypatch.setattr(os, "rename", slow_rename)
    with RunFolder(tmp_path, "digits") as folder:
        assert folder.publish().name == "digits-002"


def test_half_a_run_is_never_seen(tmp_path):
    with pytest.raises(KeyError), RunFolder(tmp_path / "new", "digits") as folder:
        (folder.path / "file").write_text("")
        assert folder.path.name.startswith(".")
        raise KeyError
    assert list((tmp_path / "new").iterdir()) == []


def test_a_folder_that_cannot_be_written(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CommandError, match=r"^train: --out must be a folder that can be written, got .*file: "), \
            RunFolder(tmp_path / "file", "digits"):
        pass


def test_a_run_is_read_as_it_was_written(tmp_path):
    model = models.DigitsCNN()
    save_run(tmp_path, config(seed=3), model)
    loaded_config, loaded = load_run(tmp_path)
    assert loaded_config == config(seed=3, image_size=[8, 8])
    assert not loaded.training
    x = tensor(np.random.default_rng(0).normal(size=(2, 1, 8, 8)).astype(np.float32))
    with no_grad():
        np.testing.assert_array_equal(loaded(x).numpy(), model.eval()(x).numpy())


def test_config_says_all_that_is_needed(tmp_path):
    config().write(tmp_path / "config.json")
    entries = json.loads((tmp_path / "config.json").read_text(encoding="utf-8"))
    assert entries["versions"] == versions() and set(versions()) == {"numbacnn", "python", "numpy", "numba", "llvmlite"}
    entries["written_by_a_later_version"] = 1
    (tmp_path / "config.json").write_text(json.dumps(entries), encoding="utf-8")
    assert Config.read(tmp_path / "config.json") == config(image_size=[8, 8])


def missing(folder):
    (folder / "config.json").unlink()


def damaged(folder):
    (folder / "config.json").write_text("{")


def not_an_object(folder):
    (folder / "config.json").write_text("5")


def incomplete(folder):
    (folder / "config.json").write_text('{"task": "digits"}')


def unknown_model(folder):
    config(model="Module").write(folder / "config.json")


def other_parameters(folder):
    config(model="SimpleCNN").write(folder / "config.json")


def damaged_parameters(folder):
    (folder / "model.safetensors").write_bytes(b"x" * 20)


@pytest.mark.parametrize(("spoil", "text"), [
    (missing, "RUN must be a folder that `numbacnn train` made, got .* .config.json: No such file or directory"),
    (damaged, "RUN must be a folder that `numbacnn train` made, got .* .config.json: Expecting property name"),
    (not_an_object, "config.json must say task, model, classes"),
    (incomplete, "config.json must say model, classes"),
    (unknown_model, "model must be one of DigitsCNN, SimpleCNN, got 'Module' in config.json; the run was made by"),
    (other_parameters, "model.safetensors must hold the parameters of SimpleCNN: "),
    (damaged_parameters, "model.safetensors must hold the parameters of DigitsCNN: "),
])
def test_a_folder_that_is_no_run(tmp_path, spoil, text):
    save_run(tmp_path, config(), models.DigitsCNN())
    spoil(tmp_path)
    with pytest.raises(CommandError, match=rf"^predict: .*{text}"):
        load_run(tmp_path)


# --- images to predict -----------------------------------------------------------------------------------------------

sizes = st.tuples(st.integers(1, 9), st.integers(1, 9))


@given(image=nps.arrays(np.float64, sizes, elements=st.floats(0, 1)), size=sizes)
def test_resizing_keeps_the_mean(image, size):
    resized = resize(image, size)
    assert (resized.shape, resized.dtype) == (size, np.float32)
    assert resized.mean() == pytest.approx(image.mean(), abs=1e-6)
    np.testing.assert_array_equal(resize(image, image.shape), image.astype(np.float32))


def test_resizing_takes_the_mean_of_what_a_pixel_covers():
    image = np.arange(16.0).reshape(4, 4)
    assert resize(image, (2, 2)).tolist() == [[2.5, 4.5], [10.5, 12.5]]
    assert resize(np.array([[0.0, 3.0, 6.0]]), (1, 2)).tolist() == [[1.0, 5.0]]
    assert resize(np.array([[1.0, 5.0]]), (1, 4)).tolist() == [[1, 1, 5, 5]]


@pytest.mark.parametrize("image", [
    np.array([[0, 51, 255]], np.uint8), np.array([[0, 0.2, 1]]), np.array([[0, 0.2, 1]], np.float32),
    np.repeat(np.array([[[0], [51], [255]]], np.uint8), 3, 2), np.repeat(np.array([[[0], [0.2], [1]]]), 3, 2)])
def test_arrays_become_grey_images(tmp_path, image):
    np.save(tmp_path / "image.npy", image)
    np.testing.assert_allclose(read_pixels(tmp_path / "image.npy"), [[0, 0.2, 1]], rtol=1e-6)


@pytest.mark.parametrize("suffix", ["png", "jpg"])
def test_image_files_become_grey_images(tmp_path, suffix):
    image = pytest.importorskip("PIL.Image").new("RGB", (16, 8), (0, 255, 0))
    image.save(tmp_path / f"image.{suffix}")
    np.testing.assert_allclose(read_pixels(tmp_path / f"image.{suffix}"), np.full((8, 16), 0.587), atol=0.01)


@pytest.mark.parametrize(("image", "text"), [
    (np.zeros(3), r"must hold an image \(H, W\) or \(H, W, 3\), got \(3,\)"),
    (np.zeros((2, 2, 2)), r"must hold an image \(H, W\) or \(H, W, 3\), got \(2, 2, 2\)"),
    (np.zeros((0, 4)), r"must hold an image \(H, W\) or \(H, W, 3\), got \(0, 4\)"),
    (np.zeros((2, 2), np.int64), "must hold uint8 or floating point numbers, got int64"),
    (np.zeros((2, 2, 3), np.int64), "must hold uint8 or floating point numbers, got int64"),
    (np.array([["a"]]), "must hold uint8 or floating point numbers, got <U1"),
    (np.array([[0.0, 17.0]]), r"must hold numbers from 0 \(black\) to 1 \(white\), got 0 to 17"),
    (np.array([[0.0, np.nan]]), r"must hold numbers from 0 \(black\) to 1 \(white\), got nan to nan"),
    (np.array([[None]], object), "cannot be read: "),
])
def test_arrays_that_are_no_images(tmp_path, image, text):
    np.save(tmp_path / "image.npy", image)
    with pytest.raises(CommandError, match=rf"^predict: .*image.npy {text}"):
        read_pixels(tmp_path / "image.npy")


def test_files_that_are_no_images(tmp_path):
    pytest.importorskip("PIL")
    (tmp_path / "image.png").write_bytes(b"text")
    with pytest.raises(CommandError, match=r"image.png cannot be read: .*cannot identify image file"):
        read_pixels(tmp_path / "image.png")
    with pytest.raises(CommandError, match=r"other.png cannot be read: No such file or directory$"):
        read_pixels(tmp_path / "other.png")


def test_image_files_need_pillow(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    (tmp_path / "image.png").write_bytes(b"")
    with pytest.raises(CommandError, match=r"image.png cannot be read: .*pip install numbacnn\[data\]"):
        read_pixels(tmp_path / "image.png")


def test_dark_on_light_is_noticed():
    digits = Digits(train=False).data / 255
    assert not any(looks_inverted(image) for image in digits)
    assert all(looks_inverted(1 - image) for image in digits)
