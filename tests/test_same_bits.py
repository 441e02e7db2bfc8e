"""Convolutions of every kind give the same bits for any number of threads."""
import numpy as np
import pytest
from numbacnn_cpu import program
from numbacnn_cpu.compile import INTERPRETED
from test_conv_norms import DENSE, STRIPS, TILES, computed

import numbacnn as nb
from numbacnn.nn import functional as F

pytestmark = pytest.mark.skipif(INTERPRETED, reason="one thread")
SHAPES = {                                               # x, weight, options of conv2d
    "by Winograd": ((5, 64, 13, 14), (64, 64, 3, 3), {"padding": 1}),
    "by Winograd, a large weight": ((5, 160, 17, 16), (176, 160, 3, 3), {"padding": 1}),
    "by Winograd, a large weight and few windows": ((4, 160, 9, 8), (176, 160, 3, 3), {"padding": 1}),
    "by tiles": ((5, 20, 17, 15), (37, 20, 3, 3), {"padding": 1, "stride": 2}),
    "by tiles, one image": ((1, 33, 19, 18), (40, 33, 3, 3), {"dilation": 2}),
    "of patches": ((4, 3, 29, 31), (24, 3, 7, 7), {"padding": 3, "stride": 2}),
    "of panels": ((6, 260, 13, 11), (1100, 260, 1, 1), {}),
    "of groups": ((3, 12, 16, 14), (20, 3, 3, 3), {"groups": 4, "padding": 1}),
    "depthwise": ((3, 35, 23, 22), (35, 1, 3, 3), {"groups": 35, "padding": 1}),
}


def results_of(shapes):
    """The output of a convolution and all gradients, in float32."""
    x, weight, options = shapes
    rng = np.random.default_rng(0)
    inputs = [nb.tensor(rng.standard_normal(shape, np.float32), requires_grad=True)
              for shape in (x, weight, weight[:1])]
    y = F.conv2d(*inputs, **options)
    y.backward(nb.tensor(rng.standard_normal(y.shape, np.float32)))
    nb.evaluate(y, *[each.grad for each in inputs])
    return [y.numpy(), *[each.grad.numpy() for each in inputs]]


def bits(monkeypatch, compute):
    """The bits of all results with one, two and three threads, work being cut as finely as it can be."""
    monkeypatch.setattr(program, "TILE_BYTES", 64)
    found = []
    for workers in 1, 2, 3:
        monkeypatch.setenv("NUMBACNN_NUM_THREADS", str(workers))
        nb.graph.thread.plans.clear()
        found.append(b"".join(result.tobytes() for result in compute()))
    nb.graph.thread.plans.clear()
    return found


@pytest.mark.parametrize("shapes", SHAPES.values(), ids=SHAPES)
def test_of_convolutions(shapes, monkeypatch):
    assert len(set(bits(monkeypatch, lambda: results_of(shapes)))) == 1


@pytest.mark.parametrize("shapes", [((1, 64, 8, 8), (64, 64, 3, 3)), ((1, 32, 16, 16), (130, 32, 3, 3))], ids=str)
def test_of_few_windows_that_items_share(shapes, monkeypatch):
    def infer():
        rng = np.random.default_rng(0)
        x, weight = (nb.tensor(rng.standard_normal(shape, np.float32)) for shape in shapes)
        with nb.no_grad():
            explanation = nb.explain(lambda: found.append(F.conv2d(x, weight, padding=1).numpy()))
        assert any("winograd" in line.op for line in explanation.plans[-1])
        return found[-1:]

    found = []
    assert len(set(bits(monkeypatch, infer))) == 1


@pytest.mark.parametrize("how", ["an old parameter is held", "the loss is looked at", "captured"])
def test_of_training_however_it_is_looked_at(how):
    """In float32, and for a size at which inference would choose another algorithm."""
    x = nb.tensor(np.random.default_rng(0).standard_normal((1, 32, 16, 16), np.float32))

    def losses(how):
        nb.manual_seed(0)
        layer = nb.nn.Conv2d(32, 32, 3, padding=1)
        optimizer, held, found = nb.optim.SGD(layer.parameters(), 1e-2), [], []

        def step(x):
            optimizer.zero_grad()
            loss = (layer(x) * layer(x)).mean()
            if how == "the loss is looked at":
                loss.item()
            loss.backward()
            optimizer.step()
            return loss

        run = nb.capture(step, layer, optimizer) if how == "captured" else step
        for number in range(3):
            if how == "an old parameter is held" and number == 1:
                held = [parameter.detach() for parameter in layer.parameters()]
            found.append(run(x).numpy().tobytes())
        return found + [each.numpy().tobytes() for each in layer.parameters()], held

    assert losses(how)[0] == losses("plain")[0]


@pytest.mark.parametrize("network", [STRIPS[4], DENSE[1], TILES[5]], ids=str)
def test_between_batch_norms(network, monkeypatch):
    assert len(set(bits(monkeypatch, lambda: computed(network, "float32")))) == 1


@pytest.mark.parametrize("images", [1, 3])
def test_of_separable_convolutions_in_inference(images, monkeypatch):
    rng = np.random.default_rng(0)
    x, first, second = (nb.tensor(rng.standard_normal(shape, np.float32))
                        for shape in ((images, 20, 13, 11), (20, 1, 3, 3), (37, 20, 1, 1)))

    def compute():
        with nb.no_grad():
            return [F.relu(F.conv2d(F.relu(F.conv2d(x, first, groups=20, padding=1)), second)).numpy()]

    assert len(set(bits(monkeypatch, compute))) == 1


def test_of_pooled_convolutions_of_few_outputs(monkeypatch):
    rng = np.random.default_rng(0)
    x, weight = (nb.tensor(rng.standard_normal(shape, np.float32)) for shape in ((3, 1, 90, 45), (5, 1, 3, 3)))

    def compute():
        return [F.max_pool2d(F.relu(F.conv2d(x, weight, padding=1)), (1, 4)).numpy()]

    assert len(set(bits(monkeypatch, compute))) == 1
