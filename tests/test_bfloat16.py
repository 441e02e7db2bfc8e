"""bfloat16: stored as such, computed in float32, rounded once; whatever the backend computes itself."""
import copy
import math

import ml_dtypes
import numpy as np
import op_reference
import pytest
from op_table import CASES
from test_ops import largest, weighting

import numbacnn as nb
from numbacnn import nn, optim, testing
from numbacnn.errors import DTypeError
from numbacnn.nn import functional as F

BFLOAT16 = np.dtype(ml_dtypes.bfloat16)
PATTERNS = np.arange(1 << 16, dtype=np.uint16)
UNIT = 2.0 ** -8                                         # the distance of 1 to the next smaller number: two roundings


def rounded(values):
    """The nearest numbers of 8 binary digits, the even one of two: by the definition, in float64."""
    values = np.asarray(values, np.float64)
    _, exponent = np.frexp(values)
    unit = np.ldexp(1.0, np.maximum(exponent, -125) - 8)
    return np.rint(values / unit) * unit


# --- casts ------------------------------------------------------------------------------------------------------------

def test_every_number_is_widened():
    x = nb.tensor(PATTERNS.view(BFLOAT16))
    expected = PATTERNS.astype(np.uint32) << 16
    assert np.array_equal(x.float().numpy().view(np.uint32), expected)
    values = expected.view(np.float32)
    with np.errstate(invalid="ignore"):                  # NaN of the kind that signals
        assert np.array_equal(x.double().numpy(), values.astype(np.float64), equal_nan=True)
    assert np.array_equal(x.bool().numpy(), values != 0)
    small = np.abs(values) < 200
    assert np.array_equal(x.long().numpy()[small], values[small].astype(np.int64))
    assert np.array_equal(x.reshape(256, 256).T.numpy().view(np.uint16), PATTERNS.reshape(256, 256).T)


def test_rounding_to_nearest_even():
    above = [0x0000, 0x0001, 0x7FFF, 0x8000, 0x8001, 0xFFFF]       # exact, nearly, just below half, half, above, nearly
    words = ((PATTERNS.astype(np.uint32) << 16)[:, None] + np.array(above, np.uint32)).ravel()
    values = words.view(np.float32)
    with np.errstate(invalid="ignore"):
        expected = values.astype(BFLOAT16)
    found = nb.tensor(values).bfloat16().numpy()
    assert np.array_equal(found.view(np.uint16), expected.view(np.uint16))
    finite = np.isfinite(values) & (np.abs(values) < 3.38e38)
    assert np.array_equal(found[finite].astype(np.float64), rounded(values[finite]))
    assert np.isinf(nb.tensor(3.4e38).bfloat16().item())
    for dtype in "float64", "int64", "int32", "uint8", "bool":
        numbers = np.array([0, 1, 2, 77, 255, 201]).astype(dtype)
        assert np.array_equal(nb.tensor(numbers).bfloat16().numpy(), numbers.astype(np.float32).astype(BFLOAT16))


# --- tensors ----------------------------------------------------------------------------------------------------------

def test_what_a_tensor_shows():
    x = nb.tensor([0.1, 2.5, math.nan], dtype="bfloat16")
    assert x.dtype is nb.bfloat16 is BFLOAT16
    assert x.numpy().dtype == BFLOAT16
    assert repr(x) == "tensor([0.10009766, 2.5       ,        nan], dtype=bfloat16)"
    assert nb.tensor(0.1, dtype=nb.bfloat16).item() == x.tolist()[0] == 0.10009765625
    assert type(x.tolist()[0]) is float
    assert nb.is_floating_point(x)
    for made in (nb.ones(2, dtype="bfloat16"), nb.zeros_like(x), nb.full((2,), 1.5, dtype=ml_dtypes.bfloat16),
                 nb.arange(3, dtype=nb.bfloat16), nb.linspace(0, 1, 3, dtype="bfloat16"), nb.eye(2, dtype="bfloat16"),
                 nb.tensor(np.ones(2, BFLOAT16)), nb.as_tensor(np.ones(2), dtype="bfloat16"), nb.ones(2).bfloat16(),
                 nb.ones(2).to("bfloat16"), nb.ones(2).type_as(x), nb.randn(2, dtype="bfloat16"), x.new_tensor([1, 2]),
                 nn.Linear(2, 1, dtype="bfloat16").weight, nn.Linear(2, 1).bfloat16().bias):
        assert made.dtype == BFLOAT16
    drawn = nb.rand(1 << 14, dtype="bfloat16").float()
    assert 0 <= drawn.min().item() < drawn.max().item() < 1
    assert abs(drawn.mean().item() - 0.5) < 0.02
    assert x.clone().tolist()[:2] == copy.deepcopy(x).tolist()[:2]


@pytest.mark.parametrize(("other", "result"), [
    (2, "bfloat16"), (2.5, "bfloat16"), (True, "bfloat16"), ("bool", "bfloat16"), ("uint8", "bfloat16"),
    ("int32", "bfloat16"), ("int64", "bfloat16"), ("bfloat16", "bfloat16"), ("float32", "float32"),
    ("float64", "float64")])
def test_promotion(other, result):
    x = nb.tensor([1.5, 3.0], dtype="bfloat16")
    y = nb.ones(2, dtype=other) if isinstance(other, str) else other
    if other == "bool":
        y = y.long()
    assert (x + y).dtype == (y * x).dtype == nb.where(x > 2, x, y).dtype == result
    if isinstance(other, str):
        assert nb.cat([x, y]).dtype == result


@pytest.mark.oracle
def test_promotion_is_pytorchs():
    torch = pytest.importorskip("torch")
    names = "bfloat16", "float32", "float64", "int64", "int32", "uint8"
    for a in names:
        for b in names:
            expected = torch.promote_types(getattr(torch, a), getattr(torch, b))
            if "bfloat16" in (a, b):
                assert str(expected) == f"torch.{(nb.ones(1, dtype=a) + nb.ones(1, dtype=b)).dtype.name}"


def test_each_result_is_rounded_once():
    rng = np.random.default_rng(0)
    a, b = (rng.standard_normal(999).astype(BFLOAT16) for _ in range(2))
    x, y = nb.tensor(a), nb.tensor(b)
    a, b = a.astype(np.float64), b.astype(np.float64)
    assert np.array_equal((x * y).numpy().astype(np.float64), rounded(np.float32(a * b)))
    assert np.array_equal((x * y + x).numpy().astype(np.float64), rounded(np.float32(rounded(np.float32(a * b)) + a)))
    kept = x * y
    assert np.array_equal((kept + x).numpy(), (x * y + x).numpy())            # looked at or not
    assert np.array_equal(kept.numpy(), (x * y).numpy())


def test_a_number_is_converted_once_in_a_plan():
    w = nb.randn(64, 64)
    explained = nb.explain(lambda: (w.bfloat16().sum(), w.bfloat16().max(), w.to(nb.bfloat16)[0]))
    assert sum(line.op == "cast" and line.shapes == "(64, 64)" for line in explained.plans[0]) <= 2


# --- operations -------------------------------------------------------------------------------------------------------

# In units of UNIT, of the largest number expected: ops made of several kernels round between them.
MANY = {"std": 32, "logsumexp": 10}
SAMPLE = [case for op in dict.fromkeys(case.op for case in CASES) if op != "rms_norm"         # its eps is the dtype's
          for case in [c for c in CASES if c.op == op][-1:]]


def outcome(case, dtype):
    """What a call gives, and the gradients, for inputs that bfloat16 holds."""
    nb.manual_seed(op_reference.SEED)
    inputs = {}
    for name, x in case.values().items():
        if isinstance(x, np.ndarray):
            x = nb.tensor(x.astype(BFLOAT16).astype(dtype) if x.dtype == np.float64 else x)
            x.requires_grad_(name in case.differentiable)
        inputs[name] = x
    y = case.call(inputs.values())
    if case.differentiable:
        y.backward(nb.tensor(weighting(case, y).astype(BFLOAT16).astype(y.dtype)))
    return y, {name: inputs[name].grad for name in case.differentiable}


@pytest.mark.parametrize("case", SAMPLE, ids=lambda case: case.id)
def test_operations(case):
    with np.errstate(all="ignore"):
        compare(case)


def compare(case):
    """Compare values and gradients with those of float32."""
    y, gradients = outcome(case, BFLOAT16)
    expected, wanted = outcome(case, np.float32)
    if case.differentiable and "float32" not in case.arguments:
        assert y.dtype == BFLOAT16 or any(getattr(each, "dtype", None) == "float32" for each in case.inputs.values())
    bound = MANY.get(case.op, 4) * UNIT
    for found, right in [(y, expected), *[(gradients[name], wanted[name]) for name in wanted]]:
        a, b = (each.numpy().astype(np.float64) for each in (found, right))
        np.testing.assert_array_equal(np.isnan(a), np.isnan(b))
        finite = np.isfinite(a) & np.isfinite(b)
        assert np.abs(a - b)[finite].max(initial=0) <= bound * largest(b)
    for name, dx in gradients.items():
        assert dx.dtype == (BFLOAT16 if case.inputs[name].dtype == "float64" else case.inputs[name].dtype)


@pytest.mark.parametrize("setting", [{"fuse": False}, {"eager": True}], ids=str)
def test_other_ways_to_run(setting):
    def step():
        nb.manual_seed(0)
        model = nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                              nn.Linear(72, 5)).bfloat16()
        x = nb.randn(4, 3, 8, 8, dtype="bfloat16")
        F.cross_entropy(model(x), nb.tensor([0, 1, 2, 3])).backward()
        return [p.grad.numpy().astype(np.float32) for p in model.parameters()]

    usual = step()
    with testing.settings(**setting):
        other = step()
    for a, b in zip(usual, other, strict=True):
        assert np.abs(a - b).max() <= 8 * UNIT * max(np.abs(a).max(), 0.01)


NORMS = {
    "batch": (lambda x, w, b: F.batch_norm(x, None, None, w, b, training=True)),
    "running": (lambda x, w, b: F.batch_norm(x, nb.zeros(4), nb.ones(4), w, b)),
    "group": (lambda x, w, b: F.group_norm(x, 2, w, b)),
    "instance": (lambda x, w, b: F.instance_norm(x, None, None, w, b)),
    "layer": (lambda x, w, b: F.layer_norm(x.permute(0, 2, 3, 1), 4, w, b).permute(0, 3, 1, 2))}


@pytest.mark.parametrize("name", NORMS)
@pytest.mark.parametrize("parameters", ["float32", "bfloat16"])
def test_norms_of_two_dtypes(name, parameters):
    if name == "running" and parameters == "bfloat16":
        pytest.skip("statistics are float32 here")
    rng = np.random.default_rng(0)
    x, w, b, dy = (rng.standard_normal(shape).astype(BFLOAT16) for shape in ((3, 4, 5, 6), 4, 4, (3, 4, 5, 6)))
    found = []
    for first, second in ((BFLOAT16, parameters), ("float32", "float32")):
        inputs = [nb.tensor(x.astype(first), requires_grad=True),
                  *[nb.tensor(each.astype(second), requires_grad=True) for each in (w, b)]]
        y = NORMS[name](*inputs)
        y.backward(nb.tensor(dy.astype(first)))
        assert [y.dtype, *[each.grad.dtype for each in inputs]] == [first, first, second, second]
        found.append([each.numpy().astype(np.float32) for each in (y, *[each.grad for each in inputs])])
    for a, b in zip(*found, strict=True):
        assert np.abs(a - b).max() <= 2 * UNIT * np.abs(b).max()


def test_running_statistics_stay_float32():
    norm, x = nn.BatchNorm2d(3), nb.randn(8, 3, 5, 5)
    twin = copy.deepcopy(norm)
    norm(x.bfloat16()), twin(x)
    assert norm.running_mean.dtype == norm.running_var.dtype == nb.float32
    assert np.abs(norm.running_var.numpy() - twin.running_var.numpy()).max() < UNIT


# --- modules, optimisers, files ---------------------------------------------------------------------------------------

@pytest.mark.parametrize("make", [lambda p: optim.SGD(p, lr=0.1, momentum=0.9), lambda p: optim.Adam(p, lr=0.02)],
                         ids=["SGD", "Adam"])
def test_a_module_of_bfloat16_learns(make):
    nb.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3)).bfloat16()
    optimizer, x = make(model.parameters()), nb.randn(32, 8, dtype="bfloat16")
    targets = x.float().numpy()[:, :3].argmax(1)
    losses = []
    for _ in range(30):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), nb.tensor(targets))
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
    assert {p.dtype.name for p in model.parameters()} == {"bfloat16"}
    twin = make(model.parameters())
    twin.load_state_dict(optimizer.state_dict())
    for (_, a), (_, b) in zip(sorted(twin.state_dict()["state"][0].items()),
                              sorted(optimizer.state_dict()["state"][0].items()), strict=True):
        np.testing.assert_array_equal(np.asarray(a, np.float32), np.asarray(b, np.float32))


def test_checkpoints(tmp_path):
    model = nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)).bfloat16()
    nb.save(model.state_dict(), tmp_path / "model")
    loaded = nb.load(tmp_path / "model")
    assert loaded["0.weight"].dtype == BFLOAT16
    for twin, dtype in ((copy.deepcopy(model), "bfloat16"), (nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4)),
                                                             "float32")):
        twin.load_state_dict(loaded)
        assert twin[0].weight.dtype == dtype
        assert np.array_equal(twin[0].weight.bfloat16().numpy(), model[0].weight.numpy())
    nb.save({"best": [model[0].weight, np.ones(2, BFLOAT16)], "epoch": 3}, tmp_path / "all")
    best, ones = nb.load(tmp_path / "all")["best"]
    assert np.array_equal(best.numpy(), model[0].weight.numpy())
    assert ones.dtype == BFLOAT16


@pytest.mark.oracle
def test_files_are_those_of_pytorch(tmp_path):
    torch = pytest.importorskip("torch")
    from safetensors.torch import load_file, save_file

    x = torch.randn(3, 4, dtype=torch.bfloat16)
    save_file({"x": x}, tmp_path / "theirs")
    ours = nb.load(tmp_path / "theirs")
    assert np.array_equal(ours["x"].numpy().view(np.int16), x.view(torch.int16).numpy())
    nb.save(ours, tmp_path / "ours")
    assert torch.equal(load_file(tmp_path / "ours")["x"], x)


@pytest.mark.parametrize(("call", "text"), [
    (lambda x: nn.Linear(3, 2)(x), r"linear: all arguments must have one dtype, got x bfloat16 and weight float32; "
                                   r"convert one with .to\(numbacnn.bfloat16\), or compute in `with numbacnn.autocast"),
    (lambda x: F.conv1d(x, nb.ones(1, 1, 1)), "conv1d: all arguments must have one dtype, got x bfloat16 and weight"),
    (lambda x: F.layer_norm(x, 3, nb.ones(3, dtype="float64")), "layer_norm: all arguments must have one dtype, got x"),
    (lambda x: F.layer_norm(x, 3, nb.ones(3), nb.ones(3, dtype="bfloat16")), "got weight float32 and bias bfloat16"),
    (lambda x: F.layer_norm(x.float(), 3, nb.ones(3, dtype="bfloat16")), "got x float32 and weight bfloat16"),
    (lambda x: x + np.ones(3), "an array of float64 would make a tensor of bfloat16 float64"),
    (lambda x: x.half(), "never float16; got bfloat16; use bfloat16"),
])
def test_what_is_refused(call, text):
    with pytest.raises(DTypeError, match=text):
        call(nb.ones(1, 3, dtype="bfloat16"))
