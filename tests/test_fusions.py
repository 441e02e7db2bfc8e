"""Rules of the CPU backend: for each a program in which it applies, and there what it computes is what it replaces.

Here are those that choose how a convolution is computed; ELSEWHERE says where the others are tested. Four ways to
compute are compared: fused, without optimisations, eager, and by the reference. On small integers they are equal to the
bit, ties and all.
"""
from pathlib import Path
from typing import Any, NamedTuple

import numbacnn_cpu
import numpy as np
import pytest
import ways
from numbacnn_cpu import (
    arrange_rules,
    conv_rules,
    layer_norm_rules,
    layout_rules,
    linear_rules,
    norm_rules,
    pooled_rules,
    winograd_rules,
)
from poison import poisoned  # noqa: F401

import numbacnn as nb
from numbacnn.fusion import Fuser
from numbacnn.nn import functional as F

EPILOGUES = "conv2d_relu", "conv2d_add", "conv2d_add_relu"
RULES = [rule for rule in (*conv_rules.DEPTHWISE, *conv_rules.DIRECT) if rule.lines[0].op not in EPILOGUES]
ELSEWHERE = {
    "test_conv_axes.py": arrange_rules.FUSIONS,
    "test_conv_rules.py": [*conv_rules.FUSIONS, *conv_rules.DIRECT, *winograd_rules.WINOGRAD],
    "test_conv_scatter.py": conv_rules.NARROW,
    "test_layer_norms.py": [*layer_norm_rules.FUSIONS, *layout_rules.FUSIONS],
    "test_linear_fusions.py": linear_rules.FUSIONS,
    "test_conv_norms.py": [*conv_rules.NORMALISED, *conv_rules.SUMMED, *conv_rules.BETWEEN],
    "test_norm_fusions.py": [*norm_rules.FOLDS, *norm_rules.FUSIONS],
    "test_pooled_fusions.py": pooled_rules.FUSIONS,
    "test_separable.py": conv_rules.SEPARABLE,
    "test_winograd.py": winograd_rules.WINOGRAD,
}


class Program(NamedTuple):
    """A convolution, maybe with ReLU and max pooling behind it (test_pooled_fusions.py); who wants a gradient."""

    x: tuple[int, ...]
    weight: tuple[int, ...]
    wanted: str = "weight bias"
    conv: Any = None                                     # options of conv2d
    pool: Any = None                                     # arguments of max_pool2d

    def run(self, x, weight, bias):
        y = F.conv2d(x, weight, bias, **(self.conv or {}))
        return y if self.pool is None else F.max_pool2d(F.relu(y), *self.pool)


IMAGES, SHORT, LONG, EVERYTHING = (2, 3, 9, 8), (5, 3, 3, 3), (5, 9, 3, 3), "x weight bias"
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

POINTWISE = [Program((3, 70, 6, 5), (9, 70, 1, 1), EVERYTHING),           # in x, with strides, in a slab
             Program((3, 64, 13, 14), (13, 64, 1, 1), EVERYTHING),
             Program((2, 128, 11, 15), (5, 128, 1, 1), EVERYTHING, {"stride": (2, 3)}),
             Program((1, 128, 3, 4), (5, 128, 1, 1), EVERYTHING, {"padding": 1}),
             Program((0, 64, 3, 4), (5, 64, 1, 1), EVERYTHING)]
PANELS = [Program((1, 80, 12, 11), (517, 80, 1, 1), EVERYTHING),          # of x and of dy; of a slab
          Program((2, 33, 25, 23), (175, 33, 1, 2), EVERYTHING, {"stride": 2, "padding": 1})]

# By the last kernel that a rule puts in.
PROGRAMS = {
    "conv2d_depthwise": DEPTHWISE,
    "conv2d_packed": [*PLAIN, *LONG_PLAIN, *STRIDED],
    "conv2d_depthwise_backward_input": DEPTHWISE,
    "conv2d_backward_input_packed": [*LONG_PLAIN, STRIDED[1]],
    "conv2d_depthwise_backward_weight": DEPTHWISE,
    "conv2d_backward_weight_tiles": [*PLAIN, *LONG_PLAIN, *STRIDED, *POINTWISE, *PANELS],
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
    ways.compare(computed, program, numbers, tolerance=1e-12 if numbers == "real" else 0.0)


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


def test_every_other_rule_is_tested_elsewhere():
    tested = {*RULES, *[rule for rules in ELSEWHERE.values() for rule in rules]}
    assert tested == {*numbacnn_cpu.FUSIONS, *numbacnn_cpu.VARIANTS}
    assert all((Path(__file__).parent / name).exists() for name in ELSEWHERE)


each_rule = pytest.mark.parametrize(("rule", "program"), [
    pytest.param(rule, program, id=f"{rule.name}-{number}") for rule in RULES
    for number, program in enumerate(PROGRAMS.get(rule.name, []))])


@each_rule
def test_a_rule_applies(rule, program, applied):
    explanation = nb.explain(computed, program, "real")
    assert rule in applied
    ran = {line.op for lines in explanation.plans for line in lines}
    assert ran.issuperset(line.op for line in rule.new if line.op not in numbacnn_cpu.PREPARES)


@each_rule
@pytest.mark.parametrize("numbers", ["real", "whole", "special"])
def test_a_rule_changes_nothing(rule, program, numbers):
    compare(program, numbers)
