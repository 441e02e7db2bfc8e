"""Layers that pad, shuffle, look up and unflatten: beside PyTorch's, and what they refuse."""
import re

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import numbacnn as nb
from numbacnn import nn
from numbacnn.errors import DTypeError, ShapeError

MODES = {"Constant": 1.5, "Zero": None, "Reflection": None, "Replication": None, "Circular": None}


@pytest.mark.oracle
@pytest.mark.parametrize("batched", [True, False])
@pytest.mark.parametrize("axes", [1, 2, 3])
@pytest.mark.parametrize("kind", MODES)
def test_pads(kind, axes, batched):
    torch = pytest.importorskip("torch", reason="needs the extra `oracle`")
    value = [] if MODES[kind] is None else [MODES[kind]]
    x = np.random.default_rng(0).standard_normal((2, 3, *(5, 4, 6)[:axes])[not batched:])
    for padding in 2, tuple(i % 3 for i in range(2 * axes)):
        ours, theirs = nb.tensor(x, requires_grad=True), torch.tensor(x, requires_grad=True)
        layer, other = (getattr(module, f"{kind}Pad{axes}d")(padding, *value) for module in (nn, torch.nn))
        y, right = layer(ours), other(theirs)
        dy = np.random.default_rng(1).standard_normal(y.shape)
        y.backward(nb.tensor(dy))
        right.backward(torch.tensor(dy))
        np.testing.assert_array_equal(y.numpy(), right.detach().numpy())
        np.testing.assert_allclose(ours.grad.numpy(), theirs.grad.numpy(), rtol=1e-12, atol=1e-12)
        assert repr(layer) == repr(other)


@pytest.mark.oracle
@pytest.mark.parametrize(("ours", "theirs", "shape"), [
    (nn.PixelShuffle(2), "PixelShuffle(2)", (2, 8, 3, 4)), (nn.PixelUnshuffle(3), "PixelUnshuffle(3)", (2, 1, 6, 9)),
    (nn.ChannelShuffle(3), "ChannelShuffle(3)", (2, 6, 4, 5)),
    (nn.Unflatten(1, (3, -1)), "Unflatten(1, (3, -1))", (2, 12)),
    (nn.Unflatten(-1, [2, 2]), "Unflatten(-1, (2, 2))", (2, 4))])
def test_shuffles(ours, theirs, shape):
    torch = pytest.importorskip("torch", reason="needs the extra `oracle`")
    x = np.random.default_rng(0).standard_normal(shape)
    other = eval(f"torch.nn.{theirs}", {"torch": torch})
    np.testing.assert_array_equal(ours(nb.tensor(x)).numpy(), other(torch.tensor(x)).numpy())
    assert repr(ours) == repr(other)


@pytest.mark.oracle
@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.integers(1, 30), st.integers(1, 40), st.lists(st.integers(0, 5), max_size=3), st.booleans(), st.booleans(),
       st.integers(0, 2**32 - 1))
def test_embedding(rows, width, shape, padded, small, seed):
    torch = pytest.importorskip("torch", reason="needs the extra `oracle`")
    rng = np.random.default_rng(seed)
    x, skipped = rng.integers(0, rows, shape), int(rng.integers(-rows, rows)) if padded else None
    layer = nn.Embedding(rows, width, padding_idx=skipped, dtype="float64")
    other = torch.nn.Embedding(rows, width, padding_idx=skipped, dtype=torch.float64)
    assert layer.padding_idx == other.padding_idx and repr(layer) == repr(other)
    if padded:
        assert not layer.weight.numpy()[skipped].any()
    other.load_state_dict({name: torch.tensor(value.numpy()) for name, value in layer.state_dict().items()})
    y, right = layer(nb.tensor(x, dtype="int32" if small else "int64")), other(torch.tensor(x))
    np.testing.assert_array_equal(y.numpy(), right.detach().numpy())
    (y * y).sum().backward()
    (right * right).sum().backward()
    np.testing.assert_allclose(layer.weight.grad.numpy(), other.weight.grad.numpy(), rtol=1e-10, atol=1e-10)


def test_an_embedding_is_trained():
    nb.manual_seed(0)
    layer = nn.Embedding(5, 3, padding_idx=0)
    optimizer = nb.optim.SGD(layer.parameters(), lr=0.5)
    before = layer.weight.numpy()
    for _ in range(3):
        optimizer.zero_grad()
        layer(nb.tensor([[0, 1, 1, 3]])).sum().backward()
        optimizer.step()
    moved = before - layer.weight.numpy()
    np.testing.assert_allclose(moved, np.array([0, 3, 0, 1.5, 0])[:, None] * np.ones(3), rtol=1e-6, atol=1e-6)


def test_vectors_that_are_there():
    vectors = nb.tensor(np.arange(6.0).reshape(3, 2))
    layer = nn.Embedding.from_pretrained(vectors)
    assert layer(nb.tensor([2])).tolist() == [[4, 5]] and not layer.weight.requires_grad
    assert nn.Embedding.from_pretrained(vectors, freeze=False, padding_idx=-1).weight.requires_grad
    with pytest.raises(ShapeError, match=re.escape("Embedding: embeddings must be (vectors, length), got")):
        nn.Embedding.from_pretrained(nb.zeros(3))


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: nn.ZeroPad2d("1"), DTypeError, "ZeroPad2d: padding must be an integer, or 4 of them, got '1'"),
    (lambda: nn.ZeroPad2d((1, 2)), ShapeError, "ZeroPad2d: padding must be an integer, or 4 of them, two for each axis "
                                               "from the last backwards, got (1, 2)"),
    (lambda: nn.ZeroPad1d((1, 0.5)), DTypeError, "ZeroPad1d: padding must be an integer, or 2 of them, got (1, 0.5)"),
    (lambda: nn.ZeroPad1d(True), DTypeError, "got True"),
    (lambda: nn.ReflectionPad1d(-1), ShapeError, "ReflectionPad1d: padding must not be negative, got -1"),
    (lambda: nn.ReflectionPad2d(1)(nb.zeros(3, 4)), ShapeError,
     "ReflectionPad2d: x must have 4 axes, or 3 without that of images, got x(3, 4)"),
    (lambda: nn.ReflectionPad2d(4)(nb.zeros(1, 3, 4, 9)), ShapeError,
     "pad: mode 'reflect' can add at most 3 along axis 2 of x(1, 3, 4, 9), got (4, 4)"),
    (lambda: nn.CircularPad1d(1)(np.zeros((1, 2, 3))), ShapeError, "got ndarray"),
    (lambda: nn.PixelShuffle(0), ShapeError, "PixelShuffle: upscale_factor must be at least 1, got 0"),
    (lambda: nn.PixelUnshuffle(1.5), DTypeError, "PixelUnshuffle: downscale_factor must be an integer, got 1.5"),
    (lambda: nn.ChannelShuffle(-1), ShapeError, "ChannelShuffle: groups must be at least 1, got -1"),
    (lambda: nn.Unflatten("1", (2, 3)), DTypeError, "Unflatten: dim must be an integer, got '1'"),
    (lambda: nn.Unflatten(1, "23"), DTypeError, "Unflatten: unflattened_size[0] must be an integer, got '23'"),
    (lambda: nn.Embedding(0, 3), ShapeError, "Embedding: num_embeddings must be at least 1, got 0"),
    (lambda: nn.Embedding(3, 2.0), DTypeError, "Embedding: embedding_dim must be an integer, got 2.0"),
    (lambda: nn.Embedding(3, 2, padding_idx=3), ShapeError, "Embedding: padding_idx must be from -3 to 2, got 3"),
    (lambda: nn.Embedding(3, 2, max_norm=1.0), DTypeError, "Embedding: max_norm is not offered, got 1.0; shorten the "
                                                           "vectors under numbacnn.no_grad()"),
    (lambda: nn.Embedding(3, 2, sparse=True), DTypeError, "Embedding: sparse is not offered, got True; leave it out"),
    (lambda: nn.Embedding(3, 2)(nb.zeros(2)), DTypeError,
     "embedding: x must be a Tensor of int64 or int32, got float32"),
    (lambda: nn.Embedding(3, 2)([1]), DTypeError, "embedding: x must be a Tensor of int64 or int32, got list"),
])
def test_what_is_refused(call, error, text):
    with pytest.raises(error, match=re.escape(text)):
        call()


@pytest.mark.parametrize("call", [
    lambda index: nn.Embedding(3, 2)(index), lambda index: nb.zeros(3, 4).index_select(0, index),
    lambda index: nb.zeros(3).gather(0, index), lambda index: nb.zeros(3).scatter(0, index, 1.0),
    lambda index: nb.zeros(3).scatter_add(0, index, nb.ones(2)),
    lambda index: nn.functional.one_hot(index, 3),
    lambda index: nb.zeros(3, 4).index_add(0, index, nb.ones(2, 4)),
    lambda index: nb.zeros(3).take_along_dim(index, 0)])
@pytest.mark.parametrize("index", [[0, 3], [-1, 2]])
def test_indices_are_checked_when_computed(call, index):
    y = call(nb.tensor(index))
    with pytest.raises(IndexError, match=f"index: must be from 0 to 2, got {index[index[0] == 0]}"):
        y.numpy()
