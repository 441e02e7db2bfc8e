"""capture: settings that changed since a function was recorded are seen, and what was recorded is kept."""
import numpy as np
import pytest
from models import SimpleCNN, batch, descending, randomise

import numbacnn as nb
from numbacnn import nn, optim
from numbacnn.errors import EvaluationError
from numbacnn.nn import functional as F


class Counted:
    """A function that tells how often its Python ran."""

    def __init__(self, function):
        self.function, self.runs = function, 0

    def __call__(self, *inputs):
        self.runs += 1
        return self.function(*inputs)


class Settable(nn.Module):
    """Everything that a setting can change."""

    def __init__(self):
        self.fc, self.norm = nn.Linear(4, 4, dtype="float64"), nn.BatchNorm1d(4, dtype="float64")
        self.drop, self.head = nn.Dropout(0.5), nn.Linear(4, 3, dtype="float64")
        self.scale, self.seen = 1.0, None

    def forward(self, x):
        self.seen = x
        return self.head(self.drop(F.relu(self.norm(self.fc(x))))) * self.scale


def trained(change, captured, steps=6):
    """Train; after each step change a setting; look at everything."""
    nb.manual_seed(3)
    model = randomise(Settable())
    optimizer = optim.SGD(model.parameters(), lr=0.1)

    def step(x, y):
        optimizer.zero_grad()
        loss = F.cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        return loss

    function = nb.capture(step, [model, optimizer]) if captured else step
    losses = []
    for i in range(steps):
        x = np.random.default_rng(i).normal(size=(5, 4))
        losses.append(function(nb.tensor(x), nb.tensor([0, 1, 2, 0, 1])).item())
        change(i, model, optimizer)
    return losses, [t.numpy() for t in model.state_tensors()]


def mode(i, model, optimizer):
    model.train(i % 2 == 1)


def plain_assignment(i, model, optimizer):
    model.drop.training = model.norm.training = i % 2 == 1


def frozen(i, model, optimizer):
    model.fc.requires_grad_(i % 2 == 1)


def frozen_by_assignment(i, model, optimizer):
    model.fc.weight.requires_grad = i % 2 == 1


def option(name, *values):
    def change(i, model, optimizer):
        optimizer.param_groups[0][name] = values[i % len(values)]

    change.__name__ = name
    return change


def nesterov(i, model, optimizer):
    optimizer.param_groups[0].update(momentum=0.5, nesterov=i % 2 == 1)


def group(i, model, optimizer):
    if i == 1:
        optimizer.add_param_group({"params": [extra], "lr": 0.5})


def attribute(i, model, optimizer):
    model.scale, model.drop.p = 1.0 + i % 2, 0.1 * i


def another_head(i, model, optimizer):
    if i == 2:
        model.head = nn.Linear(4, 3, dtype="float64")
        nn.init.constant_(model.head.weight, 0.25)
        nn.init.zeros_(model.head.bias)
        model.head.requires_grad_(False)                 # no optimiser has it


def hook(i, model, optimizer):
    if i == 1:
        model.fc.register_forward_hook(lambda module, inputs, output: output * 2)
    if i == 3:
        model.handle = model.fc.register_forward_hook(lambda module, inputs, output: output + 1)
    if i == 4:
        model.handle.remove()


def seed(i, model, optimizer):
    nb.manual_seed(7 + i)


def restored(i, model, optimizer):
    if i % 2:
        nb.set_rng_state(kept[0])
    else:
        kept[:] = [nb.get_rng_state()]


extra, kept = nn.Parameter(np.ones(2)), []
CHANGES = [mode, plain_assignment, frozen, frozen_by_assignment, option("weight_decay", 0.5, 0.0),
           option("momentum", 0.9, 0.0, 0.5), option("maximize", True, False), option("dampening", 0.1, 0.0), nesterov,
           group, attribute, another_head, hook, seed, restored]


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_what_changes_between_calls_is_seen(change):
    plain, replayed = trained(change, captured=False), trained(change, captured=True)
    np.testing.assert_array_equal(plain[0], replayed[0])
    for a, b in zip(plain[1], replayed[1], strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("make", [optim.Adam, optim.AdamW, optim.RMSprop, optim.Adagrad])
def test_options_of_other_optimisers_are_seen(make):
    def run(captured):
        p = nn.Parameter(np.ones(3))
        optimizer = make([p], lr=0.1)

        def step(x):
            optimizer.zero_grad()
            loss = (p * x).sum()
            loss.backward()
            optimizer.step()
            return loss

        function = nb.capture(step, p, optimizer) if captured else step
        for i in range(6):
            function(nb.tensor([1.0, 2.0 + i, 3.0], dtype="float64"))
            group = optimizer.param_groups[0]
            for name, value in (("weight_decay", 0.1 * i), ("betas", [0.5, 0.9]), ("amsgrad", i % 2 == 0),
                                ("centered", i % 2 == 0), ("momentum", 0.5 * (i % 2))):
                if name in group:
                    group[name] = value
        return p.numpy()

    np.testing.assert_array_equal(run(True), run(False))


def test_what_was_recorded_is_kept():
    model = randomise(Settable())
    counted = Counted(model)
    step, x = nb.capture(counted, model), nb.randn(5, 4, dtype="float64")
    for _ in range(3):
        model.train()
        step(x)
        model.eval()
        step(x)
        with nb.no_grad():
            step(x)
        model.eval()                                     # nothing changes
        step(x)
    assert counted.runs == 3


def test_a_method_is_one_of_its_module():
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(1.0))
    step, x = nb.capture(model.forward), nb.ones(1, 2)
    assert step(x).tolist() == [[0.0, 0.0]]
    model.eval()
    np.testing.assert_array_equal(step(x).numpy(), model(x).numpy())
    scaled = Settable().eval()
    step, x = nb.capture(scaled.forward), nb.randn(2, 4, dtype="float64")
    first = step(x).numpy()
    scaled.scale = 2.0
    np.testing.assert_allclose(step(x).numpy(), 2 * first)


def test_equal_tuples_and_numbers_are_one_setting():
    model = Settable().eval()
    counted = Counted(model)
    step, x = nb.capture(counted, model), nb.ones(2, 4, dtype="float64")
    for _ in range(3):
        model.size, model.scale = tuple([2, (3.0, "a")]), np.float64(2.0)
        step(x)
    assert counted.runs == 1
    for size in ((2, (4.0, "a")), (2, (4, "a")), (2,), np.float32(2), np.float64(2), [2], None):
        model.size = size
        step(x)
    assert counted.runs == 8


def test_groups_of_optimisers_are_held():
    p = nn.Parameter(np.ones(2))
    optimizer = optim.SGD([p], lr=0.1)
    step = descending(p, optimizer)

    counted = Counted(step)
    step = nb.capture(counted, p, optimizer)
    step(nb.ones(2, dtype="float64"))
    [held] = [group for _, groups in next(iter(step.variants.values()))[0].settings.updates for group, _ in groups]
    assert held is optimizer.param_groups[0]


def test_settings_of_others_record_nothing_anew():
    model, other = SimpleCNN("float32"), SimpleCNN("float32")
    counted = Counted(model)
    step, (x, _) = nb.capture(counted, model), map(nb.tensor, batch(2, dtype="float32"))
    for mode in (True, False, True):
        other.train(mode).requires_grad_(mode)
        model.note = nb.ones(2)                          # a value
        step(x)
    assert counted.runs == 1


def test_modules_that_run_need_not_be_in_the_state():
    teacher = nn.Sequential(nn.Linear(2, 2), nn.Dropout(1.0))
    step, x = nb.capture(lambda x: teacher(x) * 1), nb.ones(1, 2)
    assert step(x).tolist() == [[0.0, 0.0]]
    teacher.eval()
    np.testing.assert_array_equal(step(x).numpy(), teacher(x).numpy())
    teacher[1].train()
    assert step(x).tolist() == [[0.0, 0.0]]


def test_a_function_may_choose_the_mode_itself():
    model = nn.Sequential(nn.Linear(2, 2), nn.Dropout(1.0))

    def of(training):
        def function(x):
            model.train(training)
            model[0].bias.requires_grad_(training)
            return model(x)
        return Counted(function)

    train, test, x = of(True), of(False), nb.ones(1, 2)
    learn, look = nb.capture(train, model), nb.capture(test, model)
    for _ in range(4):
        assert learn(x).tolist() == [[0.0, 0.0]]
        assert model.training
        assert model[1].training
        assert model[0].bias.requires_grad
        assert (look(x) != 0).any()
        assert not model.training
        assert not model[0].bias.requires_grad
    assert train.runs + test.runs <= 4


def test_precision_is_a_setting():
    counted = Counted(lambda x: x * 2)
    step, x = nb.capture(counted), nb.ones(2)
    try:
        for precision in ("default", "highest", "default", "highest"):
            nb.set_precision(precision)
            step(x)
    finally:
        nb.set_precision("default")
    assert counted.runs == 2


def test_few_variants_are_kept():
    model = Settable().eval()
    step, x = nb.capture(model, model), nb.ones(2, 4, dtype="float64")
    for i in range(40):
        model.scale = float(i)
        step(x)
    assert [len(known) for known in step.variants.values()] == [16]


def test_state_keeps_no_history():
    total, w = nb.zeros(2), nb.ones(2, requires_grad=True)

    def add(x):
        nonlocal total
        total += w * x
        return total * 1

    step = nb.capture(add, total)
    assert [step(nb.ones(2)).tolist() for _ in range(2)] == [[1.0, 1.0], [2.0, 2.0]]
    assert total.is_leaf
    assert not total.requires_grad


def test_an_optimiser_that_is_not_in_the_state_is_refused():
    p = nn.Parameter(np.ones(1))
    optimizer = optim.SGD([p], lr=0.1)

    def step(x):
        optimizer.zero_grad()
        (p * x).sum().backward()
        optimizer.step()
        return p * 1

    with pytest.raises(EvaluationError, match=r"steps an optimiser, SGD, that is not in its state; pass everything it "
                                              r"changes: capture\(function, model, optimizer\)"):
        nb.capture(step, p)(nb.ones(1, dtype="float64"))
    assert p.tolist() == [1.0]


def test_gradients_of_what_nobody_trains_are_refused():
    body, head = nn.Linear(2, 2), nn.Linear(2, 1)
    optimizer = optim.SGD(head.parameters(), lr=0.1)

    def step(x):
        optimizer.zero_grad()
        loss = head(body(x)).sum()
        loss.backward()
        optimizer.step()
        return loss

    step = nb.capture(step, body, head, optimizer)
    with pytest.raises(EvaluationError, match=r"a gradient, of a tensor of shape \(2, 2\), that nothing in it uses, .*"
                                              r"freeze it with requires_grad_\(False\)"):
        step(nb.ones(1, 2))
    body.requires_grad_(False)
    step(nb.ones(1, 2))


def test_an_order_is_drawn_outside():
    with pytest.raises(EvaluationError, match=r"randperm: .* draw the order outside and pass it as an input"):
        nb.capture(lambda x: x[nb.randperm(3)])(nb.ones(3))
