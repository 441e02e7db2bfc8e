"""Methods of tensors: other names, conversions, and forms that give their result to the tensor itself."""
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
    assert not y.requires_grad                           # nothing of w is left in it
    y = w * 3
    with nb.no_grad():
        y += 1                                           # not recorded
        w.sub_(0.5)
    w.grad = None
    y.sum().backward()
    assert w.grad.tolist() == [3, 3]
    assert w.tolist() == [0.5, 1.5]


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: grid().half(), DTypeError, "half: tensors are float32 or float64, never float16; got float32"),
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
