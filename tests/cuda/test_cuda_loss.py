"""Losses whose targets are classes: any number of classes, scores that are not finite, means of many."""
import numpy as np
import pytest
import simulated
from numbacnn_cuda import loss
from simulated import run

pytestmark = simulated.only
TOLERANCE = {"float32": 1e-5, "float64": 1e-12}
# lanes of a warp, all of them, two warps, a block, a full block, several turns of it
SHAPES = [(1, 1), (5, 2), (33, 3), (3, 21, 4, 5), (9, 128), (3, 129), (2, 1000), (1, 4096), (2, 4097), (1, 9000)]


def given(shape, dtype):
    """Scores, targets of which some do not count, and weights."""
    rng = np.random.default_rng(sum(shape))
    logits = (3 * rng.standard_normal(shape)).astype(dtype)
    targets = rng.integers(-1, shape[1], shape[:1] + shape[2:])
    targets.flat[0] = shape[1] - 1
    return logits, targets, rng.uniform(0.5, 2, targets.shape).astype(dtype)


def at_target(shape, targets):
    """Return an array like the scores that is 1 at the targets, and whether a target counts, with an axis more."""
    classes = np.arange(shape[1]).reshape(-1, *[1] * (len(shape) - 2))
    return (classes == np.expand_dims(targets, 1)), np.expand_dims(targets >= 0, 1)


def expected(logits, targets, weights):
    """Losses and probabilities, in float64."""
    x = logits.astype("float64")
    with np.errstate(all="ignore"):
        shifted = x - x.max(1, keepdims=True)
        powers = np.exp(shifted)
        sums = powers.sum(1, keepdims=True)
        hit, counts = at_target(x.shape, targets)
        losses = np.where(counts, np.log(sums) - np.where(hit, shifted, 0).sum(1, keepdims=True), 0)
        return np.squeeze(losses, 1) * weights, powers / sums


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_cross_entropy(shape, dtype):
    logits, targets, weights = given(shape, dtype)
    found = run("cross_entropy", [logits, targets, weights], [(targets.shape, dtype), (shape, dtype)])
    for got, wanted in zip(found, expected(logits, targets, weights), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@pytest.mark.parametrize("classes", [3, 40, 300, 4500])
@pytest.mark.parametrize("bad", [[np.nan], [np.inf], [-np.inf], [np.inf, np.inf], [-np.inf, np.nan]], ids=str)
def test_scores_that_are_not_finite(classes, bad):
    logits, targets, weights = given((4, classes), "float64")
    logits[0, -len(bad):], logits[1, :len(bad)] = bad, bad
    logits[2], logits[3, :-1] = -np.inf, -np.inf
    found = run("cross_entropy", [logits, targets, weights], [(targets.shape, "float64"), (logits.shape, "float64")])
    for got, wanted in zip(found, expected(logits, targets, weights), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("each", [False, True], ids=["one", "each"])
@pytest.mark.parametrize("shape", [shape for shape in SHAPES if shape != (1, 9000)], ids=str)
def test_gradients(shape, each):
    shares, targets, weights = given(shape, "float64")
    dlosses = weights + 1 if each else np.array(0.3)
    hit, counts = at_target(shape, targets)
    scale = np.where(counts, np.expand_dims(weights * dlosses, 1) / 0.7, 0)
    found = run("cross_entropy_backward", [dlosses, shares, targets, weights, np.array(0.7)], [(shape, "float64")])
    np.testing.assert_allclose(found[0], (shares - hit) * scale, rtol=1e-14)
    found = run("nll_loss_backward", [dlosses, targets, weights, np.array(0.7)], [(shape, "float64")])
    np.testing.assert_allclose(found[0], np.where(hit, -scale, 0), rtol=1e-14)
    found = run("nll_loss", [shares, targets, weights], [(targets.shape, "float64")])
    np.testing.assert_allclose(found[0], -np.where(hit, shares, 0).sum(1) * weights, rtol=1e-14)


@pytest.mark.parametrize("parts", [1, 3, 1024])
@pytest.mark.parametrize("size", [1, 300, 2048, 2049, 7001])
def test_the_mean_of_many(size, parts, monkeypatch):
    monkeypatch.setattr(loss, "PARTS", parts)
    x, weights = np.random.default_rng(size).uniform(1, 2, (2, size)).astype("float32")
    mean, total = run("weighted_mean", [x, weights], [((), "float32")] * 2)
    np.testing.assert_allclose(total, weights.sum(dtype="float64"), rtol=1e-6)
    np.testing.assert_allclose(mean, x.sum(dtype="float64") / weights.sum(dtype="float64"), rtol=1e-6)


@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_the_first_target_that_is_wrong_is_told(dtype):
    targets, weight = np.arange(700).astype(dtype) % 5, np.arange(1.0, 6.0)
    outputs = [((700,), "int64"), ((700,), "float64")]
    checked, weights = run("cross_entropy_targets", [targets, weight], outputs, (3,))
    np.testing.assert_array_equal(checked, np.where(targets == 3, -1, targets.astype("int64")))
    np.testing.assert_array_equal(weights, np.where(targets == 3, 0, weight[targets]))
    targets[[310, 650]] = 7, 6
    with pytest.raises(IndexError, match=r"^nll_loss: target must be from 0 to 4, got 7 \(ignore_index is 3\)$"):
        run("nll_loss_targets", [targets, weight], outputs, (3,))
