"""Batches that are mixed."""
import pickle

import numpy as np
import pytest

import numbacnn
from numbacnn.data import DataLoader, TensorDataset, default_collate
from numbacnn.transforms import CutMix, MixUp

f32 = np.float32


def batch(count=6, dtype=f32):
    rng = np.random.default_rng(0)
    return rng.random((count, 2, 8, 10)).astype(dtype), np.arange(count) % 3


@pytest.mark.parametrize("dtype", [f32, np.float64])
def test_mixup(dtype):
    images, labels = batch(dtype=dtype)
    x, y = MixUp(alpha=0.7, num_classes=3, generator=5)(images, labels)
    part = np.random.default_rng(5).beta(0.7, 0.7)
    hot = np.eye(3)[labels]
    for n in range(6):                                    # the image before the first is the last
        np.testing.assert_allclose(x[n], part * images[n] + (1 - part) * images[n - 1], rtol=1e-6)
        np.testing.assert_allclose(y[n], part * hot[n] + (1 - part) * hot[n - 1], rtol=1e-6)
    assert x.dtype == y.dtype == dtype


def test_cutmix_replaces_one_rectangle_and_counts_its_pixels():
    images, labels = batch()
    hot, shapes = np.eye(3)[labels], set()
    cutmix = CutMix(num_classes=3, generator=0)
    for _ in range(100):
        x, y = cutmix(images, labels)
        changed = x != images
        rows, columns = np.nonzero(changed[0, 0])
        assert (changed == changed[0, 0]).all()
        if len(rows):
            assert len(rows) == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
            shapes.add((rows[0], columns[0], rows[-1], columns[-1]))
        np.testing.assert_array_equal(x[changed], np.roll(images, 1, axis=0)[changed])
        part = 1 - len(rows) / 80
        np.testing.assert_allclose(y, part * hot + (1 - part) * np.roll(hot, 1, axis=0), atol=1e-6)
    assert len(shapes) > 50


def test_cutmix_draws_sides_and_centre():
    images, labels = batch(2)
    x, _ = CutMix(alpha=2, num_classes=3, generator=11)(images, labels)
    generator = np.random.default_rng(11)
    part = generator.beta(2, 2)
    row, column = generator.integers(8), generator.integers(10)
    half = int(0.5 * np.sqrt(1 - part) * 8), int(0.5 * np.sqrt(1 - part) * 10)
    expected = np.zeros((8, 10), bool)
    expected[max(row - half[0], 0):row + half[0], max(column - half[1], 0):column + half[1]] = True
    np.testing.assert_array_equal((x != images)[0, 0], expected)
    assert expected.any()


@pytest.mark.parametrize("mix", [MixUp(num_classes=3), CutMix(num_classes=3)])
def test_mixing_in_a_loader(mix):
    images, labels = batch()
    dataset = TensorDataset(images, labels)
    forms = [mix, lambda samples: mix(default_collate(samples)), lambda samples: mix(*default_collate(samples))]
    results = []
    for collate in forms:
        numbacnn.manual_seed(3)
        loader = DataLoader(dataset, 4, collate_fn=collate)
        results.append([(x.numpy(), y.numpy()) for x, y in loader])
        assert [(x.shape, y.shape) for x, y in results[-1]] == [((4, 2, 8, 10), (4, 3)), ((2, 2, 8, 10), (2, 3))]
    for other in results[1:]:
        for (x, y), (u, v) in zip(results[0], other, strict=True):
            np.testing.assert_array_equal(x, u)
            np.testing.assert_array_equal(y, v)


def test_mixing_of_single_samples_and_of_lists():
    image = np.ones((1, 4, 4), f32)
    x, y = MixUp(num_classes=2)([[image, 1]])
    assert (x.shape, y.tolist()) == ((1, 1, 4, 4), [[0, 1]])
    x, y = CutMix(num_classes=2)([(image, 1), (image, 0)])
    assert x.numpy().min() == 1 and y.numpy().sum() == 2


def test_probabilities_are_mixed_again():
    images, labels = batch()
    x, y = MixUp(num_classes=3, generator=0)(images, labels)
    z, w = CutMix(generator=0)(x, y)
    assert (z.shape, w.shape) == (images.shape, (6, 3))
    np.testing.assert_allclose(w.sum(axis=1), 1, rtol=1e-6)
    _, whole = MixUp(generator=0)(images, np.eye(3, dtype=np.int64)[labels])
    np.testing.assert_array_equal(whole, y)


def test_the_part_is_drawn_from_a_beta_distribution():
    images, labels = np.zeros((2, 1, 1, 1), f32), np.array([0, 1])
    for alpha in (0.3, 5.0):
        mix = MixUp(alpha, 2, generator=0)
        parts = np.array([mix(images, labels)[1][0, 0] for _ in range(2000)])
        assert parts.mean() == pytest.approx(0.5, abs=0.03)
        assert parts.var() == pytest.approx(1 / (4 * (2 * alpha + 1)), rel=0.1)


def test_the_batch_is_left_alone_and_mixers_can_be_pickled():
    images, labels = batch()
    before = images.copy()
    mix = CutMix(num_classes=3, generator=1)
    copy = pickle.loads(pickle.dumps(mix))
    x, y = mix(images, labels)
    u, v = copy(images, labels)
    np.testing.assert_array_equal(images, before)
    assert (x == u).all() and (y == v).all() and repr(copy) == "CutMix(alpha=1.0, num_classes=3)"
