"""Modules: what belongs to them, saving and loading, first values, and how they look."""
import copy
import math
import pickle

import numpy as np
import pytest
from models import SmallResNet, batch

import numbacnn as nb
from numbacnn import nn
from numbacnn.errors import DTypeError, GradientError, ShapeError


def network():
    return nn.Sequential(nn.Conv2d(1, 4, 3, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                         nn.Linear(36, 10))


def test_names_are_those_of_pytorch():
    assert list(network().state_dict()) == [
        "0.weight", "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked", "5.weight",
        "5.bias"]
    names = [name for name, _ in SmallResNet().named_parameters()]
    assert names[:3] == ["conv1.weight", "bn1.weight", "bn1.bias"]
    assert "layers.1.shortcut.0.weight" in names
    assert network()[0].weight.shape == (4, 1, 3, 3)


def test_a_parameter_used_twice_is_counted_once_and_saved_twice():
    model = nn.Sequential(nn.Linear(3, 3), nn.Linear(3, 3))
    model[1].weight = model[0].weight
    assert len(list(model.parameters())) == 3
    assert set(model.state_dict()) == {"0.weight", "0.bias", "1.weight", "1.bias"}
    shared = nn.Linear(3, 3)
    model = nn.Sequential(shared, shared)
    assert len(list(model.parameters())) == 2
    assert len(model.state_dict()) == 4


def test_state_survives_a_file(tmp_path):
    model, other = network().eval(), network().eval()
    x = nb.tensor(batch(2, size=8)[0])
    model.train()(x).numpy()
    model.eval()
    nb.save(model.state_dict(), tmp_path / "model.safetensors", {"note": "x"})
    keys = other.load_state_dict(nb.load(tmp_path / "model.safetensors"))
    assert keys == ([], [])
    np.testing.assert_array_equal(model(x).numpy(), other(x).numpy())
    assert other.state_dict()["1.num_batches_tracked"].item() == 1
    assert other.state_dict()["1.num_batches_tracked"].shape == ()
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


def test_a_state_dict_does_not_change_when_training_goes_on():
    model = network()
    state = model.state_dict()
    value = state["5.weight"].numpy()
    optimizer = nb.optim.SGD(model.parameters(), lr=1.0)
    nn.CrossEntropyLoss()(model(nb.tensor(batch(4, size=8)[0])), nb.tensor([1, 2, 3, 4])).backward()
    optimizer.step()
    np.testing.assert_array_equal(state["5.weight"].numpy(), value)
    assert not np.array_equal(model[5].weight.numpy(), value)


def test_loading_is_all_or_nothing():
    model = network()
    before = model[0].weight.numpy()
    state = dict(model.state_dict())
    state["0.weight"] = nb.zeros(4, 1, 3, 3)
    state["5.weight"] = nb.zeros(3, 3)
    with pytest.raises(ShapeError, match=r"load_state_dict: 5.weight must be \(10, 36\), got \(3, 3\)"):
        model.load_state_dict(state)
    np.testing.assert_array_equal(model[0].weight.numpy(), before)
    del state["5.weight"]
    state["more"] = nb.zeros(1)
    with pytest.raises(KeyError, match=r"missing: \['5.weight'\], unexpected: \['more'\]"):
        model.load_state_dict(state)
    assert model.load_state_dict(state, strict=False) == (["5.weight"], ["more"])
    assert not model[0].weight.numpy().any()


def test_damaged_files(tmp_path):
    (tmp_path / "bad").write_bytes(b"not a file of tensors")
    with pytest.raises(ValueError, match="must be a safetensors file"):
        nb.load(tmp_path / "bad")
    with pytest.raises(FileNotFoundError):
        nb.load(tmp_path / "none")


def test_to_converts_floating_point_only():
    model = network().to(nb.float64)
    assert {str(p.dtype) for p in model.parameters()} == {"float64"}
    assert model.state_dict()["1.num_batches_tracked"].dtype == np.int64
    assert model.to("cpu") is model


def test_train_and_eval_reach_everywhere():
    model = SmallResNet()
    assert all(m.training for m in model.modules())
    model.eval()
    assert not any(m.training for m in model.modules())
    dropout = nn.Dropout(0.5).eval()
    x = nb.ones(10)
    assert dropout(x).tolist() == x.tolist()


@pytest.mark.parametrize("layer, fan_in", [(nn.Conv2d(6, 8, 3, groups=2), 27), (nn.Linear(50, 40), 50)])
def test_first_values_are_those_of_pytorch(layer, fan_in):
    bound = 1 / math.sqrt(fan_in)
    for values in (layer.weight.numpy(), layer.bias.numpy()):
        assert np.abs(values).max() <= bound
    assert np.abs(layer.weight.numpy()).max() > 0.9 * bound
    assert abs(layer.weight.numpy().std() - bound / math.sqrt(3)) < 0.1 * bound


def test_seeds_repeat_first_values():
    nb.manual_seed(3)
    first = nn.Linear(4, 4).weight.numpy()
    nb.manual_seed(3)
    np.testing.assert_array_equal(nn.Linear(4, 4).weight.numpy(), first)
    with pytest.raises(ShapeError, match="seed must be an integer"):
        nb.manual_seed(-1)


@pytest.mark.parametrize("fill, std", [
    (lambda w: nn.init.normal_(w, std=0.5), 0.5),
    (lambda w: nn.init.uniform_(w, -1, 1), 1 / math.sqrt(3)),
    (nn.init.xavier_uniform_, math.sqrt(2 / (9 * 300))),
    (nn.init.xavier_normal_, math.sqrt(2 / (9 * 300))),
    (lambda w: nn.init.kaiming_uniform_(w, nonlinearity="relu"), math.sqrt(2 / (9 * 100))),
    (lambda w: nn.init.kaiming_normal_(w, mode="fan_out", nonlinearity="relu"), math.sqrt(2 / (9 * 200))),
])
def test_initialisers(fill, std):
    weight = nn.Parameter(np.zeros((200, 100, 3, 3), np.float32))
    assert fill(weight) is weight
    values = weight.numpy()
    assert abs(values.std() - std) < 0.02 * std
    assert abs(values.mean()) < 0.02 * std


def test_initialisers_refuse():
    with pytest.raises(ShapeError, match=r"weights must have at least two axes"):
        nn.init.xavier_uniform_(nb.zeros(3))
    with pytest.raises(ValueError, match="nonlinearity must be one of"):
        nn.init.kaiming_uniform_(nb.zeros(3, 3), nonlinearity="cosine")


def test_layers_look_like_their_call():
    assert repr(nn.Conv2d(1, 2, 3, padding="same", groups=1, bias=False)) == (
        "Conv2d(1, 2, kernel_size=(3, 3), stride=(1, 1), padding='same', bias=False)")
    assert repr(nn.Sequential(nn.ReLU(), nn.Linear(2, 3))) == (
        "Sequential(\n  (0): ReLU()\n  (1): Linear(in_features=2, out_features=3, bias=True)\n)")


@pytest.mark.parametrize("make, message", [
    (lambda: nn.Conv2d(0, 1, 3), "Conv2d: in_channels must be at least 1, got 0"),
    (lambda: nn.Conv2d(1, 1.5, 3), "Conv2d: out_channels must be an integer, got 1.5"),
    (lambda: nn.Conv2d(3, 4, 3, groups=2), "Conv2d: groups=2 must divide in_channels=3 and out_channels=4"),
    (lambda: nn.Conv2d(1, 1, (3, 3, 3)), r"Conv2d: kernel_size must be an integer or a pair of integers"),
    (lambda: nn.Conv2d(1, 1, 3, stride=0), "Conv2d: stride must be at least 1, got 0"),
    (lambda: nn.Conv2d(1, 1, 3, padding=-1), "Conv2d: padding must be at least 0, got -1"),
    (lambda: nn.MaxPool2d("2"), "MaxPool2d: kernel_size must be an integer or a pair of integers"),
    (lambda: nn.Linear(3, 0), "Linear: out_features must be at least 1, got 0"),
    (lambda: nn.BatchNorm2d(-1), "BatchNorm2d: num_features must be at least 1, got -1"),
    (lambda: nn.Dropout(1.5), r"Dropout: p must be in \[0, 1\], got 1.5"),
    (lambda: nn.CrossEntropyLoss(reduction="max"), "CrossEntropyLoss: reduction must be"),
    (lambda: nn.Sequential(nn.ReLU(), 3), "Sequential: every part must be a Module, got int at 1"),
    (lambda: nn.BatchNorm2d(3)(nb.zeros(2, 3)), r"BatchNorm2d: x must be \(N, C, H, W\), got x\(2, 3\)"),
    (lambda: nn.BatchNorm1d(3)(nb.zeros(1, 3)), "batch_norm: training needs at least 2 values per channel, got 1"),
    (lambda: nn.Module()(1), r"Module must define forward\(\)"),
])
def test_bad_options_are_refused(make, message):
    with pytest.raises((ValueError, TypeError, NotImplementedError), match=message):
        make()


def test_copies_and_pickles_hold_values():
    model = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    model(nb.randn(4, 2)).sum().backward()
    for copied in (copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))):
        other = copied(model)
        for a, b in zip(model.state_tensors(), other.state_tensors(), strict=True):
            np.testing.assert_array_equal(a.numpy(), b.numpy())
            assert a.array.storage.address != b.array.storage.address
        before = other[0].weight.numpy()
        optimizer = nb.optim.SGD(model.parameters(), lr=1.0)
        optimizer.step()
        np.testing.assert_array_equal(other[0].weight.numpy(), before)
        assert not np.array_equal(model[0].weight.numpy(), before)
    with pytest.raises(GradientError, match="only tensors that the user made can be copied or pickled"):
        copy.deepcopy(model(nb.randn(4, 2)))


def test_tensors_are_formatted_as_numbers():
    assert f"{nb.tensor(1.23456):.2f} {nb.tensor([1, 2])}" == "1.23 tensor([1, 2])"


def test_foreign_byte_order_is_understood():
    assert nb.tensor(np.arange(3, dtype=">f4")).tolist() == [0.0, 1.0, 2.0]
    assert nb.tensor(np.arange(3, dtype=">i8")).tolist() == [0, 1, 2]


def test_saving_follows_links(tmp_path):
    target = tmp_path / "real"
    target.write_bytes(b"")
    (tmp_path / "link").symlink_to(target)
    nb.save({"x": nb.ones(2)}, tmp_path / "link")
    assert (tmp_path / "link").is_symlink()
    assert nb.load(target)["x"].tolist() == [1.0, 1.0]
    nb.save({"x": nb.ones(2)}, "/dev/null")
    assert not nb.serialize.Path("/dev/null").is_file()


def test_what_is_missing_is_named():
    with pytest.raises(DTypeError, match="conv2d: x must be a Tensor, got NoneType"):
        nn.Conv2d(1, 1, 1)(None)
    with pytest.raises(DTypeError, match="linear: weight must be a Tensor, got NoneType"):
        nn.functional.linear(nb.ones(2, 1), None, nb.ones(1))


def test_what_looks_like_ours_is_named_in_full():
    other = type("Tensor", (), {"__module__": "torch"})
    with pytest.raises(DTypeError, match=r"x must be a Tensor, got torch\.Tensor; make one with numbacnn\.tensor"):
        nn.Conv2d(1, 1, 1)(other())


@pytest.mark.parametrize(("targets", "message"), [
    (nb.tensor(np.zeros(2, "bool")), r"got bool \(2,\); convert it with targets.to"),
    (np.zeros(2, "int64"), "got ndarray; make one with numbacnn.tensor"),
], ids=["bool", "NumPy"])
def test_targets_that_cannot_be_read_come_with_a_remedy(targets, message):
    with pytest.raises(DTypeError, match=message):
        nn.functional.cross_entropy(nb.zeros((2, 3)), targets)


def test_whole_numbers_cannot_be_trained():
    with pytest.raises(DTypeError, match="Conv2d: dtype must be float32, float64 or bfloat16, got int32"):
        nn.Conv2d(1, 2, 3, dtype="int32")
    assert nn.Parameter(np.arange(3), requires_grad=False).dtype == "int64"
    assert nn.Parameter(np.ones(3, ">f4")).dtype == "float32"


class Guarded:
    """An array of another library, which does not give its values away."""

    def __array__(self, *arguments, **options):
        raise RuntimeError("it is on another device")


@pytest.mark.parametrize(("value", "message"), [
    (None, "weight must be a Tensor or an array, got NoneType"),
    (Guarded(), "weight must be a Tensor or an array; Guarded cannot be read as one: it is on another device"),
], ids=["None", "Guarded"])
def test_a_state_that_is_no_array(value, message):
    layer = nn.Linear(3, 2)
    before = layer.bias.tolist()
    with pytest.raises(DTypeError, match=message):
        layer.load_state_dict({"bias": np.ones(2), "weight": value})
    assert layer.bias.tolist() == before
