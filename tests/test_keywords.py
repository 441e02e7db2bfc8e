"""Names of arguments: PyTorch's, NumPy's for axes, and what is said of others; and names of gradients."""
import pickle

import numpy as np
import pytest

import numbacnn as nb
from numbacnn import nn
from numbacnn.errors import GradientError, ShapeError

REDUCTIONS = ("all", "amax", "amin", "any", "argmax", "argmin", "logsumexp", "max", "mean", "min", "norm", "prod",
              "std", "sum", "var")
X = np.random.default_rng(0).standard_normal((2, 3, 4))


def values(found):
    return [each.tolist() for each in found] if isinstance(found, tuple) else found.tolist()


@pytest.mark.parametrize("op", REDUCTIONS)
def test_axes_may_be_called_as_in_numpy(op):
    x = nb.tensor(X)
    for call in (lambda **options: getattr(nb, op)(x, **options), lambda **options: getattr(x, op)(**options)):
        assert values(call(axis=1)) == values(call(dim=1))
        assert values(call(axis=-1, keepdims=True)) == values(call(dim=-1, keepdim=True))
        assert values(call(dim=0, keepdims=True)) == values(call(dim=0, keepdim=True))
    with pytest.raises(TypeError, match=f"^{op}: dim and axis are one argument, got both$"):
        getattr(x, op)(dim=0, axis=0)
    with pytest.raises(TypeError, match="keepdim and keepdims are one argument"):
        getattr(nb, op)(x, 0, keepdim=True, keepdims=True)
    with pytest.raises(TypeError, match="multiple values for argument 'dim'"):
        getattr(nb, op)(x, *[2] * (op == "norm"), 0, axis=0)
    with pytest.raises(ShapeError, match=f"{op}: dim must be from -3 to 2 for 3 axes, got 3"):
        getattr(nb, op)(x, axis=3)


def test_so_may_other_axes():
    x = nb.tensor(X)
    assert nb.sum(x, axis=(0, 2)).tolist() == nb.sum(x, dim=(0, 2)).tolist()
    assert nb.cat([x, x], axis=1).shape == (2, 6, 4)
    assert nb.stack([x, x], axis=-1).shape == (2, 3, 4, 2)
    assert nb.softmax(x, axis=1).tolist() == nn.functional.softmax(x, dim=1).tolist()
    assert x.topk(2, axis=1).indices.tolist() == x.topk(2, dim=1).indices.tolist()
    assert x.cumsum(axis=2).tolist() == x.cumsum(2).tolist()
    assert x.count_nonzero(axis=0).tolist() == x.count_nonzero(dim=0).tolist()


@pytest.mark.parametrize("call", [
    lambda x: nb.sum(x, dims=1), lambda x: x.mean(1, True, axes=0), lambda x: nb.relu(x, negative_slope=0.1),
    lambda x: nb.add(x, x, beta=2), lambda x: nb.zeros(2, dtypes="int64"), lambda x: nn.functional.conv2d(x, x, pad=1),
    lambda x: x.to(float32=True), lambda x: x.clamp_(low=0), lambda x: nb.exp(x, out=x)])
def test_other_names_are_refused_by_name(call):
    with pytest.raises(TypeError, match=r"got an unexpected keyword argument '\w+'"):
        call(nb.tensor(X))


def test_operations_can_be_sent_to_workers():
    for op in nb.sum, nb.relu, nb.cat:
        assert pickle.loads(pickle.dumps(op)) is op


def test_gradients_have_both_names():
    assert nb.autograd.grad is nb.grad
    x = nb.tensor([1.0, 2.0], requires_grad=True)
    dx, = nb.autograd.grad(outputs=(x * x).sum(), inputs=[x], grad_outputs=nb.tensor(2.0))
    assert dx.tolist() == [4, 8]
    assert x.grad is None
    with pytest.raises(GradientError, match="grad: outputs must depend on all inputs"):
        nb.autograd.grad((x * x).sum(), nb.ones(1, requires_grad=True))
    assert nb.autograd.no_grad is nb.no_grad
    assert nb.autograd.Tensor is nb.Tensor
