"""What is made of parameters alone is kept while they do not change, and only then."""
import gc

import numpy as np
import pytest

import numbacnn
from numbacnn import nn, optim
from numbacnn.backend import default_device
from numbacnn.nn import functional as F
from numbacnn.ops.constant import no_bias
from numbacnn.preparation import Preparation


@pytest.fixture
def model():
    numbacnn.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU(), nn.Conv2d(5, 2, 1)).to("float64").eval()


@pytest.fixture
def x():
    return numbacnn.tensor(np.random.default_rng(0).standard_normal((2, 3, 6, 6)))


def forward(model, x):
    with numbacnn.no_grad():
        return model(x).numpy()


def by_definition(model, x):
    """Return the output of a model of which nothing was kept."""
    copy = nn.Sequential(nn.Conv2d(3, 5, 3), nn.BatchNorm2d(5), nn.ReLU(), nn.Conv2d(5, 2, 1)).to("float64").eval()
    copy.load_state_dict(model.state_dict())
    with numbacnn.testing.settings(eager=True):
        return forward(copy, x)


def kept(model):
    """Return how many things are kept with the parameters of a model."""
    return sum(len(p.array.storage.prepared) for p in model.parameters())


def three_blocks(seed):
    """Return convolutions of equal shapes, without biases, whose batch norms have seen different numbers."""
    numbacnn.manual_seed(seed)
    model = nn.Sequential(*[layer for _ in range(3) for layer in (
        nn.Conv2d(4, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU())]).to("float64")
    scramble(model, seed)
    return model.eval()


def scramble(model, seed):
    """Give batch norms other parameters and statistics."""
    rng = np.random.default_rng(seed)
    model.load_state_dict({name: numbacnn.tensor(rng.uniform(0.5, 1.5, value.shape)) if value.ndim == 1 else value
                           for name, value in model.state_dict().items()})


def test_a_capture_keeps_what_was_made_of_what_it_only_reads(model, x, monkeypatch):
    """Until the parameters change: then it is made of the new ones."""
    with numbacnn.no_grad():
        captured = numbacnn.capture(model)
        first = captured(x).numpy()
        sizes = {each.storage.nbytes for p in model.parameters() for each in p.array.storage.prepared.values()}
        with monkeypatch.context() as patched:
            patched.setattr(Preparation, "storage", None)                # nothing is looked up again
            gc.collect()
            poison(sizes, x.array.device)
            np.testing.assert_array_equal(captured(x).numpy(), first)
        model.load_state_dict({name: value * 2 for name, value in model.state_dict().items()})
        gc.collect()
        poison(sizes, x.array.device)
        for _ in range(2):
            np.testing.assert_array_equal(captured(x).numpy(), model(x).numpy())
        assert np.abs(captured(x).numpy() - first).max() > 1e-3
    assert len(sizes) > 1


def poison(sizes, device):
    """Fill all memory of these sizes that the pool has."""
    for block in [numbacnn.graph.thread.pool.take(device, size) for size in sizes for _ in range(20)]:
        block.memory.bytes[:] = 255


def test_a_plan_is_given_the_addresses_that_it_reads(model, x):
    """Not those of parameters that are folded and packed, nor of folded ones that are not packed yet."""
    forward(model, x)
    plan = next(reversed(numbacnn.graph.thread.plans.values()))
    made = [each.call.outputs[0] for each in plan.prepared.preparations]
    assert set(plan.prepared.slots) < set(made)
    assert set(plan.reads).isdisjoint(plan.prepared.reads)


def images(count, seed=0):
    return numbacnn.tensor(np.random.default_rng(seed).standard_normal((count, 4, 6, 6)))


def assert_right(function, x):
    """Check that a function gives what it gives without plans."""
    with numbacnn.no_grad():
        y = function(x).numpy()
        with numbacnn.testing.settings(eager=True):
            expected = function(x).numpy()
    np.testing.assert_allclose(y, expected, rtol=1e-12, atol=1e-14)


@pytest.fixture
def made(monkeypatch):
    """A list of the ops that are prepared, as they are."""
    ops, make = [], Preparation.make

    def spy(self, *arguments):
        ops.append(self.call.op)
        return make(self, *arguments)

    monkeypatch.setattr(Preparation, "make", spy)
    return ops


def test_the_second_run_makes_nothing_anew(model, x):
    first = forward(model, x)
    before = [storage for p in model.parameters() for storage, _ in p.array.storage.prepared.values()]
    np.testing.assert_array_equal(forward(model, x), first)
    after = [storage for p in model.parameters() for storage, _ in p.array.storage.prepared.values()]
    assert before
    assert all(a is b for a, b in zip(before, after, strict=True))


def test_training_forgets_what_was_kept(model, x):
    forward(model, x)
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(3):
        optimizer.zero_grad()
        loss = model(x).sum()
        loss.backward()
        loss.item()                                      # two plans: the parameter is updated by the second
        optimizer.step()
        np.testing.assert_allclose(forward(model, x), by_definition(model, x), rtol=1e-12)


@pytest.mark.parametrize("name", ["0.weight", "0.bias", "1.weight", "1.bias", "1.running_mean", "1.running_var",
                                  "3.weight", "3.bias"])
def test_each_parameter_counts(model, x, name):
    before = forward(model, x)
    state = model.state_dict()
    model.load_state_dict(state | {name: state[name] + 0.5})
    after = forward(model, x)
    assert np.abs(after - before).max() > 1e-3
    np.testing.assert_allclose(after, by_definition(model, x), rtol=1e-12)


def test_a_captured_model_follows_its_parameters(model, x):
    with numbacnn.no_grad():
        captured = numbacnn.capture(model, model)
        captured(x)
        state = model.state_dict()
        model.load_state_dict({name: value * 2 for name, value in state.items()})
        np.testing.assert_allclose(captured(x).numpy(), by_definition(model, x), rtol=1e-12)


def test_memory_that_is_used_again_keeps_nothing(model, x):
    """A block that is given to another array must not bring along what was made of its former numbers."""
    for seed in range(4):
        weight = numbacnn.tensor(np.random.default_rng(seed).standard_normal((4, 3, 3, 3)))
        y = F.conv2d(x, weight).numpy()
        with numbacnn.testing.settings(eager=True):
            np.testing.assert_allclose(y, F.conv2d(x, weight).numpy(), rtol=1e-12)
        del weight


def test_training_keeps_nothing(model, x):
    model.train()
    optimizer = optim.SGD(model.parameters(), lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        model(x).sum().backward()
        optimizer.step()
    numbacnn.evaluate()
    assert kept(model) == 0


def test_layers_of_equal_shape_in_turns_of_batch_sizes(made):
    model = three_blocks(0)
    for turn in range(4):
        for count in (5, 2):
            assert_right(model, images(count, turn))
        if turn == 0:
            made.clear()
    assert made == []


def test_models_in_turns(made):
    models = three_blocks(0), three_blocks(1)
    for turn in range(4):
        for model in models:
            for count in (5, 2):
                assert_right(model, images(count, turn))
        if turn == 0:
            made.clear()
    assert made == []


def test_a_weight_with_two_batch_norms_and_a_batch_norm_with_two_weights(made):
    numbacnn.manual_seed(0)
    convs = [nn.Conv2d(4, 4, 3, padding=1, bias=False).to("float64") for _ in range(2)]
    norms = [nn.BatchNorm2d(4).to("float64").eval() for _ in range(2)]
    for seed, norm in enumerate(norms):
        scramble(norm, seed)

    def everything(x):
        for conv in convs:
            for norm in norms:
                x = norm(conv(x))
        return x

    for turn in range(4):
        for count in (5, 2):
            assert_right(everything, images(count, turn))
        if turn == 0:
            made.clear()
    assert made == []


def test_batch_norms_that_differ_in_eps_only():
    numbacnn.manual_seed(0)
    weight, bias, mean, var = (numbacnn.tensor(np.random.default_rng(0).uniform(0.5, 1.5, shape))
                               for shape in ((4, 4, 3, 3), 4, 4, 4))
    for eps in (0.1, 1.0, 0.1):
        assert_right(lambda x, eps=eps: F.batch_norm(F.conv2d(x, weight), mean, var, bias, bias, eps=eps), images(2))


def test_what_was_made_of_earlier_statistics_is_not_kept():
    """The weights of a model whose statistics alone move do not gather what was once made of them."""
    model, counts = three_blocks(0), []
    for seed in range(5):
        forward(model, images(2))
        counts.append(kept(model))
        norm = model[1]
        norm.load_state_dict({name: value + 0.1 * seed if "running" in name else value
                              for name, value in norm.state_dict().items()})
    assert counts == counts[:1] * 5


def test_models_that_are_gone_leave_nothing():
    shared = no_bias(4, "float64", default_device()).storage.prepared
    for seed in range(5):
        forward(three_blocks(seed), images(2))
        gc.collect()
    assert len(shared) == 0
