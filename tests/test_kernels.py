"""Every kernel against the reference (reference.py), in three ways: launched alone, in a program, and as a plan runs it.

A case is an op, its inputs, the specs of its outputs, and its numbers. In a plan an op may be replaced by a variant.
"""
import os
import subprocess
import sys
from typing import NamedTuple

import numba
import numbacnn_cpu as backend
import numpy as np
import pytest
import reference
from numbacnn_cpu.dropout import philox

from numbacnn.fusion import Call, Fuser
from numbacnn.kernels import Place, Spec

INTERPRETED = bool(numba.config.DISABLE_JIT)
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
    arrays = {slot: np.full(spec.shape, -77, spec.dtype) for slot, spec in specs.items()} | values
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


def run_cases(cases, exact=False):
    """Make a test of cases by name."""
    @pytest.mark.parametrize("way", WAYS)
    @pytest.mark.parametrize("dtype", TOLERANCE)
    @pytest.mark.parametrize("case", cases.values(), ids=list(cases))
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


# --- convolution -----------------------------------------------------------------------------------------------------

GEOMETRIES = {       # x, weight, (sh, sw, ph, pw, dh, dw, groups), and the size of y where it does not follow
    "plain": ((2, 3, 7, 6), (4, 3, 3, 3), (1, 1, 0, 0, 1, 1, 1)),
    "batch 1, odd channels": ((1, 5, 9, 4), (7, 5, 3, 2), (1, 1, 1, 1, 1, 1, 1)),
    "one by one": ((3, 6, 4, 5), (9, 6, 1, 1), (1, 1, 0, 0, 1, 1, 1)),
    "one by one, strided": ((2, 70, 5, 4), (3, 70, 1, 1), (2, 2, 0, 0, 1, 1, 1)),
    "stride beyond the window": ((2, 2, 9, 11), (3, 2, 2, 1), (3, 4, 0, 0, 1, 1, 1)),
    "strided, padded": ((2, 3, 8, 7), (5, 3, 3, 3), (2, 2, 1, 1, 1, 1, 1)),
    "padded beyond the window": ((2, 2, 3, 4), (3, 2, 2, 2), (1, 2, 4, 3, 1, 1, 1)),
    "dilated": ((2, 3, 9, 10), (4, 3, 3, 2), (1, 2, 2, 1, 2, 3, 1)),
    "same, even window": ((2, 3, 5, 6), (4, 3, 2, 4), (1, 1, 0, 1, 1, 1, 1), (5, 6)),
    "groups": ((2, 6, 6, 5), (9, 2, 3, 3), (1, 1, 1, 1, 1, 1, 3)),
    "groups, long patches": ((1, 48, 4, 5), (10, 24, 3, 3), (2, 1, 1, 1, 1, 1, 2)),
    "depthwise": ((2, 5, 6, 7), (5, 1, 3, 3), (1, 1, 1, 1, 1, 1, 5)),
    "depthwise, strided, dilated": ((1, 9, 8, 9), (9, 1, 3, 2), (2, 1, 2, 0, 2, 1, 9)),
    "depthwise, two filters each": ((2, 3, 6, 5), (6, 1, 3, 3), (1, 1, 1, 1, 1, 1, 3)),
    "long patches": ((2, 9, 6, 7), (6, 9, 3, 3), (1, 1, 1, 1, 1, 1, 1)),
    "long patches, strided": ((2, 16, 9, 8), (5, 16, 3, 3), (2, 3, 1, 0, 1, 1, 1)),
    "long patches, dilated, even": ((1, 8, 12, 9), (3, 8, 4, 2), (1, 1, 2, 1, 3, 2, 1)),
    "many outputs": ((1, 3, 5, 4), (131, 3, 2, 2), (1, 1, 0, 0, 1, 1, 1)),
    "many pixels": ((3, 1, 19, 23), (4, 1, 5, 5), (1, 1, 2, 2, 1, 1, 1)),
    "one output, one pixel": ((1, 7, 3, 3), (1, 7, 3, 3), (1, 1, 0, 0, 1, 1, 1)),
}


def conv_cases(numbers):
    cases = {}
    for name, (x, weight, geometry, *size) in GEOMETRIES.items():
        (n, _, *image), (o, _, *window), (sh, sw, ph, pw, dh, dw, _) = x, weight, geometry
        [size] = size or [[(a + 2 * p - d * (k - 1) - 1) // s + 1
                           for a, p, d, k, s in zip(image, (ph, pw), (dh, dw), window, (sh, sw), strict=True)]]
        y = (n, o, *size)
        cases |= {
            f"conv2d: {name}": Case("conv2d", [numbers(*x), numbers(*weight), numbers(o)], [y], geometry),
            f"conv2d_backward_input: {name}": Case("conv2d_backward_input", [numbers(*y), numbers(*weight)], [x], geometry),
            f"conv2d_backward_weight: {name}": Case("conv2d_backward_weight", [numbers(*x), numbers(*y)], [weight], geometry),
            f"conv2d_backward_bias: {name}": Case("conv2d_backward_bias", [numbers(*y)], [(o,)]),
        }
    return cases


test_conv = run_cases(conv_cases(integers), exact=True)
test_conv_rounded = run_cases({name: case for name, case in conv_cases(normal).items() if "plain" in name or "long" in name})
test_conv_special = run_cases({name: case._replace(inputs=[special(case.inputs[0]), *case.inputs[1:]])
                               for name, case in conv_cases(integers).items() if name.startswith("conv2d:")}, exact=True)


def random_geometry():
    """Return a case of `conv2d` that no one thought of."""
    groups = int(random.choice([1, 1, 2, 3]))
    channels, outputs = groups * random.integers(1, 12), groups * random.integers(1, 6)
    window, dilation, padding = (random.integers(low, high, 2) for low, high in ((1, 4), (1, 3), (0, 4)))
    image = dilation * (window - 1) + random.integers(1, 9, 2)
    geometry = [int(n) for n in (*random.integers(1, 4, 2), *padding, *dilation, groups)]
    size = [int(n) for n in (image + 2 * padding - dilation * (window - 1) - 1) // geometry[:2] + 1]
    x, weight = (int(random.integers(1, 4)), int(channels), *map(int, image)), (int(outputs), int(channels) // groups,
                                                                                 *map(int, window))
    return x, weight, (x[0], weight[0], *size), tuple(geometry)


@pytest.mark.parametrize("seed", range(4 if INTERPRETED else 40))
def test_conv_of_any_geometry(seed):
    x, weight, y, geometry = random_geometry()
    for op, inputs, output in (("conv2d", (x, weight, weight[:1]), y), ("conv2d_backward_input", (y, weight), x),
                               ("conv2d_backward_weight", (x, y), weight)):
        for way in ("launch", "plan"):
            check(Case(op, [integers(*shape) for shape in inputs], [output], geometry), "float32", way, exact=True)


# --- pooling ---------------------------------------------------------------------------------------------------------

WINDOWS = {          # x, (kh, kw, sh, sw, ph, pw, dh, dw)
    "side by side": ((2, 3, 6, 8), (2, 2, 2, 2, 0, 0, 1, 1)),
    "overlapping, padded": ((1, 5, 7, 6), (3, 2, 2, 1, 1, 1, 1, 1)),
    "stride beyond the window": ((2, 2, 9, 8), (2, 1, 4, 3, 0, 0, 1, 1)),
    "dilated": ((2, 3, 9, 8), (2, 3, 1, 2, 1, 1, 3, 2)),
    "whole image": ((3, 1, 5, 4), (5, 4, 5, 4, 0, 0, 1, 1)),
}


def pool_cases(numbers):
    cases = {}
    for name, (x, window) in WINDOWS.items():
        (kh, kw), (sh, sw), (ph, pw), (dh, dw) = (window[i:i + 2] for i in (0, 2, 4, 6))
        y = (*x[:2], (x[2] + 2 * ph - dh * (kh - 1) - 1) // sh + 1, (x[3] + 2 * pw - dw * (kw - 1) - 1) // sw + 1)
        argmax = np.empty(y, np.int32)
        values = numbers(*x)
        reference.max_pool2d(values, np.empty(y), argmax, *window)
        cases |= {
            f"max_pool2d: {name}": Case("max_pool2d", [values], [y, (y, "int32")], window),
            f"max_pool2d_backward: {name}": Case("max_pool2d_backward", [numbers(*y), argmax], [x], window)}
        if (dh, dw) == (1, 1):
            for op, options in (("sum", ()), ("avg", (0,)), ("avg", (1,))):
                numbers_of = (*window[:6], *options)
                cases |= {
                    f"{op}_pool2d: {name} {options}": Case(f"{op}_pool2d", [numbers(*x)], [y], numbers_of),
                    f"{op}_pool2d_backward: {name} {options}": Case(f"{op}_pool2d_backward", [numbers(*y)], [x], numbers_of)}
    for x, size in (((2, 3, 7, 5), (3, 2)), ((1, 4, 3, 4), (5, 7)), ((2, 1, 6, 6), (1, 1)), ((1, 2, 4, 6), (4, 3))):
        y = (*x[:2], *size)
        cases |= {f"adaptive_avg_pool2d: {x} {size}": Case("adaptive_avg_pool2d", [numbers(*x)], [y]),
                  f"adaptive_avg_pool2d_backward: {x} {size}": Case("adaptive_avg_pool2d_backward", [numbers(*y)], [x])}
    return cases


test_pool = run_cases(pool_cases(normal))
test_pool_ties = run_cases(pool_cases(integers))
test_pool_special = run_cases({name: case._replace(inputs=[special(case.inputs[0]), *case.inputs[1:]])
                               for name, case in pool_cases(integers).items() if not name.startswith("max_pool2d_back")})
test_pool_of_nothing_but_minus_infinity = run_cases(
    {"": Case("max_pool2d", [np.full((1, 2, 4, 4), -np.inf)], [(1, 2, 3, 3), ((1, 2, 3, 3), "int32")],
              (2, 2, 2, 2, 1, 1, 1, 1))})


# --- activations -----------------------------------------------------------------------------------------------------

def activation_cases():
    cases = {}
    for shape in ((7,), (3, 5), (2, 3, 4), (2, 3, 4, 5), (), (0, 3), (3, 70, 9, 11)):
        x, dy = special(normal(*shape)) if shape else np.array(-0.5), normal(*shape)
        x.flat[1::17] = 0
        for op, inputs, numbers in (("relu", [x], ()), ("relu_backward", [dy, x], ()), ("leaky_relu", [x], (0.1,)),
                                    ("leaky_relu_backward", [dy, x], (0.1,)), ("sigmoid", [x], ()),
                                    ("sigmoid_backward", [dy, normal(*shape)], ())):
            cases[f"{op} {shape}"] = Case(op, inputs, [shape], numbers)
        slopes = {(1,), shape[1:2]} if len(shape) in (2, 4) else {(1,)}
        for slope in slopes:
            weight = normal(*slope)
            finite = np.where(np.isinf(x), 0, x)
            cases |= {f"prelu {shape} {slope}": Case("prelu", [x, weight], [shape]),
                      f"prelu_backward_input {shape} {slope}": Case("prelu_backward_input", [dy, x, weight], [shape]),
                      f"prelu_backward_weight {shape} {slope}": Case("prelu_backward_weight", [dy, finite], [slope]),
                      f"prelu_backward_weight {shape} {slope}, numbers only": Case(
                          "prelu_backward_weight", [dy, np.nan_to_num(finite)], [slope])}
        for axis in range(len(shape)):
            cases |= {f"softmax {shape} {axis}": Case("softmax", [1000 * normal(*shape)], [shape], (axis,)),
                      f"softmax_backward {shape} {axis}": Case("softmax_backward", [dy, normal(*shape)], [shape], (axis,))}
    return cases


test_activation = run_cases({name: case for name, case in activation_cases().items()
                             if not (name.startswith("softmax (0") and case.numbers == (0,))})


def test_softmax_of_infinities():
    x = np.array([[-np.inf, 0, 0], [np.inf, 0, 0], [np.nan, 0, 0], [-np.inf] * 3])
    check(Case("softmax", [x], [x.shape], (1,)), "float64", "launch")


# --- batch normalisation ---------------------------------------------------------------------------------------------

def norm_cases():
    cases = {"batch_norm_rstd": Case("batch_norm_rstd", [np.abs(normal(6))], [(6,)], (1e-5,)),
             "increment": Case("increment", [np.array(41)], [((), "int64")])}
    for shape in ((8, 3), (4, 5, 3, 2), (2, 1, 1, 3), (3, 33, 13, 17)):
        c = shape[1:2]
        x, dy, (mean, weight, bias) = 3 + normal(*shape), normal(*shape), normal(3, *c)
        rstd = np.abs(normal(*c))
        cases |= {
            f"batch_norm_statistics {shape}": Case("batch_norm_statistics", [x, mean, rstd], [c] * 4, (0.1, 1e-5)),
            f"batch_norm {shape}": Case("batch_norm", [x, mean, rstd, weight, bias], [shape]),
            f"batch_norm_backward_weight {shape}": Case("batch_norm_backward_weight", [dy, x, mean, rstd], [c] * 2)}
        for training in (0, 1):
            inputs = [dy, x, mean, rstd, weight, *normal(2, *c)]
            cases[f"batch_norm_backward_input {shape} {training}"] = Case(
                "batch_norm_backward_input", inputs, [shape], (training,))
    return cases


test_norm = run_cases(norm_cases())


def test_variance_far_from_zero():
    """A sum of squares would lose all digits of float32."""
    x = (1000 + 0.01 * normal(400, 3)).astype(np.float32)
    case = Case("batch_norm_statistics", [x, np.zeros(3), np.zeros(3)], [(3,)] * 4, (0.1, 0.0))
    check(case, "float32", "launch")


# --- dropout ---------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("generator", [lambda low, high, seed: reference.philox(
    (low % 2 ** 32, low >> 32, high % 2 ** 32, high >> 32), (seed % 2 ** 32, seed >> 32)), philox])
def test_known_answers_of_philox(generator):
    """From kat_vectors of the Random123 library: philox4x32 10."""
    def word(*halves):
        return np.uint64(halves[0] | halves[1] << 32)
    if generator is not philox:
        def word(*halves):
            return halves[0] | halves[1] << 32
    known = [((0, 0), (0, 0), (0, 0), "6627e8d5 e169c58d bc57ac4c 9b00dbd8"),
             ((0xFFFFFFFF,) * 2, (0xFFFFFFFF,) * 2, (0xFFFFFFFF,) * 2, "408f276d 41c83b0e a20bc7c6 6d5451fd"),
             ((0x243F6A88, 0x85A308D3), (0x13198A2E, 0x03707344), (0xA4093822, 0x299F31D0),
              "d16cfe09 94fdcceb 5001e420 24126ea1")]
    for low, high, key, answer in known:
        assert " ".join(f"{int(lane):08x}" for lane in generator(word(*low), word(*high), word(*key))) == answer


def dropout_cases():
    cases = {}
    for shape in ((7,), (2, 3), (2, 3, 5, 2), (0, 4), (1,)):
        for seed, counter, p in ((0, 0, 0.5), (-5, 2 ** 40 + 3, 0.1), (2 ** 62 + 7, 1, 0.0), (1, 9, 0.999)):
            state = np.array([seed, counter])
            cases[f"{shape} {seed} {p}"] = Case("dropout", [normal(*shape), state], [shape, ((2,), "int64")], (p,))
    return cases


test_dropout = run_cases(dropout_cases())


def test_dropout_drops_as_many_as_it_should():
    case = Case("dropout", [np.ones(20_000 if not INTERPRETED else 2_000), np.array([3, 4])], [], (0.3,))
    y, _ = launched(case, case.inputs, [np.empty_like(case.inputs[0]), np.empty(2, np.int64)])
    assert abs((y == 0).mean() - 0.3) < (0.01 if not INTERPRETED else 0.03)
    assert abs(y.mean() - 1) < 0.05


# --- dense layers and losses -----------------------------------------------------------------------------------------

def linear_cases(numbers):
    cases = {}
    for n, c, o in ((1, 1, 1), (3, 7, 5), (64, 20, 10), (5, 300, 70), (1, 9, 131), (70, 3, 4), (0, 3, 2)):
        x, weight, dy = numbers(n, c), numbers(o, c), numbers(n, o)
        for op, inputs, output in (("linear", [x, weight, numbers(o)], (n, o)), ("linear_backward_input", [dy, weight], (n, c)),
                                   ("linear_backward_weight", [x, dy], (o, c)), ("linear_backward_bias", [dy], (o,))):
            cases[f"{op} {n} {c} {o}"] = Case(op, inputs, [output])
    return cases


test_linear = run_cases(linear_cases(integers), exact=True)
test_linear_rounded = run_cases(linear_cases(normal))


def loss_cases():
    cases = {}
    for shape in ((1, 1), (5, 3), (2, 4, 3, 2), (100, 70)):
        rest = (shape[0], *shape[2:])
        targets = random.integers(0, shape[1], rest)
        probabilities = np.abs(normal(*shape))
        for name, logits in (("", normal(*shape)), (", large", 1e4 * normal(*shape))):
            cases[f"cross_entropy {shape}{name}"] = Case("cross_entropy", [logits, targets], [rest, shape])
        for dlosses in (normal(*rest), np.array(0.7)):
            cases[f"cross_entropy_backward {shape} {dlosses.ndim}"] = Case(
                "cross_entropy_backward", [dlosses, probabilities, targets], [shape], (7.0,))
    return cases


test_loss = run_cases(loss_cases())


def test_cross_entropy_of_infinities():
    logits = np.array([[-np.inf, 0, 1], [-np.inf, 0, 1], [np.inf, 0, 0], [np.nan, 0, 0], [-np.inf] * 3])
    case = Case("cross_entropy", [logits, np.array([0, 1, 0, 1, 2])], [(5,), (5, 3)])
    losses, probabilities = launched(case, case.inputs, [np.empty(5), np.empty((5, 3))])
    np.testing.assert_allclose(losses, [np.inf, np.log1p(np.e), np.nan, np.nan, np.nan])
    np.testing.assert_allclose(probabilities[:2], [[0, 1 / (1 + np.e), np.e / (1 + np.e)]] * 2)


@pytest.mark.parametrize("target", [3, -1])
@pytest.mark.parametrize("way", WAYS)
def test_a_target_that_is_no_class(target, way):
    case = Case("cross_entropy", [normal(2, 3), np.array([0, target])], [])
    with pytest.raises(IndexError, match=f"cross_entropy: targets must be from 0 to 2, got {target}"):
        WAYS[way](case, case.inputs, [np.empty(2), np.empty((2, 3))])


# --- fusions: both sides of a rule must compute the same ---------------------------------------------------------------

CHAINS = {           # x, weight, (sh, sw, ph, pw, dh, dw, groups), (kh, kw) of the pool; which rules apply to it
    "short patches": ((3, 1, 10, 12), (5, 1, 3, 3), (1, 1, 0, 0, 1, 1, 1), (2, 2)),
    "short patches, something left": ((2, 3, 9, 7), (4, 3, 3, 3), (1, 1, 1, 1, 1, 1, 1), (3, 2)),
    "long patches": ((2, 9, 8, 7), (6, 9, 3, 3), (1, 1, 1, 1, 1, 1, 1), (2, 2)),
    "strided, dilated": ((2, 8, 17, 19), (5, 8, 3, 3), (2, 1, 1, 2, 1, 2, 1), (2, 3)),
    "many outputs": ((1, 7, 9, 9), (130, 7, 4, 3), (1, 1, 1, 0, 1, 1, 1), (2, 2)),
}
WHOLE = "conv2d_relu_max_pool2d_packed", "conv2d_relu_max_pool2d", "conv2d_relu_max_pool2d_backward"


def chain(x, weight, conv, pool):
    """Return the calls of a convolution, ReLU and max pooling, and of their gradients; specs; and slots by name."""
    size = [(n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, s, p, d, k in zip(x[2:], conv[:2], conv[2:4], conv[4:6], weight[2:], strict=True)]
    c = (x[0], weight[0], *size)
    y = (*c[:2], size[0] // pool[0], size[1] // pool[1])
    names = ["x", "weight", "bias", "dy", "c", "r", "y", "argmax", "d", "e", "dweight", "dbias"]
    shapes = [x, weight, weight[:1], y, c, c, y, y, c, c, weight, weight[:1]]
    slot = {name: number for number, name in enumerate(names)}
    window = (*pool, *pool, 0, 0, 1, 1)
    lines = [("conv2d", "x weight bias", "c", conv), ("relu", "c", "r", ()), ("max_pool2d", "r", "y argmax", window),
             ("max_pool2d_backward", "dy argmax", "d", window), ("relu_backward", "d r", "e", ()),
             ("conv2d_backward_weight", "x e", "dweight", conv), ("conv2d_backward_bias", "e", "dbias", ())]
    calls = [Call(op, [slot[name] for name in inputs.split()], [slot[name] for name in outputs.split()], numbers)
             for op, inputs, outputs, numbers in lines]
    return calls, dict(enumerate(shapes)), slot


@pytest.mark.parametrize("results", ["y argmax", "y argmax dweight dbias", "y dweight", "y e", "r dweight dbias"])
@pytest.mark.parametrize("numbers", [normal, integers, lambda *shape: special(integers(*shape))])
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", CHAINS)
def test_fused_is_unfused(name, dtype, numbers, results):
    """Equal to the bit, but for sums in another order; NaN, ties and windows without a positive number included."""
    calls, shapes, slot = chain(*CHAINS[name])
    specs = {number: Spec(shape, "int32" if number == slot["argmax"] else dtype) for number, shape in shapes.items()}
    values = {slot[name]: (numbers if name == "x" else integers)(*shapes[slot[name]]).astype(dtype)
              for name in ("x", "weight", "bias", "dy")}
    wanted = [slot[name] for name in results.split()]
    found = []
    for rules in ([], backend.FUSIONS):
        specs_now = dict(specs)
        fuser = Fuser(specs_now, set(wanted))
        program = fuser.apply(backend.VARIANTS, fuser.apply(rules, pruned(calls, wanted)))
        found.append(programmed(program, specs_now, values))
    fused = {call.op for call in program}
    assert ("relu" in fused) == (results.startswith("r "))
    assert ("conv2d_relu_max_pool2d_backward" in fused) == (results == "y argmax dweight dbias")
    for number in wanted:
        unfused, fused = found[0][number], found[1][number]
        if number in (slot["dweight"], slot["dbias"]):
            compare(fused, unfused, dtype)
        else:
            np.testing.assert_array_equal(fused, unfused)


def pruned(calls, wanted):
    """Return the calls that lead to what is wanted."""
    needed, kept = set(wanted), []
    for call in reversed(calls):
        if not needed.isdisjoint(call.outputs):
            needed.update(call.inputs)
            kept.insert(0, call)
    return kept


def test_chains_reach_every_fused_kernel():
    ops = set()
    for example in CHAINS.values():
        calls, shapes, slot = chain(*example)
        fuser = Fuser({number: Spec(shape, "float32") for number, shape in shapes.items()}, {slot["dweight"], slot["dbias"]})
        ops |= {call.op for call in fuser.apply(backend.FUSIONS, calls)}
    assert ops.issuperset(WHOLE)


@pytest.mark.parametrize("pool", [(2, 2, 1, 1, 0, 0, 1, 1), (2, 2, 2, 2, 1, 1, 1, 1), (2, 2, 2, 2, 0, 0, 2, 2),
                                  (5, 5, 5, 5, 0, 0, 1, 1)])
def test_windows_that_no_fused_kernel_takes(pool):
    specs = dict(enumerate([Spec((1, 2, 9, 9), "float32"), Spec((3, 2, 3, 3), "float32"), Spec((3,), "float32"),
                            Spec((1, 3, 7, 7), "float32"), Spec((1, 3, 7, 7), "float32")]))
    calls = [Call("conv2d", [0, 1, 2], [3], (1, 1, 0, 0, 1, 1, 1)), Call("relu", [3], [4]), Call("max_pool2d", [4], [5, 6], pool)]
    fuser = Fuser({**specs, 5: Spec((1, 3, 1, 1), "float32"), 6: Spec((1, 3, 1, 1), "int32")}, {5, 6})
    assert fuser.apply(backend.FUSIONS, calls) == calls


# --- the same bits for any number of threads is tested with the tiles, in test_kernel_abi.py ---------------------------

@pytest.mark.skipif(INTERPRETED, reason="interpreted")
def test_interpreted():
    """All kernels run as plain Python, without a warning."""
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", "-x", "-k", "not rounded", __file__], capture_output=True,
                          text=True, check=False, env={**os.environ, "NUMBA_DISABLE_JIT": "1"})
    assert done.returncode == 0, done.stdout
