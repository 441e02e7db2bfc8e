"""Training: the loop, what it shows, and the report it leaves."""
import csv
import io
import logging
import math
import sys

import numpy as np
import pytest

from numbacnn import models, nn, no_grad, tensor
from numbacnn.data import DataLoader, TensorDataset
from numbacnn.datasets import Digits
from numbacnn.optim import SGD, Adam
from numbacnn.train import TASKS, Epoch, evaluate, fit
from numbacnn.train.console import CompileNotice, Progress
from numbacnn.train.loop import FallingRate, Tally, cross_entropy, softmax
from numbacnn.train.report import confusion_matrix, draw_pictures, first_filters, mosaic, write_history
from numbacnn.train.tasks import normalisation
from numbacnn.train.training import judge

HISTORY = [Epoch(1, 0.1, 2.0, 0.5, 1.5, 0.75, 1000.0, 0.25), Epoch(2, 0.05, 1.0, 0.75, 1.25, 0.8125, 2000.0, 0.125)]


def separable(n=24):
    """Points of three classes that a linear layer tells apart."""
    targets = np.arange(n) % 3
    noise = np.random.default_rng(0).normal(0, 0.1, (n, 3))
    return TensorDataset((np.eye(3)[targets] + noise).astype(np.float32), targets)


class Terminal(io.StringIO):
    """A text file that says it is a terminal."""

    def isatty(self):
        return True


# --- the loop --------------------------------------------------------------------------------------------------------

def test_fit_learns_and_measures():
    model = nn.Linear(3, 3)
    loader = DataLoader(separable(), batch_size=8, shuffle=True, generator=0)
    watched = []
    history = list(fit(model, Adam(model.parameters(), lr=0.1), loader, loader, 10,
                       lambda tally: watched.append((tally.epoch, tally.images))))
    assert [epoch.epoch for epoch in history] == list(range(1, 11))
    assert watched == [(epoch, images) for epoch in range(1, 11) for images in (8, 16, 24)]
    assert history[-1].loss < history[0].loss and history[-1].test_accuracy == 1.0
    assert history[-1].test_loss == pytest.approx(cross_entropy(*evaluate(model, loader)))
    assert all(epoch.seconds > 0 and epoch.images_per_second > 0 for epoch in history)


def test_the_loop_is_the_plain_loop():
    """The same parameters, to the bit, as the loop that everybody writes."""
    parameters = []
    for mine in (False, True):
        model = nn.Linear(3, 3)
        model.load_state_dict({"weight": np.eye(3, dtype=np.float32), "bias": np.zeros(3, np.float32)})
        optimizer, loader = SGD(model.parameters(), lr=0.5), DataLoader(separable(), batch_size=24)
        if mine:
            list(fit(model, optimizer, loader, loader, 1))
        else:
            for x, y in loader:
                optimizer.zero_grad()
                nn.CrossEntropyLoss()(model(x), y).backward()
                optimizer.step()
        parameters.append(model.weight.numpy())
    assert parameters[0].tobytes() == parameters[1].tobytes()


def test_the_learning_rate_falls_to_zero():
    weight = nn.Linear(2, 2).weight
    optimizer = SGD([{"params": [weight], "lr": 0.4}], lr=1.0)
    schedule, rates = FallingRate(optimizer, 4), []
    for _ in range(5):
        rates.append(optimizer.param_groups[0]["lr"])
        schedule.step()
    assert rates == pytest.approx([0.4, 0.3, 0.2, 0.1, 0.0])


def test_a_loss_that_is_not_finite_ends_the_training():
    model = nn.Linear(3, 3)
    dataset = TensorDataset(np.full((4, 3), np.nan, np.float32), np.zeros(4, np.int64))
    loader, steps = DataLoader(dataset, batch_size=1), []
    history = list(fit(model, SGD(model.parameters(), lr=0.1), loader, loader, 5, steps.append))
    assert (len(history), len(steps)) == (1, 1)
    assert math.isnan(history[0].loss) and math.isnan(history[0].test_loss)


def test_a_tally_adds_up_batches_of_any_size():
    tally = Tally(1)
    tally.add(1.0, 1, 2)
    tally.add(4.0, 3, 4)
    assert (tally.images, tally.loss, tally.accuracy) == (6, 3.0, 4 / 6)
    assert tally.images_per_second > 4 / tally.seconds       # the first batch, which may compile, does not count


def test_evaluate_uses_evaluation_mode_and_restores_the_other():
    model = nn.Sequential(nn.Dropout(0.5))
    dataset = separable()
    logits, targets = evaluate(model.train(), DataLoader(dataset, batch_size=5))
    np.testing.assert_array_equal(logits, dataset.arrays[0])
    np.testing.assert_array_equal(targets, dataset.arrays[1])
    assert model.training
    evaluate(model.eval(), DataLoader(dataset, batch_size=5))
    assert not model.training


def test_softmax_and_cross_entropy_of_large_numbers():
    logits = np.array([[1000.0, 0.0], [0.0, 0.0]], np.float32)
    np.testing.assert_allclose(softmax(logits), [[1, 0], [0.5, 0.5]])
    assert cross_entropy(logits, np.array([0, 1])) == pytest.approx(math.log(2) / 2)
    assert cross_entropy(logits, np.array([1, 1])) == math.inf


@pytest.mark.parametrize(("loss", "logits", "outcome"), [
    (1.0, [[2, 1], [2, 1], [1, 2]], "finished"),
    (1.0, [[2, 1], [2, 1], [2, 1]], "test accuracy 0.6667 is not better than guessing (0.6667)"),
    (1.0, [[2, 1], [2, 1], [1, math.nan]], "the network's outputs are not finite"),
    (math.nan, [[2, 1], [2, 1], [1, 2]], "the loss became nan in epoch 2"),
    (math.inf, [[2, 1], [2, 1], [1, 2]], "the loss became inf in epoch 2"),
])
def test_judge(loss, logits, outcome):
    assert judge([HISTORY[0], HISTORY[1]._replace(loss=loss)], np.array(logits), np.array([0, 0, 1])) == outcome


# --- what the user sees ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("stream", [io.StringIO, Terminal])
def test_compilation_is_announced(stream):
    stream, log = stream(), logging.getLogger("numbacnn")
    before = log.level, list(log.handlers)
    with CompileNotice(stream) as notice:
        log.info("compiling %s", "conv2d (float32)")
        log.info("compiling %s", "relu (float32)")
        notice.done()
        notice.done()
        log.info("could not cache %s", "relu")
        log.info("compiling %s", "walk (int64)")
    log.info("compiling %s", "nobody listens")
    assert (log.level, log.handlers) == before
    lines = [line.rpartition("\r")[2] for line in stream.getvalue().split("\n")[:-1]]
    lines = [line for line in lines if line != "compiling kernels ..."]
    assert [line.partition(" in ")[0] for line in lines] == ["compiled 2 kernels", "could not cache relu",
                                                            "compiled 1 kernel"]
    assert " s; kept in " in lines[0] or " s; not kept (none" in lines[0]
    assert ("conv2d (float32) ..." in stream.getvalue()) == stream.isatty()


def test_nothing_is_said_if_nothing_is_compiled():
    stream = io.StringIO()
    with CompileNotice(stream) as notice:
        logging.getLogger("numbacnn").debug("compiled in no time")
        notice.done()
    assert stream.getvalue() == ""


def shown(stream):
    with CompileNotice(stream) as notice:
        progress, tally = Progress(10, 64, stream, notice), Tally(1)
        for _ in range(2):
            tally.add(0.5, 16, 32)
            progress.step(tally)
        progress.epoch(HISTORY[0])
        progress.close()
    return stream.getvalue()


def test_progress_is_a_line_for_each_epoch_in_a_file():
    assert shown(io.StringIO()) == "epoch  1/10: 1,000 images/s, loss 2.0000, accuracy 0.5000, test 0.7500\n"


def test_progress_is_a_bar_on_a_terminal(monkeypatch):
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LINES", "30")
    text = shown(Terminal())
    assert text.count("\n") == 1
    assert text.split("\r")[-1].startswith("epoch  1/10 |")
    assert text.rstrip().endswith("loss 2.0000, accuracy 0.5000, test 0.7500")


# --- the report ------------------------------------------------------------------------------------------------------

def test_history(tmp_path):
    write_history(tmp_path / "history.csv", HISTORY)
    with (tmp_path / "history.csv").open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [Epoch(*(float(line[name]) for name in Epoch._fields)) for line in lines] == HISTORY


def test_confusion_matrix():
    logits = np.array([[1, 0, 0], [0, 1, 0], [0, 1, 0], [0, 0, 1]])
    assert confusion_matrix(logits, np.array([0, 1, 0, 0])).tolist() == [[1, 1, 1], [0, 1, 0], [0, 0, 0]]


def test_a_mosaic_shows_each_filter():
    image = mosaic(np.arange(5 * 6).reshape(5, 2, 3), columns=4)
    assert image.shape == (7, 17)
    assert image[1:3, 5:8].tolist() == [[6, 7, 8], [9, 10, 11]]
    assert image[4:6, 1:4].tolist() == [[24, 25, 26], [27, 28, 29]]
    assert np.isnan(image).sum() == image.size - 30


@pytest.mark.parametrize("model", [models.DigitsCNN, models.SimpleCNN])
def test_pictures(tmp_path, model):
    pytest.importorskip("matplotlib")
    assert first_filters(model()).shape[1:] == (3, 3)
    confusion = confusion_matrix(np.eye(10), np.arange(10))
    assert draw_pictures(tmp_path, HISTORY, confusion, [f"{i} - a long name" for i in range(10)], model())
    for name in ("loss.png", "confusion.png", "filters.png"):
        assert (tmp_path / name).read_bytes().startswith(b"\x89PNG")


def test_no_pictures_without_matplotlib(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    assert not draw_pictures(tmp_path, HISTORY, np.eye(10, dtype=int), list("0123456789"), models.DigitsCNN())
    assert list(tmp_path.iterdir()) == []


# --- tasks -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", TASKS)
def test_the_network_of_a_task_takes_its_images(name):
    task = TASKS[name]
    x = normalisation(task.mean, task.std)(np.zeros(task.image_size, np.uint8))
    with no_grad():
        assert task.model(7)(tensor(x[None])).shape == (1, 7)


def test_digits_are_normalised():
    x = normalisation(TASKS["digits"].mean, TASKS["digits"].std).batch(Digits(train=True).data)
    assert (x.mean(), x.std()) == pytest.approx((0, 1), abs=1e-3)
