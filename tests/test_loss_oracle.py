"""Losses, and layers of losses and activations, against PyTorch: any shapes and options."""
import inspect

import beside_torch
import numpy as np
import pytest
from beside_torch import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import numbacnn as nb
from numbacnn import nn, testing

pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore:reduction. 'mean' divides the total")]

many = settings(max_examples=100, deadline=None, derandomize=True)
seeds, reductions = st.integers(0, 2**32 - 1), st.sampled_from(["mean", "sum", "none"])
shapes = st.lists(st.integers(1, 5), max_size=4).map(tuple)


def compare(mine, yours, *arrays, constants=(), tolerance=1e-10):
    """Compare both ways to compute, planned and eager."""
    right = beside_torch.differentiated(yours, beside_torch.theirs, arrays, constants)
    for eager in False, True:
        with testing.settings(eager=eager):
            got = beside_torch.differentiated(mine, beside_torch.ours, arrays, constants)
        beside_torch.assert_same(got, right, tolerance)


def both(name, **options):
    """A function of ours and PyTorch's, with the same options."""
    return [lambda *x, F=F: getattr(F, name)(*x, **options) for F in (nn.functional, torch.nn.functional)]


# --- functions -------------------------------------------------------------------------------------------------------

@st.composite
def scores(draw):
    """Scores, targets of which some may be ignored, weights of classes."""
    rank, classes = draw(st.integers(1, 5)), draw(st.integers(1, 9))
    rest = draw(st.lists(st.integers(1, 4), min_size=rank - 2, max_size=rank - 2)) if rank > 2 else []
    rng = np.random.default_rng(draw(seeds))
    front = () if rank == 1 else (draw(st.integers(1, 6)),)
    x = rng.standard_normal((*front, classes, *rest)) * draw(st.sampled_from([1, 1, 30]))
    ignored = draw(st.sampled_from([-100, -1, 0, 2]))
    targets = rng.integers(0, classes, (*front, *rest))
    if draw(st.booleans()):
        targets = np.where(rng.random(targets.shape) < 0.3, ignored, targets)
    return x, targets, draw(st.booleans()) and rng.random(classes) + 0.1, ignored


@many
@given(scores(), reductions, st.sampled_from([0.0, 0.0, 0.1, 1.0]))
def test_cross_entropy(drawn, reduction, smoothing):
    x, targets, weight, ignored = drawn
    assume(reduction != "mean" or (targets != ignored).any())
    options = {"reduction": reduction, "ignore_index": ignored, "label_smoothing": smoothing}
    arrays = [x, targets] if weight is False else [x, targets, weight]
    compare(*both("cross_entropy", **options), *arrays, constants=(2,))


@many
@given(scores(), reductions)
def test_nll_loss(drawn, reduction):
    x, targets, weight, ignored = drawn
    arrays = [x, targets] if weight is False else [x, targets, weight]
    compare(*both("nll_loss", reduction=reduction, ignore_index=ignored), *arrays, constants=(2,))


@many
@given(scores(), reductions, st.sampled_from([0.0, 0.2]), seeds)
def test_probabilities_as_targets(drawn, reduction, smoothing, seed):
    x, _, weight, _ = drawn
    shares = np.random.default_rng(seed).random(x.shape)
    arrays = [x, shares] if weight is False else [x, shares, weight]
    compare(*both("cross_entropy", reduction=reduction, label_smoothing=smoothing), *arrays, constants=(2,))


@many
@given(st.sampled_from(["mse_loss", "l1_loss", "smooth_l1_loss", "huber_loss"]), shapes, reductions,
       st.floats(0.01, 3), seeds)
def test_differences(op, shape, reduction, limit, seed):
    x, target = np.random.default_rng(seed).standard_normal((2, *shape))
    options = {"smooth_l1_loss": {"beta": limit}, "huber_loss": {"delta": limit}}.get(op, {})
    compare(*both(op, reduction=reduction, **options), np.asarray(x), np.asarray(target))


@many
@given(shapes, reductions, st.data(), seeds)
def test_binary_cross_entropy(shape, reduction, data, seed):
    rng = np.random.default_rng(seed)
    x, target = np.asarray(rng.standard_normal(shape) * 4), np.asarray(rng.random(shape))
    part = tuple(data.draw(st.sampled_from([n, 1])) for n in shape[data.draw(st.integers(0, len(shape))):])
    weight = np.asarray(rng.random(part) + 0.1)
    compare(*both("binary_cross_entropy", reduction=reduction), np.asarray(rng.random(shape)), target, weight,
            constants=(2,))
    compare(*both("binary_cross_entropy_with_logits", reduction=reduction), x, target)
    functions = [lambda x, t, w, p, F=F: F.binary_cross_entropy_with_logits(x, t, w, reduction=reduction, pos_weight=p)
                 for F in (nn.functional, torch.nn.functional)]
    compare(*functions, x, target, weight, weight + 1, constants=(2, 3))


@many
@given(shapes, st.sampled_from(["mean", "sum", "none", "batchmean"]), st.booleans(), seeds)
def test_kl_div(shape, reduction, log_target, seed):
    assume(shape or reduction != "batchmean")
    rng = np.random.default_rng(seed)
    x, target = np.asarray(np.log(rng.random(shape))), np.asarray(rng.random(shape))
    target = np.log(target) if log_target else target
    compare(*both("kl_div", reduction=reduction, log_target=log_target), x, target)


@many
@given(st.lists(st.integers(1, 7), min_size=1, max_size=5).map(tuple), st.data(), st.sampled_from([1, 50]), seeds)
def test_softmaxes(shape, data, size, seed):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    x = np.random.default_rng(seed).standard_normal(shape) * size
    for op in "softmax", "log_softmax", "softmin":
        compare(*both(op, dim=dim), x)
    if shape[dim] % 2 == 0:
        compare(*both("glu", dim=dim), x)


@many
@given(st.integers(1, 5), st.integers(1, 5), st.floats(0.1, 2), reductions, st.booleans(), seeds)
def test_losses_of_pairs_and_triplets(n, size, margin, reduction, flag, seed):
    rng = np.random.default_rng(seed)
    a, b, c = rng.standard_normal((3, n, size))
    signs = rng.choice([-1.0, 1.0], (n, size))
    options = {"reduction": reduction, "margin": margin}
    compare(*both("hinge_embedding_loss", **options), a, signs, constants=(1,))
    compare(*both("margin_ranking_loss", **options), a, b, signs, constants=(2,))
    compare(*both("cosine_embedding_loss", **options), a, b, signs[:, 0], constants=(2,), tolerance=1e-8)
    compare(*both("triplet_margin_loss", swap=flag, **options), a, b, c, tolerance=1e-9)
    compare(*both("soft_margin_loss", reduction=reduction), a, signs, constants=(1,))
    compare(*both("multilabel_soft_margin_loss", reduction=reduction), a, (signs > 0) * 1.0, constants=(1,))
    compare(*both("poisson_nll_loss", reduction=reduction, full=flag), a, np.floor(abs(3 * b)), constants=(1,))
    compare(*both("gaussian_nll_loss", reduction=reduction, full=flag), a, b, abs(c) + 0.1)


# --- layers ----------------------------------------------------------------------------------------------------------

ACTIVATIONS = [("ReLU", {}), ("ReLU", {"inplace": True}), ("ReLU6", {}), ("LeakyReLU", {"negative_slope": 0.3}),
               ("Hardtanh", {}), ("Hardtanh", {"min_val": -2.0, "max_val": 0.5}), ("Hardsigmoid", {}),
               ("Hardswish", {}), ("Hardshrink", {}), ("Hardshrink", {"lambd": 0.2}), ("Softshrink", {"lambd": 0.2}),
               ("Threshold", {"threshold": 0.1, "value": 20.0}), ("Sigmoid", {}), ("LogSigmoid", {}), ("Tanh", {}),
               ("Tanhshrink", {}), ("Softsign", {}), ("Softplus", {"beta": 2.0, "threshold": 1.0}),
               ("ELU", {"alpha": 0.3, "inplace": True}), ("SELU", {}), ("CELU", {"alpha": 2.0}), ("SiLU", {}),
               ("Mish", {}), ("GELU", {}), ("GELU", {"approximate": "tanh"}), ("GLU", {"dim": 1}),
               ("Softmax", {"dim": 1}), ("LogSoftmax", {"dim": 1}), ("Softmin", {"dim": 1}), ("Softmax2d", {})]
LOSSES = [("CrossEntropyLoss", {"label_smoothing": 0.1}), ("NLLLoss", {"ignore_index": 1}), ("BCELoss", {}),
          ("BCEWithLogitsLoss", {}), ("MSELoss", {"reduction": "sum"}), ("L1Loss", {}), ("SmoothL1Loss", {"beta": 0.3}),
          ("HuberLoss", {"delta": 0.3}), ("KLDivLoss", {"reduction": "batchmean", "log_target": True}),
          ("SoftMarginLoss", {}), ("HingeEmbeddingLoss", {"margin": 0.3}), ("CosineEmbeddingLoss", {"margin": 0.2}),
          ("MarginRankingLoss", {"margin": 0.2}), ("PoissonNLLLoss", {"full": True}),
          ("GaussianNLLLoss", {"full": True}), ("MultiLabelSoftMarginLoss", {}),
          ("TripletMarginLoss", {"margin": 0.4, "swap": True})]
each_layer = pytest.mark.parametrize(("name", "options"), ACTIVATIONS + LOSSES, ids=str)


def inputs_of(name):
    rng = np.random.default_rng(0)
    a, b, c = rng.standard_normal((3, 4, 6, 3, 2)) if name in dict(ACTIVATIONS) else rng.standard_normal((3, 4, 6))
    signs = np.sign(b)
    return {"CrossEntropyLoss": (a, b[:, 0].astype(int) % 6), "NLLLoss": (a, np.array([1, 2, 0, 5])),
            "BCELoss": (rng.random((4, 6)), rng.random((4, 6))), "BCEWithLogitsLoss": (a, rng.random((4, 6))),
            "SoftMarginLoss": (a, signs), "HingeEmbeddingLoss": (a, signs),
            "MultiLabelSoftMarginLoss": (a, (b > 0) * 1.0),
            "CosineEmbeddingLoss": (a, b, signs[:, 0]), "MarginRankingLoss": (a, b, signs),
            "PoissonNLLLoss": (a, abs(b)), "GaussianNLLLoss": (a, b, abs(c) + 0.1),
            "TripletMarginLoss": (a, b, c)}.get(name, (a,) if name in dict(ACTIVATIONS) else (a, b))


@each_layer
def test_layers(name, options):
    mine, yours = getattr(nn, name)(**options), getattr(torch.nn, name)(**options)
    arrays = inputs_of(name)
    right = yours(*[torch.tensor(x) for x in arrays])
    np.testing.assert_allclose(mine(*map(nb.tensor, arrays)).numpy(), right.numpy(), rtol=1e-10, atol=1e-10)
    if name not in dict(LOSSES):
        shown = repr(yours)
        named = {"Hardshrink(": "Hardshrink(lambd=", "Softshrink(": "Softshrink(lambd="}
        for short, long in named.items():
            shown = shown.replace(short, long)
        assert repr(mine) == shown


@each_layer
def test_layers_have_the_parameters_of_pytorch(name, options):
    mine, yours = ([p for p in inspect.signature(getattr(module, name)).parameters.values() if p.name not in (
        "min_value", "max_value", "args", "kwargs")] for module in (nn, torch.nn))       # two old names
    assert [p.name for p in mine] == [p.name for p in yours]
    assert [p.default for p in mine if p.name != "dim"] == [p.default for p in yours if p.name != "dim"]


INPLACE = {"celu": (1.5,), "elu": (0.5,), "hardsigmoid": (), "hardswish": (), "hardtanh": (-0.5, 0.7),
           "leaky_relu": (0.2,), "mish": (), "relu": (), "relu6": (), "selu": (), "silu": (), "threshold": (0.1, 2.0)}


@pytest.mark.parametrize("name", INPLACE)
def test_inplace_is_accepted_and_changes_nothing(name):
    x = nb.tensor(np.linspace(-2, 7, 13))
    function = getattr(nn.functional, name)
    wanted = getattr(torch.nn.functional, name)(torch.tensor(x.numpy()), *INPLACE[name]).numpy()
    for more, named in ((), {}), ((True,), {}), ((), {"inplace": True}):
        y = function(x, *INPLACE[name], *more, **named)
        np.testing.assert_allclose(y.numpy(), wanted, rtol=1e-12)
    assert x.tolist() == np.linspace(-2, 7, 13).tolist()
    assert list(inspect.signature(function).parameters)[-1] == "inplace"


def test_weights_of_losses_are_buffers():
    weight = np.array([1.0, 2.0, 0.5], "float32")
    loss = nn.CrossEntropyLoss(nb.tensor(weight))
    assert list(loss.state_dict()) == list(torch.nn.CrossEntropyLoss(torch.tensor(weight)).state_dict()) == ["weight"]
    assert list(nn.CrossEntropyLoss().state_dict()) == []
    both_ = nn.BCEWithLogitsLoss(nb.tensor(weight), pos_weight=nb.tensor(weight))
    assert list(both_.state_dict()) == ["weight", "pos_weight"]


# --- what goes wrong -------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("name", [name for name, _ in LOSSES if name not in ("HuberLoss", "GaussianNLLLoss")])
def test_old_names_of_reductions_are_refused(name):
    for option in {"size_average": True}, {"reduce": False}:
        with pytest.raises(ValueError, match=f"{name}: size_average and reduce are no longer taken"):
            getattr(nn, name)(**option)
    with pytest.raises(ValueError, match=f"{name}: reduction must be one of 'mean', 'sum'.* got 'all'"):
        getattr(nn, name)(reduction="all")


@pytest.mark.parametrize("target", [3, -1, 2**40, -2**63])
@pytest.mark.parametrize("op", ["cross_entropy", "nll_loss"])
@pytest.mark.parametrize("eager", [False, True])
def test_a_target_that_is_no_class(op, target, eager):
    name = "target" if op == "nll_loss" else "targets"
    with testing.settings(eager=eager), pytest.raises(
            IndexError, match=rf"{op}: {name} must be from 0 to 2, got {target} \(ignore_index is -100\)"):
        getattr(nn.functional, op)(nb.zeros((2, 3)), nb.tensor(np.array([0, target]))).item()


def test_a_weight_that_wants_a_gradient():
    weight = nb.tensor(np.ones(3, "float32"), requires_grad=True)
    for op in "cross_entropy", "nll_loss":
        with pytest.raises(nb.errors.GradientError, match=f"{op}: weight has no gradient, .* use weight.detach"):
            getattr(nn.functional, op)(nb.zeros((2, 3)), nb.tensor([0, 1]), weight)


def test_images_are_no_softmax2d_of_lines():
    with pytest.raises(nb.errors.ShapeError, match=r"Softmax2d: x must be \(N, C, H, W\) or .* got x\(3, 4\)"):
        nn.Softmax2d()(nb.zeros((3, 4)))


def test_nobody_counts():
    x = nb.tensor(np.ones((2, 3)), requires_grad=True)
    loss = nn.functional.cross_entropy(x, nb.tensor([-100, -100]))
    loss.backward()
    assert np.isnan(loss.item())
    assert x.grad.tolist() == [[0.0] * 3] * 2
