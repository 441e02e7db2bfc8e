"""The size of a feature map: the examples of the textbook chapter, and every other window, against counting.

floor((input - kernel + 2 padding) / stride) + 1, where a dilated kernel is dilation (kernel - 1) + 1 wide.
"""
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import numbacnn as nb
from numbacnn import nn
from numbacnn.errors import ShapeError
from numbacnn.nn import functional as F

# The chapter's examples: input, kernel, stride, padding, output.
CHAPTER = {
    "5x5 input, 3x3 kernel, same": (5, 3, 1, "same", 5),
    "5x5 input, 3x3 kernel, valid": (5, 3, 1, "valid", 3),
    "32, kernel 5, stride 1, padding 0": (32, 5, 1, 0, 28),
    "32x32, 3x3, stride 1, padding 0": (32, 3, 1, 0, 30),
    "32x32, 3x3, stride 1, padding 1": (32, 3, 1, 1, 32),
    "32x32, 3x3, stride 2, padding 0": (32, 3, 2, 0, 15),
    "32x32, 3x3, stride 2, padding 1": (32, 3, 2, 1, 16),
    "224x224, 7x7, stride 2, padding 3": (224, 7, 2, 3, 112),
    "the listing's convolution of 28x28": (28, 3, 1, 0, 26),
    "the listing's pooling": (26, 2, 2, 0, 13),
}
POOLS = {"max": F.max_pool2d, "average": F.avg_pool2d, "sum": F.sum_pool2d}
chapter = pytest.mark.parametrize("example", CHAPTER.values(), ids=CHAPTER)


@chapter
def test_convolution_has_the_chapters_size(example):
    size, kernel, stride, padding, expected = example
    layer = nn.Conv2d(1, 2, kernel, stride, padding)
    y = layer(nb.ones(1, 1, size, size))
    assert y.shape == y.numpy().shape == (1, 2, expected, expected)


@chapter
@pytest.mark.parametrize("pool", POOLS.values(), ids=POOLS)
def test_pooling_has_the_chapters_size(example, pool):
    size, kernel, stride, padding, expected = example
    padding = {"same": (kernel - 1) // 2, "valid": 0}.get(padding, padding)      # pooling takes numbers
    y = pool(nb.ones(1, 1, size, size), kernel, stride, padding)
    assert y.shape == y.numpy().shape == (1, 1, expected, expected)


def test_the_listings_layers_fit_together():
    x = nn.MaxPool2d(2, 2)(F.relu(nn.Conv2d(1, 32, kernel_size=3)(nb.ones(2, 1, 28, 28))))
    assert x.view(-1, 32 * 13 * 13).shape == (2, 32 * 13 * 13)


# --- any window ----------------------------------------------------------------------------------------------------

sizes, small = st.integers(0, 12), st.integers(1, 4)
pairs = st.tuples(small, small)
quick = settings(max_examples=150, deadline=None, derandomize=True)


def formula(size, kernel, stride, padding, dilation):
    return math.floor((size - (dilation * (kernel - 1) + 1) + 2 * padding) / stride) + 1


def windows(size, kernel, stride, padding, dilation):
    """List the windows along an axis: for each, the places it looks at, of which the padded axis has all."""
    found = [[start + dilation * k for k in range(kernel)] for start in range(-padding, size + padding, stride)]
    return [window for window in found if window[-1] < size + padding]


@quick
@given(size=st.tuples(sizes, sizes), kernel=pairs, stride=pairs, padding=st.tuples(sizes, sizes), dilation=pairs)
def test_convolution_counts_its_windows(size, kernel, stride, padding, dilation):
    """A convolution of ones with ones is the number of pixels that each window sees: size, place and padding."""
    axes = list(zip(size, kernel, stride, padding, dilation, strict=True))
    rows, columns = (windows(*axis) for axis in axes)
    assert [len(rows), len(columns)] == [max(0, formula(*axis)) for axis in axes]
    x, weight = nb.ones(1, 1, *size, dtype="float64"), nb.ones(1, 1, *kernel, dtype="float64")
    if 0 in size:                                        # refused as in PyTorch, whatever the padding
        with pytest.raises(ShapeError, match=r"conv2d: x must not be empty along H, W, got x\(1, 1, \d+, \d+\)"):
            F.conv2d(x, weight, None, stride, padding, dilation)
        return
    if not (rows and columns):
        with pytest.raises(ShapeError, match=r"conv2d: weight\(1, 1, \d, \d\) does not fit in x\(1, 1, \d+, \d+\)"):
            F.conv2d(x, weight, None, stride, padding, dilation)
        return
    y = F.conv2d(x, weight, None, stride, padding, dilation)
    seen = [[sum(0 <= place < n for place in window) for window in along] for n, along in zip(size, (rows, columns),
                                                                                              strict=True)]
    assert y.shape == (1, 1, len(rows), len(columns))
    assert np.array_equal(y.numpy()[0, 0], np.outer(*seen))


@quick
@given(size=st.tuples(sizes, sizes), kernel=pairs, stride=pairs, data=st.data())
def test_pooling_looks_at_its_windows(size, kernel, stride, data):
    """The pixels count upwards: the maximum of a window is its last pixel, the sum is that of all."""
    padding = tuple(data.draw(st.integers(0, k // 2)) for k in kernel)
    axes = list(zip(size, kernel, stride, padding, (1, 1), strict=True))
    assume(0 not in size)
    rows, columns = (windows(*axis) for axis in axes)
    x = np.arange(math.prod(size), dtype="float64").reshape(1, 1, *size)
    if not (rows and columns):
        with pytest.raises(ShapeError, match=r"max_pool2d: window \(\d, \d\) does not fit in x\(1, 1, \d+, \d+\)"):
            F.max_pool2d(nb.tensor(x), kernel, stride, padding)
        return
    seen = [[[x[0, 0, h, w] for h in row for w in column if 0 <= h < size[0] and 0 <= w < size[1]]
             for column in columns] for row in rows]
    for pool, combine in (F.max_pool2d, max), (F.sum_pool2d, sum), (F.avg_pool2d, lambda s: sum(s) / math.prod(kernel)):
        y = pool(nb.tensor(x), kernel, stride, padding).numpy()
        np.testing.assert_allclose(y[0, 0], [[combine(values) for values in row] for row in seen], rtol=1e-14)


@quick
@given(size=st.tuples(st.integers(1, 9), st.integers(1, 9)), kernel=pairs, dilation=pairs)
def test_same_keeps_the_size_and_adds_the_odd_zero_at_the_end(size, kernel, dilation):
    x, weight = nb.ones(1, 1, *size, dtype="float64"), nb.ones(1, 1, *kernel, dtype="float64")
    y = F.conv2d(x, weight, padding="same", dilation=dilation)
    assert y.shape == x.shape
    both = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]
    padded = np.pad(x.numpy(), [(0, 0), (0, 0), *((n // 2, n - n // 2) for n in both)])
    explicit = F.conv2d(nb.tensor(padded), weight, dilation=dilation)
    assert np.array_equal(y.numpy(), explicit.numpy())


@quick
@given(size=st.tuples(st.integers(1, 12), st.integers(1, 12)), output=st.tuples(st.integers(1, 14), st.integers(1, 14)))
def test_adaptive_windows_cover_the_image(size, output):
    y = F.adaptive_avg_pool2d(nb.ones(1, 1, *size, dtype="float64"), output)
    assert y.shape == (1, 1, *output)
    np.testing.assert_allclose(y.numpy(), 1.0, rtol=1e-14)
    x = np.add.outer(np.arange(size[0]), np.zeros(size[1]))[None, None].astype("float64")
    rows = F.adaptive_avg_pool2d(nb.tensor(x), output).numpy()[0, 0, :, 0]
    for oh, mean in enumerate(rows):
        first, last = math.floor(oh * size[0] / output[0]), math.ceil((oh + 1) * size[0] / output[0]) - 1
        assert abs(mean - (first + last) / 2) < 1e-12
