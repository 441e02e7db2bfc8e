"""Transforms: what they compute, and that a batch is computed as its images are."""
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as nps

import numbacnn as nb
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.transforms import Compose, Lambda, Normalize, Pad, RandomCrop, ToTensor, Transform

f32 = np.float32
images = nps.arrays(np.uint8, st.one_of(st.tuples(*[st.integers(1, 6)] * 3),
                                        st.tuples(*[st.integers(1, 6)] * 3, st.sampled_from([1, 3, 4]))))
CHAPTER = Compose([ToTensor(), Normalize((0.1307,), (0.3081,))])


def assert_same_bits(a, b):
    assert (a.dtype, a.shape) == (b.dtype, b.shape)
    assert a.tobytes() == b.tobytes()


# --- one image and many ----------------------------------------------------------------------------------------------

@pytest.mark.parametrize("transform", [
    ToTensor(),
    CHAPTER,
    Compose([]),
    Compose([Compose([ToTensor()]), Pad((1, 2, 0, 3), fill=0.5), Normalize(0.25, 3)]),
    Compose([ToTensor(), Lambda(np.sqrt, batch=np.sqrt)]),
], ids=repr)
@given(batch=images)
def test_a_batch_is_what_its_images_are(transform, batch):
    assert_same_bits(transform.batch(batch), np.stack([transform(image) for image in batch]))


@given(batch=images, size=st.integers(1, 4), padding=st.integers(2, 3), seed=st.integers(0, 9))
def test_random_crops_do_not_depend_on_the_batch(batch, size, padding, seed):
    one, many = (Compose([ToTensor(), RandomCrop(size, padding=padding, generator=seed)]) for _ in range(2))
    assert_same_bits(many.batch(batch), np.stack([one(image) for image in batch]))


def test_a_chain_has_a_batch_if_all_its_members_have_one():
    assert CHAPTER.batch is not None
    assert Compose([ToTensor(), np.sqrt]).batch is None
    assert Compose([ToTensor(), Compose([Lambda(np.sqrt)])]).batch is None


def test_a_subclass_with_another_call_has_no_batch():
    class Doubled(ToTensor):
        def __call__(self, image):
            return 2 * super().__call__(image)

    class Inverted(ToTensor):
        def batch(self, images):
            return 1 - super().batch(images)

    white = np.full((1, 1), 255, np.uint8)
    assert Compose([ToTensor()]).batch and Compose([Inverted()]).batch and Compose([Doubled()]).batch is None
    assert Inverted()(white) == 0


def test_a_transform_must_define_batch():
    class Nothing(Transform):
        pass

    with pytest.raises(NotImplementedError, match=r"Nothing must define batch\(images\)"):
        Nothing()(np.zeros((2, 2)))


# --- ToTensor --------------------------------------------------------------------------------------------------------

def test_to_tensor_scales_bytes_and_puts_channels_first():
    image = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    y = ToTensor()(image)
    assert isinstance(y, nb.Tensor)
    assert (y.shape, y.dtype, np.asarray(y).flags.c_contiguous) == ((3, 2, 4), f32, True)
    np.testing.assert_array_equal(y, np.moveaxis(image, 2, 0).astype(f32) / f32(255))
    assert ToTensor()(np.array([[0, 255]], np.uint8)).tolist() == [[[0.0, 1.0]]]


@pytest.mark.parametrize(("image", "expected"), [
    (np.array([[True, False]]), [[[1.0, 0.0]]]),
    (np.array([[0.5, 7.0]]), [[[0.5, 7.0]]]),            # floating point is not scaled
    (np.array([[0.5, 7.0]], np.float16), [[[0.5, 7.0]]]),
])
def test_to_tensor_of_other_types(image, expected):
    y = ToTensor()(image)
    assert (y.dtype, y.tolist()) == (f32, expected)


@pytest.mark.parametrize(("image", "error", "text"), [
    (np.zeros(3, np.uint8), ShapeError, r"image must be \(H, W\) or \(H, W, C\), got \(3,\)"),
    (np.zeros((2, 2), np.int32), DTypeError, "image must be uint8, bool or floating point, got int32; scale"),
    (np.array([["a"]]), DTypeError, "image must be uint8, bool or floating point, got <U1"),
])
def test_what_to_tensor_refuses(image, error, text):
    with pytest.raises(error, match=f"^ToTensor: {text}"):
        ToTensor()(image)


@pytest.mark.parametrize(("mode", "channels"), [("1", 1), ("L", 1), ("RGB", 3), ("RGBA", 4)])
def test_to_tensor_of_pillow_images(mode, channels):
    image = pytest.importorskip("PIL.Image").new(mode, (3, 2), "white")
    np.testing.assert_array_equal(ToTensor()(image), np.ones((channels, 2, 3), f32))


# --- Normalize -------------------------------------------------------------------------------------------------------

def test_normalize_by_channel():
    x = np.ones((2, 1, 2), f32) * np.array([1, 3], f32)[:, None, None]
    np.testing.assert_array_equal(Normalize((1, 2), (1, 4))(x), [[[0, 0]], [[0.25, 0.25]]])
    assert x.max() == 3                                  # not in place
    assert Normalize(0.5, 0.5)(x.astype(np.float64)).dtype == np.float64


@pytest.mark.parametrize(("x", "error", "text"), [
    (np.zeros((1, 2, 2), np.uint8), DTypeError, r"floating point, got uint8; put ToTensor\(\) before it"),
    (np.zeros((2, 2), f32), ShapeError, r"image must be \(C, H, W\), got \(2, 2\)"),
    (np.zeros((3, 2, 2), f32), ShapeError, r"mean must have one number for each of the 3 channels of image\(3, 2, 2\), "
                                           r"got \(0.5, 0.5\)"),
    (np.zeros((1, 2, 2), f32), ShapeError, "mean must have one number for each of the 1 channels"),
])
def test_what_normalize_refuses(x, error, text):
    with pytest.raises(error, match=f"^Normalize: .*{text}"):
        Normalize((0.5, 0.5), (1.0,))(x)


@pytest.mark.parametrize(("mean", "std", "text"), [
    ((0.0,), (0.0,), "std must not be zero"),
    ((0.0,), (1.0, 1e-60), "std must not be zero"),      # it is, in float32
    ("ab", (1.0,), "mean must be a sequence of numbers"),
    ((0.0,), (), "std must be a sequence of numbers"),
    ((0.0,), [[1.0]], "std must be a sequence of numbers"),
])
def test_normalize_looks_at_its_options(mean, std, text):
    with pytest.raises((ShapeError, DTypeError), match=f"^Normalize: {text}"):
        Normalize(mean, std)


@pytest.mark.oracle
@settings(deadline=None)                                 # the first one imports torch
@given(batch=images, mean=st.floats(-2, 2, width=32), std=st.floats(0.125, 4, width=32))
def test_the_chapter_s_transform_has_the_bits_of_pytorch(batch, mean, std):
    torch = pytest.importorskip("torch")
    x = torch.from_numpy(batch[:, None] if batch.ndim == 3 else np.moveaxis(batch, 3, 1).copy())
    theirs = x.to(torch.float32).div(255).sub_(torch.tensor(mean)).div_(torch.tensor(std))    # torchvision's formula
    assert_same_bits(Compose([ToTensor(), Normalize(mean, std)]).batch(batch), theirs.numpy())


# --- Pad and RandomCrop ----------------------------------------------------------------------------------------------

def test_pad():
    x = np.ones((1, 2, 3), f32)
    y = Pad((1, 2, 3, 4), fill=-1)(x)
    assert y.shape == (1, 2 + 2 + 4, 1 + 3 + 3)
    np.testing.assert_array_equal(y[:, 2:4, 1:4], x)
    assert y.sum() == 6 - (y.size - 6)
    assert Pad(10)(np.zeros((8, 8), np.uint8)).shape == (28, 28)


def test_random_crop_cuts_windows_and_reaches_every_place():
    x = np.arange(1, 17, dtype=f32).reshape(4, 4)
    crops = RandomCrop((2, 3), generator=0).batch(np.broadcast_to(x, (200, 1, 4, 4)))
    assert crops.shape == (200, 1, 2, 3)
    windows = {x[i:i + 2, j:j + 3].tobytes() for i in range(3) for j in range(2)}
    assert {crop.tobytes() for crop in crops} == windows


def test_random_crop_with_padding_shifts():
    x = np.zeros((1, 5, 5), f32)
    x[0, 2, 2] = 1
    crops = RandomCrop(5, padding=1, generator=0).batch(np.repeat(x[None], 100, axis=0))
    places = {tuple(place) for place in np.argwhere(crops)[:, 2:].tolist()}
    assert places == {(i, j) for i in (1, 2, 3) for j in (1, 2, 3)}


@pytest.mark.parametrize(("make", "error", "text"), [
    (lambda: Pad(-1), DTypeError, r"Pad: padding must be an integer >= 0, a pair of them, or four .*, got -1"),
    (lambda: Pad((1, 2, 3)), DTypeError, r"Pad: padding must .*\(left, top, right, bottom\), got \(1, 2, 3\)"),
    (lambda: RandomCrop(0), ShapeError, "RandomCrop: size must be at least 1, got 0"),
    (lambda: RandomCrop(3)(np.zeros((2, 9))), ShapeError, r"must fit into the padded image, got \(3, 3\) for \(2, 9\)"),
    (lambda: RandomCrop(3)(np.zeros(9)), ShapeError, r"RandomCrop: image must be \(H, W\), or .*, got \(9,\)"),
    (lambda: Compose([3]), DTypeError, "Compose: every transform must be callable, got 3"),
    (lambda: Lambda(3), DTypeError, "Lambda: function and batch must be callable, got 3 and None"),
])
def test_what_is_refused(make, error, text):
    with pytest.raises(error, match=text):
        make()


def test_repr():
    transform = Compose([ToTensor(), RandomCrop(28, padding=2), Pad(1), Lambda(np.sqrt)])
    assert repr(transform) == ("Compose([\n    ToTensor(),\n    RandomCrop((28, 28), padding=(2, 2, 2, 2), fill=0),\n"
                               "    Pad((1, 1, 1, 1), fill=0),\n    Lambda(sqrt),\n])")
