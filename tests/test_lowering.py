"""Ops of the CPU backend that are lowered to several kernel calls, or to one of several kernels; run in both ways."""
import itertools
from typing import NamedTuple

import numbacnn_cpu as backend
import numpy as np
import pytest
from numbacnn_cpu import conv_tiles, pack

from numbacnn.kernels import Place
from numbacnn.kernels.channels_last import View

DTYPES = ["float32", "float64", "int64", "int32"]


class Memory(NamedTuple):
    """An array in the memory of the backend."""

    block: object
    shape: tuple
    dtype: str

    @classmethod
    def of(cls, values):
        block = backend.empty(values.nbytes, 0)
        backend.upload(values, block)
        return cls(block, values.shape, values.dtype.name)

    def numpy(self):
        return backend.download(*self)


def launched(op, arrays, numbers):
    backend.launch(op, arrays, numbers)


def planned(op, arrays, numbers):
    blocks = list({id(array.block): array.block for array in arrays}.values())
    places = [Place(blocks.index(array.block), 0, array.shape, array.dtype) for array in arrays]
    backend.Program([(op, [*places, *numbers])]).run([block.address for block in blocks])


def computed(op, inputs, *numbers, shape, dtype):
    """Return the output of an op, after trying both ways."""
    found = []
    for run in launched, planned:
        garbage = Memory.of(np.full(shape, 77).astype(dtype))
        run(op, [*[Memory.of(x) for x in inputs], garbage], numbers)
        found.append(garbage.numpy())
    assert found[0].tobytes() == found[1].tobytes()
    return found[0]


def numbers(shape, dtype="float32"):
    values = np.random.default_rng(0).standard_normal(shape) * 5
    return values > 0 if dtype == "bool" else np.asarray(values.astype(dtype))


# --- arithmetic

SHAPES = [((2, 3, 4, 5), (2, 3, 4, 5)), ((2, 3, 4, 5), (1, 3, 1, 1)), ((2, 3, 4, 5), ()), ((), (2, 3, 4, 5)), ((), ()),
          ((2, 3, 4, 5), (5,)), ((3, 4, 5), (2, 3, 4, 5)), ((2, 1, 4, 1), (1, 3, 1, 5)), ((0, 3), (1, 3)),
          ((1,), (1, 1)), ((2, 1, 2, 1, 2, 1), (1, 3, 1, 3, 1, 3)), ((70, 16, 8, 8), (1, 16, 1, 1)),
          ((70, 16, 8, 8), (70, 1, 8, 8))]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("op", ["add", "subtract", "multiply", "divide"])
def test_arithmetic_broadcasts(op, dtype):
    if op == "divide" and dtype.startswith("int"):
        pytest.skip("floating point only")
    for shapes in SHAPES:
        a, b = (numbers(shape, dtype) for shape in shapes)
        expected = getattr(np, op)(a, b)
        y = computed(op, [a, b], shape=expected.shape, dtype=dtype)
        assert np.allclose(y, expected, rtol=1e-6), shapes


@pytest.mark.parametrize(("shape", "other"), [((1, 3, 1, 1), (2, 3, 4, 5)), ((), (3, 4)), ((5,), (2, 3, 4, 5)),
                                              ((4, 5), (4, 5)), ((3, 1), (3, 4))])
def test_expand(shape, other):
    x = numbers(shape)
    assert np.array_equal(computed("expand", [x], shape=other, dtype="float32"), np.broadcast_to(x, other))


@pytest.mark.parametrize("target", [*DTYPES, "uint8", "bool"])
@pytest.mark.parametrize("dtype", [*DTYPES, "bool"])
def test_cast(dtype, target):
    x = np.abs(numbers((2, 3, 4, 5), dtype))
    assert np.array_equal(computed("cast", [x], shape=x.shape, dtype=target), x.astype(target))


def test_nan_is_true():
    x = np.array([np.nan, 0, -0.0, 1e-30], np.float32)
    assert computed("cast", [x], shape=(4,), dtype="bool").tolist() == [True, False, False, True]


# --- shape

@pytest.mark.parametrize(("shape", "other"), [
    ((2, 3, 4, 5), (2, 60)), ((2, 60), (2, 3, 4, 5)), ((2, 3, 4, 5), (2, 3, 20)), ((2, 3, 4, 5), (6, 2, 2, 5)),
    ((2, 3, 4, 5), (2, 3, 5, 4)), ((2, 3, 4, 5), (4, 5, 3, 2)), ((2, 1, 4, 5), (40,)), ((24,), (2, 3, 4)),
    ((2, 3, 4, 5), (2, 60, 1, 1)), ((0, 3, 2, 2), (0, 12)), ((1,), ()), ((64, 33, 9, 7), (64, 33 * 63))])
@pytest.mark.parametrize("dtype", ["float32", "bool"])
def test_reshape(shape, other, dtype):
    x = numbers(shape, dtype)
    assert np.array_equal(computed("reshape", [x], shape=other, dtype=dtype), x.reshape(other))


@pytest.mark.parametrize(("shape", "axes"), [
    ((2, 3, 4, 5), (0, 2, 3, 1)), ((2, 3, 4, 5), (3, 1, 0, 2)), ((3, 4, 5), (2, 0, 1)), ((6, 7), (1, 0)), ((5,), (0,)),
    ((2, 3, 4, 5, 2), (4, 0, 3, 1, 2)), ((0, 3), (1, 0)), ((64, 33, 9, 7), (1, 0, 2, 3))])
def test_permute(shape, axes):
    x = numbers(shape)
    expected = x.transpose(axes)
    assert np.array_equal(computed("permute", [x], *axes, shape=expected.shape, dtype="float32"), expected)


# --- reductions

@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (3, 4, 5), (0, 3), (1, 1), (40, 16, 9, 9), (3, 2000), (2000, 3),
                                   (20_000,), (2, 1030, 1, 3)])
def test_sum_over_any_axes(shape):
    x = numbers(shape)
    for count in range(len(shape) + 1):
        for axes in itertools.combinations(range(len(shape)), count):
            exact = x.sum(axes, np.float64, keepdims=True)
            y = computed("sum", [x], 3.0, shape=exact.shape, dtype="float32")
            assert np.array_equal(y, (exact / 3).astype(np.float32)) or np.allclose(y, exact / 3, 1e-7, 1e-9), axes


@pytest.mark.parametrize("dtype", ["int64", "int32", "bool"])
def test_sums_of_integers_are_exact(dtype):
    x = numbers((40, 100), dtype)
    assert np.array_equal(computed("sum", [x], 1.0, shape=(1, 100), dtype="int64"), x.sum(0, np.int64, keepdims=True))
    if dtype == "int64":
        assert computed("sum", [np.array([2**53, 1])], 1.0, shape=(1,), dtype="int64") == 2**53 + 1


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (3, 4, 5), (2, 3, 4, 5, 2), (50, 10), (7,)])
def test_argmax_takes_the_first(shape):
    x = np.round(numbers(shape) / 4)                        # many are equal
    for values in x, np.where(np.random.default_rng(1).random(shape) < 0.1, np.float32(np.nan), x):
        for axis in range(len(shape)):
            expected = values.argmax(axis)
            y = computed("argmax", [values], axis, shape=expected.shape, dtype="int64")
            assert np.array_equal(y, expected)


# --- optimisers

PARAMETERS = [(4, 3, 3, 3), (4,), (10, 700), (10,)]
SGD = {"lr": 0.1, "weight_decay": 0.01}
OPTIMISERS = [
    ("sgd", "SGD", SGD, [0.1, 0.01, 0, 0, 0, 0], 0),
    ("sgd_momentum", "SGD", SGD | {"momentum": 0.9}, [0.1, 0.01, 0.9, 0, 0, 0], 1),
    ("sgd_momentum", "SGD", SGD | {"momentum": 0.9, "dampening": 0.3}, [0.1, 0.01, 0.9, 0.3, 0, 0], 1),
    ("sgd_momentum", "SGD", SGD | {"momentum": 0.9, "nesterov": True}, [0.1, 0.01, 0.9, 0, 1, 0], 1),
    ("adam", "Adam", {"lr": 0.01}, [0.01, 0.9, 0.999, 1e-8, 0, 0, 0], 2),
    ("adam", "Adam", {"lr": 0.01, "betas": (0.3, 0.99), "eps": 1e-5, "weight_decay": 0.1},
     [0.01, 0.3, 0.99, 1e-5, 0.1, 0, 0], 2),
    ("adam", "AdamW", {"lr": 0.01, "weight_decay": 0.1}, [0.01, 0.9, 0.999, 1e-8, 0.1, 1, 0], 2),
]


@pytest.mark.oracle
@pytest.mark.parametrize("run", [launched, planned])
@pytest.mark.parametrize("in_place", [True, False])
@pytest.mark.parametrize(("op", "name", "options", "hyper", "states"), OPTIMISERS)
def test_optimisers_do_what_pytorchs_do(op, name, options, hyper, states, in_place, run):
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    values = [rng.standard_normal(shape) for shape in PARAMETERS]
    theirs = [torch.nn.Parameter(torch.tensor(p)) for p in values]
    optimizer = getattr(torch.optim, name)(theirs, **options)
    offsets = [0, *itertools.accumulate(p.size for p in values)]
    hyper, ours = Memory.of(np.array(hyper, np.float64)), [Memory.of(p) for p in values]
    state = [Memory.of(np.zeros(len(ours)))] * bool(states) + [Memory.of(np.zeros(offsets[-1])) for _ in range(states)]
    for step in range(5):
        active = [0, 2] if step == 2 else [0, 1, 2, 3]      # some have no gradient then, and keep their state
        gradients = [rng.standard_normal(PARAMETERS[i]) for i in active]
        optimizer.zero_grad()
        for i, gradient in zip(active, gradients, strict=True):
            theirs[i].grad = torch.tensor(gradient)
        optimizer.step()
        old = [*state, *[ours[i] for i in active]]
        new = old if in_place else [Memory.of(np.full(array.shape, np.nan)) for array in old]
        before = [array.numpy() for array in old]
        run(op, [hyper, *[Memory.of(g) for g in gradients], *old, *new],
            [*active, *[offsets[i] for i in active]] if state else [])
        assert in_place or all(np.array_equal(a.numpy(), b) for a, b in zip(old, before, strict=True))
        state = new[:len(state)]
        for i, array in zip(active, new[len(state):], strict=True):
            ours[i] = array
    for mine, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(mine.numpy(), other.detach().numpy(), rtol=1e-11, atol=1e-14)


# --- tables

@pytest.mark.parametrize(("x", "outputs", "kernel_size", "conv"), [
    ((2, 3, 9, 8), 5, 3, (1, 1, 1, 1, 1, 1, 1)), ((8, 130, 14, 14), 256, 1, (1, 1, 0, 0, 1, 1, 1)),
    ((1, 256, 7, 7), 512, 1, (1, 1, 0, 0, 1, 1, 1)), ((1, 64, 56, 56), 64, 1, (1, 1, 0, 0, 1, 1, 1)),
    ((3, 17, 40, 31), 70, 5, (2, 1, 2, 2, 1, 1, 1)), ((0, 3, 6, 6), 5, 3, (1, 1, 1, 1, 1, 1, 1))], ids=str)
def test_moments_have_a_part_for_each_that_the_call_writes(x, outputs, kernel_size, conv):
    """Whether inputs are normalised or not: they are copied then."""
    tall, wide = ((size + 2 * padding - kernel_size) // stride + 1
                  for size, padding, stride in zip(x[2:], conv[2:], conv, strict=False))
    x, weight, y = (Place(slot, 0, shape, "float32") for slot, shape in enumerate((
        x, (outputs, x[1], kernel_size, kernel_size), (x[0], outputs, tall, wide))))
    parts = Place(3, 0, conv_tiles.moments_of_job(x, weight, y, conv).shape, "float64")
    packed = Place(4, 0, pack.packed(weight, conv).shape, "float32")
    x, packed, bias, y, parts, *norm = map(View.of, (x, packed, packed, y, parts, *[parts] * 4))
    for calls in (backend.conv2d_moments_packed(x, packed, bias, y, parts, *conv),
                  backend.conv2d_moments_normalised_packed(x, *norm, packed, bias, y, parts, *conv)):
        [(made, arguments)] = calls
        images, bands, *_ = arguments[11]
        assert made.items(*arguments) == parts.shape[0] * arguments[11][3]
        assert parts.shape[0] == -(-x.shape[0] // max(images, 1)) * bands



@pytest.mark.parametrize(("groups", "channels"), [(1, 35), (3, 1), (4, 4), (4, 24)])
def test_the_last_tile_of_a_group_reads_nothing_behind_the_zeros(groups, channels):
    """They stand for a bias, in a table, which has no padding."""
    conv = 1, 1, 1, 1, 1, 1, groups
    spec = pack.packed_turned(Place(0, 0, (4 * groups, channels, 3, 3), "float32"), conv)
    dy, packed, dx = (View.of(Place(slot, 0, shape, "float32")) for slot, shape in enumerate((
        (2, 4 * groups, 5, 5), spec.shape, (2, channels * groups, 5, 5))))
    for _, arguments in backend.conv2d_backward_input_packed(dy, packed, dx, *conv):
        zeros, width, blocks = arguments[2], spec.shape[4], spec.shape[0] // groups
        assert not zeros.any()
        assert (groups - 1) * channels + blocks * width <= zeros.size
