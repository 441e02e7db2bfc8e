"""How tests run kernels: launched alone, in a program, and as a plan would run them.

A case is an op, its inputs, the specs of its outputs, and its numbers.
"""
from typing import NamedTuple

import numbacnn_cpu as backend
import numpy as np
import pytest
import reference

from numbacnn.fusion import Call, Fuser
from numbacnn.kernels import Place, Spec

REPLACED = {line.op for rule in backend.VARIANTS for line in rule.lines}    # ops that run otherwise in a plan
TOLERANCE = {"float32": 2e-5, "float64": 1e-12}         # of the largest number expected
random = np.random.default_rng(0)


class Case(NamedTuple):
    """One call of an op. Floating point inputs and outputs take the dtype of the test."""

    op: str
    inputs: list
    outputs: list
    numbers: tuple = ()


# --- how a case is run -----------------------------------------------------------------------------------------------

def blocks(arrays):
    """Return blocks of memory that hold arrays."""
    found = [backend.empty(backend.nbytes(a.shape, a.dtype), 0) for a in arrays]
    for memory, array in zip(found, arrays, strict=True):
        backend.upload(array, memory)
    return found


def download(memories, specs):
    return [backend.download(memory, *spec) for memory, spec in zip(memories, specs, strict=True)]


def launched(case, inputs, outputs):
    """Run a case alone, from Python."""
    arrays = [*inputs, *outputs]
    memories = blocks(arrays)
    backend.launch(case.op, [(m, a.shape, str(a.dtype)) for m, a in zip(memories, arrays, strict=True)], case.numbers)
    return download(memories[len(inputs):], [(a.shape, str(a.dtype)) for a in outputs])


def programmed(calls, specs, values):
    """Run calls as a program; `values` are the arrays of some slots, the others are uninitialised. Returns all."""
    arrays = {slot: np.full(spec.shape, -77).astype(spec.dtype) for slot, spec in specs.items()} | values
    memories = dict(zip(arrays, blocks(arrays.values()), strict=True))
    slots = list(memories)
    program = backend.Program([(call.op, [
        *[Place(slots.index(slot), 0, *specs[slot]) for slot in (*call.inputs, *call.outputs)], *call.numbers])
        for call in calls])
    program.run([backend.address(memories[slot]) for slot in slots])
    return dict(zip(slots, download(memories.values(), [specs[slot] for slot in slots]), strict=True))


def planned(case, inputs, outputs, rules=()):
    """Run a case in a program, as `rules` rewrite it."""
    arrays = dict(enumerate([*inputs, *outputs]))
    specs = {slot: Spec(array.shape, str(array.dtype)) for slot, array in arrays.items()}
    written = list(range(len(inputs), len(arrays)))
    call = Call(case.op, list(range(len(inputs))), written, case.numbers)
    calls = Fuser(specs, set(written)).apply(rules, [call])
    found = programmed(calls, specs, arrays)
    return [found[slot] for slot in written]


WAYS = {"launch": launched, "program": planned,
        "plan": lambda case, inputs, outputs: planned(case, inputs, outputs, backend.VARIANTS)}


def typed(array, dtype):
    array = np.asarray(array)
    return array.astype(dtype) if array.dtype.kind == "f" else array


def uninitialised(spec, dtype):
    shape, kind = spec if spec and isinstance(spec[-1], str) else (spec, dtype)
    return np.full(shape, -77, kind)


def expected(case, dtype):
    """Return what the reference makes of the inputs, rounded to the dtype."""
    inputs = [typed(typed(a, dtype), "float64") for a in case.inputs]
    outputs = [typed(uninitialised(spec, dtype), "float64") for spec in case.outputs]
    with np.errstate(all="ignore"):
        getattr(reference, case.op)(*inputs, *outputs, *case.numbers)
    return outputs


def check(case, dtype, way, exact=False):
    inputs = [typed(a, dtype) for a in case.inputs]
    found = WAYS[way](case, inputs, [uninitialised(spec, dtype) for spec in case.outputs])
    for have, want in zip(found, expected(case, dtype), strict=True):
        compare(have, want, dtype, exact or want.dtype.kind != "f")


def compare(have, want, dtype, exact=False):
    if exact:
        np.testing.assert_array_equal(have, want)
    else:
        largest = np.abs(want[np.isfinite(want)]).max(initial=1e-30)
        np.testing.assert_allclose(have, want, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * largest)


def runs(op):
    """Dtypes and ways in which a case is run: all of an op that a plan replaces, of another one dtype in each way."""
    if op in REPLACED:
        return [(dtype, way) for dtype in TOLERANCE for way in WAYS]
    return [("float32", "launch"), ("float64", "program")]


def run_cases(cases, exact=False):
    """Make a test of cases by name."""
    each = [pytest.param(case, dtype, way, id=f"{name}-{dtype}-{way}")
            for name, case in cases.items() for dtype, way in runs(case.op)]

    @pytest.mark.parametrize(("case", "dtype", "way"), each)
    def test(case, dtype, way):
        check(case, dtype, way, exact)
    return test


def normal(*shape):
    return random.standard_normal(shape)


def integers(*shape):
    """Small integers: sums of their products are exact, whatever the order."""
    return random.integers(-3, 4, shape).astype(float)


def special(array):
    """Put NaN and infinities among the numbers."""
    array = array.copy()
    array.flat[::7] = np.nan
    array.flat[3::11] = np.inf
    array.flat[5::13] = -np.inf
    return array
