"""Gradients as results, gradients of some tensors alone, and whether any are remembered."""
import asyncio
import copy
import pickle

import numpy as np
import pytest

import numbacnn as nb
from numbacnn import nn
from numbacnn.errors import DeviceError, DTypeError, GradientError, ShapeError


def leaf(*values):
    return nb.tensor(np.array(values), requires_grad=True)


def test_gradients_as_results():
    x, y = leaf(1.0, 2.0), leaf(3.0, 4.0)
    z = x * y
    dx, dz = nb.grad((z * z).sum(), [x, z], retain_graph=True)
    assert dx.tolist() == [18.0, 64.0]
    assert dz.tolist() == [6.0, 16.0]
    assert x.grad is y.grad is z.grad is None
    assert not dx.requires_grad
    dx, = nb.grad([z, z.sum()], x, [nb.tensor(np.array([1.0, 10.0])), None], retain_graph=True)
    assert dx.tolist() == [6.0, 44.0]
    assert nb.grad(z, z, nb.tensor(np.ones(2)))[0].tolist() == [1.0, 1.0]
    assert nb.grad(x.sum(), (x, y), allow_unused=True)[1] is None
    assert nb.grad(x.sum(), (x, y), materialize_grads=True)[1].tolist() == [0.0, 0.0]
    single = leaf(2.0)
    assert nb.grad(single, single)[0].tolist() == [1.0]


def test_only_what_leads_there_is_visited_and_freed():
    x, w, seen = leaf(1.0), leaf(2.0), []
    w.register_hook(lambda g: seen.append(g))
    a = x * 3
    b = w * 5
    y = (a * b).sum()
    b.retain_grad()
    assert nb.grad(y, x)[0].tolist() == [30.0]
    assert not seen
    assert b.grad is None
    b.sum().backward()                                   # this part of the graph was not freed
    assert w.grad.tolist() == [5.0]
    with pytest.raises(GradientError, match="already used and freed"):
        nb.grad(y, x)


def test_what_lies_before_a_result_is_not_freed():
    x = leaf(1.0)
    y = x * 3
    assert nb.grad((y * 2).sum(), y)[0].tolist() == [2.0]
    y.sum().backward()
    assert x.grad.tolist() == [3.0]


def test_backward_for_some_tensors():
    x, w = leaf(1.0), leaf(2.0)
    y = x * w
    z = (y * y).sum()
    z.backward(inputs=[w, y], retain_graph=True)
    assert x.grad is None
    assert (w.grad.tolist(), y.grad.tolist()) == ([4.0], [4.0])
    z.backward(inputs=x)
    assert (x.grad.tolist(), w.grad.tolist()) == ([8.0], [4.0])


def test_hooks_come_before_results():
    x = leaf(1.0, 2.0)
    x.register_hook(lambda g: g * 10)
    y = x * 2
    y.register_hook(lambda g: g + 1)
    dx, dy = nb.grad(y.sum(), [x, y])
    assert (dx.tolist(), dy.tolist()) == ([40.0, 40.0], [2.0, 2.0])


def test_gradients_can_be_set_and_flags_too():
    p = nn.Parameter(np.ones(2, "float32"))
    p.grad = nb.ones(2)
    assert p.grad.tolist() == [1.0, 1.0]
    p.grad = None
    p.requires_grad = False
    assert not (p * 2).requires_grad
    p.requires_grad = np.True_
    assert p.requires_grad is True
    y = p * 2
    y.requires_grad = True
    assert not y.is_leaf
    assert y.detach().is_leaf


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda x: pickle.loads(pickle.dumps(x))])
def test_copies_of_tensors(copied):
    x = leaf(1.0, 2.0)
    (x * 3).sum().backward()
    x.register_hook(print)
    y = copied(x)
    assert (y.tolist(), y.grad.tolist(), y.requires_grad) == ([1.0, 2.0], [3.0, 3.0], True)
    (y * 5).sum().backward()                             # no hook is called
    assert (y.grad.tolist(), x.grad.tolist()) == ([8.0, 8.0], [3.0, 3.0])


# --- whether gradients are remembered ---

def test_modes_nest_and_end():
    with nb.no_grad():
        with nb.enable_grad():
            assert nb.is_grad_enabled()
            with nb.inference_mode():
                assert not nb.is_grad_enabled()
            with nb.inference_mode(False):
                assert nb.is_grad_enabled()
        assert not nb.is_grad_enabled()
        with pytest.raises(ZeroDivisionError), nb.set_grad_enabled(True):
            assert nb.is_grad_enabled()
            1 / 0  # noqa: B018
        assert not nb.is_grad_enabled()
    assert nb.is_grad_enabled()
    nb.set_grad_enabled(False)
    try:
        assert not nb.is_grad_enabled()
    finally:
        nb.set_grad_enabled(True)
    block = nb.no_grad()
    for _ in range(2):
        with block, block:
            assert not nb.is_grad_enabled()
        assert nb.is_grad_enabled()
    setting = nb.set_grad_enabled(True)
    for _ in range(2):
        with setting:
            assert nb.is_grad_enabled()


@pytest.mark.parametrize(("decorator", "inside"), [
    (nb.no_grad, False), (nb.no_grad(), False), (nb.enable_grad(), True), (nb.inference_mode, False),
    (nb.inference_mode(), False), (nb.inference_mode(False), True), (lambda f: nb.set_grad_enabled(False)(f), False)])
def test_functions_and_generators_are_decorated(decorator, inside):
    @decorator
    def function(x, *, y=0):
        """Say it."""
        return x + y, nb.is_grad_enabled()

    @decorator
    def generator(n):
        seen = []
        for i in range(n):
            try:
                seen.append((yield i, nb.is_grad_enabled()))
            except ValueError as error:
                seen.append(str(error))
        return seen

    assert function(1, y=2) == (3, inside)
    assert function.__doc__ == "Say it."
    assert nb.is_grad_enabled()
    steps = generator(3)
    assert next(steps) == (0, inside)
    assert nb.is_grad_enabled()                          # between the steps the mode is the caller's
    assert steps.send("a") == (1, inside)
    assert steps.throw(ValueError("b")) == (2, inside)
    with pytest.raises(StopIteration) as stop:
        next(steps)
    assert stop.value.value == ["a", "b", None]
    steps = generator(3)
    next(steps)
    steps.close()
    assert nb.is_grad_enabled()
    assert list(generator(0)) == []


async def wait():
    await asyncio.sleep(0)


def unused():
    x, y = leaf(1.0), leaf(2.0)
    nb.grad((x * 2).sum(), [x, y])


def of(call):
    """A call with tensors x, which requires a gradient, and y of it."""
    def run():
        x = leaf(1.0, 2.0)
        call(x, x * 2)
    return run


BAD = [
    (of(lambda x, y: y.backward()), GradientError, r"backward: a tensor of shape \(2,\) needs `gradient`"),
    (of(lambda x, y: y.sum().backward(create_graph=True)), GradientError, "create_graph must be False: gradients"),
    (of(lambda x, y: nb.grad(y.sum(), x, create_graph=True)), GradientError, "there are no second derivatives"),
    (of(lambda x, y: y.sum().backward(inputs=[])), ShapeError, "backward: inputs must be tensors, got none"),
    (of(lambda x, y: y.sum().backward(inputs=3)), DTypeError, "inputs must be a tensor or a sequence .* got int"),
    (of(lambda x, y: y.sum().backward(inputs=[x, 3])), DTypeError, "inputs must be tensors, got int at 1"),
    (of(lambda x, y: y.sum().backward(inputs=[nb.ones(1)])), GradientError, "one that does not at 0; use"),
    (of(lambda x, y: y.backward(nb.ones(2))), DTypeError, r"gradient: must be float64\(2,\) .* got float32\(2,\)"),
    (of(lambda x, y: nb.grad(y, x)), GradientError, r"grad: a tensor of shape \(2,\) needs `grad_outputs`"),
    (of(lambda x, y: nb.grad(y, x, [None, None])), ShapeError, "grad_outputs must be one for each output, got 2 for 1"),
    (of(lambda x, y: nb.grad(y, x, 1.0)), DTypeError, "grad_outputs must be a tensor or a sequence .* got float"),
    (of(lambda x, y: nb.grad(5, x)), DTypeError, "outputs must be a tensor or a sequence of tensors, got int"),
    (of(lambda x, y: nb.grad([5], x)), DTypeError, "outputs must be tensors, got int"),
    (of(lambda x, y: nb.grad(nb.ones(1), x)), GradientError, "does not depend on any tensor with requires_grad=True"),
    (of(lambda x, y: nb.grad(y.sum(), [])), ShapeError, "grad: inputs must be tensors, got none"),
    (of(lambda x, y: nb.grad(y.sum(), None)), DTypeError, "inputs must be a tensor or a sequence .* got NoneType"),
    (unused, GradientError, r"depend on all inputs, but do not on inputs\[1\]; allow_unused=True returns None"),
    (of(lambda x, y: setattr(x, "grad", 3)), DTypeError, "grad: must be a Tensor, got int"),
    (of(lambda x, y: setattr(x, "grad", nb.ones(3))), ShapeError, r"grad: must be float64\(2,\) .* float32\(3,\)"),
    (of(lambda x, y: setattr(x, "grad", nb.ones(2))), DTypeError, r"grad: must be float64\(2,\) .* float32\(2,\)"),
    (of(lambda x, y: y.sum().backward(create_graph=[1, 2])), DTypeError, "backward: create_graph must be True or Fal"),
    (of(lambda x, y: y.sum().backward(retain_graph="no")), DTypeError, "backward: retain_graph must be True or False"),
    (of(lambda x, y: nb.grad(y.sum(), x, allow_unused="no")), DTypeError, "grad: allow_unused must be True or False"),
    (of(lambda x, y: nb.grad(y.sum(), x, materialize_grads=1)), DTypeError, "grad: materialize_grads must be True or"),
    (lambda: nb.ones(2, requires_grad=(0, 1)), DTypeError, r"requires_grad must be True or False, got \(0, 1\)"),
    (of(lambda x, y: setattr(x, "requires_grad", 1)), DTypeError, "requires_grad must be True or False, got 1"),
    (of(lambda x, y: setattr(y, "requires_grad", False)), GradientError, "only a tensor made by the user"),
    (lambda: setattr(nb.tensor([1]), "requires_grad", True), DTypeError, "only floating point tensors have gradients"),
    (of(lambda x, y: copy.deepcopy(y)), GradientError, r"only tensors that the user made .* use detach\(\)"),
    (of(lambda x, y: pickle.dumps(y)), GradientError, r"only tensors that the user made .* use detach\(\)"),
    (lambda: nb.set_grad_enabled(1), DTypeError, "enabled must be True or False, got 1"),
    (lambda: nb.no_grad(3), DTypeError, "no_grad: only a function can be decorated, got 3"),
    (lambda: nb.inference_mode(1), DTypeError, "inference_mode: only a function can be decorated, got 1"),
    (lambda: nb.no_grad()(nn.Module), DTypeError, "only a function can be decorated, got <class"),
    (lambda: nb.no_grad()(wait), DTypeError, "no_grad: wait is asynchronous"),
    (lambda: nb.set_grad_enabled(True)(None), DTypeError, "only a function can be decorated, got None"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD, ids=range(len(BAD)))
def test_what_is_refused(call, error, message):
    with pytest.raises(error, match=message):
        call()
    assert nb.is_grad_enabled()


def test_a_gradient_lies_where_its_tensor_lies():
    x, other = leaf(1.0), nb.tensor(np.ones(1))
    other.array.device = nb.Device("elsewhere")
    with pytest.raises(DeviceError, match="grad: must be on cpu as its tensor, got elsewhere"):
        x.grad = other
