"""Containers: lists and dicts of modules and of parameters."""
import copy
from collections import OrderedDict

import numpy as np
import pytest

import numbacnn as nb
from numbacnn import nn
from numbacnn.errors import DTypeError


class Times(nn.Module):
    """Multiplies by a number, which is its name."""

    def __init__(self, factor):
        self.factor = factor

    def forward(self, x):
        return x * self.factor

    def extra_repr(self):
        return str(self.factor)


def listed(kind, *factors):
    parts = [Times(f) for f in factors]
    return kind(*parts) if kind is nn.Sequential else kind(parts)


def factors(modules):
    return [m.factor for m in modules]


def keys(modules):
    return [name for name, _ in modules.named_children()]


@pytest.mark.parametrize("kind", [nn.Sequential, nn.ModuleList])
def test_lists_of_modules(kind):
    modules = listed(kind, 1, 2, 3, 4)
    assert len(modules) == 4
    assert (modules[0].factor, modules[-1].factor, modules[np.int64(2)].factor) == (1, 4, 3)
    assert type(modules[1:3]) is kind
    assert factors(modules[1:3]) == [2, 3]
    assert factors(modules[::-2]) == [4, 2]
    modules[1] = Times(20)
    modules[-1] = Times(40)
    assert factors(modules) == [1, 20, 3, 40]
    modules[0:2] = [Times(5), Times(6)]
    assert factors(modules) == [5, 6, 3, 40]
    del modules[0]
    assert (factors(modules), keys(modules)) == ([6, 3, 40], ["0", "1", "2"])
    del modules[1:]
    assert factors(modules) == [6]
    assert modules.append(Times(7)) is modules
    modules.insert(0, Times(8))
    modules.insert(-1, Times(9))
    modules.insert(4, Times(10))
    assert (factors(modules), keys(modules)) == ([8, 6, 9, 7, 10], ["0", "1", "2", "3", "4"])
    assert modules.pop().factor == 10
    assert modules.pop(0).factor == 8
    modules.extend([Times(1), Times(2)])
    modules += [Times(3)]
    assert factors(modules) == [6, 9, 7, 1, 2, 3]
    assert modules[1] in modules
    assert Times(9) not in modules
    assert factors(modules + listed(kind, 4)) == [6, 9, 7, 1, 2, 3, 4]
    assert len(modules) == 6
    assert factors(copy.deepcopy(modules)) == factors(modules)


def test_a_sequence_with_names():
    model = nn.Sequential(OrderedDict(a=Times(2), b=Times(3)))
    assert model(1) == 6
    assert model.a.factor == 2
    assert keys(model[:1]) == ["a"]
    model[1] = Times(5)
    assert keys(model) == ["a", "b"]
    model.append(Times(7))
    assert keys(model) == ["a", "b", "2"]
    del model[0]
    assert (model(1), keys(model)) == (35, ["0", "1"])
    odd = nn.Sequential({"1": Times(2)})
    odd.append(Times(3))
    assert (factors(odd), keys(odd)) == ([2, 3], ["0", "1"])


def test_sequences_can_be_added_and_repeated():
    model = listed(nn.Sequential, 2, 3)
    assert factors(model * 2) == factors(2 * model) == [2, 3, 2, 3]
    assert (model * 2)[2] is model[0]
    model *= 2
    assert model(1) == 36
    assert nn.Sequential()(5) == 5


def test_modules_by_name():
    modules = nn.ModuleDict({"a": Times(1), "b": Times(2)})
    modules["c"] = Times(3)
    modules["a"] = Times(4)
    assert modules.keys() == list(modules) == ["a", "b", "c"]
    assert factors(modules.values()) == [4, 2, 3]
    assert dict(modules.items())["c"] is modules["c"] is modules.c
    assert "b" in modules
    assert "d" not in modules
    assert modules.pop("b").factor == 2
    modules.update([("d", Times(5))])
    modules.update(nn.ModuleDict({"e": Times(6)}))
    assert len(modules) == 4
    del modules["a"]
    assert list(modules) == ["c", "d", "e"]
    modules.clear()
    assert not modules.keys()


def test_lists_of_parameters():
    parameters = nn.ParameterList([nn.Parameter(np.ones(2, "float32")), nb.zeros(3), np.ones((1, 4))])
    assert all(isinstance(p, nn.Parameter) for p in parameters)
    assert list(parameters.state_dict()) == ["0", "1", "2"]
    parameters.append(nb.ones(1))
    parameters[0] = nb.ones(5)
    assert [p.shape for p in parameters[:2]] == [(5,), (3,)]
    del parameters[0]
    assert [p.shape for p in parameters] == [(3,), (1, 4), (1,)]
    assert repr(nn.ParameterList([nb.zeros(2, 3)])) == (
        "ParameterList(\n  (0): Parameter containing: [float32 of size 2x3]\n)")
    net = nn.Module()
    net.scales = parameters
    assert [name for name, _ in net.named_parameters()] == ["scales.0", "scales.1", "scales.2"]


def test_parameters_by_name():
    parameters = nn.ParameterDict({"a": nb.ones(1)})
    parameters["b"] = nb.ones(2)
    assert parameters.setdefault("b", nb.ones(3)).shape == (2,)
    assert parameters.setdefault("c", nb.ones(3)).shape == (3,)
    assert parameters.get("d") is None
    assert parameters.get("a") is parameters["a"]
    assert [(k, p.shape) for k, p in parameters.items()] == [("a", (1,)), ("b", (2,)), ("c", (3,))]
    parameters.update({"a": nb.ones(4)})
    assert parameters.pop("a").shape == (4,)
    assert list(parameters.state_dict()) == ["b", "c"] == list(parameters)
    assert len(parameters.values()) == 2
    parameters.clear()
    assert len(parameters) == 0


def test_looks():
    assert repr(listed(nn.ModuleList, 1, 1, 2)) == "ModuleList(\n  (0-1): 2 x Times(1)\n  (2): Times(2)\n)"
    assert repr(nn.ModuleDict({"a": nn.ReLU()})) == "ModuleDict(\n  (a): ReLU()\n)"
    assert repr(nn.Sequential()) == "Sequential()"


def test_identity_takes_the_place_of_any_layer():
    assert nn.Identity(54, unused=True)(7) == 7


def put(modules, key, value):
    modules[key] = value


def remove(modules, key):
    del modules[key]


BAD = [
    (lambda: nn.Sequential(1), DTypeError, "Sequential: every part must be a Module, got int at 0"),
    (lambda: nn.Sequential(nn.ReLU), DTypeError, "every part must be a Module, got type at 0"),
    (lambda: nn.Sequential({"a.b": nn.ReLU()}), ValueError, "a name must not be empty, and have no dots"),
    (lambda: nn.Sequential({"forward": nn.ReLU()}), ValueError, "'forward' is a method or option of modules"),
    (lambda: nn.Sequential()[0], IndexError, r"an index must be in \[0, 0\), got 0"),
    (lambda: listed(nn.Sequential, 1, 2)[2], IndexError, r"an index must be in \[-2, 2\), got 2"),
    (lambda: listed(nn.Sequential, 1, 2)[-3], IndexError, r"must be in \[-2, 2\), got -3"),
    (lambda: listed(nn.Sequential, 1)["0"], DTypeError, "an index must be an integer or a slice, got '0'"),
    (lambda: listed(nn.Sequential, 1)[1.0], DTypeError, "an index must be an integer or a slice, got 1.0"),
    (lambda: put(listed(nn.Sequential, 1), 0, 3), DTypeError, "every part must be a Module, got int"),
    (lambda: put(listed(nn.Sequential, 1), 1, Times(3)), IndexError, r"must be in \[-1, 1\), got 1"),
    (lambda: put(listed(nn.ModuleList, 1), slice(None), []), ValueError, "a slice of 1 must be given so many, got 0"),
    (lambda: remove(listed(nn.Sequential, 1), 5), IndexError, "got 5"),
    (lambda: nn.Sequential().append(None), DTypeError, "every part must be a Module, got NoneType"),
    (lambda: nn.Sequential().extend(3), DTypeError, "only an iterable can be added, got int"),
    (lambda: nn.Sequential().insert(1, Times(1)), IndexError, "got 1"),
    (lambda: nn.Sequential().pop(), IndexError, "got -1"),
    (lambda: listed(nn.Sequential, 1).__add__((1,)), DTypeError, "only a Sequential can be added, got tuple"),
    (lambda: listed(nn.Sequential, 1) * 0, DTypeError, "repeated a positive number of times, got 0"),
    (lambda: listed(nn.Sequential, 1) * 1.5, DTypeError, "repeated a positive number of times, got 1.5"),
    (lambda: nn.ModuleList([1]), DTypeError, "ModuleList: every part must be a Module, got int"),
    (lambda: nn.ModuleList(nn.ReLU()), DTypeError, "ModuleList: only an iterable can be added, got ReLU"),
    (lambda: nn.ModuleList([nn.ReLU()])(1), NotImplementedError, "ModuleList: cannot be called; call its modules"),
    (lambda: nn.ModuleDict({"a": 1}), DTypeError, "ModuleDict: every value must be a Module, got int at 'a'"),
    (lambda: nn.ModuleDict({1: nn.ReLU()}), DTypeError, "a name must be a str, got 1"),
    (lambda: nn.ModuleDict({"keys": nn.ReLU()}), ValueError, "'keys' is a method or option of modules"),
    (lambda: nn.ModuleDict(3), DTypeError, "modules must be a mapping or pairs, got int"),
    (lambda: nn.ModuleDict([nn.ReLU()]), DTypeError, "modules must be a mapping or pairs of names and values"),
    (lambda: nn.ModuleDict({"a": nn.ReLU()})["b"], KeyError, "there is no 'b'; there are a"),
    (lambda: nn.ModuleDict().pop("b"), KeyError, "there is no 'b'; there are none"),
    (lambda: remove(nn.ModuleDict(), "b"), KeyError, "there is no 'b'"),
    (lambda: nn.ModuleDict()(1), NotImplementedError, "ModuleDict: cannot be called"),
    (lambda: nn.ParameterList([1.0]), DTypeError, "every part must be a Parameter, Tensor or array, got float"),
    (lambda: nn.ParameterList([np.ones(1, "int64")]), DTypeError, "Parameter: must be float32, float64 or bfloat16"),
    (lambda: nn.ParameterList(3), DTypeError, "only an iterable can be added, got int"),
    (lambda: nn.ParameterList([nb.ones(1)])[1], IndexError, "got 1"),
    (lambda: nn.ParameterList()(1), NotImplementedError, "ParameterList: cannot be called"),
    (lambda: nn.ParameterDict({"a": "b"}), DTypeError, "every part must be a Parameter, Tensor or array, got str"),
    (lambda: nn.ParameterDict(3), DTypeError, "parameters must be a mapping or pairs, got int"),
    (lambda: nn.ParameterDict([1]), DTypeError, "parameters must be a mapping or pairs of names and values, got 1"),
    (lambda: nn.ParameterDict()["a"], KeyError, "there is no 'a'; there are none"),
    (lambda: nn.ParameterDict()(1), NotImplementedError, "ParameterDict: cannot be called"),
]


@pytest.mark.parametrize(("call", "error", "message"), BAD, ids=range(len(BAD)))
def test_what_containers_refuse(call, error, message):
    with pytest.raises(error, match=message):
        call()
