"""Every public op on every row of op_table/: values, gradients, precision, what it keeps, and what it refuses."""
import functools
import re
import zlib
from typing import NamedTuple

import numpy as np
import op_reference
import pytest
import reference_backend
from op_case import Case
from op_table import CASES, EXACT, REFUSED, SUMS
from poison import poisoned  # noqa: F401

import numbacnn as nb
from numbacnn import ops, testing
from numbacnn.autograd import Node
from numbacnn.graph import Array, evaluate, thread


def each(cases):
    return pytest.mark.parametrize("case", cases, ids=lambda case: case.id)


NORMS = "batch_norm", "group_norm", "instance_norm", "layer_norm", "rms_norm"
RUNNING = {"batch_norm": op_reference.running_statistics, "instance_norm": op_reference.instance_statistics}
TRAINED = [case for case in CASES if case.differentiable]


class Outcome(NamedTuple):
    """What a call gave."""

    y: np.ndarray
    gradients: dict[str, np.ndarray]
    inputs: dict[str, np.ndarray]


def tensors(case, dtype="float64", wanted=(), device=None):
    return {name: nb.tensor(x, device=device, requires_grad=name in wanted) if isinstance(x, np.ndarray) else x
            for name, x in case.values(dtype).items()}


def weighting(case, y):
    """The gradient that comes in: other numbers for each case, which float32 holds."""
    rng = np.random.default_rng(zlib.crc32(f"dy of {case.id}".encode()))
    return rng.uniform(0.5, 1.5, y.shape).astype(np.float32) * rng.choice([-1, 1], y.shape)


def outcome(case, dtype="float64", wanted=None, device=None):
    """Call the op, and differentiate."""
    nb.manual_seed(op_reference.SEED)
    wanted = case.differentiable if wanted is None else wanted
    inputs = tensors(case, dtype, wanted, device)
    y = case.call(inputs.values())
    if wanted:
        y.backward(nb.tensor(weighting(case, y).astype(y.dtype), device=y.device))
    return Outcome(y.numpy(), {name: inputs[name].grad.numpy() for name in wanted},
                   {name: x.numpy() for name, x in inputs.items() if isinstance(x, nb.Tensor)})


@functools.cache
def usual(case):
    """What a call in float64 gives, which much is compared with: computed once."""
    return outcome(case)


def assert_within(actual, expected, bound, what=""):
    """Check shape and dtype, that numbers differ by at most `bound`, and that NaN and infinity are in place."""
    assert (actual.shape, actual.dtype) == (expected.shape, expected.dtype), what
    with np.errstate(invalid="ignore"):
        near = np.abs(np.subtract(actual, expected, dtype="float64")) <= bound
        wrong = ~((actual == expected) | (np.isnan(actual) & np.isnan(expected)) | near)
    assert not wrong.any(), (f"{what}: {wrong.sum()} of {wrong.size} differ, first at {np.argwhere(wrong)[0]}: "
                             f"{actual[wrong][0]!r}, must be {expected[wrong][0]!r}")


def largest(*arrays):
    """The largest of all finite numbers."""
    return max(1e-30, *(float(np.abs(a[np.isfinite(a)]).max(initial=0)) for a in arrays))


def arrays_of(case):
    """The inputs that are arrays."""
    return [x for x in case.values().values() if isinstance(x, np.ndarray)]


@functools.cache
def absolute(case):
    """The same case with absolute values."""
    class Absolute(Case):
        def values(self, dtype="float64"):
            return {name: np.asarray(np.abs(x)) if isinstance(x, np.ndarray) else x and abs(x)
                    for name, x in case.values(dtype).items()}
    return Absolute(**vars(case))


@functools.cache
def expected_value(case):
    with np.errstate(all="ignore"):
        found = getattr(op_reference, case.op)(*case.values().values(), *case.arguments, **case.options)
    return case.result(found)


def value_bound(case, expected, unit):
    """How far a value may be from the exact one: 8 more roundings than terms, of what they add up to."""
    if case.op in EXACT and unit < 1e-10:
        return 0.0
    size = largest(expected)
    if case.op in SUMS:
        size = expected_value(absolute(case))
    elif case.op in NORMS:                               # x - mean may cancel
        size = largest(*arrays_of(case)) * largest(expected)
    elif case.op == "cross_entropy":
        size = 1 + 2 * largest(case.values()["logits"])
    return (case.terms + 8) * unit * size


def gradient_bounds(case, gradients, unit):
    """The same for gradients, in `gradients` (float64)."""
    if case.op in SUMS and gradients:
        return {name: (case.terms + 8) * unit * np.abs(dx) for name, dx in _absolute_gradients(case).items()}
    size = 4 * largest(*arrays_of(case), *gradients.values(), np.array(1.5))
    return dict.fromkeys(gradients, (case.terms + 8) * unit * size)


@functools.cache
def _absolute_gradients(case):
    inputs = tensors(absolute(case), wanted=case.differentiable)
    y = case.call(inputs.values())
    y.backward(nb.tensor(np.abs(weighting(case, y)).astype(y.dtype)))
    return {name: inputs[name].grad.numpy() for name in case.differentiable}


DOUBLE, SINGLE = 2.0 ** -52, 2.0 ** -24                  # twice the unit of rounding in float64: both sides round


def test_every_public_op_has_cases():
    assert set(ops.__all__) == {case.op for case in CASES}
    assert set(ops.__all__) == {case.op for case in REFUSED}
    assert len({case.id for case in CASES}) == len(CASES)


@each(CASES)
def test_values_and_gradients_are_those_of_the_reference(case):
    got, expected = usual(case), np.asarray(expected_value(case))
    unit = SINGLE if got.y.dtype == np.float32 else DOUBLE       # of whole numbers, too, come float32 ones
    bound = value_bound(case, expected, unit)
    assert_within(got.y, expected, bound)
    if case.differentiable:
        assert_within(outcome(case, wanted=()).y, expected, bound, "without gradients")
        wanted = outcome(case, device=reference_backend.DEVICE).gradients
        bounds = gradient_bounds(case, wanted, DOUBLE)
        for name, gradient in wanted.items():
            assert_within(got.gradients[name], gradient, bounds[name], name)
    inputs_are_unchanged(case, got.inputs)


def inputs_are_unchanged(case, after):
    """Check what inputs hold after a call: what they held, but for running statistics."""
    before = case.values()
    if case.op in RUNNING:
        with np.errstate(all="ignore"):
            moved = RUNNING[case.op](*before.values(), **case.options)
        before |= dict(zip(("running_mean", "running_var"), moved, strict=True))
    for name, values in after.items():
        assert_within(values, before[name], DOUBLE * case.terms * largest(values) * name.startswith("running_"), name)


@each([case for case in TRAINED if case.smooth])
def test_gradients_are_limits_of_differences(case):
    inputs = tensors(case, wanted=case.differentiable)

    def function(*changed):
        nb.manual_seed(op_reference.SEED)
        fresh = tensors(case)                            # running statistics move with every call
        return case.call((fresh | dict(zip(case.differentiable, changed, strict=True))).values())

    testing.check_gradients(function, [inputs[name] for name in case.differentiable])


@each(CASES)
def test_fused_is_unfused_is_eager(case):
    once = usual(case)
    value, bounds = value_bound(case, once.y, DOUBLE), gradient_bounds(case, once.gradients, DOUBLE)
    for setting in {"fuse": False}, {"eager": True}:
        with testing.settings(**setting):
            other = outcome(case)
        assert_within(other.y, once.y, value, setting)
        for name, gradient in once.gradients.items():
            assert_within(other.gradients[name], gradient, bounds[name], (setting, name))
        for name, values in once.inputs.items():         # running statistics, too
            assert_within(other.inputs[name], values, DOUBLE * largest(values), (setting, name))


@each(TRAINED)
def test_float32_is_as_near_as_it_can_be(case):
    single, double = outcome(case, "float32"), usual(case)
    assert_within(single.y.astype(double.y.dtype), double.y, value_bound(case, double.y, SINGLE))
    bounds = gradient_bounds(case, double.gradients, SINGLE)
    for name, gradient in double.gradients.items():
        assert single.gradients[name].dtype == np.float32
        assert_within(single.gradients[name].astype("float64"), gradient, bounds[name], name)


@each(TRAINED)
def test_who_wants_gradients_and_how_often(case):
    once = usual(case).gradients
    bounds = gradient_bounds(case, once, DOUBLE)
    if len(once) > 1:
        for name, gradient in once.items():
            alone = outcome(case, wanted=[name]).gradients[name]
            assert_within(alone, gradient, bounds[name], f"{name} alone")
    for name, gradient in gradients_of_two_uses(case).items():
        with np.errstate(invalid="ignore"):              # infinity - infinity
            added = 4 * once[name] - 2 * once[name]
        assert_within(gradient, added, 6 * bounds[name], f"{name}, used twice")


def gradients_of_two_uses(case):
    """Gradients of 4 times what the op gives, less 2 times what it gives when called again."""
    nb.manual_seed(op_reference.SEED)
    inputs = tensors(case, wanted=case.differentiable)
    first = case.call(inputs.values())
    nb.manual_seed(op_reference.SEED)
    fresh = {name: x for name, x in tensors(case).items() if name.startswith("running_")}
    second = case.call((inputs | fresh).values())
    dy = weighting(case, first).astype(first.dtype)
    (first * nb.tensor(4 * dy)).sum().backward()
    (second * nb.tensor(-2 * dy)).sum().backward()
    return {name: inputs[name].grad.numpy() for name in case.differentiable}


@each([case for case in TRAINED if case.kept is not None])
def test_what_is_kept_for_the_gradient(case):
    inputs = tensors(case, wanted=case.differentiable)
    y = case.call(inputs.values())
    inputs = {name: x for name, x in inputs.items() if isinstance(x, nb.Tensor)}
    assert kept(y, inputs) == set(case.kept.split())


def kept(y, inputs):
    """Names of the arrays in the closures from y down to the inputs: those of inputs, y, or the op's own variable."""
    known = {id(x.array): name for name, x in inputs.items()} | {id(y.array): "y"}
    found, nodes = set(), [y.node]
    while nodes:
        node = nodes.pop()
        if not isinstance(node, Node):                   # an input, or nothing
            continue
        nodes += node.inputs
        for variable, cell in zip(node.backward.__code__.co_freevars, node.backward.__closure__ or (), strict=True):
            content = cell.cell_contents
            for value in content if isinstance(content, list | tuple) else [content]:
                assert not isinstance(value, nb.Tensor), f"{variable} keeps a tensor, and so its history"
                if isinstance(value, Array):
                    found.add(known.get(id(value), variable))
    return found


@each(REFUSED)
def test_what_is_refused(case):
    inputs = tensors(case).values()
    recorded = list(thread.recording.program)
    error, text = case.error
    with pytest.raises(error, match=re.escape(text)) as raised:
        case.call(inputs)
    assert thread.recording.program == recorded          # nothing that fails later
    assert re.match(r"\w+: .", str(raised.value)), "an error begins with the op, and says what must hold"
    evaluate()
