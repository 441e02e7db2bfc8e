"""What transforms refuse, and what they say."""
import builtins
import math

import numpy as np
import pytest

from numbacnn import transforms as T
from numbacnn.errors import DTypeError, ShapeError

f32 = np.float32
Image = pytest.importorskip("PIL.Image")
nan, inf = math.nan, math.inf
image, grey = np.zeros((3, 6, 8), f32), np.zeros((6, 8), np.uint8)
images, labels = np.zeros((4, 3, 6, 8), f32), np.array([0, 1, 2, 0])

BAD = [
    # sizes
    (lambda: T.Resize(0), ShapeError, "Resize: size must be at least 1, got 0"),
    (lambda: T.Resize(-3), ShapeError, "Resize: size must be at least 1, got -3"),
    (lambda: T.Resize(True), DTypeError, "Resize: size must be an integer or a pair of integers .*, got True"),
    (lambda: T.Resize(2.5), DTypeError, "Resize: size must be an integer or a pair of integers .*, got 2.5"),
    (lambda: T.Resize("ab"), DTypeError, "Resize: size must be an integer or a pair .*, got 'ab'"),
    (lambda: T.Resize((1, 2, 3)), DTypeError, r"Resize: size must be an integer or a pair .*, got \(1, 2, 3\)"),
    (lambda: T.Resize(None), DTypeError, "Resize: size must be an integer or a pair .*, got None"),
    (lambda: T.Resize(10**9), ShapeError, "Resize: an image must have at most 65536 pixels a side, got"),
    (lambda: T.Resize(60000)(np.zeros((1, 2, 4), f32)), ShapeError,
     r"Resize: an image must have at most 65536 pixels a side, got \(60000, 120000\)"),
    (lambda: T.Resize(4, "area"), ShapeError,
     "Resize: interpolation must be one of 'nearest', 'bilinear', 'bicubic', got 'area'"),
    (lambda: T.Resize(4, 2), ShapeError, "Resize: interpolation must be one of 'nearest', .*, got 2"),
    (lambda: T.Resize(4, max_size=4), ShapeError,
     "Resize: max_size must be larger than size, .*, got max_size=4, size=4"),
    (lambda: T.Resize((4, 4), max_size=9), ShapeError, "max_size must be larger than size, one integer, got"),
    (lambda: T.Resize(4, max_size=0), ShapeError, "Resize: max_size must be at least 1, got 0"),
    (lambda: T.Resize(4, max_size=9.5), DTypeError, "Resize: max_size must be an integer, got 9.5"),
    (lambda: T.Resize(4, antialias="warn"), DTypeError, "Resize: antialias must be True or False, got 'warn'"),
    (lambda: T.RandomResizedCrop(0), ShapeError, "RandomResizedCrop: size must be at least 1, got 0"),
    (lambda: T.RandomResizedCrop(4, scale=0.5), DTypeError,
     r"scale must be a pair of numbers \(lowest, highest\), got 0.5"),
    (lambda: T.RandomResizedCrop(4, scale=(1, 0.5)), ShapeError, r"scale must not end below its start, got \(1, 0.5\)"),
    (lambda: T.RandomResizedCrop(4, scale=(-1, 1)), ShapeError, "scale must be in .0, 1e.06., got -1"),
    (lambda: T.RandomResizedCrop(4, ratio=(0, 1)), ShapeError, "ratio must be in .1e-06, 1e.06., got 0"),
    (lambda: T.RandomResizedCrop(4, ratio=(1, inf)), ShapeError, "ratio must be in .1e-06, 1e.06., got inf"),
    # windows and borders
    (lambda: T.CenterCrop((4, 0)), ShapeError, r"CenterCrop: size must be at least 1, got \(4, 0\)"),
    (lambda: T.CenterCrop(10**6), ShapeError, "CenterCrop: an image must have at most 65536 pixels a side"),
    (lambda: T.RandomCrop((9, 4))(image), ShapeError,
     r"size must fit .*, got \(9, 4\) for \(6, 8\); .* pad_if_needed=True"),
    (lambda: T.RandomCrop(4, pad_if_needed=1), DTypeError, "RandomCrop: pad_if_needed must be True or False, got 1"),
    (lambda: T.RandomCrop(4, padding=-1), DTypeError, "RandomCrop: padding must be an integer >= 0"),
    (lambda: T.RandomCrop(4, padding_mode="wrap"), ShapeError, "padding_mode must be one of 'constant', .* 'wrap'"),
    (lambda: T.Pad(2.0), DTypeError, "Pad: padding must be an integer >= 0, a pair of them, or four .*, got 2.0"),
    (lambda: T.Pad(True), DTypeError, "Pad: padding must be an integer >= 0, .*, got True"),
    (lambda: T.Pad((1, 2, 3)), DTypeError, r"Pad: padding must be .*\(left, top, right, bottom\), got \(1, 2, 3\)"),
    (lambda: T.Pad(6, padding_mode="reflect")(image), ShapeError,
     "padding must be smaller than the image where it reflects"),
    (lambda: T.Pad(10**8)(image), ShapeError, "Pad: an image must have at most 65536 pixels a side"),
    (lambda: T.Pad(1, fill="red"), DTypeError, "Pad: fill must be a number, or one for each channel, got 'red'"),
    (lambda: T.Pad(1, fill=nan), ShapeError, "Pad: fill must be finite, got nan"),
    (lambda: T.Pad(1, fill=(1, 2))(image), ShapeError, "fill must have one number for each of the 3 channels, got"),
    (lambda: T.Pad(1, fill=256)(grey), ShapeError, "Pad: fill must be a value that uint8 pixels have, got 256"),
    (lambda: T.Pad(1, fill=0.5)(grey), ShapeError, "Pad: fill must be a value that uint8 pixels have, got 0.5"),
    (lambda: T.Pad(1, fill=-1)(grey), ShapeError, "Pad: fill must be a value that uint8 pixels have, got -1"),
    (lambda: T.Pad(1, fill=10**400)(image), ShapeError, "Pad: fill must be finite, got 1000"),
    (lambda: T.Pad(1, fill=1e300)(image), ShapeError, "Pad: fill must be a value that float32 pixels have, got 1e.300"),
    # probabilities and generators
    (lambda: T.RandomHorizontalFlip(1.5), ShapeError, "RandomHorizontalFlip: p must be in .0, 1., got 1.5"),
    (lambda: T.RandomVerticalFlip(-0.1), ShapeError, "RandomVerticalFlip: p must be in .0, 1., got -0.1"),
    (lambda: T.RandomHorizontalFlip(nan), ShapeError, "p must be in .0, 1., got nan"),
    (lambda: T.RandomGrayscale("half"), DTypeError, "RandomGrayscale: p must be a number, got 'half'"),
    (lambda: T.RandomErasing(True), DTypeError, "RandomErasing: p must be a number, got True"),
    (lambda: T.RandomHorizontalFlip(generator=-1), ShapeError, "RandomHorizontalFlip: generator must be .*, got -1"),
    (lambda: T.RandomCrop(2, generator="seed"), DTypeError, "RandomCrop: generator must be .* or None, got"),
    # turns
    (lambda: T.RandomRotation(-5), ShapeError, "RandomRotation: degrees must be in .0, 1e.06., got -5"),
    (lambda: T.RandomRotation((10, -10)), ShapeError, r"degrees must not end below its start, got \(10, -10\)"),
    (lambda: T.RandomRotation(nan), ShapeError, "RandomRotation: degrees must be in .*, got nan"),
    (lambda: T.RandomRotation("30"), DTypeError,
     r"RandomRotation: degrees must be a number, or a pair of numbers \(lowest, highest\), got '30'"),
    (lambda: T.RandomRotation((1, 2, 3)), DTypeError, "RandomRotation: degrees must be a number, or a pair of numbers"),
    (lambda: T.RandomRotation(5, center=3), DTypeError, r"center must be a pair of numbers \(x, y\), got 3"),
    (lambda: T.RandomRotation(5, expand=True, center=(1, 1)), ShapeError,
     "expand=True turns about the middle, got center="),
    (lambda: T.RandomRotation(5, expand=1), DTypeError, "RandomRotation: expand must be True or False, got 1"),
    (lambda: T.RandomRotation(5, "bicubic")(image), ShapeError,
     r"must be nearest or bilinear for images of floating point, got 'bicubic'; put ToTensor\(\) after it"),
    (lambda: T.RandomRotation(5, fill=(1, 2))(image), ShapeError,
     "fill must have one number for each of the 3 channels"),
    (lambda: T.RandomAffine(5, translate=0.5), DTypeError,
     "RandomAffine: translate must be a pair of numbers .*, got 0.5"),
    (lambda: T.RandomAffine(5, translate=(0, 2)), ShapeError, "RandomAffine: translate must be in .0, 1., got 2"),
    (lambda: T.RandomAffine(5, scale=(0, 1)), ShapeError, "RandomAffine: scale must be in .1e-06, 1e.06., got 0"),
    (lambda: T.RandomAffine(5, scale=2), DTypeError, "RandomAffine: scale must be a pair of numbers"),
    (lambda: T.RandomAffine(5, shear=90), ShapeError, "RandomAffine: shear must be in .0, 89., got 90"),
    (lambda: T.RandomAffine(5, shear=(1, 2, 3)), DTypeError, "shear must be a number, a pair .* or four numbers"),
    (lambda: T.RandomAffine(5, shear=(0, 1, 5, 2)), ShapeError, r"shear must not end below its start, got \(5, 2\)"),
    (lambda: T.RandomRotation((-1e308, 1e308)), ShapeError, "degrees must be in .-1e.06, 1e.06., got -1e.308"),
    (lambda: T.RandomAffine(5, center=(0, 1e308)), ShapeError, "center must be in .-1e.06, 1e.06., got 1e.308"),
    # colours
    (lambda: T.ColorJitter(brightness=-1), ShapeError, "ColorJitter: brightness must be in .0, .*., got -1"),
    (lambda: T.ColorJitter(contrast=(-0.5, 1)), ShapeError, "ColorJitter: contrast must be in .0, 1e.06., got -0.5"),
    (lambda: T.ColorJitter(saturation=inf), ShapeError, "ColorJitter: saturation must be in .0, .*., got inf"),
    (lambda: T.ColorJitter(hue=0.7), ShapeError, "ColorJitter: hue must be in .0, 0.5., got 0.7"),
    (lambda: T.ColorJitter(hue=(-0.6, 0)), ShapeError, "ColorJitter: hue must be in .-0.5, 0.5., got -0.6"),
    (lambda: T.ColorJitter(brightness=[1]), DTypeError, "brightness must be a number, or a pair of numbers"),
    (lambda: T.ColorJitter(0.5)(np.zeros((4, 4, 4), f32)), ShapeError,
     "image must have 1 or 3 channels .*, got 4; drop"),
    (lambda: T.Grayscale(2), ShapeError, "Grayscale: num_output_channels must be 1 or 3, got 2"),
    (lambda: T.Grayscale(True), ShapeError, "Grayscale: num_output_channels must be 1 or 3, got True"),
    (lambda: T.Grayscale()(np.zeros((2, 4, 4))), ShapeError, "Grayscale: image must have 1 or 3 channels"),
    # blur and erasing
    (lambda: T.GaussianBlur(4), ShapeError, "GaussianBlur: kernel_size must be odd, got 4"),
    (lambda: T.GaussianBlur(0), ShapeError, "GaussianBlur: kernel_size must be at least 1, got 0"),
    (lambda: T.GaussianBlur(3, sigma=0), ShapeError, "GaussianBlur: sigma must be in .0.001, 1e.06., got 0"),
    (lambda: T.GaussianBlur(3, sigma=(2, 1)), ShapeError, r"sigma must not end below its start, got \(2, 1\)"),
    (lambda: T.GaussianBlur(3, sigma="1"), DTypeError, "GaussianBlur: sigma must be a number, got '1'"),
    (lambda: T.GaussianBlur(13)(image), ShapeError, r"half of kernel_size must be less .*, got \(13, 13\) for 6 x 8"),
    (lambda: T.RandomErasing(scale=(0.5, 2)), ShapeError, "RandomErasing: scale must be in .0, 1., got 2"),
    (lambda: T.RandomErasing(ratio=(-1, 1)), ShapeError, "RandomErasing: ratio must be in .1e-06, 1e.06., got -1"),
    (lambda: T.RandomErasing(value="noise"), DTypeError,
     "value must be a number, one for each channel, or 'random', got"),
    (lambda: T.RandomErasing(value=(1, 2))(image), ShapeError, "value must have one number for each of the 3 channels"),
    (lambda: T.RandomErasing(value="random")(grey), DTypeError,
     r"value='random' is for .*, got uint8; put ToTensor\(\) before"),
    (lambda: T.RandomErasing(value=300)(grey), ShapeError,
     "RandomErasing: value must be a value that uint8 pixels have"),
    # choices
    (lambda: T.RandomApply(T.Pad(1)), DTypeError, r"RandomApply: transforms must be a list of callables, got Pad"),
    (lambda: T.RandomApply(None), DTypeError, "RandomApply: transforms must be a list of callables, got None"),
    (lambda: T.RandomApply([3]), DTypeError, "RandomApply: every transform must be callable, got 3"),
    (lambda: T.RandomApply([], p=2), ShapeError, "RandomApply: p must be in .0, 1., got 2"),
    (lambda: T.RandomChoice([]), ShapeError, "RandomChoice: transforms must not be empty"),
    (lambda: T.RandomChoice([abs], p=[0.5, 0.5]), ShapeError, "p must have one number for each of the 1 transforms"),
    (lambda: T.RandomChoice([abs], p=[0]), ShapeError, "RandomChoice: p must have .*, not all zero"),
    (lambda: T.RandomChoice([abs], p=[-1]), ShapeError, "RandomChoice: p must be at least 0, got -1"),
    (lambda: T.RandomChoice([abs], p=1), DTypeError, "RandomChoice: p must be a sequence of numbers, got 1"),
    (lambda: T.RandomOrder(7), DTypeError, "RandomOrder: transforms must be a list of callables, got 7"),
    (lambda: T.Compose(7), DTypeError, "Compose: transforms must be a list of callables, got 7"),
    (lambda: T.RandomChoice([T.Pad(1), T.Pad(2)], generator=0).batch(np.zeros((50, 1, 2, 2))), ShapeError,
     "RandomChoice: images of a stack must keep one shape, got .*; let every choice give images of one size"),
    (lambda: T.RandomApply([T.ToTensor()], generator=0).batch(np.zeros((50, 2, 2), np.uint8)), DTypeError,
     "RandomApply: images of a stack must keep one dtype, got uint8 and float32"),
    # images
    (lambda: T.RandomHorizontalFlip()([[1, 2]]), DTypeError,
     "image must be a PIL image, an array or a tensor, got list"),
    (lambda: T.CenterCrop(2)(None), DTypeError,
     "CenterCrop: image must be a PIL image, an array or a tensor, got NoneType"),
    (lambda: T.CenterCrop(2).batch([image]), DTypeError, "CenterCrop: stacked images must be an array, got list"),
    (lambda: T.Resize(2)(np.zeros((4, 4), np.int64)), DTypeError,
     "image must be of uint8 or floating point, got int64"),
    (lambda: T.Resize(2)(np.zeros((4, 4), bool)), DTypeError, "image must be of uint8 or floating point, got bool"),
    (lambda: T.Resize(2)(np.zeros((4, 4), complex)), DTypeError,
     "image must be of uint8 or floating point, got complex128"),
    (lambda: T.RandomVerticalFlip()(np.zeros((4, 4), ">u2")), DTypeError,
     "image must be of bool or uint8 or .*, got >u2"),
    (lambda: T.GaussianBlur(3)(np.zeros(5)), ShapeError,
     r"image must be \(H, W\), or \(H, W, C\) of uint8, .*, got \(5,\)"),
    (lambda: T.GaussianBlur(3)(np.zeros((1, 1, 5, 5))), ShapeError, r"image must be .*, got \(1, 1, 5, 5\)"),
    (lambda: T.CenterCrop(2)(np.zeros((3, 0, 4), f32)), ShapeError, r"image must have pixels, got \(3, 0, 4\)"),
    (lambda: T.RandomErasing()(np.zeros((0, 4, 4), f32)), ShapeError, r"image must have pixels, got \(0, 4, 4\)"),
    (lambda: T.Resize(2)(Image.new("P", (4, 4))), DTypeError,
     r"a PIL image must be of mode .*, got P; convert it first"),
    (lambda: T.ToTensor()(Image.new("P", (4, 4))), DTypeError, "ToTensor: a PIL image must be of mode .*, got P"),
    (lambda: T.RandomHorizontalFlip()(Image.new("CMYK", (4, 4))), DTypeError,
     "a PIL image must be of mode .*, got CMYK"),
    (lambda: T.Resize(2)(Image.new("1", (4, 4))), DTypeError,
     "Resize: image must be of uint8 or floating point, got bool"),
    (lambda: T.ColorJitter(1)(Image.new("RGBA", (4, 4))), ShapeError, r"got 4; drop .* as image.convert\('RGB'\) does"),
    # mixing
    (lambda: T.MixUp(num_classes=10**12), ShapeError,
     "MixUp: num_classes must be an integer from 1 to 16777216, got 1"),
    (lambda: T.MixUp(0), ShapeError, "MixUp: alpha must be in .0.001, 1e.06., got 0"),
    (lambda: T.MixUp("1"), DTypeError, "MixUp: alpha must be a number, got '1'"),
    (lambda: T.CutMix(nan), ShapeError, "CutMix: alpha must be in .*, got nan"),
    (lambda: T.CutMix(num_classes=0), ShapeError, "CutMix: num_classes must be an integer from 1 to 16777216, got 0"),
    (lambda: T.MixUp(num_classes=True), ShapeError,
     "MixUp: num_classes must be an integer from 1 to 16777216, got True"),
    (lambda: T.MixUp()(images, labels), ShapeError,
     "MixUp: labels are classes, so num_classes must be given, got None"),
    (lambda: T.MixUp(num_classes=2)(images, labels), ShapeError, "MixUp: labels must be from 0 to 1, got 0 to 2"),
    (lambda: T.MixUp(num_classes=9)(images, -labels), ShapeError, "MixUp: labels must be from 0 to 8, got -2 to 0"),
    (lambda: T.MixUp(num_classes=3)(images, labels[:2]), ShapeError, r"labels must be .* for the 4 images, got \(2,\)"),
    (lambda: T.MixUp(num_classes=3)(images, labels + 0.5), DTypeError,
     r"labels of shape \(N,\) must be integers, got float64"),
    (lambda: T.MixUp(num_classes=3)(images, np.eye(4)), ShapeError, "labels must have num_classes=3 columns, got"),
    (lambda: T.MixUp()(images, np.eye(4) > 0), DTypeError, "MixUp: labels must be numbers, got bool"),
    (lambda: T.CutMix()(images), DTypeError, r"CutMix: a batch must be \(images, labels\), or a list .*, got 1 values"),
    (lambda: T.CutMix()(), DTypeError, r"CutMix: a batch must be \(images, labels\), .*, got 0 values"),
    (lambda: T.CutMix()([(image,), (image,)]), DTypeError, "CutMix: a batch must be .*, got 1 fields"),
    (lambda: T.CutMix(num_classes=3)([]), DTypeError, "CutMix: a batch must be .*, got 0 values"),
    (lambda: T.CutMix(num_classes=3)(images, [0, 1, 2, 0]), DTypeError,
     "labels must be a tensor or an array, got list"),
    (lambda: T.CutMix(num_classes=3)(image, labels), ShapeError, r"images must be \(N, C, H, W\), none of them 0, got"),
    (lambda: T.CutMix(num_classes=3)(images[:0], labels[:0]), ShapeError, r"none of them 0, got \(0, 3, 6, 8\)"),
    (lambda: T.MixUp(num_classes=3)(images.astype(np.uint8), labels), DTypeError,
     r"images must be floating point, got uint8; put ToTensor\(\) into the dataset's transform"),
]


@pytest.mark.parametrize(("call", "error", "text"), BAD, ids=[text for _, _, text in BAD])
def test_bad_input_gets_a_sentence(call, error, text):
    with pytest.raises(error, match=text):
        call()


def test_the_table_is_long():
    assert len(BAD) >= 120


@pytest.mark.parametrize("call", [lambda x: T.Resize(3)(x), lambda x: T.RandomRotation(20)(x),
                                  lambda x: T.RandomResizedCrop(3)(x), lambda x: T.RandomAffine(9)(x)])
def test_without_pillow(call, monkeypatch):
    def no_pillow(name, *arguments, **options):
        if name == "PIL" or name.startswith("PIL."):
            raise ImportError(name)
        return real(name, *arguments, **options)

    real = builtins.__import__
    monkeypatch.setattr(builtins, "__import__", no_pillow)
    with pytest.raises(ImportError, match=r"8-bit images need Pillow; install it with: pip install numbacnn\[data\]$"):
        call(grey)
    assert call(image).dtype == f32                       # others do not


def test_an_interpolation_mode_is_its_name():
    assert T.Resize(3, T.InterpolationMode.BICUBIC).interpolation == "bicubic"
    assert repr(T.Resize(3, T.InterpolationMode.BICUBIC)) == repr(T.Resize(3, "bicubic"))
