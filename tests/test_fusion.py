"""The language of rewrite rules, and when a rule may be applied."""
import pytest

from numbacnn.fusion import Call, Fuser, Fusion, Line, parse
from numbacnn.kernels import Spec

CHAIN = Fusion("b = f(a, *one)\nc = g(b, *two)", "c = fg(a, *two, *one)")


def fused(fusions, calls, wanted, slots=10):
    fuser = Fuser({slot: Spec((2, 3), "float32") for slot in range(slots)}, set(wanted))
    return fuser.apply(fusions, calls), fuser


def test_the_language():
    assert parse("y, argmax = max_pool2d(r, *pool)\n z = relu(y)".replace("\n ", "\n")) == [
        Line("max_pool2d", ("r",), ("y", "argmax"), ("pool",)), Line("relu", ("y",), ("z",), ())]
    with pytest.raises(ValueError, match="each line must be"):
        parse("relu(x)")


def test_numbers_are_handed_over_by_name():
    calls, _ = fused([CHAIN], [Call("f", [0], [1], (1, 2)), Call("g", [1], [2], (3,))], {2})
    [call] = calls
    assert (call.op, call.inputs, call.outputs, call.numbers) == ("fg", [0], [2], (3, 1, 2))
    assert [source.op for source in call.sources] == ["f", "g"]


def test_rules_know_what_is_the_same_in_each_run():
    """A leaf, or what a kernel that may run beforehand makes of such; also if a rule has put that kernel in."""
    asked = []
    packing = Fusion("y = f(x, weight)", "packed = pack(weight)\ny = g(x, packed)", temporaries={
        "packed": lambda weight, constant: asked.append(constant) or weight})
    last = Fusion("y = g(x, packed)", "y = h(x, packed)", when=lambda constant: asked.append(constant) or True)
    for constant, seen in (({1}, [{"weight"}, {"packed"}]), ({0}, [{"x"}, {"x"}]), (set(), [set(), set()])):
        specs = {slot: Spec((2, 3), "float32") for slot in range(3)}
        fuser = Fuser(specs, {2}, constant=constant, prepares={"pack"})
        fuser.apply([packing, last], [Call("f", [0, 1], [2])])
        assert asked == seen
        asked.clear()


def test_a_value_that_somebody_keeps_is_not_removed():
    calls, fuser = fused([CHAIN], [Call("f", [0], [1], (1,)), Call("g", [1], [2], (3,))], {1, 2})
    assert [call.op for call in calls] == ["f", "g"]
    assert [(missed.slot, missed.fusion.name) for missed in fuser.missed] == [(1, "fg")]


def test_a_value_that_another_call_reads_is_not_removed():
    calls, _ = fused([CHAIN], [Call("f", [0], [1], (1,)), Call("g", [1], [2], (3,)), Call("h", [1], [3])], {2, 3})
    assert [call.op for call in calls] == ["f", "g", "h"]


def test_when_sees_numbers_and_specs_by_name():
    asked = []
    rule = Fusion("b = f(a, *one)\nc = g(b, *two)", "c = fg(a, *one, *two)",
                  when=lambda one, two, a: asked.append((one, two, a)) or False)
    calls, _ = fused([rule], [Call("f", [0], [1], (1,)), Call("g", [1], [2], (3,))], {2})
    assert len(calls) == 2
    assert asked == [((1,), (3,), Spec((2, 3), "float32"))]


def test_context_stays_and_temporaries_are_made():
    rule = Fusion("b = f(a)\nc = g(b)", "b = f(a)\nt = pack(b)\nc = packed_g(t)",
                  temporaries={"t": lambda b: Spec((*b.shape, 7), b.dtype)})
    calls, fuser = fused([rule], [Call("f", [0], [1]), Call("g", [1], [2])], {2}, slots=3)
    assert [(call.op, call.inputs, call.outputs) for call in calls] == [
        ("f", [0], [1]), ("pack", [1], [3]), ("packed_g", [3], [2])]
    assert fuser.specs[3] == Spec((2, 3, 7), "float32")


def test_one_name_is_one_array():
    square = Fusion("b = multiply(a, a)", "b = square(a)")
    calls, _ = fused([square], [Call("multiply", [0, 0], [1]), Call("multiply", [0, 1], [2])], {1, 2})
    assert [call.op for call in calls] == ["square", "multiply"]


def test_order_is_kept():
    """g reads what a later f makes: joined at the place of the later call, everything is made before it is read."""
    calls, _ = fused([CHAIN], [Call("f", [0], [1], (1,)), Call("h", [0], [4]), Call("g", [1], [2], (3,)),
                               Call("h", [2], [5])], {4, 5})
    assert [call.op for call in calls] == ["h", "fg", "h"]
