"""Every rule of the CPU backend: a program in which it applies, and there what it computes is what it replaces.

Four ways to compute are compared: fused, without optimisations, eager, and by the reference. On small integers they
are equal to the bit, ties and all.
"""
from typing import Any, NamedTuple

import numbacnn_cpu
import numpy as np
import pytest
import reference_backend
from poison import poisoned  # noqa: F401

import numbacnn as nb
from numbacnn import testing
from numbacnn.fusion import Fuser
from numbacnn.nn import functional as F

RULES = [*numbacnn_cpu.FUSIONS, *numbacnn_cpu.VARIANTS]


class Program(NamedTuple):
    """A convolution, maybe with ReLU and max pooling behind it; who wants a gradient."""

    x: tuple[int, ...]
    weight: tuple[int, ...]
    wanted: str = "weight bias"
    conv: Any = None                                     # options of conv2d
    pool: Any = None                                     # arguments of max_pool2d

    def run(self, x, weight, bias):
        y = F.conv2d(x, weight, bias, **(self.conv or {}))
        return y if self.pool is None else F.max_pool2d(F.relu(y), *self.pool)


IMAGES, SHORT, LONG, EVERYTHING = (2, 3, 9, 8), (5, 3, 3, 3), (5, 9, 3, 3), "x weight bias"
POOLED = [                                               # of convolutions whose patches are short
    Program(IMAGES, SHORT, pool=[2]),
    Program((2, 1, 14, 16), (32, 1, 3, 3), pool=[2, 2]),
    Program(IMAGES, SHORT, pool=[(3, 2)]),
    Program((2, 3, 13, 12), (70, 3, 2, 3), conv={"stride": (2, 1), "padding": 1}, pool=[(1, 3)]),
    Program((1, 2, 11, 14), (3, 2, 3, 2), conv={"dilation": (2, 3), "padding": (0, 4)}, pool=[2]),
    Program(IMAGES, SHORT, conv={"padding": "same"}, pool=[4]),
    Program((5, 1, 40, 4), (3, 1, 1, 1), pool=[(16, 1)]),
    Program((0, 3, 6, 6), SHORT, pool=[2]),
]
LONG_POOLED = [program._replace(x=(2, 9, 9, 8), weight=LONG) for program in (POOLED[0], POOLED[2], POOLED[5])]
LONG_POOLED += [Program((1, 64, 7, 9), (3, 64, 1, 1), conv={"padding": 2, "stride": 2}, pool=[3])]
PLAIN = [Program(IMAGES, SHORT, EVERYTHING),
         Program((2, 3, 17, 5), (7, 3, 2, 4), EVERYTHING, {"stride": (3, 1), "padding": 2}),
         Program((4, 2, 12, 11), (3, 2, 3, 3), EVERYTHING)]
LONG_PLAIN = [Program((2, 9, 9, 8), LONG, EVERYTHING, {"dilation": 2}),
              Program((2, 6, 8, 7), (4, 3, 3, 3), EVERYTHING, {"groups": 2, "padding": 1}),
              Program((2, 3, 6, 5), (6, 1, 2, 2), EVERYTHING, {"groups": 3, "stride": 2})]
STRIDED = [Program((2, 9, 9, 8), LONG, EVERYTHING, {"stride": (1, 3), "padding": 1}),
           Program((1, 6, 7, 7), (4, 6, 1, 1), EVERYTHING, {"stride": 2})]
DEPTHWISE = [Program((2, 5, 9, 8), (5, 1, 3, 3), EVERYTHING, {"groups": 5, "padding": 1}),
             Program((1, 3, 11, 7), (3, 1, 2, 3), EVERYTHING, {"groups": 3, "stride": (2, 3), "dilation": (3, 1)}),
             Program((4, 3, 12, 11), (3, 1, 3, 3), EVERYTHING, {"groups": 3})]

# By the last kernel that a rule puts in.
PROGRAMS = {
    "conv2d_relu_max_pool2d_backward": [*POOLED, *LONG_POOLED],
    "max_pool2d_backward": [*[program._replace(wanted=EVERYTHING) for program in POOLED],
                            Program(IMAGES, SHORT, pool=[3, 2, 1]),
                            Program(IMAGES, SHORT, EVERYTHING, pool=[3, 1, 0, 2]),
                            Program((1, 65, 6, 6), (2, 65, 3, 3), pool=[2])],
    "conv2d_relu_max_pool2d": [*POOLED, *LONG_POOLED],
    "conv2d_depthwise": DEPTHWISE,
    "conv2d_short": PLAIN,
    "conv2d_long": LONG_PLAIN,
    "conv2d_depthwise_backward_input": DEPTHWISE,
    "conv2d_backward_input_strided": [PLAIN[1], *STRIDED],
    "conv2d_backward_input_turned": [PLAIN[0], *LONG_PLAIN],
    "conv2d_depthwise_backward_weight": DEPTHWISE,
    "conv2d_backward_weight_parts": [*PLAIN, *LONG_PLAIN],
}
# Where something forbids the fused convolution.
NEAR = {
    "windows overlap": Program(IMAGES, SHORT, pool=[3, 2]),
    "pooling pads": Program(IMAGES, SHORT, pool=[2, 2, 1]),
    "pooling is dilated": Program(IMAGES, SHORT, pool=[2, 2, 0, 2]),
    "groups": Program((2, 4, 9, 8), (6, 2, 3, 3), conv={"groups": 2}, pool=[2]),
    "padding is uneven": Program(IMAGES, (5, 3, 2, 2), conv={"padding": "same"}, pool=[2]),
    "a window is larger than a block": Program((1, 3, 11, 11), SHORT, pool=[5]),
}


def arrays(program, numbers):
    """Inputs; "whole": small integers, "special": NaN and infinities among them.

    These lie in a corner: the fused gradient does not look at pixels in no window, where others multiply NaN by zero.
    """
    rng = np.random.default_rng(0)
    shapes = {"x": program.x, "weight": program.weight, "bias": program.weight[:1]}
    values = {name: rng.standard_normal(s) if numbers == "real" else rng.integers(-2, 3, s).astype("float64")
              for name, s in shapes.items()}
    if numbers == "special" and values["x"].size:
        corner = values["x"][:, :, :3, :3]
        corner[np.unravel_index(rng.permutation(corner.size)[:6], corner.shape)] = [np.nan, np.inf, -np.inf] * 2
    return values


def computed(program, numbers, device=None):
    """The output, and the gradients that are wanted."""
    tensors = {name: nb.tensor(values, device=device, requires_grad=name in program.wanted.split())
               for name, values in arrays(program, numbers).items()}
    y = program.run(**tensors)
    rng = np.random.default_rng(1)
    dy = rng.standard_normal(y.shape) if numbers == "real" else rng.integers(-2, 3, y.shape).astype("float64")
    y.backward(nb.tensor(dy, device=device))
    gradients = [x.grad for x in tensors.values() if x.grad is not None]
    nb.evaluate(y, *gradients)                           # as a training loop does: all at once
    return [y.numpy(), *[gradient.numpy() for gradient in gradients]]


def compare(program, numbers):
    """Compute in four ways."""
    found = {"fused": computed(program, numbers), "reference": computed(program, numbers, reference_backend.DEVICE)}
    with testing.settings(fuse=False):
        found["unfused"] = computed(program, numbers)
    with testing.settings(eager=True):
        found["eager"] = computed(program, numbers)
    tolerance = 1e-12 if numbers == "real" else 0.0
    for way, results in found.items():
        for got, wanted in zip(results, found["reference"], strict=True):
            np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance, err_msg=way)


@pytest.fixture
def applied(monkeypatch):
    """The rules that were applied."""
    found, apply_once = [], Fuser._apply_once

    def spy(fuser, fusion, calls):
        result = apply_once(fuser, fusion, calls)
        found.extend([fusion] if result is not None else [])
        return result

    monkeypatch.setattr(Fuser, "_apply_once", spy)
    nb.graph.thread.plans.clear()                        # or nothing is built anew
    return found


def test_every_rule_has_programs():
    names = [rule.name for rule in RULES]
    assert len(set(names)) == len(names), "PROGRAMS tells rules apart by their last kernel"
    assert set(PROGRAMS) == set(names)


each_rule = pytest.mark.parametrize(("rule", "program"), [
    pytest.param(rule, program, id=f"{rule.name}-{number}") for rule in RULES
    for number, program in enumerate(PROGRAMS.get(rule.name, []))])


@each_rule
def test_a_rule_applies(rule, program, applied):
    explanation = nb.explain(computed, program, "real")
    assert rule in applied
    ran = {line.op for lines in explanation.plans for line in lines}
    assert ran.issuperset(line.op for line in rule.new)
    if rule in numbacnn_cpu.FUSIONS:
        assert not explanation.missed


@each_rule
@pytest.mark.parametrize("numbers", ["real", "whole", "special"])
def test_a_rule_changes_nothing(rule, program, numbers):
    compare(program, numbers)


@pytest.mark.parametrize("program", NEAR.values(), ids=NEAR)
@pytest.mark.parametrize("numbers", ["real", "whole"])
def test_a_rule_does_not_apply_where_it_would_be_wrong(program, numbers, applied):
    compare(program, numbers)
    assert {rule.name for rule in applied}.isdisjoint(
        {"conv2d_relu_max_pool2d", "conv2d_relu_max_pool2d_backward"})


@pytest.mark.parametrize("kept", ["c", "r"])
def test_what_the_user_keeps_is_there(kept, applied):
    """A rule is not applied if somebody holds what it would remove; and explain says who."""
    held = {}

    def run():
        values = {name: nb.tensor(x) for name, x in arrays(POOLED[0], "whole").items()}
        held["c"] = F.conv2d(**values)
        held["r"] = F.relu(held["c"])
        held["y"] = F.max_pool2d(held["r"], 2)
        held.update({name: None for name in ("c", "r") if name != kept})

    explanation = nb.explain(run)
    assert not any(rule in numbacnn_cpu.FUSIONS for rule in applied)
    assert any("conv2d_relu_max_pool2d" in missed for missed in explanation.missed)
    x, weight, bias = (nb.tensor(x) for x in arrays(POOLED[0], "whole").values())
    with testing.settings(eager=True):
        expected = F.conv2d(x, weight, bias)
        expected = expected if kept == "c" else F.relu(expected)
        assert np.array_equal(held[kept].numpy(), expected.numpy())
        assert np.array_equal(held["y"].numpy(), F.max_pool2d(F.relu(expected), 2).numpy())


def test_a_second_reader_gets_its_value(applied):
    """The output of ReLU is pooled and added up: fused, it would be lost."""
    got = []
    for eager in False, True:
        with testing.settings(eager=eager):
            tensors = [nb.tensor(x, requires_grad=True) for x in arrays(POOLED[0], "whole").values()]
            r = F.relu(F.conv2d(*tensors))
            (F.max_pool2d(r, 2).sum() + (r * r).sum()).backward()
            got.append([x.grad.numpy() for x in tensors])
    for planned, eager in zip(*got, strict=True):
        assert np.array_equal(planned, eager)
    assert not any(rule in numbacnn_cpu.FUSIONS for rule in applied)
