"""Transforms of images in every form: stacks are what their images are, to the bit; numbers come in one order."""
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import numbacnn
from numbacnn import transforms as T
from numbacnn.datasets import ImageDataset

f32 = np.float32
Image = pytest.importorskip("PIL.Image")

MAKERS = {
    "resize": lambda seed: T.Resize((5, 9)),
    "resize nearest": lambda seed: T.Resize(7, "nearest", max_size=8),
    "resize bicubic": lambda seed: T.Resize((12, 3), "bicubic", antialias=False),
    "center crop": lambda seed: T.CenterCrop((5, 20)),
    "pad": lambda seed: T.Pad((1, 2), padding_mode="reflect"),
    "random crop": lambda seed: T.RandomCrop(9, pad_if_needed=True, fill=1, generator=seed),
    "random resized crop": lambda seed: T.RandomResizedCrop((6, 5), generator=seed),
    "horizontal flip": lambda seed: T.RandomHorizontalFlip(generator=seed),
    "vertical flip": lambda seed: T.RandomVerticalFlip(0.25, generator=seed),
    "rotation": lambda seed: T.RandomRotation(70, "bilinear", center=(2, 3), fill=1, generator=seed),
    "affine": lambda seed: T.RandomAffine(30, (0.2, 0.3), (0.5, 2), (-9, 9, -5, 20), "bilinear", generator=seed),
    "jitter": lambda seed: T.ColorJitter(0.5, 0.4, 0.3, 0.2, generator=seed),
    "grayscale": lambda seed: T.Grayscale(3),
    "random grayscale": lambda seed: T.RandomGrayscale(0.5, generator=seed),
    "blur": lambda seed: T.GaussianBlur((3, 5), generator=seed),
    "erasing": lambda seed: T.RandomErasing(0.75, value=1, generator=seed),
    "apply": lambda seed: T.RandomApply([T.RandomHorizontalFlip(generator=seed), T.GaussianBlur(3)], generator=seed),
    "choice": lambda seed: T.RandomChoice([T.RandomVerticalFlip(), T.ColorJitter(0.5), T.Compose([])], p=[1, 2, 1]),
    "order": lambda seed: T.RandomOrder([T.RandomGrayscale(0.5), T.ColorJitter(0.5), T.RandomErasing()]),
    "chain": lambda seed: T.Compose([
        T.RandomCrop(6, padding=1), T.RandomHorizontalFlip(generator=seed), T.ColorJitter(0.3),
        T.RandomApply([T.Compose([T.RandomRotation(20), T.RandomErasing(generator=seed)])]), T.RandomVerticalFlip()]),
}


def stacks(kind, count, seed):
    """Images of about 7 x 8 pixels in one of the forms that transforms take."""
    rng = np.random.default_rng(seed)
    if kind == "grey":
        return rng.integers(0, 256, (count, 7, 8), np.uint8)
    if kind == "colours":
        return rng.integers(0, 256, (count, 7, 8, 3), np.uint8)
    shape = (count, 7, 8) if kind == "grey f" else (count, 3, 7, 8)
    return rng.random(shape).astype(np.float64 if kind == "float64" else f32)


def same_bits(a, b):
    return (a.dtype, a.shape) == (b.dtype, b.shape) and a.tobytes() == b.tobytes()


kinds = pytest.mark.parametrize("kind", ["grey", "colours", "grey f", "float32", "float64"])
makers = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


@kinds
@makers
@settings(max_examples=5, deadline=None)
@given(count=st.integers(1, 6), seed=st.integers(0, 99))
def test_a_stack_is_what_its_images_are(make, kind, count, seed):
    images = stacks(kind, count, seed)
    many, one = make(seed), make(seed)
    numbacnn.manual_seed(seed)
    stacked = many.batch(images)
    following = many.batch(images)
    numbacnn.manual_seed(seed)
    assert same_bits(stacked, np.stack([one(image) for image in images]))
    assert same_bits(following, np.stack([one(image) for image in images]))
    assert stacked.dtype == images.dtype


@makers
def test_stacks_and_images_in_every_layout_of_memory(make, tmp_path):
    images = stacks("float32", 4, 0)
    mapped = np.memmap(tmp_path / "images", f32, "w+", shape=images.shape)
    mapped[:] = images
    frozen = images.copy()
    frozen.flags.writeable = False
    reversed_ = images[:, :, ::-1, ::-1].copy()[:, :, ::-1, ::-1]
    results = []
    for form in (images, frozen, np.asfortranarray(images), reversed_, mapped):
        numbacnn.manual_seed(3)
        results.append(make(3).batch(form))
        assert type(results[-1]) is np.ndarray and not np.shares_memory(results[-1], form)
        assert same_bits(results[-1], results[0])
    np.testing.assert_array_equal(images, frozen)


@makers
def test_pil_images_stay_so_and_hold_what_arrays_do(make):
    for kind in ("grey", "colours"):
        array = stacks(kind, 1, 5)[0]
        image = Image.fromarray(array)
        numbacnn.manual_seed(1)
        y = make(1)(image)
        numbacnn.manual_seed(1)
        assert isinstance(y, Image.Image)
        assert same_bits(np.asarray(y), make(1)(array))
        assert same_bits(np.asarray(image), array)


@makers
def test_empty_stacks(make):
    assert len(make(0).batch(stacks("float32", 0, 0))) == 0
    assert len(make(0).batch(stacks("colours", 0, 0))) == 0


@makers
def test_transforms_can_be_pickled(make):
    images = stacks("colours", 3, 0)
    transform = make(7)
    copy = pickle.loads(pickle.dumps(transform))
    assert repr(copy) == repr(transform)
    numbacnn.manual_seed(0)
    y = transform.batch(images)
    numbacnn.manual_seed(0)
    assert same_bits(copy.batch(images), y)


@makers
def test_batches_of_a_dataset_are_its_samples(make):
    images = stacks("float32", 6, 0)
    dataset, other = (ImageDataset(images, np.arange(6), transform=make(2)) for _ in range(2))
    numbacnn.manual_seed(4)
    batch = np.concatenate([dataset.read_batch([0, 1])[0], dataset.read_batch([2, 3, 4, 5])[0]])
    numbacnn.manual_seed(4)
    assert same_bits(batch, np.stack([other[i][0] for i in range(6)]))


# --- numbers ---------------------------------------------------------------------------------------------------------

def test_manual_seed_repeats_and_other_seeds_do_not():
    transform = T.RandomResizedCrop(4)
    x = stacks("float32", 8, 0)
    results = []
    for seed in (5, 5, 6):
        numbacnn.manual_seed(seed)
        results.append(transform.batch(x))
    assert same_bits(results[0], results[1]) and not same_bits(results[1], results[2])


def test_a_generator_of_its_own_and_a_shared_one():
    x = np.arange(40.0).reshape(10, 1, 1, 4)
    own = T.RandomHorizontalFlip(generator=3)
    numbacnn.manual_seed(0)
    first = own.batch(x)
    numbacnn.manual_seed(1)
    assert same_bits(T.RandomHorizontalFlip(generator=3).batch(x), first)
    assert same_bits(T.RandomHorizontalFlip(generator=np.random.default_rng(3)).batch(x), first)
    shared = np.random.default_rng(8)
    chain = T.Compose([T.RandomHorizontalFlip(generator=shared), T.RandomVerticalFlip(generator=shared),
                       T.RandomHorizontalFlip()])
    stacked = chain.batch(x)
    shared.bit_generator.state = np.random.default_rng(8).bit_generator.state
    numbacnn.manual_seed(1)
    assert same_bits(stacked, np.stack([chain(image) for image in x]))


def test_images_left_alone_take_as_many_numbers_as_others():
    never = T.Compose([T.RandomApply([T.RandomErasing(), T.ColorJitter(0.5)], p=0), T.RandomCrop(3)])
    always = T.Compose([T.RandomApply([T.RandomErasing(p=0), T.ColorJitter()], p=1), T.RandomCrop(3)])
    x = stacks("float32", 9, 1)
    numbacnn.manual_seed(2)
    y = never.batch(x)
    numbacnn.manual_seed(2)
    assert same_bits(always.batch(x), y)


def test_a_subclass_is_not_bypassed_by_a_chain():
    class Noted(T.RandomHorizontalFlip):
        def batch(self, images):
            return super().batch(images) + 1

    class Called(T.RandomHorizontalFlip):
        def __call__(self, image):
            return super().__call__(image) + 1

    x = np.zeros((2, 1, 2, 2), f32)
    assert T.Compose([Noted()]).batch(x).min() == 1 == T.Compose([Noted()])(x[0]).min()
    assert T.Compose([Called()]).batch is None and T.Compose([Called()])(x[0]).min() == 1
    assert T.RandomApply([Called()], p=1)(x[0]).min() == 1


def test_choices_of_transforms_that_know_no_stacks():
    negative = np.negative                                # has no `batch`
    for transform in (T.RandomApply([negative]), T.RandomChoice([negative]), T.RandomOrder([negative])):
        assert transform.batch is None
    assert T.RandomApply([negative], p=1)(3) == -3 == T.RandomOrder([negative])(3) == T.RandomChoice([negative])(3)
    assert T.RandomApply([negative], p=0)(3) == 3
    expanding = T.Compose([T.RandomRotation(30, expand=True)])
    assert expanding.batch is None and expanding(np.ones((1, 4, 4), f32)).shape[1] >= 4


def test_how_often_choices_fall():
    zero, one, two = (T.Lambda(lambda x, k=k: x * 0 + k, batch=lambda x, k=k: x * 0 + k) for k in range(3))
    x = np.full((4000, 1), 9)
    counts = np.bincount(T.RandomChoice([zero, one, two], p=[1, 0, 3], generator=0).batch(x).ravel(), minlength=3)
    assert counts[1] == 0 and abs(counts[2] - 3000) < 150
    assert abs((T.RandomApply([one], p=0.25, generator=0).batch(x) == 1).mean() - 0.25) < 0.03
    last = T.RandomOrder([zero, one, two], generator=0).batch(x).ravel()
    assert min(np.bincount(last)) > 1200
    flipped = T.RandomHorizontalFlip(0.1, generator=0).batch(np.tile(np.arange(2.0), (4000, 1, 1, 1)))
    assert abs(flipped[..., 0].mean() - 0.1) < 0.02


def test_repr():
    assert repr(T.RandomApply([T.RandomHorizontalFlip()], p=0.3)) == "RandomApply([RandomHorizontalFlip(p=0.5)], p=0.3)"
    assert repr(T.Resize(4)) == "Resize(4, interpolation='bilinear', antialias=True)"
    assert repr(T.RandomRotation(5)) == "RandomRotation((-5.0, 5.0), interpolation='nearest', expand=False, fill=0)"
