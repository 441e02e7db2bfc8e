"""Failures: errors, interrupts and what survives them. An evaluation is all or nothing."""
import os
import signal
import subprocess
import sys

import numbacnn_cpu
import numpy as np
import pytest
from models import SimpleCNN, batch, randomise, train

import numbacnn as nb
from numbacnn import graph, nn, optim
from numbacnn.errors import DeviceError, DTypeError, EvaluationError, GradientError, ShapeError


def test_errors_while_recording_are_raised_at_the_line_and_harmless():
    model = randomise(SimpleCNN())
    with pytest.raises(ShapeError, match=r"conv2d: x has 3 channels, weight expects 1"):
        model(nb.zeros(2, 3, 28, 28))
    with pytest.raises(ShapeError, match="reshape"):
        model(nb.zeros(2, 1, 20, 20))                     # conv, relu and pool are already recorded
    assert np.isfinite(train(model)[0]).all()


def test_a_failing_kernel_leaves_everything_as_it_was():
    model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.Dropout(0.2), nn.Flatten(),
                          nn.Linear(4 * 26 * 26, 10))
    optimizer = optim.Adam(model.parameters())
    train(model, steps=1)
    tensors = [*model.state_tensors(), *optimizer.state_tensors(), nb.random.state(nb.device("cpu"))]
    before = [t.numpy() for t in tensors]
    x, y = batch()
    loss = nn.CrossEntropyLoss()(model(nb.tensor(x)), nb.tensor(y + 100))
    loss.backward()
    with pytest.raises(IndexError, match="target") as caught:
        optimizer.step()
    assert any("cross_entropy" in note and "NUMBACNN_EAGER=1" in note for note in caught.value.__notes__)
    for tensor, old in zip(tensors, before, strict=True):
        np.testing.assert_array_equal(tensor.numpy(), old)
    with pytest.raises(EvaluationError, match="no value"):
        loss.item()
    assert "no value" in repr(loss)
    assert np.isfinite(train(model)[0]).all()


def test_a_value_that_cannot_be_computed_is_not_assigned():
    total = nb.ones(3)
    total.data = total + 1
    total.data = total + 1
    loss = nn.functional.cross_entropy(nb.ones(1, 3), nb.tensor([5]))
    with pytest.raises(IndexError):
        loss.item()
    assert total.tolist() == [1.0] * 3


def test_a_plan_that_cannot_be_made_loses_nothing(monkeypatch):
    model = nn.Linear(3, 3)
    optimizer = optim.Adam(model.parameters())
    before = model.weight.numpy()

    def broken(calls):
        raise MemoryError

    model(nb.ones(2, 3)).sum().backward()
    with monkeypatch.context() as patch:
        patch.setattr(numbacnn_cpu, "Program", broken)
        with pytest.raises(MemoryError):
            optimizer.step()
    np.testing.assert_array_equal(model.weight.numpy(), before)
    optimizer.zero_grad()
    model(nb.ones(2, 3)).sum().backward()
    optimizer.step()
    assert optimizer.param_groups[0].state["steps"].tolist() == [1.0, 1.0]


def test_a_failing_evaluation_keeps_a_model_that_was_moved():
    model = nn.Linear(3, 3)
    before = model.weight.numpy()
    loss = nn.functional.cross_entropy(model(nb.ones(1, 3)), nb.tensor([9]))
    with pytest.raises(IndexError):
        model.to(nb.float64)
    np.testing.assert_array_equal(model.weight.numpy(), before)
    assert loss.array.storage is None


@pytest.mark.skipif(not hasattr(os, "kill"), reason="needs POSIX signals")
def test_ctrl_c_never_tears_a_model():
    """Interrupts at random moments of a training: model and optimiser agree about how many steps were made."""
    script = r'''
import os, random, signal, sys, threading, time
sys.path.insert(0, sys.argv[1])
import numpy as np, numbacnn as nb
from numbacnn import nn, optim
from numbacnn.graph import thread
net = nn.Linear(3, 1)
opt = optim.SGD(net.parameters(), lr=1.0, momentum=0.5)
x = nb.ones(1, 3)
def step():
    opt.zero_grad()
    net(x).sum().backward()
    opt.step()
bias = net.bias.numpy()[0]
step()
stop = False
def shoot():
    while not stop:
        time.sleep(random.random() * 0.004)
        os.kill(os.getpid(), signal.SIGINT)
hits = 0
shooter = threading.Thread(target=shoot)
def loop():
    global hits
    while hits < 150:
        try:
            while True:
                step()
        except KeyboardInterrupt:
            hits += 1
def guarded():
    while True:
        try:
            signal.signal(signal.SIGINT, signal.default_int_handler)
            return loop()
        except KeyboardInterrupt:
            pass
signal.signal(signal.SIGINT, signal.SIG_IGN)
shooter.start()
guarded()
while not stop:
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        stop = True
    except KeyboardInterrupt:
        pass
shooter.join()
state = opt.param_groups[0].state
steps = int(state["steps"].numpy()[0])
assert (state["steps"].numpy() == steps).all()
expected = bias - (2 * steps - 2 + 2 * 0.5 ** steps)         # the gradient is always 1
assert abs(net.bias.numpy()[0] - expected) < 0.1, (net.bias.numpy(), expected, steps)
step()
print("whole", hits)
'''
    done = subprocess.run([sys.executable, "-c", script, os.path.dirname(__file__)], capture_output=True, text=True,
                          timeout=300)
    assert done.returncode == 0, done.stderr
    assert "whole" in done.stdout


def test_ctrl_c_in_a_plan_is_raised_when_it_is_done(monkeypatch):
    x = nb.ones(2)
    y = x + 1
    real = graph.run

    def interrupted(*arguments):
        os.kill(os.getpid(), signal.SIGINT)
        return real(*arguments)

    monkeypatch.setattr(graph, "run", interrupted)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)    # a background process may ignore it
    try:
        with pytest.raises(KeyboardInterrupt):
            y.numpy()
        assert y.array.storage is not None
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_dtype_and_device_errors():
    with pytest.raises(DTypeError, match="data must be real numbers, got complex numbers"):
        nb.tensor(np.zeros(2, np.complex64))
    with pytest.raises(DTypeError, match="data must be numbers, in nested lists of equal lengths"):
        nb.tensor([[1.0], [1.0, 2.0]])
    with pytest.raises(DeviceError, match=r"there is no backend 'tpu'; installed: .*cpu"):
        nb.ones(2).to("tpu")
    with pytest.raises(DeviceError, match="does not exist: cpu has 1 device"):
        nb.ones(2, device="cpu:3")
    with pytest.raises(GradientError):
        nb.ones(2).backward()
