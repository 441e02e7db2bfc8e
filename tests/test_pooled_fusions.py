"""Convolution, ReLU and max pooling: where a rule applies, what it computes is what it replaces.

As in test_fusions.py: fused, without optimisations, eager, and by the reference.
"""
import numpy as np
import pytest
from numbacnn_cpu import fused, fused_planes, pooled_rules, program
from numbacnn_cpu.compile import INTERPRETED
from numbacnn_cpu.isa import REGISTERS
from poison import poisoned  # noqa: F401
from test_fusions import EVERYTHING, IMAGES, LONG, SHORT, Program, applied, arrays, compare, computed  # noqa: F401

import numbacnn as nb
from numbacnn import testing
from numbacnn.nn import functional as F

FUSED = {"conv2d_relu_max_pool2d", "conv2d_relu_max_pool2d_backward"}
TOGETHER = [                               # few outputs: several windows in a vector
    Program((3, 1, 28, 27), (2, 1, 5, 5), conv={"padding": 2}, pool=[2]),
    Program((2, 2, 9, 17), (4, 2, 3, 3), pool=[2]),
    Program((1, 3, 7, 27), (3, 3, 2, 7), conv={"stride": (1, 2), "padding": (1, 0)}, pool=[(2, 3)]),
    Program((0, 1, 12, 12), (2, 1, 5, 5), pool=[2]),
]
PLANES = [                                 # few outputs, in rows of a tile: windows side by side in its vectors
    Program((2, 1, 13, 46), (6, 1, 5, 4), conv={"padding": 2}, pool=[2]),                  # more than a vector of them
    Program((2, 2, 13, 41), (4, 2, 3, 3), conv={"stride": (1, 2), "padding": (0, 3)}, pool=[2]),
    Program((1, 1, 90, 45), (5, 1, 3, 3), conv={"padding": 1}, pool=[(1, 4)]),             # several bands
    Program((3, 3, 9, 17), (1, 3, 2, 3), conv={"dilation": (3, 2), "padding": (4, 0)}, pool=[(3, 2)]),
    Program((2, 1, 33, 17), (1, 1, 3, 3), pool=[(4, 1)]),
    Program((0, 1, 12, 35), (6, 1, 5, 5), pool=[2]),
]
SIDE_BY_SIDE = [
    Program((2, 3, 10, 10), (5, 3, 3, 3), pool=[2, 2, 0, 1, True]),                        # none leaves the image
    Program(IMAGES, SHORT, pool=[2]),
    Program((2, 1, 14, 16), (32, 1, 3, 3), pool=[2, 2]),
    Program(IMAGES, SHORT, pool=[(3, 2)]),
    Program((2, 3, 13, 12), (70, 3, 2, 3), conv={"stride": (2, 1), "padding": 1}, pool=[(1, 3)]),
    Program((1, 2, 11, 14), (3, 2, 3, 2), conv={"dilation": (2, 3), "padding": (0, 4)}, pool=[2]),
    Program(IMAGES, SHORT, conv={"padding": "same"}, pool=[4]),
    Program((5, 1, 40, 4), (3, 1, 1, 1), pool=[(16, 1)]),
    Program((0, 3, 6, 6), SHORT, pool=[2]),
    Program((2, 9, 9, 8), LONG, pool=[2]),
    Program((1, 64, 7, 9), (3, 64, 1, 1), conv={"padding": 2, "stride": 2}, pool=[3]),
    Program((1, 2, 45, 31), (17, 2, 5, 5), conv={"padding": 2}, pool=[2]),       # several bands
    *TOGETHER,
    *PLANES,
]
WINNERS = [                                              # where the gradient of the weight takes them alone
    Program((3, 1, 28, 27), (6, 1, 5, 5), conv={"padding": 2}, pool=[2]),
    Program((2, 2, 19, 17), (6, 2, 5, 5), conv={"padding": 1, "stride": 2}, pool=[2]),     # columns side by side
    Program((2, 6, 14, 14), (16, 6, 5, 5), pool=[2]),
    Program((2, 7, 13, 21), (7, 7, 3, 4), conv={"padding": (0, 1), "stride": (1, 2)}, pool=[(3, 2)]),
    Program((2, 17, 9, 11), (12, 17, 3, 3), conv={"dilation": 2}, pool=[(1, 4)]),
    Program((3, 1, 14, 20), (8, 1, 3, 20), pool=[(12, 1)]),                       # a row of taps is all of a row
    Program((2, 3, 11, 7), (16, 3, 3, 7), conv={"padding": (1, 0)}, pool=[(3, 1)]),
    Program((1, 280, 6, 6), (2, 280, 1, 1), pool=[3]),                            # a sum in several tiles
    Program((0, 6, 14, 14), (16, 6, 5, 5), pool=[2]),
]
SPARSE = [                                               # where the gradient of x takes them alone
    Program(IMAGES, SHORT, EVERYTHING, pool=[2]),
    Program((3, 1, 13, 15), (6, 1, 5, 5), EVERYTHING, {"padding": 2}, [2]),
    Program((0, 3, 9, 8), SHORT, EVERYTHING, pool=[2]),
    *([Program((2, 3, 14, 21), (40, 3, 3, 3), EVERYTHING, {"padding": (0, 1), "stride": (1, 2)}, [(3, 2)])]
      if REGISTERS >= 32 else []),                       # its sums take more than 16
]
# By the last kernel that a rule puts in.
PROGRAMS = {
    "max_pool2d_backward": [Program(IMAGES, SHORT, pool=[3, 2, 1]),
                            Program(IMAGES, SHORT, EVERYTHING, pool=[3, 1, 0, 2]),
                            Program((1, 65, 6, 6), (2, 65, 3, 3), pool=[2])],
    "conv2d_relu_max_pool2d_argmax": SIDE_BY_SIDE,
    "conv2d_relu_max_pool2d_backward": [*SIDE_BY_SIDE, *WINNERS],
    "relu_max_pool2d_backward": [each._replace(wanted=EVERYTHING) for each in SIDE_BY_SIDE],
    "conv2d_backward_winners": [each._replace(wanted=EVERYTHING) for each in WINNERS],
    "conv2d_relu_max_pool2d_backward_input": SPARSE,
}
NEAR = {                                                 # where something forbids the fused convolution
    "windows overlap": Program(IMAGES, SHORT, pool=[3, 2]),
    "pooling pads": Program(IMAGES, SHORT, pool=[2, 2, 1]),
    "windows leave the image": Program((2, 3, 9, 9), (5, 3, 3, 3), pool=[2, 2, 0, 1, True]),
    "windows leave the image at one side": Program((2, 3, 10, 9), (5, 3, 3, 3), EVERYTHING, pool=[2, 2, 0, 1, True]),
    "pooling is dilated": Program(IMAGES, SHORT, pool=[2, 2, 0, 2]),
    "groups": Program((2, 4, 9, 8), (6, 2, 3, 3), conv={"groups": 2}, pool=[2]),
    "padding is uneven": Program(IMAGES, (5, 3, 2, 2), conv={"padding": "same"}, pool=[2]),
    "a window is larger than a tile": Program((1, 3, 11, 11), SHORT, pool=[5]),
    "there are no channels": Program((2, 0, 12, 12), (3, 0, 3, 3), pool=[2]),
    "there are no outputs": Program((2, 3, 12, 12), (0, 3, 3, 3), pool=[2]),
    "sums are long": Program((1, 34, 5, 6), (3, 34, 3, 3), pool=[2]),
}


def test_every_rule_has_programs():
    assert set(PROGRAMS) == {rule.name for rule in pooled_rules.FUSIONS}


each_rule = pytest.mark.parametrize(("rule", "each"), [
    pytest.param(rule, each, id=f"{rule.name}-{number}") for rule in pooled_rules.FUSIONS
    for number, each in enumerate(PROGRAMS.get(rule.name, []))])


@each_rule
def test_a_rule_applies(rule, each, applied):  # noqa: F811
    explanation = nb.explain(computed, each, "real")
    assert rule in applied
    ran = {line.op for lines in explanation.plans for line in lines}
    others = {line.op for other in applied if other is not rule for line in other.lines}
    assert rule.main.op in ran | others                  # it ran, or another rule took it up
    assert "conv2d_relu_max_pool2d_argmax" not in ran    # nobody needs it
    assert not explanation.missed


@each_rule
@pytest.mark.parametrize("numbers", ["real", "whole", "special"])
def test_a_rule_changes_nothing(rule, each, numbers):
    compare(each, numbers)


@pytest.mark.parametrize("each", NEAR.values(), ids=NEAR)
@pytest.mark.parametrize("numbers", ["real", "whole"])
def test_a_rule_does_not_apply_where_it_would_be_wrong(each, numbers, applied):  # noqa: F811
    compare(each, numbers)
    assert {rule.main.op for rule in applied}.isdisjoint(FUSED)


@pytest.mark.skipif(REGISTERS < 32, reason="there are few registers")
@pytest.mark.parametrize(("each", "expected"), [*((each, True) for each in PLANES), (SIDE_BY_SIDE[1], False),
                                                (TOGETHER[2], False)], ids=str)
def test_few_outputs_are_rows_of_tiles(each, expected, monkeypatch):
    seen = []
    monkeypatch.setattr(fused, "planes", lambda *given: seen.append(given) or fused_planes.planes(*given))
    nb.graph.thread.plans.clear()
    computed(each, "real")
    assert bool(seen) == expected


@pytest.mark.parametrize("kept", ["c", "r"])
def test_what_the_user_keeps_is_there(kept, applied):  # noqa: F811
    """A rule is not applied if somebody holds what it would remove; and explain says who."""
    held = {}

    def run():
        values = {name: nb.tensor(x) for name, x in arrays(SIDE_BY_SIDE[0], "whole").items()}
        held["c"] = F.conv2d(**values)
        held["r"] = F.relu(held["c"])
        held["y"] = F.max_pool2d(held["r"], 2)
        held.update({name: None for name in ("c", "r") if name != kept})

    explanation = nb.explain(run)
    assert not any(rule in pooled_rules.FUSIONS for rule in applied)
    assert any("conv2d_relu_max_pool2d" in missed for missed in explanation.missed)
    x, weight, bias = (nb.tensor(x) for x in arrays(SIDE_BY_SIDE[0], "whole").values())
    with testing.settings(eager=True):
        expected = F.conv2d(x, weight, bias)
        expected = expected if kept == "c" else F.relu(expected)
        assert np.array_equal(held[kept].numpy(), expected.numpy())
        assert np.array_equal(held["y"].numpy(), F.max_pool2d(F.relu(expected), 2).numpy())


def test_a_second_reader_gets_its_value(applied):  # noqa: F811
    """The output of ReLU is pooled and added up: fused, it would be lost."""
    got = []
    for eager in False, True:
        with testing.settings(eager=eager):
            tensors = [nb.tensor(x, requires_grad=True) for x in arrays(SIDE_BY_SIDE[0], "whole").values()]
            r = F.relu(F.conv2d(*tensors))
            (F.max_pool2d(r, 2).sum() + (r * r).sum()).backward()
            got.append([x.grad.numpy() for x in tensors])
    for planned, eager in zip(*got, strict=True):
        assert np.array_equal(planned, eager)
    assert not any(rule in pooled_rules.FUSIONS for rule in applied)


def test_gradients_after_a_look_at_the_loss():
    """The forward pass is a plan of its own then, and keeps argmax for the other."""
    found = []
    for look in False, True:
        tensors = [nb.tensor(x, requires_grad=True) for x in arrays(SIDE_BY_SIDE[0], "whole").values()]
        loss = F.max_pool2d(F.relu(F.conv2d(*tensors)), 2).sum()
        if look:
            loss.item()
        loss.backward()
        found.append([x.grad.numpy() for x in tensors])
    for one, other in zip(*found, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.skipif(INTERPRETED, reason="one thread")
@pytest.mark.parametrize("wanted", ["weight bias", EVERYTHING])
def test_the_bits_do_not_depend_on_the_number_of_threads(wanted, monkeypatch):
    found = []
    for workers in 1, 2, 3:
        monkeypatch.setenv("NUMBACNN_NUM_THREADS", str(workers))
        monkeypatch.setattr(program, "TILE_BYTES", 64)
        nb.graph.thread.plans.clear()
        results = computed(Program((7, 3, 20, 17), (19, 3, 3, 3), wanted, {"padding": 1}, [2]), "real")
        found.append(b"".join(result.tobytes() for result in results))
    assert len(set(found)) == 1


@pytest.mark.parametrize("where", ["dy", "weight"])
@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_what_is_not_finite_reaches_what_its_pixel_saw(where, number):
    values = arrays(SPARSE[0], "whole")
    dy = np.ones((2, 5, 3, 3))
    (dy if where == "dy" else values["weight"])[1, 2, 0, 1] = number

    def gradient():
        x, weight, bias = (nb.tensor(values[name], requires_grad=True) for name in ("x", "weight", "bias"))
        y = SPARSE[0].run(x, weight, bias)
        y.backward(nb.tensor(dy))
        nb.evaluate(x.grad, weight.grad)
        return x.grad.numpy()[:, :, :6, :6]              # which pixels outside windows do not see

    with testing.settings(fuse=False):
        expected = gradient()
    np.testing.assert_array_equal(gradient(), expected)
