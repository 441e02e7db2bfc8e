"""The command line, as a user meets it: arguments in; text, files and an exit status out."""
import json
import re
import subprocess
import sys

import numpy as np
import pytest
from processes import python

import numbacnn
from numbacnn import backend, cli, models, train
from numbacnn.backend import BackendError
from numbacnn.datasets import Digits
from numbacnn.train.console import Progress


@pytest.fixture
def command(capsys):
    """Run a command in this process: exit status, lines of the output, lines of the errors."""
    def run(*arguments):
        try:
            status = cli.main([str(argument) for argument in arguments])
        except SystemExit as exit:
            status = exit.code
        output, errors = capsys.readouterr()
        return status, output.splitlines(), errors.splitlines()
    return run


@pytest.fixture(scope="module", autouse=True)
def compiled():
    """Nothing shall be compiled, and told, while a test looks at what is printed."""
    assert train.warmup() == 0


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A run that has learned a little."""
    out = tmp_path_factory.mktemp("runs")
    assert cli.main(["train", "digits", "--epochs", "2", "--quiet", "--out", str(out)]) == 0
    return out / "digits-001"


# --- train -----------------------------------------------------------------------------------------------------------

def test_train_leaves_a_run(command, tmp_path):
    out = tmp_path / "a" / "b"
    status, lines, errors = command("train", "digits", "--epochs", 2, "--batch-size", 64, "--lr", 0.01, "--seed", 7,
                                    "--out", out)
    assert (status, errors) == (0, [])
    place = out / "digits-001"
    config = json.loads((place / "config.json").read_text(encoding="utf-8"))
    assert lines[-1] == f"test accuracy {config['test_accuracy']:.4f}; saved to {place}"
    assert [line.partition(":")[0] for line in lines if line.startswith("epoch")] == ["epoch 1/2", "epoch 2/2"]
    assert [config[name] for name in ("epochs", "batch_size", "lr", "seed", "outcome", "device")] == \
        [2, 64, 0.01, 7, "finished", str(numbacnn.default_device())]
    assert config["test_accuracy"] > 0.8 and config["classes"] == list("0123456789")
    assert config["versions"]["numbacnn"] == numbacnn.__version__
    files = {"model.safetensors", "config.json", "history.csv"}
    pictures = {"loss.png", "confusion.png", "filters.png"}
    assert {path.name for path in place.iterdir()} in (files, files | pictures)
    assert len((place / "history.csv").read_text(encoding="utf-8").splitlines()) == 3
    assert [path.name for path in out.iterdir()] == ["digits-001"]


def test_the_same_seed_gives_the_same_bits(command, tmp_path):
    for seed in (1, 1, 2):
        assert command("train", "digits", "--epochs", 1, "--seed", seed, "--quiet", "--out", tmp_path)[0] == 0
    first, second, other = [(tmp_path / f"digits-00{i}" / "model.safetensors").read_bytes() for i in (1, 2, 3)]
    assert first == second != other


def test_quiet_prints_the_result_only(command, tmp_path):
    status, lines, errors = command("train", "digits", "--epochs", 1, "--quiet", "--out", tmp_path)
    assert (status, len(lines), errors) == (0, 1, [])
    assert lines[0].startswith("test accuracy 0.")


def test_without_matplotlib_it_says_once_how_to_get_pictures(command, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    status, lines, errors = command("train", "digits", "--epochs", 1, "--out", tmp_path)
    assert (status, errors) == (0, [])
    assert "".join(lines).count("pip install numbacnn[viz]") == 1
    assert {path.name for path in (tmp_path / "digits-001").iterdir()} == {"model.safetensors", "config.json",
                                                                          "history.csv"}


def test_nan_is_a_failure(command, tmp_path):
    status, lines, errors = command("train", "digits", "--lr", 1e30, "--quiet", "--out", tmp_path)
    assert (status, lines, len(errors)) == (1, [], 1)
    assert errors[0].startswith("numbacnn train: nothing was learned: the loss became ")
    assert errors[0].endswith(f" in epoch 1; another --lr may help, it was 1e+30. Saved to {tmp_path / 'digits-001'}")
    np.save(tmp_path / "image.npy", np.zeros((8, 8)))
    status, lines, errors = command("predict", tmp_path / "digits-001", tmp_path / "image.npy")
    assert (status, lines, len(errors)) == (2, [], 1)
    assert "must be finite, got nan; its training ended so: the loss became " in errors[0]


def test_worse_than_chance_is_a_failure(command, tmp_path, monkeypatch):
    monkeypatch.setattr(Digits, "__getitem__", None)     # batches only
    read_batch = Digits.read_batch
    monkeypatch.setattr(Digits, "read_batch", lambda self, indices: (
        read_batch(self, indices)[0], read_batch(self, indices)[1] if self.train else (self.targets[indices] + 1) % 10))
    status, lines, errors = command("train", "digits", "--epochs", 1, "--quiet", "--out", tmp_path)
    assert (status, lines, len(errors)) == (1, [], 1)
    assert "is not better than guessing (0.1028)" in errors[0]


def test_ctrl_c_saves_what_there_is(command, tmp_path, monkeypatch):
    step, steps = Progress.step, []

    def interrupted_step(self, tally):
        step(self, tally)
        steps.append(tally)
        if len(steps) == 60:                              # in the second epoch
            raise KeyboardInterrupt

    monkeypatch.setattr(Progress, "step", interrupted_step)
    status, lines, errors = command("train", "digits", "--epochs", 5, "--quiet", "--out", tmp_path)
    place = tmp_path / "digits-001"
    assert (status, lines) == (130, [])
    assert errors == [f"numbacnn train: interrupted; what there is was saved to {place}"]
    assert {path.name for path in place.iterdir()} == {"model.safetensors", "config.json", "history.csv"}
    assert len((place / "history.csv").read_text(encoding="utf-8").splitlines()) == 2
    assert json.loads((place / "config.json").read_text(encoding="utf-8"))["outcome"] == "interrupted"
    np.save(tmp_path / "image.npy", np.zeros((8, 8)))
    assert command("predict", place, tmp_path / "image.npy")[0] == 0


def test_mnist_is_trained_from_files(command, tmp_path):
    rng = np.random.default_rng(0)
    for part, n in (("train", 256), ("t10k", 64)):
        labels = (np.arange(n) % 10).astype(np.uint8)
        images = rng.integers(0, 60, (n, 28, 28), np.uint8)
        images[np.arange(n), 2 * labels + 4] = 255       # a line at the height that the label says
        for name, array in ((f"{part}-images-idx3-ubyte", images), (f"{part}-labels-idx1-ubyte", labels)):
            header = bytes([0, 0, 8, array.ndim]) + b"".join(size.to_bytes(4, "big") for size in array.shape)
            (tmp_path / name).write_bytes(header + array.tobytes())
    status, lines, errors = command("train", "mnist", "--quiet", "--data-dir", tmp_path, "--out", tmp_path)
    assert (status, errors) == (0, [])
    assert float(lines[-1].split()[2].rstrip(";")) > 0.9
    np.save(tmp_path / "image.npy", images[7])
    assert command("predict", tmp_path / "mnist-001", tmp_path / "image.npy")[1][0].startswith(
        f"{tmp_path / 'image.npy'}: 7 - seven  (7 - seven ")


@pytest.mark.slow
def test_the_digits_are_learned(tmp_path):
    """What README promises: one command, 98 of 100 digits."""
    done = subprocess.run([sys.executable, "-m", "numbacnn", "train", "digits"], cwd=tmp_path, capture_output=True,
                          text=True, check=True)
    last = done.stdout.splitlines()[-1]
    assert last.endswith("; saved to runs/digits-001".replace("/", "\\" if sys.platform == "win32" else "/"))
    assert float(last.split()[2].rstrip(";")) >= 0.98


# --- warmup ----------------------------------------------------------------------------------------------------------

def test_warmup_compiles_what_training_needs(command, tmp_path):
    status, lines, errors = command("warmup")
    assert (status, errors) == (0, [])
    lines = [line for line in lines if line != "compiling kernels ..."]
    assert [line.partition(":")[0] for line in lines] == ["DigitsCNN", "SimpleCNN"]
    for line in lines:
        assert re.search(r": (nothing to compile|compiled \d+ kernels? in [\d.]+ s; kept in .+)$", line)
    assert command("warmup", "SimpleCNN") == (0, ["SimpleCNN: nothing to compile"], [])
    lines = command("train", "digits", "--epochs", 1, "--out", tmp_path)[1]
    assert not [line for line in lines if line.startswith("compiling")]


def test_every_network_can_be_warmed_up():
    assert set(train.NETWORKS) == set(models.__all__)


# --- predict ---------------------------------------------------------------------------------------------------------

def test_predict_recognises_digits(command, run, tmp_path):
    test = Digits(train=False)
    paths = [tmp_path / f"{i}.npy" for i in range(50)]
    for path, image in zip(paths, test.data, strict=False):
        np.save(path, np.kron(image, np.ones((3, 3), np.uint8)))     # three times as large
    status, lines, errors = command("predict", run, *paths)
    assert (status, errors) == (0, [])
    right = [line.startswith(f"{path}: {label}  ({label} 0.")
             for line, path, label in zip(lines, paths, test.targets, strict=False)]
    assert sum(right) > 40
    assert len(lines[0].split(", ")) == 3


def test_predict_inverts_on_demand(command, run, tmp_path):
    image = Digits(train=False).data[0]
    np.save(tmp_path / "light.npy", image)
    np.save(tmp_path / "dark.npy", 255 - image)
    status, dark, errors = command("predict", run, tmp_path / "dark.npy", "--invert")
    assert (status, errors) == (0, [])
    status, light, errors = command("predict", run, tmp_path / "light.npy")
    assert dark[0].partition(": ")[2] == light[0].partition(": ")[2]
    status, _, errors = command("predict", run, tmp_path / "dark.npy")
    assert (status, len(errors)) == (0, 1)
    assert errors[0].endswith("dark.npy looks dark on light; with --invert it would be turned")


# --- info ------------------------------------------------------------------------------------------------------------

def test_info(command):
    status, lines, errors = command("info")
    assert (status, errors) == (0, [])
    assert lines[0] == f"numbacnn {numbacnn.__version__}"
    assert "backend cpu" in lines
    names = {line.split()[0] for line in lines}
    assert {"Python", "numpy", "numba", "llvmlite", "CPU", "threads", "cache"} <= names


def test_info_says_why_a_backend_cannot_be_used(command, monkeypatch):
    def load(name):
        raise BackendError("the driver is missing")

    monkeypatch.setattr(backend, "load", load)
    status, lines, errors = command("info")
    assert (status, errors) == (0, [])
    line = lines[lines.index("backend cpu") + 1]
    assert " ".join(line.split()) == "cannot be used BackendError: the driver is missing"


# --- errors ----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("arguments", "text"), [
    ("", "numbacnn: the following arguments are required: COMMAND; see numbacnn --help"),
    ("trian", "numbacnn: argument COMMAND: invalid choice: 'trian'"),
    ("train", "numbacnn train: the following arguments are required: TASK; see numbacnn train --help"),
    ("train letters", "numbacnn train: argument TASK: invalid choice: 'letters'"),
    ("train digits --epochs 0", "numbacnn train digits: argument --epochs: must be a whole number from 1, got '0'"),
    ("train digits --batch-size x", "numbacnn train digits: argument --batch-size: must be a whole number from 1"),
    ("train digits --lr nan", "numbacnn train digits: argument --lr: must be a positive number, got 'nan'"),
    ("train digits --lr=-1", "numbacnn train digits: argument --lr: must be a positive number, got '-1'"),
    ("train digits --seed -1", "numbacnn train digits: argument --seed: "),
    ("train digits --seed 9223372036854775808", "numbacnn train digits: argument --seed: must be a whole number"),
    ("train digits --data-dir x", "numbacnn: unrecognized arguments: --data-dir x"),
    ("train digits --out {tmp}/file", "numbacnn train: --out must be a folder that can be written, got {tmp}/file: "),
    ("train mnist --data-dir {tmp}", "numbacnn train mnist: MNIST: train-images-idx3-ubyte.gz must lie in {tmp} or "),
    ("predict {tmp}", "numbacnn predict: the following arguments are required: IMAGE"),
    ("warmup Nothing", "numbacnn warmup: argument NETWORK: must be one of DigitsCNN, SimpleCNN, got 'Nothing'; see "),
    ("predict {tmp} {tmp}/file", "numbacnn predict: RUN must be a folder that `numbacnn train` made, got {tmp} "),
    ("predict {run} {tmp}/nothing.npy", "numbacnn predict: {tmp}/nothing.npy cannot be read: No such file"),
])
def test_what_the_user_did_wrong_is_one_line(command, run, tmp_path, arguments, text):
    (tmp_path / "file").write_text("")
    status, lines, errors = command(*arguments.format(tmp=tmp_path, run=run).split())
    assert (status, lines, len(errors)) == (2, [], 1)
    assert errors[0].startswith(text.format(tmp=tmp_path))


def test_an_unknown_backend_is_one_line(tmp_path):
    program = f"""
import sys
from numbacnn.cli import main
sys.stderr = sys.stdout
print(main(["train", "digits", "--out", {str(tmp_path)!r}]))
"""
    message, status = python(program, NUMBACNN_BACKEND="abacus").splitlines()
    assert message.startswith("numbacnn: NUMBACNN_BACKEND=abacus: backend 'abacus' is not installed; installed: cpu")
    assert status == "2"


def test_our_own_faults_are_not_hidden(command, monkeypatch):
    monkeypatch.setattr("numbacnn.train.training.load_images", lambda *arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        command("train", "digits")


# --- start -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("arguments", [["--help"], ["train", "digits", "--help"], ["--version"]])
def test_help_starts_nothing_heavy(arguments):
    program = f"""
import sys
from numbacnn.cli import main
try:
    main({arguments!r})
except SystemExit as exit:
    assert exit.code == 0
print(sorted({{"numba", "llvmlite", "numbacnn_cpu", "tqdm", "matplotlib", "PIL", "pooch"}} & set(sys.modules)))
"""
    output = python(program)
    assert "numbacnn" in output and output.splitlines()[-1] == "[]"


def test_python_m_numbacnn():
    done = subprocess.run([sys.executable, "-m", "numbacnn", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout == f"numbacnn {numbacnn.__version__}\n"
