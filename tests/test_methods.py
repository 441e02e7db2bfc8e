"""Methods of tensors: other names, conversions, and forms that give their result to the tensor itself."""
import copy
import pickle
import weakref

import numpy as np
import pytest

import numbacnn as nb
from numbacnn.errors import DTypeError, GradientError, ShapeError


def grid():
    return nb.tensor([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])


@pytest.mark.parametrize(("name", "dtype"), [
    ("float", "float32"), ("double", "float64"), ("int", "int32"), ("long", "int64"), ("byte", "uint8"),
    ("bool", "bool")])
def test_conversions(name, dtype):
    for x in (grid(), nb.tensor([0, 1, 2])):
        y = getattr(x, name)()
        assert y.dtype == dtype
        assert np.array_equal(y.numpy(), x.numpy().astype(dtype))


def test_other_names():
    x, y = grid(), grid() * 2
    for name, expected in (("eq", x == y), ("ne", x != y), ("lt", x < y), ("le", x <= y), ("gt", x > y), ("ge", x >= y),
                           ("sub", x - y), ("mul", x * y), ("div", x / y), ("pow", x ** y)):
        assert np.array_equal(getattr(x, name)(y).numpy(), expected.numpy()), name
    assert np.array_equal(x.T.numpy(), x.numpy().T)
    assert np.array_equal(x.t().numpy(), x.numpy().T)
    assert np.array_equal(nb.ones(2, 3, 4).T.shape, (4, 3, 2))
    assert nb.tensor([1.0]).t().shape == (1,)
    assert x.type_as(y.double()).dtype == np.float64
    assert x.is_floating_point()
    assert not x.long().is_floating_point()
    assert x.cpu() is x
    assert (x > 2).float().mean().item() == pytest.approx(4 / 6)


def test_in_place_forms():
    x = grid()
    same = x
    x.add_(1).mul_(2).sub_(1).div_(2)
    expected = ((grid().numpy() + 1) * 2 - 1) / 2
    np.testing.assert_allclose(same.numpy(), expected)
    assert np.array_equal(x.clamp_(2, max=4).numpy(), np.clip(expected, 2, 4))
    assert x.copy_(nb.tensor([7, 8, 9])).tolist() == [[7, 8, 9], [7, 8, 9]]
    assert x.dtype == np.float32
    assert x.fill_(2.5).tolist() == [[2.5] * 3] * 2
    assert x.fill_(nb.tensor(3)).tolist() == [[3.0] * 3] * 2
    assert x.zero_().tolist() == [[0.0] * 3] * 2


def test_what_was_computed_before_keeps_its_values():
    x = grid()
    y = x * 2
    x.zero_()
    assert np.array_equal(y.numpy(), 2 * grid().numpy())


def test_in_place_forms_and_gradients():
    w = nb.tensor([1.0, 2.0], requires_grad=True)
    y = w * 3
    y.mul_(w)
    y.sum().backward()
    assert w.grad.tolist() == [6, 12]
    y = w * 3
    y.fill_(1.0)
    y.sum().backward()
    assert w.grad.tolist() == [6, 12]                    # nothing of w is left in it
    y = w * 3
    with nb.no_grad():
        y += 1                                           # not recorded
        w.sub_(0.5)
    w.grad = None
    y.sum().backward()
    assert w.grad.tolist() == [3, 3]
    assert w.tolist() == [0.5, 1.5]


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: grid().half(), DTypeError,
     "half: tensors are float32, float64 or bfloat16, never float16; got float32; use"),
    (lambda: nb.ones(2, 2, 2).t(), ShapeError, r"t: x must have two axes at most, got x\(2, 2, 2\)"),
    (lambda: nb.tensor([1, 2]).add_(0.5), DTypeError, "add: the result is float32, which x of int64 cannot hold"),
    (lambda: nb.tensor([1, 2]).div_(2), DTypeError, "divide: the result is float32, which x of int64 cannot hold"),
    (lambda: grid().fill_("1"), DTypeError, "fill_: operands must be tensors or numbers, got str"),
    (lambda: grid().fill_(nb.ones(2)), ShapeError, r"fill_: value must be one number, got shape \(2,\)"),
    (lambda: grid().copy_([1, 2, 3]), DTypeError, "copy_: source must be a Tensor, got list"),
    (lambda: grid().copy_(nb.ones(2)), ShapeError, r"expand: x\(2,\) cannot be repeated to \(2, 3\)"),
    (lambda: grid().add_(nb.ones(4, 2, 3)), ShapeError, r"add: the result must fit in x\(2, 3\), got \(4, 2, 3\)"),
    (lambda: grid().type_as("float32"), DTypeError, "type_as: other must be a Tensor, got str"),
    (lambda: grid().requires_grad_().zero_(), GradientError, "made cannot be changed in place"),
    (lambda: grid().requires_grad_().mul_(2), GradientError, "made cannot be changed in place"),
])
def test_what_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()


# --- what is written to the same values without a history ------------------------------------------------------------


def test_what_is_written_to_data_is_written_to_the_tensor():
    w = nb.tensor([1.0, 2.0], requires_grad=True)
    w.data.mul_(2).add_(1)
    assert w.tolist() == [3, 5]
    w.data[0] = 9
    w.detach().clamp_(max=7)
    assert w.tolist() == [7, 5]
    assert w.is_leaf
    assert w.requires_grad
    (w * 2).sum().backward()
    w.grad.data.zero_()
    assert w.grad.tolist() == [0, 0]
    kept = w.detach()
    w.data.fill_(1)
    assert kept.tolist() == [7, 5]                       # a value, which follows nobody


def test_weights_are_initialised_through_data():
    layer = nb.nn.Linear(3, 2)
    nb.nn.init.constant_(layer.weight.data, 2)
    nb.nn.init.normal_(layer.bias.data, 100, 0.1)
    assert layer.weight.tolist() == [[2, 2, 2]] * 2
    assert min(layer.bias.tolist()) > 50


def test_a_state_dict_can_be_written_to():
    model, average = nb.nn.Linear(2, 2), nb.nn.Linear(2, 2)
    for mine, theirs in zip(average.state_dict().values(), model.state_dict().values(), strict=True):
        mine.copy_(mine * 0.5 + theirs * 0.5)
    before = average.weight.numpy()
    average.state_dict()["weight"].copy_(model.weight)
    assert np.array_equal(average.weight.numpy(), model.weight.numpy())
    assert not np.array_equal(before, model.weight.numpy())


def test_a_detached_tensor_keeps_nobody_alive_and_can_be_copied():
    x = nb.tensor([1.0], requires_grad=True)
    y = x * 2
    graph, detached = weakref.ref(y), y.detach()
    del y
    assert graph() is None
    detached.add_(1)                                     # its tensor is gone
    for twin in copy.deepcopy(detached), pickle.loads(pickle.dumps(detached)):
        twin.zero_()
        assert detached.tolist() == [3]


def test_bits_are_turned():
    assert (~nb.tensor([1, 2])).tolist() == [-2, -3]
    assert (~nb.tensor(np.array([1, 255], np.uint8))).tolist() == [254, 0]
    assert (~nb.tensor([True, False])).tolist() == [False, True]
    with pytest.raises(DTypeError, match="invert: x must be bool or whole numbers, got float32"):
        ~nb.ones(2)


@pytest.mark.parametrize("exponent", [0, 0.0])
def test_the_power_of_zero_has_no_gradient(exponent):
    x = nb.tensor([0.0, 2.0, np.nan], requires_grad=True)
    y = x ** exponent
    y.sum().backward()
    assert y.tolist() == [1, 1, 1]
    assert x.grad.tolist() == [0, 0, 0]
    e = nb.tensor([0.0, 1.0], requires_grad=True)
    nb.pow(nb.tensor([0.0, 0.0]), e).sum().backward()
    assert e.grad.tolist() == [0, 0]


def test_both_ways_to_zero_gradients_do_the_same():
    layer = nb.nn.Linear(2, 1)
    optimizer = nb.optim.SGD(layer.parameters(), lr=0.1)
    for zero_grad in layer.zero_grad, optimizer.zero_grad:
        layer(nb.ones(1, 2)).sum().backward()
        held = layer.weight.grad
        zero_grad(set_to_none=False)
        assert layer.weight.grad is held
        assert held.tolist() == [[0, 0]]
        zero_grad()
        assert layer.weight.grad is None


def test_what_is_no_number_is_not_equal():
    x = nb.ones(2)
    for other in None, "a", [1.0, 1.0], object():
        assert (x == other) is False
        assert (x != other) is True
    assert (x == np.float32(1)).tolist() == [True, True]
