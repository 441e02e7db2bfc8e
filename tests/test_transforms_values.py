"""What transforms of images compute: against Pillow, references in float64 written for this, and PyTorch."""
import colorsys
import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from numbacnn import transforms as T
from numbacnn.transforms.resample import resampled
from numbacnn.transforms.warp import inverse_matrix, warped

f32 = np.float32
Image = pytest.importorskip("PIL.Image")
ImageEnhance = pytest.importorskip("PIL.ImageEnhance")
sizes = st.tuples(st.integers(1, 30), st.integers(1, 30))
few = settings(max_examples=30, deadline=None)
MODES = {"nearest": 0, "bilinear": 2, "bicubic": 3}


def pixels(height, width, seed=0, channels=3):
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels), np.uint8)


# --- sizes -----------------------------------------------------------------------------------------------------------

@few
@given(old=sizes, new=sizes, mode=st.sampled_from(sorted(MODES)))
def test_resize_of_bytes_is_pillow_s(old, new, mode):
    image = pixels(*old)
    expected = np.asarray(Image.fromarray(image).resize(new[::-1], MODES[mode]))
    np.testing.assert_array_equal(T.Resize(new, mode)(image), expected)


def averaging(old, new, kernel, reach):
    """Matrix (new, old) of the weights: the kernel, as wide as a new pixel, laid over the old ones."""
    stretch = max(old / new, 1)
    y = np.zeros((new, old))
    for i in range(new):
        for j in range(old):
            distance = abs(j + 0.5 - (i + 0.5) * old / new) / stretch
            y[i, j] = kernel(distance) if distance < reach else 0
    return y / y.sum(axis=1, keepdims=True)


KERNELS = {"bilinear": (lambda d: 1 - d, 1),
           "bicubic": (lambda d: 1.5 * d**3 - 2.5 * d**2 + 1 if d < 1 else -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2, 2)}


@few
@given(old=sizes, new=sizes, mode=st.sampled_from(sorted(KERNELS)), seed=st.integers(0, 9))
def test_resize_of_floats(old, new, mode, seed):
    x = np.random.default_rng(seed).standard_normal((2, *old))
    rows, columns = (averaging(a, b, *KERNELS[mode]) for a, b in zip(old, new, strict=True))
    expected = np.einsum("ih,chw,jw->cij", rows, x, columns)
    np.testing.assert_allclose(T.Resize(new, mode)(x), expected, atol=1e-12)
    np.testing.assert_allclose(T.Resize(new, mode)(x.astype(f32)), expected, atol=2e-5)


@pytest.mark.oracle
@few
@given(old=sizes, new=sizes, mode=st.sampled_from(sorted(KERNELS)), antialias=st.booleans())
def test_resize_is_that_of_pytorch(old, new, mode, antialias):
    assume(not antialias or new[1] > 1)                   # columns of one pixel come out wrong in PyTorch 2.13
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).standard_normal((1, 2, *old))
    theirs = torch.nn.functional.interpolate(torch.from_numpy(x), new, mode=mode, antialias=antialias)
    np.testing.assert_allclose(resampled(x, new, mode, antialias), theirs.numpy(), rtol=1e-10, atol=1e-10)


def test_resize_of_bytes_without_antialias_is_rounded():
    image = pixels(9, 7)
    y = T.Resize((4, 20), "bicubic", antialias=False)(image)
    exact = T.Resize((4, 20), "bicubic", antialias=False)(image.transpose(2, 0, 1).astype(np.float64))
    assert abs(y.transpose(2, 0, 1) - np.clip(exact, 0, 255)).max() <= 0.5 + 1e-4


@pytest.mark.parametrize(("size", "max_size", "image", "expected"), [
    (4, None, (8, 12), (4, 6)), (4, None, (12, 8), (6, 4)), ([5], None, (7, 10), (5, 7)), (10, 12, (8, 16), (6, 12)),
    (10, 12, (16, 8), (12, 6)), ((3, 5), None, (9, 9), (3, 5)), (2, 3, (1, 1000), (1, 3)), (8, None, (8, 8), (8, 8)),
])
def test_sizes_of_resize(size, max_size, image, expected):
    assert T.Resize(size, max_size=max_size)(np.zeros((1, *image), f32)).shape[1:] == expected


def test_nearest_takes_the_pixel_under_the_centre():
    np.testing.assert_array_equal(T.Resize((1, 2), "nearest")(np.arange(6.0).reshape(1, 6)), [[1, 4]])


def test_random_resized_crops_are_windows_of_allowed_size():
    rows, columns = np.meshgrid(np.arange(24.0), np.arange(32.0), indexing="ij")
    # Constant images of position: corners of the result tell where the window lay.
    ones = T.RandomResizedCrop((24, 32), scale=(0.2, 0.5), ratio=(0.5, 1.5), interpolation="nearest", generator=0)
    areas, ratios, tops = [], [], set()
    for _ in range(300):
        y = ones(np.stack([rows, columns]))
        height, width = len(np.unique(y[0])), len(np.unique(y[1]))
        areas.append(height * width / (24 * 32))
        ratios.append(width / height)
        tops.add(y[0].min())
        np.testing.assert_array_equal(np.unique(y[0]), y[0].min() + np.arange(height))
    assert 0.17 < min(areas) < 0.25 < 0.45 < max(areas) < 0.54
    assert 0.42 < min(ratios) < 0.6 < 1.3 < max(ratios) < 1.7
    assert len(tops) > 10


@pytest.mark.parametrize(("image", "ratio", "expected"), [
    ((20, 4), (2, 3), (2, 4)), ((4, 20), (0.25, 0.5), (4, 2)), ((6, 6), (0.5, 2), (6, 6)),
])
def test_random_resized_crops_that_never_fit_lie_in_the_middle(image, ratio, expected):
    rows, columns = np.meshgrid(*map(np.arange, map(float, image)), indexing="ij")
    y = T.RandomResizedCrop(64, scale=(2, 2), ratio=ratio, interpolation="nearest")(np.stack([rows, columns]))
    for axis in range(2):
        start = (image[axis] - expected[axis]) // 2
        np.testing.assert_array_equal(np.unique(y[axis]), start + np.arange(expected[axis]))


# --- windows and borders ---------------------------------------------------------------------------------------------

def test_center_crop():
    x = np.arange(20).reshape(4, 5).astype(f32)
    np.testing.assert_array_equal(T.CenterCrop(2)(x), x[1:3, 2:4])           # 1.5 is rounded to even
    np.testing.assert_array_equal(T.CenterCrop((6, 3))(x)[1:5], x[:, 1:4])
    assert T.CenterCrop((6, 3))(x)[[0, 5]].sum() == 0
    assert T.CenterCrop(2)(np.zeros((5, 5, 3), np.uint8)).shape == (2, 2, 3)


def test_pad_with_colours_and_other_borders():
    y = T.Pad((1, 0), fill=(1, 2, 3))(np.zeros((2, 2, 3), np.uint8))
    assert y.shape == (2, 4, 3) and y[0, 0].tolist() == [1, 2, 3] == y[1, 3].tolist() and y[:, 1:3].sum() == 0
    row = np.array([[1.0, 2, 3]])
    for mode, expected in (("edge", [1, 1, 1, 2, 3, 3, 3]), ("reflect", [3, 2, 1, 2, 3, 2, 1]),
                           ("symmetric", [2, 1, 1, 2, 3, 3, 2])):
        assert T.Pad((2, 0), padding_mode=mode)(row)[0].tolist() == expected
    assert T.Pad(1)(np.ones((1, 1), bool)).sum() == 1


def test_random_crop_of_images_that_are_too_small():
    y = T.RandomCrop((4, 6), pad_if_needed=True, fill=9, generator=0).batch(np.zeros((50, 1, 3, 3), f32))
    assert y.shape == (50, 1, 4, 6) and set((y == 0).sum(axis=(1, 2, 3)).tolist()) <= {9, 6, 12, 3}
    colours = T.RandomCrop(2, generator=0)(pixels(5, 5))
    assert colours.shape == (2, 2, 3)


# --- turns -----------------------------------------------------------------------------------------------------------

def forward(angle, translate, scale, shear, centre):
    """The matrix that moves points of the image, as a product of what it does."""
    a, sx, sy = np.radians([angle, *shear])
    moved, back = np.eye(3), np.eye(3)
    moved[:2, 2], back[:2, 2] = np.add(centre, translate), np.negative(centre)
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1]])
    along_y, along_x = np.array([[1, 0, 0], [-np.tan(sy), 1, 0], [0, 0, 1]]), np.eye(3)
    along_x[0, 1] = -np.tan(sx)
    return moved @ turn @ along_y @ along_x @ np.diag([scale, scale, 1]) @ back


def read(x, row, column, fill):
    return x[row, column] if 0 <= row < x.shape[0] and 0 <= column < x.shape[1] else fill


def warped_slowly(x, matrix, mode, fill):
    y = np.empty_like(x)
    for i, j in np.ndindex(*x.shape):
        u, v, _ = np.linalg.inv(matrix) @ [j + 0.5, i + 0.5, 1]
        if mode == "nearest":
            y[i, j] = read(x, math.floor(v), math.floor(u), fill)
            continue
        top, left = math.floor(v - 0.5), math.floor(u - 0.5)
        y[i, j] = sum(read(x, top + p, left + q, fill) * (1 - abs(v - 0.5 - top - p)) * (1 - abs(u - 0.5 - left - q))
                      for p in (0, 1) for q in (0, 1))
    return y


angles = st.floats(-200, 200)
slants = st.tuples(st.floats(-40, 40), st.floats(-40, 40))
moves = st.tuples(st.integers(-3, 3), st.integers(-3, 3))


@few
@given(angle=angles, translate=moves, scale=st.floats(0.5, 2), shear=slants,
       mode=st.sampled_from(["nearest", "bilinear"]))
def test_affine_of_floats(angle, translate, scale, shear, mode):
    x = np.random.default_rng(0).standard_normal((7, 9))
    centre = (4.1, 3.3)
    matrix = inverse_matrix(angle, translate, scale, shear, centre, centre)
    expected = warped_slowly(x, forward(angle, translate, scale, shear, centre), mode, 0.5)
    y = warped("test", x[None], matrix, x.shape, mode, np.array([0.5]))[0]
    wrong = ~np.isclose(y, expected, atol=1e-8)
    assert wrong.sum() <= (2 if mode == "nearest" else 0)                     # a place on the edge of two pixels


@few
@given(angle=angles, mode=st.sampled_from(sorted(MODES)), expand=st.booleans(), size=sizes)
def test_rotation_of_bytes_is_pillow_s(angle, mode, expand, size):
    image = Image.fromarray(pixels(*size))
    ours = np.asarray(T.RandomRotation((angle, angle), mode, expand, fill=(1, 2, 3))(image)).astype(int)
    theirs = np.asarray(image.rotate(angle, MODES[mode], expand, fillcolor=(1, 2, 3))).astype(int)
    assert ours.shape == theirs.shape
    assert (abs(ours - theirs) > 1).mean() <= 0.02                            # places on the edge of two pixels


@pytest.mark.parametrize("turns", [1, 2, 3])
@pytest.mark.parametrize("dtype", [np.uint8, f32])
@pytest.mark.parametrize("mode", ["nearest", "bilinear"])
def test_quarter_turns_are_exact(turns, dtype, mode):
    x = np.random.default_rng(1).integers(0, 256, (5, 8)).astype(dtype)
    angle = 90 * turns
    np.testing.assert_array_equal(T.RandomRotation((angle, angle), mode, expand=True)(x), np.rot90(x, turns))
    assert T.RandomRotation((angle, angle), mode)(x).shape == x.shape


def test_affine_turns_the_other_way_and_moves():
    x = np.random.default_rng(1).standard_normal((6, 6))
    np.testing.assert_array_equal(T.RandomAffine((90, 90))(x), np.rot90(x, -1))
    point = np.zeros((1, 9, 9))
    point[0, 4, 4] = 1
    moved = T.RandomAffine(0, translate=(0.25, 0.1), generator=0).batch(np.repeat(point[None], 200, axis=0))
    places = np.argwhere(moved)[:, 2:]
    assert set(places[:, 0].tolist()) == {3, 4, 5} and set(places[:, 1].tolist()) == {2, 3, 4, 5, 6}


def test_bytes_and_floats_agree_inside():
    image = pixels(12, 10)
    options = {"translate": (0.1, 0.1), "scale": (0.7, 1.5), "shear": 10, "interpolation": "bilinear"}
    for seed in range(5):
        y = T.RandomAffine(40, **options, generator=seed)(image).transpose(2, 0, 1)
        z = T.RandomAffine(40, **options, generator=seed)(image.transpose(2, 0, 1).astype(np.float64))
        inside = T.RandomAffine(40, **options, generator=seed)(np.ones((1, 12, 10)))[0] == 1
        assert inside.sum() > 20 and abs(y - z)[:, inside].max() <= 1


@pytest.mark.oracle
@few
@given(angle=angles, scale=st.floats(0.5, 2), shear=slants)
def test_affine_is_the_grid_sampling_of_pytorch(angle, scale, shear):
    torch = pytest.importorskip("torch")
    x = np.random.default_rng(0).standard_normal((2, 8, 8))
    a, b, c, d, e, f = inverse_matrix(angle, (0, 0), scale, shear, (0, 0), (0, 0))
    theta = torch.tensor([[[a, b, c / 4], [d, e, f / 4]]], dtype=torch.float64)      # in halves of 8 pixels
    grid = torch.nn.functional.affine_grid(theta, [1, 2, 8, 8], align_corners=False)
    theirs = torch.nn.functional.grid_sample(torch.from_numpy(x[None]), grid, align_corners=False)[0]
    matrix = inverse_matrix(angle, (0, 0), scale, shear, (4, 4), (4, 4))
    ours = warped("test", x, matrix, (8, 8), "bilinear", np.zeros(2))
    np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-9)


# --- colours ---------------------------------------------------------------------------------------------------------

@few
@given(size=sizes, factor=st.floats(0, 3), seed=st.integers(0, 9))
@pytest.mark.parametrize(("option", "enhance"), [("brightness", "Brightness"), ("contrast", "Contrast"),
                                                 ("saturation", "Color")])
def test_colours_of_bytes_are_pillow_s(size, factor, seed, option, enhance):
    image = Image.fromarray(pixels(*size, seed))
    expected = getattr(ImageEnhance, enhance)(image).enhance(factor)
    np.testing.assert_array_equal(T.ColorJitter(**{option: (factor, factor)})(image), expected)


def test_colours_of_floats():
    x = np.random.default_rng(0).random((3, 5, 4))
    grey = 0.2989 * x[0] + 0.587 * x[1] + 0.114 * x[2]
    for option, other in (("brightness", 0), ("contrast", grey.mean()), ("saturation", grey)):
        for factor in (0, 0.4, 1.7):
            y = T.ColorJitter(**{option: (factor, factor)})(x)
            np.testing.assert_allclose(y, np.clip(factor * x + (1 - factor) * other, 0, 1), atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float64, f32, np.uint8])
def test_hue(dtype):
    colours = [(0, 0, 0), (255, 255, 255), (200, 10, 10), (0, 200, 0), (1, 2, 250), (90, 90, 10), (7, 99, 99),
               (3, 2, 1), (200, 201, 200), (77, 1, 77)]
    scale, bound = (255, 1e-6) if np.dtype(dtype).kind == "f" else (1, 0.51)
    x = (np.array(colours).T[:, :, None] / scale).astype(dtype)
    for turn in (-0.5, -0.21, 0.0, 0.1, 1 / 3, 0.5):
        y = T.ColorJitter(hue=(turn, turn))(x if scale == 255 else x.transpose(1, 2, 0))
        y = y if scale == 255 else y.transpose(2, 0, 1)
        for n, (red, green, blue) in enumerate(x[:, :, 0].T.astype(float) * scale / 255):
            h, s, v = colorsys.rgb_to_hsv(red, green, blue)
            expected = np.multiply(colorsys.hsv_to_rgb((h + turn) % 1, s, v), 255 / scale)
            np.testing.assert_allclose(y[:, n, 0], expected, atol=bound)


def test_jitter_draws_from_the_whole_range_and_in_any_order():
    y = T.ColorJitter(brightness=0.2, generator=0).batch(np.full((2000, 1, 1, 1), 0.5))
    assert 0.4 <= y.min() < 0.405 and 0.595 < y.max() <= 0.6
    x = np.random.default_rng(0).random((1, 3, 4, 4)).repeat(400, axis=0)
    y = T.ColorJitter((0.5, 0.5), (0.5, 0.5), (0.5, 0.5), (0.3, 0.3), generator=0).batch(x)
    assert 5 < len({image.tobytes() for image in y}) <= 24
    assert T.ColorJitter()(x[0] + 5).max() > 5                                # nothing to change: not even clipped


def test_grey_images_have_neither_saturation_nor_hue():
    x = np.random.default_rng(0).random((1, 4, 4))
    np.testing.assert_array_equal(T.ColorJitter(saturation=(0, 0), hue=(0.5, 0.5))(x), x)
    np.testing.assert_array_equal(T.Grayscale()(x), x)


def test_grayscale():
    image = Image.fromarray(pixels(6, 5))
    grey = T.Grayscale()(image)
    assert grey.mode == "L"
    np.testing.assert_array_equal(grey, image.convert("L"))
    three = T.Grayscale(3)(np.asarray(image))
    np.testing.assert_array_equal(three, np.asarray(grey)[:, :, None].repeat(3, axis=2))
    assert T.Grayscale()(np.asarray(image)).shape == (6, 5, 1) and T.Grayscale(3)(np.asarray(grey)).shape == (6, 5, 3)
    y = T.RandomGrayscale(0.5, generator=0).batch(np.repeat(np.asarray(image)[None], 400, axis=0))
    kept = [bool((one == image).all()) for one in y]
    assert 150 < sum(kept) < 250 and (y[kept.index(False)] == three).all()


# --- blur and erasing ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("kernel_size", [1, 3, (5, 1), (3, 7)])
@pytest.mark.parametrize("dtype", [np.float64, f32, np.uint8])
def test_blur(kernel_size, dtype):
    x = (np.random.default_rng(0).random((6, 9)) * 255).astype(dtype)
    kh, kw = (kernel_size,) * 2 if isinstance(kernel_size, int) else kernel_size
    rows, columns = np.mgrid[-(kh // 2):kh // 2 + 1, -(kw // 2):kw // 2 + 1]
    bell = np.exp(-(rows**2 + columns**2) / (2 * 1.3**2))
    padded = np.pad(x.astype(np.float64), [(kh // 2,) * 2, (kw // 2,) * 2], "reflect")
    expected = [[(padded[i:i + kh, j:j + kw] * bell).sum() / bell.sum() for j in range(9)] for i in range(6)]
    bound = {"float64": 1e-11, "float32": 1e-3, "uint8": 0.501}[np.dtype(dtype).name]
    np.testing.assert_allclose(T.GaussianBlur(kernel_size, 1.3)(x), expected, atol=bound, rtol=0)


def test_blur_draws_its_width():
    x = np.zeros((300, 1, 9, 9))
    x[:, 0, 4, 4] = 1
    peaks = T.GaussianBlur(9, (0.5, 1.0), generator=0).batch(x)[:, 0, 4, 4]
    at = [T.GaussianBlur(9, sigma)(x[0])[0, 4, 4] for sigma in (1.0, 0.5)]
    assert at[0] <= peaks.min() < at[0] * 1.05 and at[1] * 0.95 < peaks.max() <= at[1]


def test_erasing_takes_rectangles_of_allowed_size():
    y = T.RandomErasing(1, scale=(0.1, 0.3), ratio=(0.5, 2), value=-1, generator=0).batch(np.ones((400, 2, 20, 30)))
    areas, ratios, corners = [], [], set()
    for image in y:
        assert (image[0] == image[1]).all()
        rows, columns = np.nonzero(image[0] == -1)
        height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
        assert len(rows) == height * width
        areas.append(len(rows) / 600)
        ratios.append(height / width)
        corners.add((rows[0], columns[0]))
    assert 0.08 < min(areas) < 0.12 and 0.28 < max(areas) < 0.33
    assert 0.45 < min(ratios) < 0.6 and 1.6 < max(ratios) < 2.2
    assert len(corners) > 100
    assert np.mean([(image == -1).any() for image in T.RandomErasing(0.3, value=-1, generator=0).batch(
        np.ones((1000, 1, 9, 9)))]) == pytest.approx(0.3, abs=0.05)


def test_erasing_with_colours_and_noise():
    whole = {"p": 1, "scale": (0.5, 0.5), "ratio": (1, 1)}
    y = T.RandomErasing(**whole, value=(1, 2, 3), generator=0)(np.zeros((8, 8, 3), np.uint8))
    assert y.max(axis=(0, 1)).tolist() == [1, 2, 3] and (y[..., 0] == 1).sum() == 36
    noise = T.RandomErasing(**whole, value="random", generator=0).batch(np.full((200, 1, 8, 8), 9, f32))
    drawn = noise[noise != 9]
    assert len(drawn) == 200 * 36 and abs(drawn.mean()) < 0.05 and abs(drawn.std() - 1) < 0.05
    nothing = T.RandomErasing(1, scale=(1, 1), ratio=(1, 1))(np.ones((1, 5, 5)))
    assert nothing.min() == 1                                                 # as large as the image: never taken


# --- forms -----------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("mode", ["1", "L", "LA", "RGB", "RGBA", "F"])
def test_modes_of_pil_images_stay(mode):
    image = Image.new(mode, (4, 3), "white" if mode != "F" else 0.5)
    flipped = T.RandomHorizontalFlip(1)(image)
    assert flipped.mode == mode and flipped.size == (4, 3)
    np.testing.assert_array_equal(flipped, image)
    if mode != "1":
        assert T.Resize((5, 6))(image).mode == mode


@pytest.mark.parametrize("dtype", [np.float16, f32, np.float64])
def test_dtypes_stay(dtype):
    x = np.random.default_rng(0).random((3, 6, 6)).astype(dtype)
    for transform in (T.Resize(4), T.RandomRotation(20, "bilinear"), T.GaussianBlur(3), T.Grayscale(), T.Pad(1),
                      T.ColorJitter(0.5, 0.5, 0.5, 0.5), T.RandomErasing(1, value="random"), T.RandomResizedCrop(3)):
        assert transform(x).dtype == dtype


def test_what_is_not_a_number_stays_where_it_is():
    x = np.zeros((1, 6, 6), f32)
    x[0, 1, 1] = np.nan
    assert np.isnan(T.Resize(3)(x)).sum() in (1, 2, 4) and np.isnan(T.GaussianBlur(3)(x)).sum() == 9
    assert np.isnan(T.ColorJitter(brightness=0.5)(x)).sum() == 1
