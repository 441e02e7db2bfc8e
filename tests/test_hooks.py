"""Hooks: on calls of modules, on their gradients, on gradients of tensors."""
import copy
import gc

import numpy as np
import pytest

import numbacnn as nb
from numbacnn import nn
from numbacnn.errors import DTypeError, GradientError, ShapeError


def leaf(*values):
    return nb.tensor(np.array(values), requires_grad=True)


class Scale(nn.Module):
    """w * x, and options."""

    def __init__(self):
        self.w = nn.Parameter(np.array([2.0, 3.0]))

    def forward(self, x, *, shift=0.0, fail=False):
        if fail:
            raise RuntimeError("forward failed")
        return self.w * x + shift


class Pair(nn.Module):
    """Two inputs, three outputs, one of them without a gradient, one that is no tensor."""

    def forward(self, a, b, label="x"):
        return a * b, b.detach() * 3, label, (a * a).sum()


# --- forward ---

def test_hooks_around_forward():
    layer, seen = Scale(), []
    before = layer.register_forward_pre_hook(lambda m, inputs: (inputs[0] * 10,))
    after = layer.register_forward_hook(lambda m, inputs, y: seen.append((inputs[0].tolist(), y.tolist())))
    double = layer.register_forward_hook(lambda m, inputs, y: y * 2)
    assert layer(nb.tensor(np.ones(2))).tolist() == [40.0, 60.0]
    assert seen == [([10.0, 10.0], [20.0, 30.0])]
    before.remove()
    before.remove()
    with double:
        assert layer(nb.tensor(np.ones(2))).tolist() == [4.0, 6.0]
    after.remove()
    assert layer(nb.tensor(np.ones(2))).tolist() == [2.0, 3.0]
    assert len(seen) == 2


def test_order_and_keyword_arguments():
    layer, calls = Scale(), []
    layer.register_forward_pre_hook(lambda m, inputs: calls.append("second"))
    layer.register_forward_pre_hook(lambda m, inputs, options: calls.append(options), with_kwargs=True, prepend=True)
    layer.register_forward_pre_hook(lambda m, inputs, options: (inputs, {"shift": 5.0}), with_kwargs=True)
    layer.register_forward_hook(lambda m, inputs, options, y: calls.append(options), with_kwargs=True)
    layer.register_forward_hook(lambda m, inputs, y: calls.append("first"), prepend=True)
    layer.register_forward_pre_hook(lambda m, inputs: inputs[0] * 2)         # no tuple
    assert layer(nb.tensor(np.ones(2)), shift=1.0).tolist() == [9.0, 11.0]
    assert calls == [{"shift": 1.0}, "second", "first", {"shift": 5.0}]


def test_some_hooks_are_called_though_forward_fails():
    layer, seen = Scale(), []
    layer.register_forward_hook(lambda m, inputs, y: seen.append("only after success"))
    layer.register_forward_hook(lambda m, inputs, y: seen.append(y), always_call=True)
    layer.register_forward_hook(lambda m, inputs, y: 1 / 0, always_call=True)
    with pytest.raises(RuntimeError, match="forward failed") as caught:
        layer(nb.tensor(np.ones(2)), fail=True)
    assert seen == [None]
    assert "ZeroDivisionError" in caught.value.__notes__[0]


def test_a_hook_that_was_called_is_not_called_again_when_another_fails():
    layer, seen = Scale(), []
    layer.register_forward_hook(lambda m, inputs, y: seen.append("called"), always_call=True)
    layer.register_forward_hook(lambda m, inputs, y: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        layer(nb.tensor(np.ones(2)))
    assert seen == ["called"]


# --- gradients of modules ---

def test_hooks_see_and_replace_gradients_of_a_module():
    layer, seen = Scale(), []
    layer.register_full_backward_pre_hook(lambda m, dys: (dys[0] * 2,))
    layer.register_full_backward_hook(lambda m, dxs, dys: seen.append((dxs[0].tolist(), dys[0].tolist())))
    last = layer.register_full_backward_hook(lambda m, dxs, dys: dxs[0] * 100)
    x = leaf(1.0, 1.0)
    layer(x).sum().backward()
    assert seen == [([4.0, 6.0], [2.0, 2.0])]
    assert x.grad.tolist() == [400.0, 600.0]
    assert layer.w.grad.tolist() == [2.0, 2.0]
    last.remove()
    x.grad = None
    layer(x).sum().backward()
    assert x.grad.tolist() == [4.0, 6.0]


def test_gradients_of_several_inputs_and_outputs_come_together():
    layer, seen = Pair(), []
    layer.register_full_backward_hook(lambda m, dxs, dys: seen.append((dxs, dys)))
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    y, constant, label, total = layer(a, b, "label")
    assert (constant.requires_grad, label) == (False, "label")
    (y.sum() + total * 10).backward()
    assert len(seen) == 1
    dxs, dys = seen[0]
    assert [d if d is None else d.tolist() for d in dxs] == [[23.0, 44.0], [1.0, 2.0], None]
    assert [d if d is None else d.tolist() for d in dys] == [[1.0, 1.0], None, None, 10.0]
    assert (a.grad.tolist(), b.grad.tolist()) == ([23.0, 44.0], [1.0, 2.0])


def test_an_input_that_is_not_used_gets_zeros():
    layer, seen = Pair(), []
    layer.register_full_backward_hook(lambda m, dxs, dys: seen.append(dxs[1].tolist()))
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    layer(a, b)[3].backward()
    assert seen == [[0.0, 0.0]]
    assert b.grad.tolist() == [0.0, 0.0]


def test_without_gradients_of_inputs_hooks_see_those_of_outputs():
    layer, seen = Scale(), []
    handle = layer.register_full_backward_hook(lambda m, dxs, dys: seen.append((dxs, dys[0].tolist())))
    layer(nb.tensor(np.ones(2))).sum().backward()
    assert seen == [((None,), [1.0, 1.0])]
    handle.remove()
    layer.register_full_backward_hook(lambda m, dxs, dys: (nb.ones(2),))
    with pytest.raises(GradientError, match="Scale: a backward hook must return None where no input requires"):
        layer(nb.tensor(np.ones(2))).sum().backward()
    with nb.no_grad():
        assert not layer(leaf(1.0, 1.0)).requires_grad


def test_a_graph_with_hooks_can_be_used_twice_and_is_freed():
    layer, seen = Pair(), []
    layer.register_full_backward_hook(lambda m, dxs, dys: seen.append(dys))
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    y, _, _, total = layer(a, b)
    y.sum().backward(retain_graph=True)
    total.backward(retain_graph=True)
    assert [[d is not None for d in dys] for dys in seen] == [[True, False, False, False], [False, False, False, True]]
    (y.sum() + total).backward()
    assert a.grad.tolist() == [10.0, 16.0]
    with pytest.raises(GradientError, match="already used and freed"):
        y.sum().backward()


def test_gradients_that_go_around_the_outputs_call_no_hook():
    class Leaking(nn.Module):
        def forward(self, x):
            self.hidden = x * 2
            return self.hidden * 3

    layer, seen, x = Leaking(), [], leaf(1.0)
    layer.register_full_backward_hook(lambda m, dxs, dys: seen.append(dys))
    layer(x).sum().backward(retain_graph=True)
    layer.hidden.sum().backward()
    assert len(seen) == 1
    assert x.grad.tolist() == [8.0]


def test_a_failing_hook_leaves_no_trace():
    layer = Pair()
    handle = layer.register_full_backward_hook(lambda m, dxs, dys: 1 / 0)
    a, b = leaf(1.0, 2.0), leaf(3.0, 4.0)
    y = layer(a, b)[0]
    handle.remove()                                      # too late for this call
    with pytest.raises(ZeroDivisionError):
        y.sum().backward(retain_graph=True)
    seen = []
    layer.register_full_backward_hook(lambda m, dxs, dys: seen.append(dys))
    layer(a, b)[0].sum().backward()
    assert len(seen) == 1
    assert a.grad.tolist() == [3.0, 4.0]


def test_hooks_in_a_training_step_and_in_a_capture():
    def trained(captured):
        nb.manual_seed(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
        model[1].register_full_backward_hook(lambda m, dxs, dys: (dxs[0] * 0.5,))
        model[0].weight.register_hook(lambda g: g * 3)
        model[2].register_forward_hook(lambda m, inputs, y: y * 2)
        optimizer = nb.optim.SGD(model.parameters(), lr=0.1)

        def step(x):
            optimizer.zero_grad()
            loss = (model(x) * model(x)).mean()
            loss.backward()
            optimizer.step()
            return loss

        step = nb.capture(step, model, optimizer) if captured else step
        losses = [step(nb.ones(2, 3)).item() for _ in range(4)]
        return losses, [p.tolist() for p in model.parameters()]

    assert trained(True) == trained(False)


def test_hooks_belong_to_one_module_and_are_copied_with_it():
    layer, other, calls = Scale(), Scale(), []
    handle = layer.register_forward_hook(lambda m, inputs, y: calls.append(m))
    other(nb.tensor(np.ones(2)))
    assert not calls
    again = copy.deepcopy(layer)
    handle.remove()
    again(nb.tensor(np.ones(2)))
    layer(nb.tensor(np.ones(2)))
    assert calls == [again]


# --- gradients of tensors ---

def test_a_hook_sees_the_whole_gradient_of_a_leaf_once():
    x, seen = leaf(2.0), []
    handle = x.register_hook(lambda g: seen.append(g.tolist()))
    x.register_hook(lambda g: g * 10)
    (x * x + x).sum().backward()
    assert seen == [[5.0]]
    assert x.grad.tolist() == [50.0]
    handle.remove()
    (x * x + x).sum().backward()
    assert len(seen) == 1
    assert x.grad.tolist() == [100.0]


def test_a_hook_on_a_computed_tensor_changes_what_goes_on():
    x, seen = leaf(1.0, 2.0), []
    y = x * 3
    y.retain_grad()
    y.register_hook(lambda g: g * 10)
    y.register_hook(lambda g: seen.append(g.tolist()))
    z = (y + y).sum()
    z.backward(retain_graph=True)
    assert seen == [[20.0, 20.0]]
    assert y.grad.tolist() == [20.0, 20.0]
    assert x.grad.tolist() == [60.0, 60.0]
    z.backward()
    assert y.grad.tolist() == [40.0, 40.0]
    x.retain_grad()                                      # a leaf keeps it anyway


def test_watching_keeps_nothing_alive():
    from weakref import ref

    x = leaf(1.0)
    y = x * 2
    y.retain_grad()
    z, weak = y * 3, ref(y)
    gc.disable()
    try:
        del y
        assert weak() is None
        z.sum().backward()
    finally:
        gc.enable()
    assert x.grad.tolist() == [6.0]


def test_hooks_remember_no_gradients():
    w, seen = leaf(5.0), []
    x = leaf(1.0)

    def hook(g):
        seen.append(nb.is_grad_enabled())
        return g * w

    x.register_hook(hook)
    (x * 2).sum().backward()
    assert seen == [False]
    assert x.grad.tolist() == [10.0]
    assert not x.grad.requires_grad


def backward(hook=None, output=lambda m, x: m(x), **hooks):
    """A backward pass through a layer with hooks."""
    def call():
        layer = Scale()
        for name, function in hooks.items():
            getattr(layer, f"register_{name}_hook")(function)
        x = leaf(1.0, 1.0)
        if hook is not None:
            x.register_hook(hook)
        output(layer, x).sum().backward()
    return call


class Named(nn.Module):
    def forward(self, x):
        return {"y": x}


def returning_a_dict():
    module = Named()
    module.register_full_backward_hook(print)
    module(leaf(1.0))


def options_hook(result):
    def call():
        layer = Scale()
        layer.register_forward_pre_hook(lambda m, inputs, options: result, with_kwargs=True)
        layer(leaf(1.0, 1.0))
    return call


BAD = [
    (lambda: Scale().register_forward_hook(None), DTypeError, "forward_hook: hook must be a function, got None"),
    (lambda: Scale().register_forward_pre_hook(3), DTypeError, "register_forward_pre_hook: hook must be .* got int"),
    (lambda: Scale().register_full_backward_hook("f"), DTypeError, "register_full_backward_hook: hook must .* got str"),
    (lambda: Scale().register_full_backward_pre_hook(1), DTypeError, "backward_pre_hook: hook must .* got int"),
    (lambda: leaf(1.0).register_hook(None), DTypeError, "register_hook: hook must be a function, got NoneType"),
    (lambda: nb.ones(1).register_hook(print), GradientError, "register_hook: this tensor gets no gradient"),
    (lambda: nb.ones(1).retain_grad(), GradientError, "retain_grad: this tensor gets no gradient"),
    (options_hook(5), DTypeError, "pre-hook with with_kwargs=True must return None, or a tuple of inputs .* got 5"),
    (options_hook((1, {})), DTypeError, "must return None, or a tuple of inputs and a dict"),
    (returning_a_dict, DTypeError, "Named: a module with hooks on gradients must return a Tensor or a tuple, got dict"),
    (backward(lambda g: 5), DTypeError, "register_hook: what the hook returns: must be a Tensor, got int"),
    (backward(lambda g: nb.ones(3)), ShapeError, r"what the hook returns: must be float64\(2,\) .*got float32\(3,\)"),
    (backward(lambda g: nb.ones(2)), DTypeError, r"must be float64\(2,\) as its tensor, got float32\(2,\)"),
    (backward(full_backward=lambda m, dx, dy: 3), DTypeError, "input .* must be a Tensor or None, got int"),
    (backward(full_backward=lambda m, dx, dy: (None, None)), ShapeError, "one gradient of the input for .* 1, got 2"),
    (backward(full_backward=lambda m, dx, dy: nb.ones(2)), ShapeError, r"must be float64\(2,\), got float32\(2,\)"),
    (backward(full_backward_pre=lambda m, dy: ()), ShapeError, "one gradient of the output for each of 1, got 0"),
    (backward(full_backward_pre=lambda m, dy: (nb.ones(3),)), ShapeError, r"must be float64\(2,\), got float32\(3,\)"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD, ids=range(len(BAD)))
def test_what_hooks_must_not_be_or_return(call, error, message):
    with pytest.raises(error, match=message):
        call()
