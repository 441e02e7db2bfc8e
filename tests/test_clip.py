"""Clipping of gradients, and parameters as one vector."""
import numpy as np
import pytest
import reference_backend
from numbacnn_cpu import program
from numbacnn_cpu.compile import INTERPRETED

import numbacnn as nb
from numbacnn import nn, optim
from numbacnn.errors import GradientError, ShapeError
from numbacnn.nn import utils

SHAPES = [(7, 3, 5, 2), (9001,), (), (0, 4), (4, 6), (1, 2, 3)]


def with_gradients(shapes, dtype="float64", scale=1.0, device=None):
    rng = np.random.default_rng(0)
    given = [nn.Parameter(nb.tensor(np.ones(shape, dtype), device=device)) for shape in shapes]
    for p in given:
        p.grad = nb.tensor((scale * rng.standard_normal(p.shape)).astype(dtype), device=device)
    return given


def as_vector(given):
    return np.concatenate([p.grad.numpy().ravel() for p in given]).astype("float64")


@pytest.mark.parametrize("norm_type", [2, 1, np.inf, "inf", 3.5, 0.5])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("max_norm", [0.5, 1e9, 0, np.inf])
@pytest.mark.parametrize("eager", [False, True], ids=["planned", "eager"])
def test_the_norm_and_what_is_left(norm_type, dtype, max_norm, eager):
    with nb.testing.settings(eager=eager):
        given = with_gradients(SHAPES, dtype)
        before = as_vector(given)
        norm = utils.clip_grad_norm_(iter(given), max_norm, norm_type)
        found = as_vector(given)
    order = float(norm_type)
    expected = np.abs(before).max() if order == np.inf else (np.abs(before) ** order).sum() ** (1 / order)
    tolerance = 1e-6 if dtype == "float32" else 1e-12    # sums are float64; the norm is rounded once
    assert (norm.shape, norm.dtype) == ((), dtype)
    np.testing.assert_allclose(norm.numpy(), expected, rtol=tolerance)
    np.testing.assert_allclose(found, before * min(1, max_norm / (expected + 1e-6)), rtol=tolerance)


@pytest.mark.parametrize("order", [2.0, 1.0, np.inf, 3.0])
def test_kernels_are_those_of_the_contract(order):
    results = []
    for device in None, reference_backend.DEVICE:
        given = with_gradients(SHAPES, device=device)
        norm = utils.clip_grad_norm_(given, 2.0, order)
        utils.clip_grad_value_(given, 0.02)
        results.append([norm.numpy(), *[p.grad.numpy() for p in given]])
    for got, wanted in zip(*results, strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12)


@pytest.mark.parametrize("order", [2.0, 1.0, np.inf, 3.0])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("at", [0, 4000, 9000])
def test_numbers_that_are_not_finite(order, bad, at):
    """They spread as by PyTorch's formula: infinity over infinity is NaN, anything else over infinity 0."""
    given = with_gradients([(9001,), (3,)])
    values = given[0].grad.numpy()
    values[at] = bad
    given[0].grad = nb.tensor(values)
    with pytest.raises(GradientError, match=r"the norm of the gradients must be finite, got (nan|inf)"):
        utils.clip_grad_norm_(given, 1.0, order, error_if_nonfinite=True)
    np.testing.assert_array_equal(given[0].grad.numpy(), values)
    norm = utils.clip_grad_norm_(given, 1.0, order)
    np.testing.assert_array_equal(norm.numpy(), np.abs(bad))
    scale = np.nan if np.isnan(bad) else 0.0
    with np.errstate(invalid="ignore"):
        np.testing.assert_array_equal(given[0].grad.numpy(), values * scale)
    np.testing.assert_array_equal(given[1].grad.numpy(), np.full(3, scale) * 0)


def test_values_are_cut():
    p = nn.Parameter(np.ones(6, "float32"))
    p.grad = nb.tensor([1.0, -3.0, np.nan, np.inf, -np.inf, -0.0])
    kept = p.grad
    utils.clip_grad_value_(p, 2)
    np.testing.assert_array_equal(p.grad.numpy(), np.array([1, -2, np.nan, 2, -2, -0.0], "float32"))
    assert p.grad is kept                                # in place: who holds the gradient sees it clipped


def test_parameters_without_gradients():
    p, q = nn.Parameter(np.ones(2, "float32")), nn.Parameter(np.ones(2, "float32"))
    assert utils.clip_grad_norm_([p, q], 1.0).item() == 0.0
    assert utils.clip_grad_norm_([], 1.0).item() == 0.0
    utils.clip_grad_value_([p], 1.0)
    q.grad = nb.tensor([3.0, 4.0])
    assert utils.clip_grad_norm_([p, q, q], 1.0).item() == 5.0           # a parameter given twice counts once
    np.testing.assert_allclose(q.grad.numpy(), [0.6, 0.8], rtol=1e-6)
    assert p.grad is None


def test_the_two_halves():
    given = with_gradients([(3,), (4,)])
    before = as_vector(given)
    norm = utils.get_total_norm([p.grad for p in given])
    utils.clip_grads_with_norm_(given, 0.5, norm)
    np.testing.assert_allclose(as_vector(given), before * 0.5 / (norm.item() + 1e-6), rtol=1e-12)
    utils.clip_grads_with_norm_(given, 0.25, nb.tensor(0.5))             # of another dtype
    np.testing.assert_allclose(np.linalg.norm(as_vector(given)), 0.25, rtol=1e-5)


def training(captured, threads=None, monkeypatch=None):
    """Losses, norms and parameters of a training with clipped gradients."""
    nb.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2, 5, 3), nn.ReLU(), nn.Flatten(), nn.Linear(80, 70), nn.ReLU(), nn.Linear(70, 4))
    optimizer = optim.SGD(model.parameters(), lr=0.5, momentum=0.9)

    def step(x, y):
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(x), y)
        loss.backward()
        norm = utils.clip_grad_norm_(model.parameters(), 0.1)
        utils.clip_grad_value_(model.parameters(), 0.02)
        optimizer.step()
        return loss, norm

    run, found = nb.capture(step, model, optimizer) if captured else step, []
    for i in range(5):
        x = np.random.default_rng(i).standard_normal((6, 2, 6, 6)).astype("float32")
        found += [t.item() for t in run(nb.tensor(x), nb.tensor([0, 1, 2, 3, 0, 1]))]
    return found, b"".join(p.numpy().tobytes() for p in model.parameters())


def test_captured_and_recorded_steps_are_one_plan():
    assert training(captured=False) == training(captured=True)
    before = nb.graph.thread.plans.copy()
    training(captured=False)
    assert len(nb.graph.thread.plans) == len(before)     # nothing looked at the norm in the middle of a step


@pytest.mark.skipif(INTERPRETED, reason="one thread")
def test_any_number_of_threads_gives_the_same_bits(monkeypatch):
    monkeypatch.setattr(program, "TILE_BYTES", 64)
    found = set()
    for workers in 1, 2, 3:
        monkeypatch.setenv("NUMBACNN_NUM_THREADS", str(workers))
        nb.graph.thread.plans.clear()
        losses, values = training(captured=False)
        given = with_gradients([(30001,), (8192,), (8193, 2)], "float32")
        norms = [utils.get_total_norm([p.grad for p in given], order).item() for order in (2, 1, 3, np.inf)]
        found.add((*losses, values, *norms))
    nb.graph.thread.plans.clear()
    assert len(found) == 1


def test_parameters_as_one_vector():
    given = with_gradients([(2, 3, 4, 5), (7,), (), (3, 2)])
    values = [np.random.default_rng(i).standard_normal(p.shape) for i, p in enumerate(given)]
    for p, x in zip(given, values, strict=True):
        p.data = nb.tensor(x)
    vector = utils.parameters_to_vector(given)
    expected = np.concatenate([x.ravel() for x in values])
    np.testing.assert_array_equal(vector.numpy(), expected)
    for p in given:
        p.grad = None
    (vector * nb.tensor(np.arange(vector.numel(), dtype="float64"))).sum().backward()
    np.testing.assert_array_equal(as_vector(given), np.arange(vector.numel()))
    utils.vector_to_parameters(nb.tensor(2 * expected), given)
    for p, x in zip(given, values, strict=True):
        np.testing.assert_array_equal(p.numpy(), 2 * x)
    with pytest.raises(ShapeError, match=r"vec must be \(134,\), as many numbers as the parameters hold, got shape"):
        utils.vector_to_parameters(nb.ones(133, dtype="float64"), given)


def test_an_optimiser_goes_on_after_a_vector_was_set():
    model = nn.Linear(2, 2)
    optimizer = optim.SGD(model.parameters(), lr=1.0)
    utils.vector_to_parameters(nb.tensor([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]), model.parameters())
    model(nb.tensor([[1.0, 1.0]])).sum().backward()
    optimizer.step()
    assert utils.parameters_to_vector(model.parameters()).tolist() == [0.0, 1.0, 2.0, 3.0, 4.0, 5.0]


@pytest.mark.oracle
@pytest.mark.parametrize("norm_type", [2, 1, np.inf, 3.0])
@pytest.mark.parametrize("max_norm", [0.5, 1e9, np.inf])
def test_against_pytorch(norm_type, max_norm):
    torch = pytest.importorskip("torch", reason="needs the extra `oracle`")
    given = with_gradients([shape for shape in SHAPES if 0 not in shape])            # PyTorch has no norm of nothing
    theirs = [torch.nn.Parameter(torch.tensor(p.numpy())) for p in given]
    for p, q in zip(given, theirs, strict=True):
        q.grad = torch.tensor(p.grad.numpy())
    norms = [module.clip_grad_norm_(each, max_norm, norm_type).item()
             for module, each in ((utils, given), (torch.nn.utils, theirs))]
    for module, each in ((utils, given), (torch.nn.utils, theirs)):
        module.clip_grad_value_(each, 0.01)
    assert norms[0] == pytest.approx(norms[1], rel=1e-12)
    np.testing.assert_allclose(as_vector(given), torch.cat([q.grad.ravel() for q in theirs]).numpy(), rtol=1e-12)
    np.testing.assert_array_equal(utils.parameters_to_vector(given).numpy(),
                                  torch.nn.utils.parameters_to_vector(theirs).detach().numpy())
