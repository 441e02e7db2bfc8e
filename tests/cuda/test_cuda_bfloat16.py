"""Kernels on arrays of bfloat16: every op of the contract, on numbers of the op table's rows, against the reference.

What is read is exact in float32, what is written is rounded once: so the result is also that of the same kernel on
float32 arrays, rounded, to the bit.
"""
import functools
import zlib

import numpy as np
import optim_cases
import pytest
import reference
import reference_backend
import simulated
import test_contract
import test_ops
from numbacnn_cuda import conv, norm_rules, product, reduce, scan
from numbacnn_cuda.dtypes import BFLOAT16
from numbacnn_cuda.tiles import SMALL
from op_table import CASES
from simulated import run
from test_cuda_norm_fusions import CHANNELS, given

import numbacnn as nb
from numbacnn import graph, nn, optim, testing
from numbacnn.fusion import parse

pytestmark = simulated.only
FEW = 2                   # calls of an op, of different shapes
REAL = np.float32, np.float64, BFLOAT16
DEVICE = reference_backend.DEVICE
WAYS = {"all": lambda array: True, "mixed": lambda array: array.ndim > 1}    # which arrays are bfloat16
STEP = np.array(0.5)
SINGLE = [np.random.default_rng(n).standard_normal(shape).astype("float32") for n, shape in enumerate([(3, 5), (7,)])]
SAME = [((3, 5), "float32"), ((7,), "float32")]
# What the rows do not call, and optimisers do not.
OTHERS = {
    "average": [([np.array(0.9), *SINGLE, np.array(3), *[-x for x in SINGLE]], [((), "int64"), *SAME], ())],
    "bernoulli_probabilities": [([np.abs(SINGLE[0]) / 9], [SAME[0]], ())],
    "clip_by_norm": [([STEP, np.array(8.0), *SINGLE], SAME, ())],
    "clip_by_value": [([STEP, *SINGLE], SAME, ())],
    "cumulative_average": [([SINGLE[0], SINGLE[0] + 3, np.array(4)], [SAME[0]], ())],
    "gradient_norm": [(SINGLE, [((), "float32")], (order,)) for order in (1.0, 2.0, 2.5, float("inf"))],
    "normal_deviations": [([np.abs(SINGLE[0])], [SAME[0]], ())],
}
WITHOUT = {"increment", "random_integers", "random_normal", "random_uniform"}    # whole numbers only; see below


@functools.cache
def calls():
    """Return of each op some calls of the op table: inputs, (shape, dtype) of outputs, numbers."""
    found, known = {}, graph._launch

    def noted(op, inputs, outputs, numbers):
        key = tuple((array.shape, array.dtype) for array in inputs), outputs, numbers
        if op not in found or (len(found[op]) < FEW and key not in found[op]):
            found.setdefault(op, {})[key] = [
                reference_backend.download(graph.storage_of(array).memory, array.shape, array.dtype)
                for array in inputs], outputs, numbers
        return known(op, inputs, outputs, numbers)

    graph._launch = noted
    try:
        with testing.settings(eager=True), np.errstate(all="ignore"):
            for case in sorted(CASES, key=lambda case: zlib.crc32(case.id.encode())):
                test_ops.outcome(case, "float32", device=DEVICE)
            for name, options in optim_cases.OURS.values():
                train(getattr(optim, name), options)
    finally:
        graph._launch = known
    return {op: [*found.get(op, {}).values(), *OTHERS.get(op, ())] for op in {*found, *OTHERS}}


def train(kind, options):
    """Make two steps with an optimiser."""
    parameters = [nn.Parameter(nb.tensor(x, device=DEVICE)) for x in SINGLE]
    optimizer = kind(parameters, **options)
    for _ in range(2):
        for p, x in zip(parameters, SINGLE, strict=True):
            p.grad = nb.tensor(x * x, device=DEVICE)
        optimizer.step()


def as_dtype(arrays, of, dtype):
    """Return arrays with those of some dtypes as another."""
    return [array.astype(dtype) if array.dtype in of else array for array in arrays]


def check(op, inputs, outputs, numbers, is_narrow):
    """Compare a call with the reference in float64, and with the same call on float32 arrays; return the outputs."""
    def narrowed(array):
        return array.astype(BFLOAT16) if array.dtype == np.float32 and is_narrow(array) else array

    inputs = [narrowed(array) for array in inputs]
    wanted = [narrowed(np.zeros(shape, dtype)) for shape, dtype in outputs]
    found = run(op, inputs, [(array.shape, array.dtype) for array in wanted], numbers)
    single = run(op, as_dtype(inputs, [BFLOAT16], "float32"), outputs, numbers)
    exact = as_dtype(wanted, REAL, "float64")
    with np.errstate(all="ignore"):
        if hasattr(reference, op):
            getattr(reference, op)(*as_dtype(inputs, REAL, "float64"), *exact, *numbers)
        for have, once, want in zip(found, single, exact, strict=True):
            np.testing.assert_array_equal(have.astype("float64"), once.astype(have.dtype).astype("float64"), op)
            if hasattr(reference, op):
                error = 1e-4 * np.abs(want[np.isfinite(want)]).max(initial=0) if have.dtype in REAL else 0
                np.testing.assert_allclose(have.astype(want.dtype), want, rtol=2.0 ** -8 * (error > 0), atol=error)
    return found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("op", sorted(set(test_contract.KNOWN) - WITHOUT))
def test_every_op(op, way):
    for inputs, outputs, numbers in calls()[op]:
        arrays = [*inputs, *[np.zeros(shape, dtype) for shape, dtype in outputs]]
        narrow = {WAYS[way](array) for array in arrays if array.dtype == np.float32}
        if way == "all" or narrow == {True, False}:
            check(op, inputs, outputs, numbers, WAYS[way])


@pytest.mark.parametrize("rule", norm_rules.FUSIONS, ids=lambda rule: rule.name)
def test_rules_of_batch_normalisation(rule):
    """x and all of its shape are bfloat16, what belongs to channels is float32."""
    shape = 2, 5, 4, 3
    known = {name: x if name in CHANNELS else x.astype(BFLOAT16)
             for name, x in given(rule.lines, shape, "float32").items()}
    for line in sorted(parse(rule.replacement), key=lambda line: not known.keys() >= set(line.inputs)):
        outputs = [(shape[1:2] if name in CHANNELS else shape, "float32") for name in line.outputs]
        found = check(line.op, [known[name] for name in line.inputs], outputs, (1,) * len(line.numbers), WAYS["mixed"])
        known.update(zip(line.outputs, found, strict=True))


def test_sums_in_parts(monkeypatch):
    """Parts are kept in float32."""
    monkeypatch.setattr(reduce, "LEAST", 1)
    monkeypatch.setattr(scan, "LEAST", 40)
    for module in product, conv:
        monkeypatch.setattr(module, "needs_tiles", lambda *sizes: True)
        monkeypatch.setattr(module, "tile_for", lambda *sizes: (SMALL, 2))
    rng = np.random.default_rng(2)

    def numbers(*shape):
        return rng.uniform(0.5, 1.5, shape).astype(BFLOAT16).astype("float32")

    x, weight, line = numbers(1, 6, 5, 4), numbers(9, 6, 3, 3), numbers(2, 90)
    y, window = (1, 9, 5, 4), (1, 1, 1, 1, 1, 1, 1)
    for op, inputs, shapes, options in [
            ("sum", [line], [(2, 1)], (1.0,)), ("var", [line + 3], [(2, 1), (2, 1)], (89.0,)),
            ("cumsum", [line], [line.shape], (1, 0)), ("prod_backward", [numbers(2, 1), line], [line.shape], (1,)),
            ("conv2d", [x, weight, numbers(9)], [y], window),
            ("conv2d_backward_weight", [x, numbers(*y)], [weight.shape], window),
            ("linear", [numbers(3, 35), numbers(9, 35), numbers(9)], [(3, 9)], ())]:
        check(op, inputs, [(shape, "float32") for shape in shapes], options, WAYS["all"])


def test_sums_of_many_numbers_at_one_place():
    """256 + 1 is 256 in bfloat16: they are added up in float32."""
    index = np.zeros((3, 40), np.int64)
    y, = run("scatter_add", [np.ones((3, 40), BFLOAT16) * BFLOAT16.type(16), index], [((3, 2), BFLOAT16)], (1,))
    np.testing.assert_array_equal(y.astype("float32"), [[640, 0]] * 3)


def test_random_numbers():
    state, kept = np.array([7, 3]), ((2,), "int64")
    normal, _ = run("random_normal", [state], [((1001,), BFLOAT16), kept])
    exact, _ = run("random_normal", [state], [((1001,), "float32"), kept])
    np.testing.assert_array_equal(normal.astype("float32"), exact.astype(BFLOAT16).astype("float32"))
    uniform, _ = run("random_uniform", [state], [((5000,), BFLOAT16), kept])
    exact, _ = run("random_uniform", [state], [((5000,), "float32"), kept])
    np.testing.assert_array_equal(uniform.astype("float32"),
                                  np.minimum(exact, 1 - 2.0 ** -8).astype(BFLOAT16).astype("float32"))


def test_casts():
    x = np.array([0, -0.0, 1.5, 256.5, 257, 3.3895e38, 3.4e38, -np.inf, np.nan, 1e-40, 9.2e-41])
    y, = run("cast", [x], [(x.shape, BFLOAT16)])
    np.testing.assert_array_equal(y.astype("float32"), x.astype("float32").astype(BFLOAT16).astype("float32"))
    for dtype in "float32", "float64", "bool", "int64", "int32", "uint8":
        given = np.array([0, 1, 2, 200, 255]).astype(dtype)
        y, = run("cast", [given], [(given.shape, BFLOAT16)])
        np.testing.assert_array_equal(y.astype(dtype), given)
        again, = run("cast", [y], [(given.shape, dtype)])
        np.testing.assert_array_equal(again, given)
