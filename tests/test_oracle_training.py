"""Optimisers, training and saved models against PyTorch, from the same weights and batches.

float64 is the sharp instrument: losses agree to 1e-9. In float32 two copies of PyTorch, one rounding apart, drift away
from each other, so only the first steps can be judged.
"""
import copy

import numpy as np
import pytest
from models import SimpleCNN, SmallResNet, batch

import numbacnn as nb
from numbacnn import optim

torch = pytest.importorskip("torch", reason="needs the extra `oracle`")
pytestmark = pytest.mark.oracle

# --- optimisers ----------------------------------------------------------------------------------------------------

SHAPES = [(4, 3, 3, 3), (4,), (10, 7), (3,), ()]
OPTIMISERS = {
    "sgd": ("SGD", {"lr": 0.1}),
    "sgd-decay": ("SGD", {"lr": 0.1, "weight_decay": 0.05}),
    "sgd-momentum": ("SGD", {"lr": 0.1, "momentum": 0.9}),
    "sgd-dampening": ("SGD", {"lr": 0.1, "momentum": 0.8, "dampening": 0.3, "weight_decay": 0.01}),
    "sgd-nesterov": ("SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True, "weight_decay": 0.01}),
    "adam": ("Adam", {"lr": 0.01}),
    "adam-decay": ("Adam", {"lr": 0.02, "betas": (0.7, 0.95), "eps": 1e-4, "weight_decay": 0.1}),
    "adamw": ("AdamW", {"lr": 0.01, "weight_decay": 0.1}),
    "adamw-defaults": ("AdamW", {}),
}
each_optimiser = pytest.mark.parametrize(("name", "options"), OPTIMISERS.values(), ids=OPTIMISERS)


def pairs_of_parameters():
    values = [np.random.default_rng(i).standard_normal(shape) for i, shape in enumerate(SHAPES)]
    return [nb.nn.Parameter(x) for x in values], [torch.nn.Parameter(torch.tensor(x)) for x in values]


def made(name, options, mine, yours, groups):
    """The same optimiser twice; in groups, the last parameters have options of their own."""
    def arranged(parameters):
        return [{"params": parameters[:3]}, {"params": parameters[3:], "lr": 0.03, "weight_decay": 0.2}]
    return (getattr(optim, name)(arranged(mine) if groups else mine, **options),
            getattr(torch.optim, name)(arranged(yours) if groups else yours, **options))


def give_gradients(step, mine, yours):
    """Now and then a parameter, or a whole group, gets none."""
    rng = np.random.default_rng(100 + step)
    for i, (p, q) in enumerate(zip(mine, yours, strict=True)):
        gradient = rng.standard_normal(p.shape)
        if step in {1: (0, 7, 8), 3: (4,), 4: (4, 9)}.get(i, ()):
            p.grad = q.grad = None
        else:
            p.grad, q.grad = nb.tensor(gradient), torch.tensor(gradient)


def assert_equal(mine, yours, tolerance=1e-10):
    for p, q in zip(mine, yours, strict=True):
        np.testing.assert_allclose(p.numpy(), q.detach().numpy(), rtol=tolerance, atol=tolerance)


@each_optimiser
@pytest.mark.parametrize("groups", [False, True], ids=["one group", "groups"])
@pytest.mark.parametrize("eager", [False, True], ids=["planned", "eager"])
def test_optimisers_take_the_same_steps(name, options, groups, eager):
    with nb.testing.settings(eager=eager):
        mine, yours = pairs_of_parameters()
        ours, theirs = made(name, options, mine, yours, groups)
        for step in range(20):
            give_gradients(step, mine, yours)
            if step == 10:
                ours.param_groups[0]["lr"] *= 0.5
                theirs.param_groups[0]["lr"] *= 0.5
            ours.step()
            theirs.step()
            assert_equal(mine, yours)


@each_optimiser
@pytest.mark.parametrize("direction", ["from PyTorch", "to PyTorch"])
def test_optimiser_state_moves_between_the_two(name, options, direction):
    mine, yours = pairs_of_parameters()
    ours, theirs = made(name, options, mine, yours, groups=True)
    for step in range(8):
        give_gradients(step, mine, yours)
        ours.step()
        theirs.step()
    if direction == "from PyTorch":
        ours, _ = made(name, options, mine, yours, groups=True)
        ours.load_state_dict(theirs.state_dict())
    else:
        _, theirs = made(name, options, mine, yours, groups=True)
        state, known = copy.deepcopy(ours.state_dict()), theirs.state_dict()
        for group, other in zip(known["param_groups"], state["param_groups"], strict=True):
            group.update(other)                          # PyTorch has options that we do not
        known["state"] = {i: {key: torch.tensor(value) for key, value in each.items()}
                          for i, each in state["state"].items()}
        theirs.load_state_dict(known)
    for step in range(8, 16):
        give_gradients(step, mine, yours)
        ours.step()
        theirs.step()
        assert_equal(mine, yours)


# --- networks ------------------------------------------------------------------------------------------------------


class TorchSimpleCNN(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 32, kernel_size=3)
        self.pool = torch.nn.MaxPool2d(2, 2)
        self.fc1 = torch.nn.Linear(32 * 13 * 13, 10)

    def forward(self, x):
        x = self.pool(torch.relu(self.conv1(x)))
        return self.fc1(x.view(-1, 32 * 13 * 13))


class TorchBlock(torch.nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(inputs, outputs, 3, stride, padding=1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(outputs)
        self.conv2 = torch.nn.Conv2d(outputs, outputs, 3, 1, padding=1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(outputs)
        self.shortcut = torch.nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = torch.nn.Sequential(torch.nn.Conv2d(inputs, outputs, 1, stride, bias=False),
                                                torch.nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + self.shortcut(x))


class TorchSmallResNet(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 4, 3, padding=1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(4)
        self.layers = torch.nn.Sequential(TorchBlock(4, 4, 1), TorchBlock(4, 8, 2), TorchBlock(8, 16, 2))
        self.pool = torch.nn.AdaptiveAvgPool2d(1)
        self.fc = torch.nn.Linear(16, 10)

    def forward(self, x):
        x = torch.relu(self.bn1(self.conv1(x)))
        return self.fc(self.pool(self.layers(x)).flatten(1))


NETWORKS = {"SimpleCNN": (SimpleCNN, TorchSimpleCNN, 28), "SmallResNet": (SmallResNet, TorchSmallResNet, 20)}
each_network = pytest.mark.parametrize("network", NETWORKS.values(), ids=NETWORKS)


def twins(network, dtype):
    """Ours and PyTorch's, with PyTorch's first weights."""
    ours, theirs, size = network
    torch.manual_seed(0)
    yours = theirs().to(getattr(torch, dtype))
    mine = ours(dtype)
    assert mine.load_state_dict(yours.state_dict()) == ([], [])
    return mine, yours, size


def losses(network, dtype, steps, name, **options):
    """Train both; return the losses, and the networks."""
    mine, yours, size = twins(network, dtype)
    ours = getattr(optim, name)(mine.parameters(), **options)
    theirs = getattr(torch.optim, name)(yours.parameters(), **options)
    found = []
    for step in range(steps):
        x, y = batch(8, size=size, dtype=dtype, seed=step % 10)
        ours.zero_grad()
        theirs.zero_grad()
        loss = nb.nn.CrossEntropyLoss()(mine(nb.tensor(x)), nb.tensor(y))
        other = torch.nn.functional.cross_entropy(yours(torch.tensor(x)), torch.tensor(y))
        loss.backward()
        other.backward()
        ours.step()
        theirs.step()
        found.append((loss.item(), other.item()))
    return np.array(found).T, mine, yours


@pytest.mark.slow
@each_network
@pytest.mark.parametrize(("name", "options"), [
    ("SGD", {"lr": 0.02, "momentum": 0.9, "weight_decay": 1e-3}), ("Adam", {"lr": 1e-3})], ids=["SGD", "Adam"])
def test_losses_in_float64(network, name, options):
    (ours, theirs), mine, yours = losses(network, "float64", 40, name, **options)
    np.testing.assert_allclose(ours, theirs, rtol=1e-9)
    assert ours[-10:].mean() < 0.95 * ours[:10].mean()   # it learns the ten batches
    for key, value in yours.state_dict().items():        # running statistics, too
        np.testing.assert_allclose(mine.state_dict()[key].numpy(), value.numpy(), rtol=1e-7, atol=1e-9, err_msg=key)


@each_network
def test_losses_in_float32(network):
    (ours, theirs), *_ = losses(network, "float32", 5, "Adam", lr=1e-3)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5)


@each_network
@pytest.mark.parametrize("training", [False, True], ids=["eval", "train"])
def test_outputs_are_equal(network, training):
    mine, yours, size = twins(network, "float64")
    x, _ = batch(3, size=size, dtype="float64")
    for _ in range(3):                                   # running statistics move, and are used afterwards
        np.testing.assert_allclose(mine.train(training)(nb.tensor(x)).numpy(),
                                   yours.train(training)(torch.tensor(x)).detach().numpy(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(mine.eval()(nb.tensor(x)).numpy(), yours.eval()(torch.tensor(x)).detach().numpy(),
                               rtol=1e-10, atol=1e-12)


@each_network
def test_names_shapes_and_dtypes_of_saved_weights(network):
    mine, yours, _ = twins(network, "float32")
    ours, theirs = mine.state_dict(), yours.state_dict()
    assert list(ours) == list(theirs)
    for name, value in theirs.items():
        assert ours[name].shape == tuple(value.shape), name
        assert str(ours[name].dtype) == str(value.dtype).removeprefix("torch."), name
    assert [name for name, _ in mine.named_parameters()] == [name for name, _ in yours.named_parameters()]


@each_network
def test_files_are_exchanged(network, tmp_path):
    """In both directions, in safetensors; the reader computes what the writer does."""
    from safetensors import torch as safetensors

    _, mine, yours = losses(network, "float32", 3, "SGD", lr=0.1)
    x, _ = batch(3, size=network[2])

    nb.save(mine.state_dict(), tmp_path / "ours.safetensors")
    reader = network[1]()
    reader.load_state_dict(safetensors.load_file(tmp_path / "ours.safetensors"), strict=True)
    np.testing.assert_allclose(reader.eval()(torch.tensor(x)).detach().numpy(), mine.eval()(nb.tensor(x)).numpy(),
                               rtol=1e-4, atol=1e-5)

    safetensors.save_file(yours.state_dict(), tmp_path / "theirs.safetensors")
    reader = network[0]()
    assert reader.load_state_dict(nb.load(tmp_path / "theirs.safetensors")) == ([], [])
    np.testing.assert_allclose(reader.eval()(nb.tensor(x)).numpy(), yours.eval()(torch.tensor(x)).detach().numpy(),
                               rtol=1e-4, atol=1e-5)
    for name, value in yours.state_dict().items():
        assert np.array_equal(reader.state_dict()[name].numpy(), value.numpy()), name
