"""autocast: which operation computes in which dtype, where, and that networks learn under it as they do without."""
import pickle
import re
import threading
from pathlib import Path

import numpy as np
import pytest

import numbacnn as nb
from numbacnn import nn, ops, optim
from numbacnn.errors import DeviceError, DTypeError
from numbacnn.nn import functional as F
from numbacnn.ops.autocast import FLOAT32, LOWER, POLICIES, WIDEST

CALLS = {                                                # calls of each kind, on a matrix of float32
    LOWER: [lambda x: x @ x, lambda x: F.linear(x, x), lambda x: nn.Linear(4, 2)(x), lambda x: nb.mm(x, x),
            lambda x: F.conv2d(x.reshape(1, 1, 4, 4), x.reshape(1, 1, 4, 4)), lambda x: nn.Conv1d(4, 2, 1)(x),
            lambda x: nb.einsum("ij,jk->ik", x, x), lambda x: nb.einsum("ij,jk->ik", [x, x]),
            lambda x: nb.addmm(x, x, b=x)],
    FLOAT32: [lambda x: x.exp(), nb.log, lambda x: x ** 2, lambda x: 2 ** x, lambda x: nb.pow(x, 2),
              lambda x: x.pow(2), lambda x: x.sum(), lambda x: F.softmax(x, dim=1), lambda x: x.softmax(axis=1),
              lambda x: F.mse_loss(x, target=x), lambda x: F.cross_entropy(x, nb.tensor([0, 1, 2, 3])),
              lambda x: nn.CrossEntropyLoss()(x, nb.tensor([0, 1, 2, 3])), lambda x: nn.LayerNorm(4)(x),
              lambda x: x.norm(), lambda x: x.cumsum(0)],
    None: [F.relu, lambda x: x + x, lambda x: x * 2, lambda x: x.mean(), lambda x: nn.BatchNorm1d(4)(x),
           lambda x: F.max_pool2d(x.reshape(1, 1, 4, 4), 2), lambda x: nb.cat([x, x]), lambda x: F.dropout(x, 0.5)]}
EACH = [(policy, n) for policy, calls in CALLS.items() for n in range(len(calls))]


def matrix(dtype="float32", requires_grad=False):
    return nb.tensor(np.linspace(0.1, 2, 16).reshape(4, 4), dtype=dtype, requires_grad=requires_grad)


def test_every_name_is_an_operation():
    assert POLICIES.keys() <= {*ops.__all__}
    assert {*POLICIES.values()} == {LOWER, FLOAT32, WIDEST}
    for name in POLICIES:
        assert pickle.loads(pickle.dumps(getattr(ops, name))) is getattr(ops, name)


@pytest.mark.parametrize(("policy", "n"), EACH)
@pytest.mark.parametrize("given", ["float32", "bfloat16"])
def test_dtypes_of_results(policy, n, given):
    call = CALLS[policy][n]
    with nb.autocast():
        y = call(matrix(given))
    assert y.dtype == {LOWER: "bfloat16", FLOAT32: "float32", None: given}[policy]
    with nb.autocast(enabled=False):
        assert call(matrix()).dtype == "float32"
    with nb.autocast():
        try:
            wide = call(matrix("float64"))               # beside parameters of float64, which there are not
        except DTypeError:
            return
        assert wide.dtype == "float64"


def test_the_wider_of_two():
    x, narrow = matrix(), matrix("bfloat16")
    with nb.autocast():
        assert nb.tensordot(x, narrow).dtype == "float32"
        assert nb.tensordot(narrow, narrow).dtype == "bfloat16"
        assert nb.addcmul(narrow, narrow, x).dtype == "float32"
        assert nb.dot(x[0], narrow[0]).dtype == "float32"
    with pytest.raises(DTypeError, match="tensordot: all arguments must have one dtype"):
        nb.tensordot(x, narrow)


@pytest.mark.oracle
def test_the_table_is_pytorchs():
    torch = pytest.importorskip("torch")
    text = (Path(torch.__file__).parent / "include/ATen/autocast_mode.h").read_text()
    theirs = {}
    for macro, policy in (("LOWER_PRECISION_FP", LOWER), ("FP32", FLOAT32), ("FP32_SET_OPT_DTYPE", FLOAT32),
                          ("PROMOTE", WIDEST)):
        body = re.search(rf"#define AT_FORALL_{macro}\(_\)(.*?)\n\n", text, re.DOTALL).group(1)
        theirs |= dict.fromkeys(re.findall(r"_\((\w+)", body), policy)
    ours = {{"power": "pow"}.get(name, name): policy for name, policy in POLICIES.items()}
    known = {"pow", *ops.__all__} & theirs.keys()
    assert len(known) > 50
    assert {name: ours.get(name) for name in known} == {name: theirs[name] for name in known}
    assert ours.keys() - theirs.keys() == {              # what PyTorch computes with operations of the table
        "binary_cross_entropy", "cross_entropy", "gaussian_nll_loss", "interpolate", "multilabel_soft_margin_loss",
        "norm", "normalize", "softmin"}


def test_blocks_decorators_and_threads():
    x, seen = matrix(), {}

    def product():
        return (x @ x).dtype.name

    with nb.autocast():
        assert nb.is_autocast_enabled()
        with nb.autocast(enabled=False):
            assert product() == "float32"
            with nb.autocast("cpu", nb.bfloat16):
                assert product() == ("bfloat16" if x.device.type == "cpu" else "float32")
        assert nb.autocast(enabled=False)(product)() == "float32"
        with nb.autocast("cuda", enabled=False):
            assert nb.is_autocast_enabled("cpu")
            assert not nb.is_autocast_enabled("cuda")
            assert product() == ("float32" if x.device.type == "cuda" else "bfloat16")
        thread = threading.Thread(target=lambda: seen.update(there=product()))
        thread.start()
        thread.join()
        assert product() == "bfloat16"
    assert seen == {"there": "float32"}
    assert not nb.is_autocast_enabled()
    assert product() == "float32"
    assert nb.autocast(cache_enabled=False)(product)() == "bfloat16"

    @nb.autocast()
    def several():
        yield product()

    assert [product() for _ in several()] == ["float32"]
    assert [*several()] == ["bfloat16"]
    with pytest.raises(ZeroDivisionError), nb.autocast():
        _ = 1 / 0
    assert product() == "float32"


def test_gradients_are_those_of_the_inputs_dtype():
    x, w = matrix(requires_grad=True), nn.Parameter(matrix().numpy())
    with nb.autocast():
        y = (x @ w).sum() + (x @ w).sum()
    y.backward()
    assert x.grad.dtype == w.grad.dtype == "float32"
    np.testing.assert_allclose(w.grad.numpy(), 2 * x.detach().numpy().sum(0)[:, None].repeat(4, 1), rtol=2.0**-7)


def test_a_capture_sees_it():
    x, layer = matrix(), nn.Linear(4, 4)
    step = nb.capture(lambda x: layer(x))
    for enabled in False, True, False, True:
        with nb.autocast(enabled=enabled):
            assert step(x).dtype == ("bfloat16" if enabled else "float32")
    assert sum(map(len, step.variants.values())) == 2


def network():
    nb.manual_seed(1)
    return nn.Sequential(nn.Conv2d(3, 8, 3, padding=1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2),
                         nn.Conv2d(8, 16, 3, padding=1, bias=False), nn.BatchNorm2d(16), nn.ReLU(), nn.Flatten(),
                         nn.Linear(256, 4))


def losses(enabled, captured=False):
    """The losses of twenty steps."""
    rng = np.random.default_rng(0)
    images = rng.standard_normal((32, 3, 8, 8)).astype("float32")
    x, targets = nb.tensor(images), nb.tensor(images.reshape(32, -1)[:, :4].argmax(1))
    model = network()
    optimizer = optim.SGD(model.parameters(), lr=0.05, momentum=0.9)

    def step(x, targets):
        optimizer.zero_grad()
        with nb.autocast(enabled=enabled):
            loss = F.cross_entropy(model(x), targets)
        loss.backward()
        optimizer.step()
        return loss

    run = nb.capture(step, model, optimizer) if captured else step
    found = [run(x, targets).item() for _ in range(20)]
    assert {p.dtype.name for p in model.parameters()} == {"float32"}
    return np.array(found)


def test_training_follows_float32():
    single, mixed = losses(False), losses(True)
    assert mixed[-1] < mixed[0] / 20
    assert (np.abs(mixed - single) <= 0.02 * single[0]).all()
    assert not np.array_equal(mixed, single)
    assert np.array_equal(losses(True, captured=True), mixed)


@pytest.mark.oracle
def test_a_network_under_pytorchs_autocast():
    torch = pytest.importorskip("torch")
    ours = network()
    theirs = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1), torch.nn.BatchNorm2d(8), torch.nn.ReLU(), torch.nn.MaxPool2d(2),
        torch.nn.Conv2d(8, 16, 3, padding=1, bias=False), torch.nn.BatchNorm2d(16), torch.nn.ReLU(),
        torch.nn.Flatten(), torch.nn.Linear(256, 4))
    theirs.load_state_dict({name: torch.from_numpy(x.numpy().copy()) for name, x in ours.state_dict().items()})
    x = np.random.default_rng(0).standard_normal((16, 3, 8, 8)).astype("float32")
    with torch.autocast("cpu", torch.bfloat16):
        wanted = theirs(torch.from_numpy(x))
    wanted.float().sum().backward()
    with nb.autocast():
        found = ours(nb.tensor(x))
    found.float().sum().backward()
    assert found.dtype.name == str(wanted.dtype).removeprefix("torch.")
    wanted = wanted.detach().float().numpy()
    assert np.abs(found.float().numpy() - wanted).max() <= 4 * 2.0**-8 * np.abs(wanted).max()
    for p, q in zip(ours.parameters(), theirs.parameters(), strict=True):
        right = q.grad.numpy()
        assert p.grad.dtype == "float32"
        assert np.abs(p.grad.numpy() - right).max() <= 8 * 2.0**-8 * max(np.abs(right).max(), 1.0)


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: nb.autocast("gpu"), DeviceError, "autocast: device_type must be one of cpu, cuda.*, or None .* got 'gpu'"),
    (lambda: nb.autocast(dtype="float16"), DTypeError, "autocast: dtype must be one of"),
    (lambda: nb.autocast(dtype="float32"), DTypeError, "must be bfloat16, got float32; enabled=False computes in"),
    (lambda: nb.autocast(enabled=1), DTypeError, "autocast: enabled must be True or False, got 1"),
    (lambda: nb.autocast()(nn.ReLU), DTypeError, "autocast: only a function can be decorated"),
])
def test_what_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
