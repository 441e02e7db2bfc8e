"""Gradients: who gets one, when, and what is refused."""
import numpy as np
import pytest
from models import SimpleCNN, batch, randomise

import numbacnn as nb
from numbacnn import nn, ops
from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError, GradientError, ShapeError


def leaf(*values):
    return nb.tensor(np.array(values), requires_grad=True)


def test_a_tensor_used_twice_gets_both_gradients():
    x = leaf(1.0, 2.0, 3.0)
    (x * x + x).sum().backward()
    assert x.grad.tolist() == [3.0, 5.0, 7.0]


def test_gradients_accumulate_over_calls():
    model = randomise(SimpleCNN("float64"))
    criterion = nn.CrossEntropyLoss()
    x, y = (nb.tensor(a) for a in batch(dtype="float64"))
    criterion(model(x), y).backward()
    once = model.fc1.weight.grad.numpy()
    criterion(model(x), y).backward()
    np.testing.assert_allclose(model.fc1.weight.grad.numpy(), 2 * once, rtol=1e-12)
    model.zero_grad()
    loss = criterion(model(x), y)
    (loss + loss).backward()
    np.testing.assert_allclose(model.fc1.weight.grad.numpy(), 2 * once, rtol=1e-12)


def test_backward_with_a_gradient():
    x = leaf(1.0, 2.0)
    y = x * 3
    y.backward(nb.tensor(np.array([1.0, 10.0])))
    assert x.grad.tolist() == [3.0, 30.0]
    with pytest.raises(GradientError, match=r"shape \(2,\) needs `gradient`"):
        (x * 3).backward()
    with pytest.raises(ShapeError, match=r"gradient: must be float64\(2,\) as its tensor, got float64\(3,\)"):
        (x * 3).backward(nb.tensor(np.ones(3)))
    with pytest.raises(DTypeError, match="gradient: must be a Tensor, got float"):
        (x * 3).backward(1.0)


def test_the_graph_is_freed_unless_it_is_retained():
    x = leaf(2.0)
    y = (x * x).sum()
    y.backward(retain_graph=True)
    y.backward()
    assert x.grad.tolist() == [8.0]
    with pytest.raises(GradientError, match="already used and freed"):
        y.backward()


def test_no_grad_and_detach():
    x = leaf(2.0)
    with nb.no_grad():
        assert not nb.is_grad_enabled()
        y = x * x
    assert y.node is None
    assert not y.requires_grad
    z = (x.detach() * x).sum()
    z.backward()
    assert x.grad.tolist() == [2.0]

    @nb.no_grad()
    def f(x):
        return x * x

    assert not f(x).requires_grad


def test_what_has_no_gradient():
    with pytest.raises(GradientError, match="does not depend on any tensor with requires_grad=True"):
        nb.ones(()).backward()
    with pytest.raises(DTypeError, match="only floating point tensors have gradients, got int64"):
        nb.tensor([1, 2], requires_grad=True)
    y = leaf(1.0) * 2
    with pytest.raises(GradientError, match="only a tensor made by the user can be changed"):
        y.requires_grad_(False)


def test_a_rule_that_returns_the_wrong_shape_is_caught():
    x = leaf(1.0, 2.0)
    y = nb.autograd.differentiable((x * 1).array, (x,), lambda dy: (nb.zeros(3).array,))
    with pytest.raises(GradientError, match=r"the gradient must be float64\(2,\) as its tensor, got float32\(3,\)"):
        y.backward(nb.tensor(np.ones(2)))


def test_a_long_chain_is_freed_without_recursion():
    x = leaf(1.0)
    y = x
    for _ in range(50_000):
        y = y + 0
    del y


def test_frozen_parameters_get_no_gradient_and_cost_nothing():
    model = randomise(SimpleCNN())
    model.conv1.requires_grad_(False)
    x, y = (nb.tensor(a) for a in batch())

    def step():
        model.zero_grad()
        nn.CrossEntropyLoss()(model(x), y).backward()
        return model.fc1.weight.grad

    run = [line.op for plan in nb.explain(step).plans for line in plan]
    assert model.conv1.weight.grad is None
    assert not any("conv2d" in op and "backward" in op for op in run)


def test_data_can_be_assigned():
    p = nn.Parameter(np.ones(2, np.float32))
    p.data = p.data - 0.5
    assert p.tolist() == [0.5, 0.5]
    with pytest.raises(ShapeError, match="data: must be"):
        p.data = nb.ones(3)


def test_operators_take_numbers_and_arrays():
    x = leaf(1.0, 2.0)
    for y, expected in [(1 - x, [0, -1]), (x - 1, [0, 1]), (2 / x, [2, 1]), (x / 2, [0.5, 1]), (-x, [-1, -2]),
                        (np.array([1.0, 1.0]) * x, [1, 2]), (x + np.array([1.0, 2.0]), [2, 4])]:
        assert isinstance(y, Tensor)
        assert y.tolist() == expected
    assert (x + nb.ones(2)).dtype == np.float64
    with pytest.raises(DTypeError, match="add: an array of float64 would make a tensor of float32 float64"):
        nb.ones(2) + np.array([1.0, 2.0])
    with pytest.raises(DTypeError, match=r"add: operands must be tensors or numbers, got str"):
        x + "a"
    for y, expected in [(nb.tensor([1]) * 1.5, [1.5]), (nb.tensor([1]) / 2, [0.5]), (2.0 ** nb.tensor([3]), [8.0])]:
        assert (y.dtype, y.tolist()) == (np.float32, expected)
    with pytest.raises(ShapeError, match=r"add: shapes must be equal or broadcast .* got a\(2,\), b\(3,\)"):
        ops.add(nb.ones(2), nb.ones(3))


def test_dropout_and_its_gradient_use_one_mask():
    x = nb.tensor(np.full(1000, 3.0), requires_grad=True)
    y = nn.functional.dropout(x, 0.25)
    y.sum().backward()
    values, slope = y.numpy(), x.grad.numpy()
    np.testing.assert_allclose(values, 3 * slope)
    assert set(np.unique(slope)) == {0.0, 1 / 0.75}
    assert 0.2 < (slope == 0).mean() < 0.3
    nb.manual_seed(0)
    again = nn.functional.dropout(x, 0.25).numpy()
    nb.manual_seed(0)
    np.testing.assert_array_equal(nn.functional.dropout(x, 0.25).numpy(), again)


def test_comparisons():
    x = nb.tensor([1, 2, 3])
    assert (x == nb.tensor([1, 0, 3])).tolist() == [True, False, True]
    assert (x != 2).sum().item() == 2
    assert (x < 2).tolist() == [True, False, False]
    assert [(x <= 2).sum().item(), (x > 2).sum().item(), (x >= 2).sum().item()] == [2, 1, 2]
    assert len({x, x}) == 1
    with pytest.raises(DTypeError, match="less: operands must be tensors or numbers, got str"):
        x < "a"  # noqa: B015


def test_assignment_in_place_changes_the_tensor():
    p = nn.Parameter(np.ones(2, "float32"))
    alias = p
    with nb.no_grad():
        p -= 0.25 * nb.ones(2)
        p *= 2
    assert alias.tolist() == [1.5, 1.5]
    with pytest.raises(GradientError, match=r"add: a tensor with requires_grad=True .*no_grad"):
        p += 1
    y = p * 2
    y += p
    y.sum().backward()
    assert p.grad.tolist() == [3.0, 3.0]
    with pytest.raises(ShapeError, match=r"add: the result must fit in x\(2,\), got \(3, 2\)"):
        x = nb.ones(2)
        x += nb.ones(3, 2)


def test_zero_keeps_its_sign():
    assert np.signbit((nb.ones(1) * 0.0).item()) != np.signbit((nb.ones(1) * -0.0).item())


def test_integers_are_added_as_int64():
    assert nb.tensor(np.array([200, 100], np.uint8)).sum().item() == 300
    assert nb.tensor(np.array([2**31 - 1, 1], np.int32)).sum().item() == 2**31
    assert nb.ones(2, 3).sum(np.int64(0)).shape == (3,)
