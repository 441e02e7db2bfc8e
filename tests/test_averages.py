"""Averages of weights: against closed formulas, in captured steps, and what is refused."""
import numpy as np
import pytest
import reference_backend

import numbacnn as nb
from numbacnn import nn, optim
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn, get_swa_multi_avg_fn


def values_of(step, shape):
    return np.random.default_rng(step).standard_normal(shape)


def averaged(function, steps, dtype="float64", device=None):
    """The average of a layer's weight, which has other values at each step."""
    layer = nn.Linear(3, 4).to(np.dtype(dtype))
    if device is not None:
        layer.to(device)
    model = AveragedModel(layer, multi_avg_fn=function)
    for step in range(steps):
        layer.weight.data = nb.tensor(values_of(step, (4, 3)).astype(dtype), device=device)
        model.update_parameters(layer)
    assert model.n_averaged.item() == steps
    return model.module.weight.numpy()


@pytest.mark.parametrize("device", [None, reference_backend.DEVICE], ids=["cpu", "reference"])
def test_moving_averages(device):
    values = [values_of(step, (4, 3)) for step in range(6)]
    weights = [0.75 ** 5, *[0.25 * 0.75 ** (5 - i) for i in range(1, 6)]]
    np.testing.assert_allclose(averaged(get_ema_multi_avg_fn(0.75), 6, device=device),
                               np.tensordot(weights, values, 1), rtol=1e-12)
    np.testing.assert_allclose(averaged(get_swa_multi_avg_fn(), 6, device=device), np.mean(values, axis=0), rtol=1e-12)
    np.testing.assert_array_equal(averaged(None, 1, device=device), values[0])       # the first is copied


@pytest.mark.parametrize(("decay", "expected"), [(0.0, 5), (1.0, 0)])
def test_decays_at_the_ends(decay, expected):
    np.testing.assert_allclose(averaged(get_ema_multi_avg_fn(decay), 6), values_of(expected, (4, 3)), rtol=1e-12)


def step_of(model, optimizer, averages):
    def step(x, y):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        averages.update_parameters(model)
        return loss
    return step


def trained(captured, use_buffers):
    nb.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 3))
    optimizer = optim.Adam(model.parameters(), lr=0.1)
    averages = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9), use_buffers=use_buffers)
    step = step_of(model, optimizer, averages)
    if captured:
        step = nb.capture(step, model, optimizer, averages)
    for i in range(6):
        step(nb.tensor(values_of(i, (4, 1, 4, 4)).astype("float32")), nb.tensor([0, 1, 2, 0]))
    return model.state_dict(), averages.state_dict()


@pytest.mark.parametrize("use_buffers", [False, True])
def test_captured_updates_are_the_same(use_buffers):
    model, averages = trained(False, use_buffers)
    same_model, same_averages = trained(True, use_buffers)
    for found, again in ((model, same_model), (averages, same_averages)):
        for key, value in found.items():
            np.testing.assert_array_equal(value.numpy(), again[key].numpy(), err_msg=key)
    assert averages["n_averaged"].item() == averages["module.1.num_batches_tracked"].item() == 6
    equal = np.array_equal(averages["module.1.running_mean"].numpy(), model["1.running_mean"].numpy())
    assert equal != use_buffers


def test_an_update_is_one_call():
    model = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2))
    averages = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.9))
    averages.update_parameters(model)
    assert [call[0] for call in nb.graph.thread.recording.program] == ["average"]
    nb.evaluate()
    held = [p.array.storage.address for p in averages.module.parameters()]
    averages.update_parameters(model)
    nb.evaluate()
    assert [p.array.storage.address for p in averages.module.parameters()] == held            # in place


def test_the_copy_is_a_model_of_its_own():
    model = nn.Linear(2, 1)
    averages = AveragedModel(model)
    x = nb.ones(1, 2)
    before = averages(x).tolist()
    model.weight.data = model.weight.detach() + 1
    assert averages(x).tolist() == before
    averages.update_parameters(model)
    assert averages(x).tolist() == model(x).tolist()
    again = AveragedModel(nn.Linear(2, 1))
    assert again.load_state_dict(averages.state_dict()) == ([], [])
    assert list(averages.state_dict()) == ["n_averaged", "module.weight", "module.bias"]
    assert not any(p.requires_grad and p.grad for p in averages.parameters())


@pytest.mark.parametrize(("make", "error", "message"), [
    (lambda m: AveragedModel(3), DTypeError, "AveragedModel: model must be a Module, got int"),
    (lambda m: AveragedModel(m, max, max), ValueError, "only one of avg_fn and multi_avg_fn may be given"),
    (lambda m: AveragedModel(m, 0.9), DTypeError, "avg_fn must be a function, got 0.9"),
    (lambda m: AveragedModel(m, use_buffers=1), DTypeError, "use_buffers must be True or False, got 1"),
    (lambda m: AveragedModel(m).update_parameters(3), DTypeError, "update_parameters: model must be a Module, got int"),
    (lambda m: AveragedModel(m).update_parameters(nn.Linear(3, 1)), ShapeError,
     r"must have the parameters of the one that was copied, got shapes \[\(1, 3\), \(1,\)\] and had \[\(1, 2\), "),
    (lambda m: get_ema_multi_avg_fn(1.5), ValueError, r"decay must be in \[0, 1\], got 1.5"),
    (lambda m: get_ema_multi_avg_fn(float("nan")), ValueError, r"decay must be in \[0, 1\], got nan"),
    (lambda m: get_ema_multi_avg_fn(True), DTypeError, "decay must be a number, got True"),
])
def test_what_is_refused(make, error, message):
    with pytest.raises(error, match=message):
        make(nn.Linear(2, 1))
