"""Convolutions along any axes: rules around them, the kernels of depth, layers, and what layers refuse."""
import numpy as np
import pytest
import ways
from numbacnn_cpu import arrange_rules
from numbacnn_cpu.compile import INTERPRETED
from poison import poisoned  # noqa: F401
from test_fusions import applied  # noqa: F401
from test_same_bits import bits, results_of

import numbacnn as nb
from numbacnn import nn, ops
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.nn import functional as F

SEQUENCES = (3, 4, 20), (5, 4, 3), (6, 5, 3)
VOLUMES = (2, 3, 3, 5, 4), (5, 3, 2, 3, 3), (6, 5, 1, 1, 1)
FILTERS = (2, 3, 4, 5, 19), (3, 1, 2, 3, 3), (3,)
IMAGES = (2, 18, 4, 5), (18, 17, 2, 2), (17,)


def two_layers(convolve):
    """Two convolutions with ReLU between them."""
    return lambda x, first, second: convolve(F.relu(convolve(x, first)), second)


def biased(x, weight, bias):
    return F.conv_transpose2d(x, weight, bias, stride=2)


# A rule, and a program in which it applies: shapes of inputs, and what is computed of them.
PROGRAMS = [
    (0, SEQUENCES, lambda x, first, second: F.relu(F.conv1d(x, first))),
    (1, VOLUMES, lambda x, first, second: F.relu(F.conv3d(x, first))),
    (2, SEQUENCES, two_layers(F.conv1d)),
    (3, SEQUENCES, two_layers(F.conv1d)),
    (4, IMAGES, lambda *inputs: F.relu(biased(*inputs))),
    (5, IMAGES, biased),
    (6, ((4, 6),), lambda x: x.reshape(3, 8).reshape(24) * 2),
    (7, FILTERS, lambda x, weight, bias: F.conv3d(x, weight, bias, padding=1, groups=3)),
]

# Shapes of a volume and of filters of single channels; options.
DEPTHWISE = [
    ((2, 5, 6, 7, 8), (5, 1, 3, 3, 3), {"padding": 1}),
    ((1, 2, 3, 4, 40), (2, 1, 2, 3, 5), {}),
    ((2, 3, 9, 8, 17), (3, 1, 3, 2, 3), {"stride": (2, 3, 1), "padding": (2, 1, 3), "dilation": (2, 1, 4)}),
    ((1, 2, 20, 90, 90), (2, 1, 5, 3, 1), {"padding": (4, 0, 0)}),
    ((1, 1, 4, 5, 6), (1, 1, 3, 3, 3), {"padding": 1}),
]


def computed(shapes, program, device=None):
    """The output, and gradients of all that has one; of small whole numbers, so that nothing is rounded."""
    rng = np.random.default_rng(0)
    inputs = [nb.tensor(rng.integers(-2, 3, shape).astype("float64"), device=device, requires_grad=True)
              for shape in shapes]
    y = program(*inputs)
    y.backward(nb.tensor(rng.integers(-2, 3, y.shape).astype("float64"), device=device))
    gradients = [x.grad for x in inputs if x.grad is not None]
    nb.evaluate(y, *gradients)
    return [each.numpy() for each in (y, *gradients)]


@pytest.mark.parametrize(("number", "shapes", "program"), PROGRAMS, ids=[str(n) for n, *_ in PROGRAMS])
def test_a_rule_applies_and_changes_nothing(number, shapes, program, applied):  # noqa: F811
    computed(shapes, program)
    assert arrange_rules.FUSIONS[number] in applied
    ways.compare(computed, shapes, program, tolerance=0.0)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("x", "weight", "options"), DEPTHWISE)
def test_depthwise_volumes(x, weight, options, dtype):
    rng = np.random.default_rng(0)
    inputs = [nb.tensor(rng.integers(-4, 5, shape).astype(dtype)) for shape in (x, weight, weight[:1])]
    found = F.conv3d(*inputs, groups=x[1], **options)
    dense = nb.zeros(x[1], x[1], *weight[2:], dtype=inputs[0].dtype).numpy()
    dense[range(x[1]), range(x[1])] = inputs[1].numpy()[:, 0]
    expected = F.conv3d(inputs[0], nb.tensor(dense), inputs[2], **options)
    np.testing.assert_array_equal(found.numpy(), expected.numpy())


def test_every_rule_has_a_program():
    assert [number for number, *_ in PROGRAMS] == list(range(len(arrange_rules.FUSIONS)))


def test_sequences_are_turned_once_there_and_once_back():
    """However many convolutions there are between."""
    layers = nn.Sequential(nn.Conv1d(4, 8, 3), nn.ReLU(), nn.Conv1d(8, 8, 3), nn.ReLU(), nn.Conv1d(8, 3, 3))
    x = nb.randn(2, 4, 30)
    with nb.no_grad():
        plan = nb.explain(layers, x).plans[-1]
    assert [line.op for line in plan].count("reshape") == 2


def test_a_relu_that_somebody_sees_is_right():
    x, weight = nb.randn(2, 3, 9), nb.randn(4, 3, 3)
    y = F.conv1d(x, weight)
    z = F.relu(y)
    nb.evaluate(y, z)
    np.testing.assert_array_equal(z.numpy(), np.maximum(y.numpy(), 0))


def test_relu_waits_until_windows_are_added_up():
    """It is done before the copy back from images only where that adds nothing."""
    def program(x, weight, second):
        return F.relu(F.conv_transpose3d(x, weight))

    shapes = (2, 3, 3, 4, 5), (3, 2, 3, 2, 2), (1,)
    ways.compare(computed, shapes, program, tolerance=0.0)


@pytest.mark.skipif(INTERPRETED, reason="one thread")
@pytest.mark.parametrize(("op", "x", "weight", "options"), [
    ("conv1d", (5, 20, 130), (37, 20, 5), {"padding": 2}),
    ("conv3d", (2, 19, 5, 9, 8), (20, 19, 3, 3, 3), {"padding": 1}),
    ("conv3d", (1, 6, 7, 12, 11), (8, 3, 3, 2, 3), {"stride": (2, 1, 2), "groups": 2}),
    ("conv_transpose1d", (3, 20, 70), (20, 24, 4), {"stride": 2}),
    ("conv_transpose2d", (2, 33, 13, 14), (33, 20, 4, 4), {"stride": 2, "padding": 1}),
    ("conv_transpose3d", (2, 18, 4, 6, 5), (18, 17, 2, 2, 2), {"stride": 2}),
])
def test_the_same_bits_for_any_number_of_threads(op, x, weight, options, monkeypatch):
    monkeypatch.setattr("test_same_bits.F.conv2d", lambda x, weight, bias, **options: getattr(ops, op)(
        x, weight, None if "transpose" in op else bias, **options) + bias.sum())
    assert len(set(bits(monkeypatch, lambda: results_of((x, weight, options))))) == 1


def test_images_lie_as_their_users_left_them():
    """In any order of memory, and read-only."""
    x, weight = np.random.default_rng(0).standard_normal((2, 3, 4, 5, 6)), np.ones((2, 3, 2, 2, 2))
    expected = F.conv3d(nb.tensor(x), nb.tensor(weight)).numpy()
    frozen = x.copy()
    frozen.flags.writeable = False
    for other in np.asfortranarray(x), frozen, np.repeat(x, 2, axis=4)[..., ::2], x[::-1].copy()[::-1]:
        np.testing.assert_array_equal(F.conv3d(nb.tensor(other), nb.tensor(weight)).numpy(), expected)


LAYERS = "Conv1d", "Conv2d", "Conv3d", "ConvTranspose1d", "ConvTranspose2d", "ConvTranspose3d"


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_born_as_in_pytorch(name):
    layer = getattr(nn, name)(8, 20, 3, groups=2, dtype=nb.float64)
    axes = int(name[-2])
    first, second = (8, 10) if "Transpose" in name else (20, 4)
    assert layer.weight.shape == (first, second, *[3] * axes)
    assert (layer.bias.shape, layer.weight.dtype, layer.bias.dtype) == ((20,), "float64", "float64")
    bound = 1 / np.sqrt(second * 3**axes)
    assert 0.8 * bound < np.abs(layer.weight.numpy()).max() <= bound
    assert np.abs(layer.bias.numpy()).max() <= bound
    before = layer.weight.numpy()
    layer.reset_parameters()
    assert not np.array_equal(layer.weight.numpy(), before)
    assert getattr(nn, name)(1, 1, 1, bias=False, device="cpu").weight.device is nb.device("cpu")


REFUSED = [
    ("Conv1d", (0, 1, 3), {}, "Conv1d: in_channels must be at least 1, got 0"),
    ("Conv1d", (1, 1, (3, 3)), {}, "Conv1d: kernel_size must be an integer or one in a tuple (length,), got (3, 3)"),
    ("Conv1d", (1, 1, 3), {"padding": "full"}, "Conv1d: padding must be a number, 'same' or 'valid', got 'full'"),
    ("Conv1d", (1, 1, 3), {"padding_mode": "same"}, "Conv1d: padding_mode must be one of 'zeros', 'reflect', "
                                                    "'replicate', 'circular', got 'same'"),
    ("Conv2d", (1, 1, 3), {"padding_mode": None}, "Conv2d: padding_mode must be one of 'zeros', 'reflect'"),
    ("Conv2d", (1, 1, 3), {"padding": "same", "stride": 2}, "Conv2d: padding='same' needs stride 1, got stride (2, 2)"),
    ("Conv2d", (1, 1, 3), {"dtype": "float16"}, "dtype must be one of float32, float64"),
    ("Conv2d", (1, 1, 3), {"device": "tpu"}, "tpu"),
    ("Conv3d", (1, 1, (3, 3)), {}, "Conv3d: kernel_size must be an integer or three integers (depth, height, width)"),
    ("Conv3d", (1, 1, 0), {}, "Conv3d: kernel_size must be at least 1, got 0"),
    ("Conv3d", (4, 6, 1), {"groups": 4}, "Conv3d: groups=4 must divide in_channels=4 and out_channels=6"),
    ("ConvTranspose1d", (1, 1, 3), {"padding": "same"}, "ConvTranspose1d: padding must be an integer or one in a"),
    ("ConvTranspose1d", (1, 1, 3), {"dilation": 0}, "ConvTranspose1d: dilation must be at least 1, got 0"),
    ("ConvTranspose2d", (1, 1, 3), {"padding_mode": "reflect"}, "padding_mode must be one of 'zeros', got"),
    ("ConvTranspose2d", (1, 1, 3), {"output_padding": -1}, "ConvTranspose2d: output_padding must be at least 0, got"),
    ("ConvTranspose3d", (1, True, 3), {}, "ConvTranspose3d: out_channels must be an integer, got True"),
    ("ConvTranspose3d", (1, 1, 3), {"stride": 2.0}, "ConvTranspose3d: stride must be an integer or three integers"),
]


@pytest.mark.parametrize(("name", "arguments", "options", "text"), REFUSED, ids=lambda value: str(value)[:40])
def test_what_layers_refuse(name, arguments, options, text):
    with pytest.raises((ValueError, TypeError)) as raised:
        getattr(nn, name)(*arguments, **options)
    assert text in str(raised.value)


@pytest.mark.parametrize(("size", "text"), [
    ((3, 3), "output_size must be from (7, 7) to (8, 8) for x(1, 2, 4, 4), got (3, 3)"),
    ((7, 9), "output_size must be from (7, 7) to (8, 8) for x(1, 2, 4, 4), got (7, 9)"),
    ((7,), "output_size must be an integer or a pair of integers (height, width), got (7,)"),
    ("7", "output_size must be an integer or a pair of integers (height, width), got '7'"),
    (0, "output_size must be at least 1, got 0"),
])
def test_sizes_that_a_transposed_layer_cannot_give(size, text):
    with pytest.raises((ShapeError, DTypeError)) as raised:
        nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1)(nb.zeros(1, 2, 4, 4), size)
    assert str(raised.value) == f"ConvTranspose2d: {text}"


@pytest.mark.parametrize("value", [None, np.zeros((1, 2, 4, 4))], ids=["None", "array"])
def test_what_is_no_tensor(value):
    with pytest.raises(DTypeError, match="x must be a Tensor"):
        nn.ConvTranspose2d(2, 3, 3)(value, (6, 6))
    with pytest.raises(DTypeError, match="x must be a Tensor"):
        nn.Conv3d(2, 3, 3)(value)
