"""Training and saved models against PyTorch, from the same weights and batches.

float64 is the sharp instrument: losses agree to 1e-9. In float32 two copies of PyTorch, one rounding apart, drift away
from each other, so only the first steps can be judged.
"""
import numpy as np
import pytest
from models import SimpleCNN, SmallResNet, batch

import numbacnn as nb
from numbacnn import optim

torch = pytest.importorskip("torch", reason="needs the extra `oracle`")
pytestmark = pytest.mark.oracle

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
