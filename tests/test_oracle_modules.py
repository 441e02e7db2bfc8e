"""Hooks, gradients as results and containers do what PyTorch's do."""
import numpy as np
import pytest

import numbacnn as nb

torch = pytest.importorskip("torch")
pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore:Full backward hook is firing")]

LIBRARIES = [nb, torch]


def leaf(lib, values, requires_grad=True):
    return lib.tensor(np.array(values), requires_grad=requires_grad)


def plain(value):
    """Tensors as lists, in tuples maybe."""
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    return value.tolist() if hasattr(value, "tolist") else value


def mixing(lib):
    """A module of two inputs and three outputs."""
    class Mixing(lib.nn.Module):
        def __init__(self):
            super().__init__()
            self.w = lib.nn.Parameter(leaf(lib, [2.0, 3.0], False))

        def forward(self, a, b, which="both"):
            return (a * self.w if which == "a" else a * b * self.w), b.detach() * 2, (a * a).sum()

    return Mixing()


HOOKS = [
    {},
    {"full_backward_pre": lambda m, dys: tuple(None if d is None else d * 2 for d in dys)},
    {"full_backward": lambda m, dxs, dys: tuple(None if d is None else d * 3 for d in dxs)},
    {"full_backward": lambda m, dxs, dys: (dxs[0], *[None] * (len(dxs) - 1)),
     "full_backward_pre": lambda m, dys: (dys[0], None, None)},
    {"forward": lambda m, inputs, y: (y[0] * 2, y[1], y[2]), "full_backward": lambda m, dxs, dys: None},
    {"forward_pre": lambda m, inputs: (inputs[0] * 4, *inputs[1:]), "full_backward": lambda m, dxs, dys: None},
]


@pytest.mark.parametrize("hooks", HOOKS, ids=range(len(HOOKS)))
@pytest.mark.parametrize("which", ["a", "both"])
@pytest.mark.parametrize("graded", [(True, True), (True, False), (False, True), (False, False)])
@pytest.mark.parametrize("used", [(0,), (2,), (0, 2)])
def test_hooks_on_gradients(hooks, which, graded, used):
    if 0 not in used and (not graded[0] or hooks is HOOKS[3]):
        return                                           # nothing gets a gradient
    seen = []
    for lib in LIBRARIES:
        layer, log = mixing(lib), []
        for name, hook in hooks.items():
            getattr(layer, f"register_{name}_hook")(hook)
        layer.register_full_backward_pre_hook(lambda m, dys, log=log: log.append(plain(dys)))
        layer.register_full_backward_hook(lambda m, dxs, dys, log=log: log.append((plain(dxs), plain(dys))))
        a, b = leaf(lib, [1.0, 2.0], graded[0]), leaf(lib, [3.0, 5.0], graded[1])
        if graded == (False, False) and "full_backward" in hooks and hooks["full_backward"](layer, (a, b), (a,) * 3):
            return                                       # refused by both
        y = layer(a, b, which)
        total = sum(y[i].sum() for i in used)
        if not total.requires_grad:
            return
        total.backward()
        seen.append((log, plain(a.grad), plain(b.grad), plain(layer.w.grad)))
    assert seen[0] == seen[1]


@pytest.mark.parametrize("seed", range(20))
def test_random_graphs(seed):
    results = []
    for lib in LIBRARIES:
        rng = np.random.default_rng(seed)
        leaves = [leaf(lib, rng.uniform(0.5, 1.5, 3)) for _ in range(3)]
        values, log, free = list(leaves), [], list(leaves)
        for i in range(12):
            a, b = (values[k] for k in rng.integers(len(values), size=2))
            y = a * b if rng.random() < 0.5 else a + b
            if rng.random() < 0.3:
                y.register_hook(lambda g, i=i, log=log: log.append((i, plain(g))) or g * 0.5)
            else:
                free.append(y)           # PyTorch gives others now before, now after their hooks
            if rng.random() < 0.3:
                y.retain_grad()
            values.append(y)
        for x in leaves[:2]:
            x.register_hook(lambda g: g * 2)
        wanted = [free[k] for k in rng.integers(len(free) - 1, size=3)]
        grad = nb.grad if lib is nb else torch.autograd.grad
        direct = grad(values[-1].sum(), wanted, retain_graph=True, allow_unused=True)
        values[-1].sum().backward(retain_graph=True, inputs=wanted)
        some = plain([x.grad for x in leaves])
        values[-1].sum().backward()
        results.append([plain(direct), some, plain([x.grad for x in leaves]), log])
    for ours, theirs in zip(*[result[:3] for result in results], strict=True):
        close(ours, theirs)
    order, logs = zip(*[zip(*result[3], strict=True) if result[3] else ((), ()) for result in results], strict=True)
    assert order[0] == order[1]
    close(*logs)


def close(ours, theirs):
    assert len(ours) == len(theirs)
    for a, b in zip(ours, theirs, strict=True):
        if a is None or b is None:
            assert a is b
        else:
            np.testing.assert_allclose(a, b, rtol=1e-10)


def built(nn):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
            self.blocks = nn.ModuleList([nn.Linear(2, 2), nn.Linear(2, 2), nn.Linear(2, 3)])
            self.heads = nn.ModuleDict({"a": nn.Identity(), "b": nn.BatchNorm2d(2)})
            self.skip = None
            self.stem.append(nn.Flatten())
            del self.stem[1]
            self.stem.insert(0, nn.Identity())
            self.again = self.blocks[0]

    return Net()


def test_names_in_containers():
    ours, theirs = built(nb.nn), built(torch.nn)
    assert list(ours.state_dict()) == list(theirs.state_dict())
    for walk in ("named_parameters", "named_buffers", "named_modules", "named_children"):
        assert [name for name, _ in getattr(ours, walk)()] == [name for name, _ in getattr(theirs, walk)()]
    for walk in ("named_parameters", "named_buffers", "named_modules"):
        names = [[name for name, _ in getattr(net, walk)(prefix="p", remove_duplicate=False)] for net in (ours, theirs)]
        assert names[0] == names[1]
    assert repr(ours.blocks) == repr(theirs.blocks)
    assert ours.load_state_dict(theirs.state_dict()) == ([], [])
