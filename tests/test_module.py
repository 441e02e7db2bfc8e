"""Modules: what belongs to them, what may be assigned, moved, copied and loaded."""
import copy
import pickle
from collections import OrderedDict

import numpy as np
import pytest

import numbacnn as nb
from numbacnn import nn
from numbacnn.errors import DTypeError, GradientError, ShapeError, StateError


class Norm(nn.Module):
    """A layer with one of each, and no call of the base class' constructor."""

    def __init__(self, size=2):
        self.mean = nn.Buffer(np.zeros(size, "float32"))
        self.weight = nn.Parameter(np.ones(size, "float32"))
        self.mask = nn.Buffer(np.ones(size, "bool"), persistent=False)
        self.inner = nn.Linear(size, size, bias=False)
        self.options = {"size": size}

    def forward(self, x):
        self.mean = 0.5 * self.mean + 0.5 * x.detach().mean(0)
        return self.inner((x - self.mean) * self.weight)


def names(pairs):
    return [name for name, _ in pairs]


def test_what_is_saved_in_which_order():
    model = nn.Sequential(Norm(), nn.ReLU())
    assert list(model.state_dict()) == ["0.weight", "0.mean", "0.inner.weight"]
    assert names(model.named_parameters()) == ["0.weight", "0.inner.weight"]
    assert names(model.named_buffers()) == ["0.mean", "0.mask"]
    assert names(model.named_modules()) == ["", "0", "0.inner", "1"]
    assert names(model.named_parameters("net")) == ["net.0.weight", "net.0.inner.weight"]
    assert names(model[0].named_parameters(recurse=False)) == ["weight"]
    assert names(model[0].named_buffers("x", recurse=False)) == ["x.mean", "x.mask"]
    assert list(model.state_dict(prefix="a.")) == ["a.0.weight", "a.0.mean", "a.0.inner.weight"]
    into = {"b": 1}
    assert model.state_dict(destination=into) is into
    assert list(into) == ["b", "0.weight", "0.mean", "0.inner.weight"]
    assert model.state_dict(keep_vars=True)["0.weight"] is model[0].weight
    assert len(list(model[0].parameters(recurse=False))) == len(list(model[0].buffers(recurse=False))) - 1 == 1


def test_what_is_shared_is_met_once_unless_asked():
    shared = nn.Linear(2, 2)
    model = nn.Sequential(shared, shared)
    assert names(model.named_modules()) == ["", "0"]
    assert names(model.named_modules(remove_duplicate=False)) == ["", "0", "1"]
    assert names(model.named_children()) == ["0"]
    assert len(list(model.named_parameters(remove_duplicate=False))) == 4
    assert len(model) == 2
    memo = {shared}
    assert names(model.named_modules(memo, "m")) == ["m"]
    assert model in memo


def test_registration_is_an_assignment():
    module = nn.Module()
    weight = nn.Parameter(np.ones(2))
    module.register_parameter("weight", weight)
    module.register_parameter("bias", None)
    module.register_buffer("count", nb.zeros(1), persistent=False)
    module.register_buffer("later", None)
    module.register_module("child", nn.ReLU())
    module.add_module("none", None)
    assert module.weight is weight
    assert module.bias is module.later is module.none is None
    assert isinstance(module.count, nn.Buffer)
    assert list(module.state_dict()) == ["weight"]
    module.bias, module.later, module.none = nn.Parameter(np.ones(1)), nb.ones(3), nn.Linear(1, 1)
    assert list(module.state_dict()) == ["weight", "bias", "later", "none.weight", "none.bias"]
    assert "bias" in dir(module)
    del module.bias
    assert not hasattr(module, "bias")
    module.bias = "free again"
    assert module.get_submodule("") is module
    assert module.get_submodule("none") is module.none
    assert module.get_parameter("none.weight") is module.none.weight
    assert module.get_buffer("later") is module.later


def test_none_keeps_the_name_and_the_kind():
    layer = nn.Linear(2, 2)
    bias = layer.bias
    layer.bias = None
    assert list(layer.state_dict()) == ["weight"]
    with pytest.raises(DTypeError, match=r"Linear: bias is a parameter: .* got Tensor; wrap it in nn.Parameter"):
        layer.bias = nb.zeros(2)
    layer.bias = bias
    assert list(layer.state_dict()) == ["weight", "bias"]
    norm = Norm()
    norm.mask = None
    norm.mask = nb.tensor([True, False])
    assert list(norm.state_dict()) == ["weight", "mean", "inner.weight"]     # still not persistent


def test_a_buffer_takes_values_and_stays_who_it_is():
    norm = Norm()
    mean = norm.mean
    norm(nb.tensor([[2.0, 4.0]]))
    assert norm.mean is mean
    assert mean.tolist() == [1.0, 2.0]
    norm.mean = nb.zeros(3)                              # another shape: another buffer
    assert isinstance(norm.mean, nn.Buffer)
    assert norm.mean is not mean
    with pytest.raises(GradientError, match=r"Norm: buffer mean must be values without a history.*detach"):
        norm.mean = norm.weight * 2


def test_buffers_that_forward_assigns_are_replayed():
    model = Norm().eval()
    step = nb.capture(model, model)
    x = nb.tensor([[8.0, 16.0]])
    for _ in range(3):
        step(x)
    assert model.mean.tolist() == [7.0, 14.0]


def test_modules_in_lists_are_not_found():
    module = nn.Module()
    module.layers = [nn.Linear(1, 1)]
    assert not list(module.parameters())


def test_converting():
    model = nn.Sequential(Norm(), nn.BatchNorm1d(2))
    model(nb.randn(4, 2)).sum().backward()
    weight = model[0].weight
    for convert, dtype in [(model.double, "float64"), (model.float, "float32"),
                           (lambda: model.to(dtype=nb.float64, device="cpu"), "float64"),
                           (lambda: model.to("cpu", "float32"), "float32"),
                           (lambda: model.to(nb.ones(1, dtype="float64")), "float64"),
                           (lambda: model.type("float32"), "float32"), (model.cpu, "float32")]:
        assert convert() is model
        assert {str(p.dtype) for p in model.parameters()} == {dtype}
        assert weight.grad.dtype == weight.dtype
        assert model[0].weight is weight
    assert model[1].num_batches_tracked.dtype == "int64"


def test_gradients_are_forgotten_or_zeroed():
    model = nn.Linear(2, 2)
    model(nb.ones(1, 2)).sum().backward()
    model.zero_grad(set_to_none=False)
    assert model.bias.grad.tolist() == [0.0, 0.0]
    model.zero_grad()
    assert model.bias.grad is None


def test_apply_goes_from_the_leaves_up():
    seen = []
    model = nn.Sequential(nn.Sequential(nn.ReLU()), nn.Flatten())
    assert model.apply(lambda m: seen.append(type(m).__name__)) is model
    assert seen == ["ReLU", "Sequential", "Flatten", "Sequential"]


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda m: pickle.loads(pickle.dumps(m))], ids=["deepcopy", "pickle"])
def test_copies_share_what_was_shared(copied):
    model = nn.Sequential(Norm(), nn.Linear(2, 2), nn.Linear(2, 2))
    model[2].weight = model[1].weight
    model[1].bias = None
    model.register_forward_hook(str_of)
    model[0].weight.register_hook(str_of)
    other = copied(model)
    assert other[1].weight is other[2].weight
    assert other[1].weight is not model[1].weight
    assert isinstance(other[1].weight, nn.Parameter)
    assert list(other.state_dict()) == list(model.state_dict())
    assert other[0].weight._watch is None                # hooks on gradients are the tensor's own
    assert len(other._hooks.after_forward) == 1
    with pytest.raises(DTypeError, match="bias is a parameter"):
        other[1].bias = nb.zeros(2)


def str_of(*arguments):
    """A hook that can be pickled, and changes nothing."""


def test_everything_that_does_not_fit_is_told_at_once():
    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    state = dict(model.state_dict()) | {"0.weight": nb.zeros(3, 3), "1.bias": None, "1.weight": np.ones(3, complex),
                                        "more": 1}
    del state["0.bias"]
    before = model[1].running_mean.tolist()
    state["1.running_mean"] = np.full(3, 5.0)
    with pytest.raises(StateError) as caught:
        model.load_state_dict(state)
    assert str(caught.value) == (
        "load_state_dict: nothing was loaded, 4 things do not fit:\n"
        "  0.weight must be (3, 2), got (3, 3)\n"
        "  1.weight must be numbers, got complex128\n"
        "  1.bias must be a Tensor or an array, got NoneType\n"
        "  names must match; missing: ['0.bias'], unexpected: ['more']. strict=False loads what fits")
    assert model[1].running_mean.tolist() == before
    for kind in (ShapeError, DTypeError, KeyError, RuntimeError, ValueError, TypeError):
        assert isinstance(caught.value, kind)


def test_assigning_a_state_takes_its_dtypes():
    model = nn.Linear(2, 2)
    weight = model.weight
    state = {name: np.ones(value.shape) for name, value in model.state_dict().items()}
    model.load_state_dict(state)
    assert model.weight.dtype == "float32"
    model.load_state_dict(state, assign=True)
    assert model.weight.dtype == "float64"
    assert model.weight is weight
    with pytest.raises(StateError, match="weight must be float64 or another dtype of its kind, got int64"):
        model.load_state_dict({"weight": np.ones((2, 2), "int64")}, strict=False, assign=True)


def test_a_constructor_may_call_its_base_class():
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(1, 1)

        @property
        def first(self):
            return self.layer

        @first.setter
        def first(self, layer):
            self.layer = layer

    net = Net()
    net.first = nn.Linear(1, 2)
    assert net.layer.out_features == 2
    assert list(net.state_dict()) == ["layer.weight", "layer.bias"]


def test_looks():
    class Scaled(nn.Sequential):
        def extra_repr(self):
            return "scale=2"

    assert repr(Scaled(nn.ReLU())) == "Scaled(\n  scale=2\n  (0): ReLU()\n)"
    assert repr(nn.Parameter(np.ones(1, "float32"))) == "Parameter containing:\ntensor([1.], requires_grad=True)"


def module_with(**attributes):
    module = nn.Module()
    for name, value in attributes.items():
        setattr(module, name, value)
    return module


def assigned(name, value):
    def assign():
        layer = module_with(weight=nn.Parameter(np.ones(2)), child=nn.ReLU(), count=nn.Buffer(np.ones(2)))
        setattr(layer, name, value() if callable(value) else value)
    return assign


def loop():
    inner = module_with()
    outer = module_with(inner=inner)
    inner.outer = outer


BAD = [
    (assigned("weight", lambda: nb.ones(2)), DTypeError, "is a parameter: what is assigned must be one, or None"),
    (assigned("weight", 1.0), DTypeError, "weight is a parameter: .* got float"),
    (assigned("weight", nn.ReLU), DTypeError, "weight is a parameter: .* got ReLU"),
    (assigned("child", 3), DTypeError, "child is a module: .* got int; delete the attribute first"),
    (assigned("child", lambda: nb.ones(2)), DTypeError, "child is a module: .* got Tensor"),
    (assigned("count", 3), DTypeError, "count is a buffer: .* got int; make a tensor of it"),
    (assigned("count", lambda: np.ones(2)), DTypeError, "count is a buffer: .* got ndarray"),
    (assigned("train", nn.ReLU), ValueError, "'train' is a method or option of modules"),
    (assigned("forward", nn.ReLU), ValueError, "'forward' is a method or option of modules"),
    (assigned("training", nn.ReLU), ValueError, "'training' is a method or option of modules"),
    (assigned("parameters", lambda: nn.Parameter(np.ones(1))), ValueError, "'parameters' is a method or option"),
    (assigned("a.b", nn.ReLU), ValueError, "a name must not be empty, and have no dots"),
    (loop, ValueError, "outer must not contain the module it becomes a part of"),
    (lambda: nn.Module().register_parameter("w", nb.ones(1)), DTypeError, "w must be a Parameter or None, got Tensor"),
    (lambda: nn.Module().register_parameter("", None), ValueError, "a name must not be empty"),
    (lambda: nn.Module().register_parameter(3, None), DTypeError, "a name must be a str, got 3"),
    (lambda: nn.Module().register_buffer("b", np.ones(1)), DTypeError, "b must be a Tensor or None, got ndarray"),
    (lambda: module_with(a=1).register_buffer("a", nb.ones(1)), ValueError, "a must be a new name, but Module has"),
    (lambda: module_with(a=nn.ReLU()).register_parameter("a", None), ValueError, "a must be a new name"),
    (lambda: nn.Module().add_module("m", 3), DTypeError, "m must be a Module or None, got int"),
    (lambda: nn.Module().add_module("eval", nn.ReLU()), ValueError, "'eval' is a method or option of modules"),
    (lambda: nn.Sequential(nn.ReLU()).get_submodule("0.1"), AttributeError, "'0.1' .* ReLU has no module '1'"),
    (lambda: nn.Linear(1, 1).get_parameter("gain"), AttributeError, "'gain' must be the path of a Parameter, got none"),
    (lambda: nn.Linear(1, 1).get_buffer("weight"), AttributeError, "must be the path of a Buffer, got Parameter"),
    (lambda: nn.Parameter(None), DTypeError, "Parameter: data must be a Tensor or an array, got NoneType"),
    (lambda: nn.Parameter(np.ones(1), requires_grad="no"), DTypeError, "must be True or False, got 'no'"),
    (lambda: nn.Buffer("abc"), DTypeError, "Buffer: data must be a Tensor or an array, got str"),
    (lambda: nn.Linear(1, 1).to("float16"), DTypeError,
     "dtype must be float32, float64 or bfloat16, got float16; there is no"),
    (lambda: nn.Linear(1, 1).half(), DTypeError, "got float16; there is no float16 here"),
    (lambda: nn.Linear(1, 1).to(nb.int64), DTypeError,
     r"must be a device, float32, float64 or bfloat16, got dtype\('int64'\)"),
    (lambda: nn.Linear(1, 1).to("complex64"), DTypeError,
     "must be a device, float32, float64 or bfloat16, got 'complex64'"),
    (lambda: nn.Linear(1, 1).to(5), DTypeError, "must be a device, float32, float64 or bfloat16, got 5"),
    (lambda: nn.Linear(1, 1).to("gpu"), ValueError, "gpu"),
    (lambda: nn.Linear(1, 1).cuda(), (ValueError, RuntimeError), "cuda"),
    (lambda: nn.Linear(1, 1).train(1), DTypeError, "train: mode must be True or False, got 1"),
    (lambda: nn.Linear(1, 1).apply(None), DTypeError, "apply: fn must be a function of a module, got NoneType"),
    (lambda: nn.Linear(1, 1).requires_grad_("off"), DTypeError, "must be True or False, got 'off'"),
    (lambda: nn.Linear(1, 1).load_state_dict(None), DTypeError, "state_dict must be a mapping .* got NoneType"),
    (lambda: nn.Linear(1, 1).load_state_dict([1]), DTypeError, "state_dict must be a mapping .* got list"),
    (lambda: nn.Linear(1, 1).load_state_dict({}), KeyError, r"missing: \['weight', 'bias'\], unexpected: \[\]"),
    (lambda: nn.Linear(1, 1).load_state_dict(OrderedDict(weight=np.ones((1, 1)), bias=np.ones(1), a=0)), KeyError,
     r"unexpected: \['a'\]"),
    (lambda: nn.Linear(1, 1).load_state_dict({"bias": "x"}, strict=False), DTypeError, "bias must be"),
    (lambda: nn.Linear(1, 1).load_state_dict({"bias": np.ones(2)}, strict=False), ShapeError, r"must be \(1,\)"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD, ids=range(len(BAD)))
def test_what_modules_refuse(call, error, message):
    with pytest.raises(error, match=message):
        call()
