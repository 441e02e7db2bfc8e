"""One file that holds all a training needs to go on: what is saved comes back, to the bit, and runs no code."""
import json
import re
from math import inf, isnan, nan

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy
from optim_cases import OURS

import numbacnn as nb
from numbacnn import nn, optim
from numbacnn.errors import DeviceError, DTypeError

SCHEDULES = {
    "StepLR": {"step_size": 2}, "MultiStepLR": {"milestones": [2, 5, 5]}, "ExponentialLR": {"gamma": 0.9},
    "ConstantLR": {}, "LinearLR": {}, "PolynomialLR": {"total_iters": 9}, "CosineAnnealingLR": {"T_max": 7},
    "CosineAnnealingWarmRestarts": {"T_0": 3}, "OneCycleLR": {"max_lr": 0.1, "total_steps": 20},
    "LambdaLR": {"lr_lambda": lambda epoch: 1 / (epoch + 1)},
    "MultiplicativeLR": {"lr_lambda": lambda epoch: 0.9},
    "CyclicLR": {"base_lr": 0.01, "max_lr": 0.1, "cycle_momentum": False},
    "ReduceLROnPlateau": {"patience": 0},
}


def same(a, b):
    """Whether two values are of the same types and equal, to the bit of each array."""
    if isinstance(a, nb.Tensor):
        return isinstance(b, nb.Tensor) and same(a.numpy(), b.numpy())
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[key], b[key]) for key in a)
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, np.ndarray):
        return (a.shape, a.dtype) == (b.shape, b.dtype) and a.tobytes() == b.tobytes()
    return a == b or (a != a and b != b)


def saved_and_loaded(value, folder):
    nb.save(value, folder / "checkpoint.safetensors")
    return nb.load(folder / "checkpoint.safetensors")


@pytest.mark.parametrize("value", [
    None, True, 3, -2**200, 0.1, -0.0, 5e-324, inf, -inf, nan, "",
    "gr\u00fc\u00df \U0001f600 \x00", [], (), {}, [[], {}, ((),)],
    {"epoch": 3, "best": 0.75, "note": None, "history": [(1, 0.5), (2, 0.25)]},
    {0: "int", "0": "text", 0.5: "float", None: "none", True: "bool"}, {"a.b": 1, "a": {"b": 2}, "": 3},
    np.float32(0.1), np.float64(nan), np.int64(-3), np.bool_(True), np.uint8(255), np.float16(0.1),
    {"dict": 1}, {"tensor": "x"}, {"float": "nan"}, [{"array": ["y"]}],         # as the description itself has
    np.arange(6.0).reshape(2, 3).T, np.zeros((0, 3), "int8"), np.array(2.5), np.array([True, False]),
    np.array([1, 2**64 - 1], "uint64"), np.array([nan, -0.0, inf], "float32"),
    nb.tensor(2), nb.zeros(0, 3), nb.tensor([[True]]), [nb.ones(2, dtype="float64"), np.ones(2)],
    {"a.b": nb.ones(1), "a": {"b": nb.zeros(1)}, "__metadata__": nb.ones(2)},
    np.random.default_rng(3).bit_generator.state,
], ids=repr)
def test_what_is_saved_comes_back(value, tmp_path):
    assert same(saved_and_loaded(value, tmp_path), value)


leaves = (st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)
          | st_numpy.arrays(st.sampled_from(["float32", "float64", "int64", "int32", "uint8", "bool", "float16"]),
                            st_numpy.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
          | st_numpy.arrays("float32", st.integers(0, 3)).map(nb.tensor))
keys = st.text(max_size=3) | st.integers() | st.none() | st.floats(allow_nan=False) | st.booleans()
values = st.recursive(leaves, lambda parts: st.lists(parts, max_size=3) | st.lists(parts, max_size=3).map(tuple)
                      | st.dictionaries(keys, parts, max_size=3), max_leaves=12)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(values)
def test_any_value_comes_back(tmp_path_factory, value):
    assert same(saved_and_loaded(value, tmp_path_factory.getbasetemp()), value)


def test_subclasses_come_back_as_what_they_are_made_of(tmp_path):
    model = nn.Linear(2, 1)
    found = saved_and_loaded({"state": model.state_dict(), "weight": model.weight, "sorted": nb.tensor([2, 1]).sort()},
                             tmp_path)
    assert type(found["state"]) is dict
    assert type(found["weight"]) is nb.Tensor
    assert not found["weight"].requires_grad
    assert type(found["sorted"]) is tuple


def test_a_state_dict_is_a_file_for_every_program(tmp_path):
    from safetensors.numpy import load_file

    model = nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3))
    nb.save(model.state_dict(), tmp_path / "model")
    assert sorted(load_file(tmp_path / "model")) == sorted(model.state_dict())
    assert b"numbacnn" not in (tmp_path / "model").read_bytes()
    nb.save({"model": model.state_dict(), "optimizer": {"state": {0: {"exp_avg": nb.ones(2)}}}}, tmp_path / "all")
    assert "model.0.weight" in load_file(tmp_path / "all")
    assert "optimizer.state.0.exp_avg" in load_file(tmp_path / "all")


def test_the_same_values_make_the_same_file(tmp_path):
    for name in "ab":
        nb.save({"b": nb.ones(2), "a": [1, {"c": nb.zeros(3)}]}, tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


# --- going on ----------------------------------------------------------------------------------------------------

class Training:
    """A network with batch norm and dropout, and all that trains it."""

    def __init__(self, optimiser=("Adam", {"lr": 0.01}), schedule=("StepLR", {"step_size": 2})):
        self.model = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.3),
                                   nn.Linear(64, 3))
        self.optimizer = getattr(optim, optimiser[0])(self.model.parameters(), **optimiser[1])
        self.schedule = getattr(optim.lr_scheduler, schedule[0])(self.optimizer, **schedule[1])

    def step(self, number):
        rng = np.random.default_rng(number)
        self.optimizer.zero_grad()
        y = self.model(nb.tensor(rng.standard_normal((5, 1, 6, 6)).astype("float32")))
        loss = nn.functional.cross_entropy(y, nb.tensor(rng.integers(0, 3, 5)))
        loss.backward()
        self.optimizer.step()
        self.schedule.step(*[1.0] * isinstance(self.schedule, optim.lr_scheduler.ReduceLROnPlateau))
        return loss.item()

    def state(self):
        return {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(),
                "scheduler": self.schedule.state_dict(), "random": nb.get_rng_state()}

    def load(self, state):
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.load_state_dict(state["scheduler"])
        nb.set_rng_state(state["random"])


def assert_resumed(tmp_path, **options):
    nb.manual_seed(0)
    first = Training(**options)
    for i in range(3):
        first.step(i)
    nb.save({**first.state(), "epoch": 3, "best": 0.5, "names": ("a", "b")}, tmp_path / "checkpoint.safetensors")
    expected = [first.step(i) for i in range(3, 6)]
    nb.manual_seed(99)
    second = Training(**options)
    checkpoint = nb.load(tmp_path / "checkpoint.safetensors")
    second.load(checkpoint)
    assert [second.step(i) for i in range(checkpoint["epoch"], 6)] == expected
    second, first = second.state(), first.state()
    for state in first, second:                          # functions are the program's own
        state["scheduler"] = {k: v for k, v in state["scheduler"].items() if "fn" not in k and "lambda" not in k}
    assert same(second, first)


@pytest.mark.parametrize("name", OURS)
def test_training_goes_on_to_the_bit(name, tmp_path):
    assert_resumed(tmp_path, optimiser=OURS[name])


@pytest.mark.parametrize("name", SCHEDULES)
def test_schedules_go_on(name, tmp_path):
    assert_resumed(tmp_path, optimiser=("SGD", {"lr": 0.1, "momentum": 0.9}), schedule=(name, SCHEDULES[name]))


def test_schedules_of_schedules_go_on(tmp_path):
    states = []
    for load in False, True:
        optimizer = optim.SGD([nn.Parameter(np.ones(2, "float32"))], lr=0.1)
        several = [optim.lr_scheduler.LinearLR(optimizer), optim.lr_scheduler.CosineAnnealingLR(optimizer, 5)]
        schedule = optim.lr_scheduler.SequentialLR(optimizer, several, [2])
        if load:
            found = nb.load(tmp_path / "x")
            optimizer.load_state_dict(found["optimizer"])
            schedule.load_state_dict(found["scheduler"])
        for i in range(2 + 2 * load, 6):
            optimizer.step()
            schedule.step()
            if i == 3 and not load:
                nb.save({"optimizer": optimizer.state_dict(), "scheduler": schedule.state_dict()}, tmp_path / "x")
        states.append(schedule.state_dict())
    assert same(*states)


# --- random numbers ----------------------------------------------------------------------------------------------

def draws():
    with nb.no_grad():
        return [nb.rand(3).tolist(), nb.randperm(5).tolist(), nn.functional.dropout(nb.ones(9), 0.5).tolist(),
                nn.Linear(2, 1).weight.tolist(),
                [x.tolist() for x, in nb.data.DataLoader(nb.data.TensorDataset(np.arange(6)), 2, shuffle=True)]]


def test_random_numbers_go_on_from_a_state():
    nb.manual_seed(5)
    draws()
    state = nb.get_rng_state()
    expected = draws()
    assert draws() != expected
    nb.manual_seed(6)
    nb.set_rng_state(state)
    assert draws() == expected
    nb.set_rng_state(state)                              # which was not changed by drawing
    assert draws() == expected


def test_a_state_from_a_machine_with_other_devices_serves():
    nb.manual_seed(5)
    draws()
    state, expected = nb.get_rng_state(), draws()
    state["kernels"] |= {"cpu:7": [5, 1], "cuda:63": [5, 2], "abacus": [5, 3]}
    nb.set_rng_state(state)
    assert draws() == expected


@pytest.mark.parametrize("state", [
    3, None, {}, {"seed": 1}, nb.ones(3), nb.get_rng_state() | {"seed": 2**63}, nb.get_rng_state() | {"seed": 1.0},
    nb.get_rng_state() | {"kernels": {"cpu": [0, 2**63]}}, nb.get_rng_state() | {"kernels": {"cpu": [0]}},
    nb.get_rng_state() | {"kernels": {"abacus": [0]}}])
def test_a_random_state_is_one(state):
    with pytest.raises(DTypeError, match="set_rng_state: new_state must be what get_rng_state gave, got"):
        nb.set_rng_state(state)


# --- what is refused ---------------------------------------------------------------------------------------------

def endless():
    value = []
    value.append({"a": value})
    return value


def deep():
    value = 1
    for _ in range(101):
        value = [value]
    return value


@pytest.mark.parametrize(("value", "error", "text"), [
    (lambda: {"model": nn.Linear(1, 1)}, DTypeError, "got Linear at ['model']; save its state_dict()"),
    (lambda: [optim.SGD(nn.Linear(1, 1).parameters(), 0.1)], DTypeError, "got SGD at [0]; save its state_dict()"),
    (lambda: {"a": [1, {"b": len}]}, DTypeError, "got builtin_function_or_method at ['a'][1]['b']"),
    (lambda: {1, 2}, DTypeError, "dictionaries, lists and tuples of these; got set at the top; convert it to a list"),
    (lambda: b"x", DTypeError, "got bytes at the top"), (lambda: 1j, DTypeError, "got complex at the top"),
    (lambda: np.array(["x"]), DTypeError, "got <U1 values at the top"),
    (lambda: {"x": np.array([object()])}, DTypeError, "got object values at ['x']"),
    (lambda: {"x": np.ones(1, "longdouble")}, DTypeError, "got float128 values at ['x']"),
    (lambda: np.complex64(1), DTypeError, "got complex64 values at the top"),
    (lambda: {"a": {(1, 2): 3}}, DTypeError, "keys must be texts, numbers or None, got tuple at ['a']"),
    (endless, ValueError, "must not contain itself, nor be nested 100 times, but is at [0]['a']"),
    (deep, ValueError, "nor be nested 100 times, but is at [0][0][0][0][0][0][0][0]"),
])
def test_what_cannot_be_saved(value, error, text, tmp_path):
    with pytest.raises(error, match=re.escape(text)) as raised:
        nb.save(value(), tmp_path / "x")
    assert str(raised.value).startswith("save: ")
    assert not list(tmp_path.iterdir())


def test_metadata_are_texts(tmp_path):
    for metadata in {"a": 1}, [("a", "b")], "ab":
        with pytest.raises(DTypeError, match="save: metadata must be a mapping of str to str, got"):
            nb.save(3, tmp_path / "x", metadata)
    with pytest.raises(ValueError, match=r"save: metadata must not be called 'numbacnn\.nested'"):
        nb.save(3, tmp_path / "x", {"numbacnn.nested": "3"})
    nb.save([nb.ones(1)], tmp_path / "x", {"a": "b", "c": "d"})
    assert nb.load(tmp_path / "x")[0].item() == 1


def test_a_pickle_is_told(tmp_path):
    for content in b"PK\x03\x04 archive", b"\x80\x02}q\x00.":
        (tmp_path / "x.pt").write_bytes(content)
        with pytest.raises(ValueError, match=r"must be a safetensors file, and is a pickle, such as torch\.save"):
            nb.load(tmp_path / "x.pt")


@pytest.mark.parametrize("text", ["", "{", '{"tensor": "none"}', '{"array": 3}', '{"code": "print(1)"}',
                                  '{"a": 1, "b": 2}', '{"number": ["eval", "1"]}', '{"dict": [1]}', "{}",
                                  '{"dict": [[{"dict": []}, 1]]}', "[" * 5000 + "]" * 5000,
                                  '{"float": "x"}'], ids=lambda text: text[:20])
def test_a_damaged_description(text, tmp_path):
    from safetensors.numpy import save_file

    save_file({"x": np.ones(2)}, tmp_path / "x", {"numbacnn.nested": text})
    with pytest.raises(ValueError, match=r"load: .* is damaged: "):
        nb.load(tmp_path / "x")


def test_a_file_cut_short(tmp_path):
    nb.save({"a": [nb.ones(3), 1]}, tmp_path / "x")
    data = (tmp_path / "x").read_bytes()
    for size in range(len(data)):
        (tmp_path / "y").write_bytes(data[:size])
        with pytest.raises(ValueError, match="load: "):
            nb.load(tmp_path / "y")


@pytest.mark.parametrize(("kind", "size", "text"), [("F16", 2, "float16"), ("I8", 1, "int8"),
                                                    ("F8_E4M3", 1, "F8_E4M3")])
def test_other_dtypes_are_told(kind, size, text, tmp_path):
    header = json.dumps({"x": {"dtype": kind, "shape": [2], "data_offsets": [0, 2 * size]}}).encode()
    (tmp_path / "x").write_bytes(len(header).to_bytes(8, "little") + header + bytes(2 * size))
    with pytest.raises(DTypeError, match=f"load: tensors must be float32, .*, got {text} for 'x'"):
        nb.load(tmp_path / "x")


def test_where_tensors_are_born(tmp_path):
    nb.save({"x": nb.ones(2), "n": 1}, tmp_path / "x")
    assert str(nb.load(tmp_path / "x", map_location="cpu", weights_only=True)["x"].device) == "cpu"
    with pytest.raises(DeviceError, match="device: there is no backend 'tpu'"):
        nb.load(tmp_path / "x", "tpu")


def test_nan_stays(tmp_path):
    assert isnan(saved_and_loaded({"loss": nan}, tmp_path)["loss"])
