"""Every kernel against the reference (reference/), run in the ways of cases.py.

In a plan an op may be replaced by a variant: convolutions always are. That all other ops give the same in float64 when
launched (eager), and in float32 in a program, test_ops.py shows.
"""

import numba
import numbacnn_cpu as backend
import numpy as np
import pytest
import reference
from cases import WAYS, Case, check, integers, launched, normal, random, run_cases, special, typed, uninitialised
from numbacnn_cpu import program
from numbacnn_cpu.dropout import philox

from numbacnn.kernels import Kernels

INTERPRETED = bool(numba.config.DISABLE_JIT)


def with_special(case):
    """Return a case with NaN and infinities in its first input."""
    return case._replace(inputs=[special(case.inputs[0]), *case.inputs[1:]])


def test_backend_and_reference_have_every_kernel_of_the_contract():
    names = {name for name in dir(Kernels) if not name.startswith("_")}
    assert names <= set(vars(backend))
    assert names <= set(vars(reference))


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
    "no channels": ((2, 0, 5, 4), (3, 0, 3, 2), (1, 1, 1, 0, 1, 1, 1)),
    "no channels, many pixels": ((2, 0, 12, 13), (3, 0, 3, 3), (1, 1, 1, 1, 1, 1, 1)),
    "no outputs, many pixels": ((2, 3, 12, 13), (0, 3, 3, 3), (1, 1, 1, 1, 1, 1, 1)),
    "no outputs, groups": ((2, 4, 12, 13), (0, 2, 3, 3), (1, 1, 1, 1, 1, 1, 2)),
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
            f"conv2d_backward_input: {name}": Case(
                "conv2d_backward_input", [numbers(*y), numbers(*weight)], [x], geometry),
            f"conv2d_backward_weight: {name}": Case(
                "conv2d_backward_weight", [numbers(*x), numbers(*y)], [weight], geometry),
            f"conv2d_backward_bias: {name}": Case("conv2d_backward_bias", [numbers(*y)], [(o,)]),
        }
    return cases


test_conv = run_cases(conv_cases(integers), exact=True)
test_conv_rounded = run_cases({name: case for name, case in conv_cases(normal).items()
                               if "plain" in name or "long" in name})
test_conv_special = run_cases({name: with_special(case) for name, case in conv_cases(integers).items()
                               if name.startswith("conv2d:")}, exact=True)


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

WINDOWS = {          # x, (kh, kw, sh, sw, ph, pw, dh, dw), and the size of y where windows leave x at its end
    "side by side": ((2, 3, 6, 8), (2, 2, 2, 2, 0, 0, 1, 1)),
    "overlapping, padded": ((1, 5, 7, 6), (3, 2, 2, 1, 1, 1, 1, 1)),
    "stride beyond the window": ((2, 2, 9, 8), (2, 1, 4, 3, 0, 0, 1, 1)),
    "dilated": ((2, 3, 9, 8), (2, 3, 1, 2, 1, 1, 3, 2)),
    "whole image": ((3, 1, 5, 4), (5, 4, 5, 4, 0, 0, 1, 1)),
    "side by side, leaving": ((2, 3, 7, 9), (2, 2, 2, 2, 0, 0, 1, 1), (4, 5)),
    "apart, leaving the padding": ((1, 17, 5, 8), (3, 3, 3, 3, 1, 1, 1, 1), (2, 3)),
    "dilated, leaving": ((2, 3, 9, 8), (2, 3, 2, 4, 0, 1, 3, 2), (4, 3)),
}


def pool_cases(numbers):
    cases = {}
    for name, (x, window, *size) in WINDOWS.items():
        (kh, kw), (sh, sw), (ph, pw), (dh, dw) = (window[i:i + 2] for i in (0, 2, 4, 6))
        [size] = size or [[(n + 2 * p - d * (k - 1) - 1) // s + 1
                           for n, p, d, k, s in zip(x[2:], (ph, pw), (dh, dw), (kh, kw), (sh, sw), strict=True)]]
        y = (*x[:2], *size)
        argmax = np.empty(y, np.int32)
        values = numbers(*x)
        reference.max_pool2d(values, np.empty(y), argmax, *window)
        cases |= {
            f"max_pool2d: {name}": Case("max_pool2d", [values], [y, (y, "int32")], window),
            f"max_pool2d_backward: {name}": Case("max_pool2d_backward", [numbers(*y), argmax], [x], window)}
        if (dh, dw) == (1, 1):
            for op, options in (("avg_pool2d", (0, 1)), ("avg_pool2d", (0, 0)), ("avg_pool2d", (1, 0)),
                                ("avg_pool2d", (0, 3))):
                geometry = (*window[:6], *options)
                cases |= {f"{op}: {name} {options}": Case(op, [numbers(*x)], [y], geometry),
                          f"{op}_backward: {name} {options}": Case(f"{op}_backward", [numbers(*y)], [x], geometry)}
    for x, size in (((2, 3, 7, 5), (3, 2)), ((1, 4, 3, 4), (5, 7)), ((2, 1, 6, 6), (1, 1)), ((1, 2, 4, 6), (4, 3))):
        y = (*x[:2], *size)
        cases |= {f"adaptive_avg_pool: {x} {size}": Case("adaptive_avg_pool", [numbers(*x)], [y]),
                  f"adaptive_avg_pool_backward: {x} {size}": Case("adaptive_avg_pool_backward", [numbers(*y)], [x])}
    return cases


test_pool = run_cases(pool_cases(normal))
test_pool_ties = run_cases(pool_cases(integers))
test_pool_special = run_cases({name: with_special(case) for name, case in pool_cases(integers).items()
                               if not name.startswith("max_pool2d_backward")})
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
            for op, inputs in (("softmax", [1000 * normal(*shape)]), ("softmax_backward", [dy, normal(*shape)])):
                cases[f"{op} {shape} {axis}"] = Case(op, inputs, [shape], (axis,))
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
    for n, c, o in ((1, 1, 1), (3, 7, 5), (64, 20, 10), (5, 300, 70), (1, 9, 131), (70, 3, 4), (0, 3, 2), (2, 0, 3),
                    (9, 0, 3), (3, 2, 0)):
        x, weight, dy = numbers(n, c), numbers(o, c), numbers(n, o)
        for op, inputs, output in (("linear", [x, weight, numbers(o)], (n, o)),
                                   ("linear_backward_input", [dy, weight], (n, c)),
                                   ("linear_backward_weight", [x, dy], (o, c)), ("linear_backward_bias", [dy], (o,))):
            cases[f"{op} {n} {c} {o}"] = Case(op, inputs, [output])
    return cases


test_linear = run_cases(linear_cases(integers), exact=True)
test_linear_rounded = run_cases(linear_cases(normal))


def loss_cases():
    cases = {}
    for shape in ((1, 1), (5, 3), (2, 4, 3, 2), (100, 70)):
        rest = (shape[0], *shape[2:])
        targets, weights = random.integers(-1, shape[1], rest), np.abs(normal(*rest))
        probabilities, divisor = np.abs(normal(*shape)), np.array(7.0)
        for name, logits in (("", normal(*shape)), (", large", 1e4 * normal(*shape))):
            cases[f"cross_entropy {shape}{name}"] = Case("cross_entropy", [logits, targets, weights], [rest, shape])
            cases[f"nll_loss {shape}{name}"] = Case("nll_loss", [logits, targets, weights], [rest])
        for dlosses in (normal(*rest), np.array(0.7)):
            cases[f"cross_entropy_backward {shape} {dlosses.ndim}"] = Case(
                "cross_entropy_backward", [dlosses, probabilities, targets, weights, divisor], [shape])
            cases[f"nll_loss_backward {shape} {dlosses.ndim}"] = Case(
                "nll_loss_backward", [dlosses, targets, weights, divisor], [shape])
    for size in (1, 70, 9000, 300_001):
        cases[f"weighted_mean {size}"] = Case("weighted_mean", [np.abs(normal(size)), np.abs(normal(size))], [(), ()])
    return cases


test_loss = run_cases(loss_cases())


def test_cross_entropy_of_infinities():
    logits = np.array([[-np.inf, 0, 1], [-np.inf, 0, 1], [np.inf, 0, 0], [np.nan, 0, 0], [-np.inf] * 3])
    case = Case("cross_entropy", [logits, np.array([0, 1, 0, 1, 2]), np.ones(5)], [(5,), (5, 3)])
    losses, probabilities = launched(case, case.inputs, [np.empty(5), np.empty((5, 3))])
    np.testing.assert_allclose(losses, [np.inf, np.log1p(np.e), np.nan, np.nan, np.nan])
    np.testing.assert_allclose(probabilities[:2], [[0, 1 / (1 + np.e), np.e / (1 + np.e)]] * 2)


@pytest.mark.parametrize("op", ["cross_entropy", "nll_loss"])
@pytest.mark.parametrize("dtype", ["int64", "int32", "uint8"])
def test_targets(op, dtype):
    targets, weight = random.integers(0, 7, (3, 5, 4)).astype(dtype), np.abs(normal(7))
    case = Case(f"{op}_targets", [targets, weight], [(targets.shape, "int64"), targets.shape], (3,))
    check(case, "float32", "program")
    for target in (7, -1) if dtype != "uint8" else (7, 255):
        targets[1, 2, 3] = target
        outputs = [np.empty(targets.shape, "int64"), np.empty(targets.shape)]
        name = "target" if op == "nll_loss" else "targets"
        text = rf"{op}: {name} must be from 0 to 6, got {target} \(ignore_index is 3\)"
        for way in WAYS.values():
            with pytest.raises(IndexError, match=text):
                way(case, [targets, weight], outputs)


# ---------------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("tile_bytes", [64, 1 << 40])
def test_bits_do_not_depend_on_tiles(tile_bytes, monkeypatch):
    """Nor on the number of threads, then: a thread computes whole tiles."""
    cases = {**conv_cases(normal), **pool_cases(normal), **norm_cases(), **linear_cases(normal), **loss_cases()}
    for case in cases.values():
        inputs = [typed(a, "float32") for a in case.inputs]
        outputs = [uninitialised(spec, "float32") for spec in case.outputs]
        found = WAYS["plan"](case, inputs, outputs)
        with monkeypatch.context() as patched:
            patched.setattr(program, "TILE_BYTES", tile_bytes)
            cut = WAYS["plan"](case, inputs, outputs)
        for have, want in zip(cut, found, strict=True):
            np.testing.assert_array_equal(have, want)
