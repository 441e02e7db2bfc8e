"""Change brightness, contrast, saturation and hue at random."""
import numpy as np

from numbacnn.random import Seed
from numbacnn.transforms.drawing import by_choice
from numbacnn.transforms.grey import check_colours, grey
from numbacnn.transforms.hue import turn_hue
from numbacnn.transforms.image import ImageTransform
from numbacnn.transforms.options import LARGE, Span, around
from numbacnn.transforms.resize import between

NAMES = ("brightness", "contrast", "saturation", "hue")


class ColorJitter(ImageTransform):
    """Change brightness, contrast, saturation and hue at random, in random order.

    Parameters
    ----------
    brightness : float or pair of float
        Least and greatest factor; one number b means (max(0, 1 - b), 1 + b).
    contrast : float or pair of float
        Likewise.
    saturation : float or pair of float
        Likewise.
    hue : float or pair of float
        Least and greatest turn of the colours, in [-0.5, 0.5]; one number h means (-h, h).
    generator : Generator, numpy.random.Generator or int, optional
        Generator, or its seed; by default the one that `numbacnn.manual_seed` seeds.

    Notes
    -----
    Each factor f blends the image x with another, y = clip(o + f (x - o)): brightness with black (o = 0), contrast
    with the mean of the grey image, saturation with the grey image. Results are clipped to [0, 1]; for 8 bits to
    [0, 255], and rounded down, as Pillow does. Hue turns the angle of the HSV colour space by that part of the circle;
    8-bit images are turned in float32. Grey images have no saturation and no hue.

    What is left at zero is not touched: not even clipped.

    Examples
    --------
    >>> ColorJitter(brightness=(0.5, 0.5))(np.array([[100, 201]], np.uint8))
    array([[ 50, 100]], dtype=uint8)
    """

    draws = 8                                            # the order (4), the factors (4)

    def __init__(self, brightness: float | Span = 0, contrast: float | Span = 0, saturation: float | Span = 0,
                 hue: float | Span = 0, *, generator: Seed = None) -> None:
        super().__init__(generator)
        self.brightness = around("ColorJitter", "brightness", brightness, 1, 0, LARGE)
        self.contrast = around("ColorJitter", "contrast", contrast, 1, 0, LARGE)
        self.saturation = around("ColorJitter", "saturation", saturation, 1, 0, LARGE)
        self.hue = around("ColorJitter", "hue", hue, 0, -0.5, 0.5)

    def process(self, x: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Transform stacked images, shape (N, C, H, W), given random numbers, shape (N, draws)."""
        check_colours("ColorJitter", x)
        order = np.argsort(numbers[:, :4], axis=1, kind="stable")
        spans = [self.brightness, self.contrast, self.saturation, self.hue]
        factors = np.array([[between(span, u) for span, u in zip(spans, row, strict=True)]
                            for row in numbers[:, 4:].tolist()]).reshape(len(x), 4)

        def change(what: int, rows: np.ndarray, images: np.ndarray) -> np.ndarray:
            unchanged = (0, 0) if NAMES[what] == "hue" else (1, 1)
            return images if spans[what] == unchanged else CHANGES[what](images, factors[rows, what])

        for step in range(4):
            x = by_choice("ColorJitter", x, order[:, step], change)
        return x

    def __repr__(self) -> str:
        return f"ColorJitter({', '.join(f'{name}={getattr(self, name)}' for name in NAMES)})"


def _brightness(x: np.ndarray, factor: np.ndarray) -> np.ndarray:
    return _blend(np.zeros((1, 1, 1, 1), x.dtype), x, factor)


def _contrast(x: np.ndarray, factor: np.ndarray) -> np.ndarray:
    means = [float(np.mean(np.ascontiguousarray(image), dtype=np.float64)) for image in grey("ColorJitter", x)]
    other = np.array(means) if x.dtype.kind == "f" else np.floor(np.array(means) + 0.5)
    return _blend(other.astype(x.dtype)[:, None, None, None], x, factor)


def _saturation(x: np.ndarray, factor: np.ndarray) -> np.ndarray:
    return x if x.shape[1] == 1 else _blend(grey("ColorJitter", x), x, factor)


def _hue(x: np.ndarray, turn: np.ndarray) -> np.ndarray:
    if x.shape[1] == 1:
        return x
    if x.dtype.kind == "f":
        return turn_hue(x, turn)
    turned = turn_hue(x.astype(np.float32), turn)
    return np.asarray(np.clip(np.rint(turned), 0, 255)).astype(x.dtype)


CHANGES = (_brightness, _contrast, _saturation, _hue)


def _blend(other: np.ndarray, x: np.ndarray, factor: np.ndarray) -> np.ndarray:
    """The image `other` + factor * (x - other), clipped; whole numbers are rounded down."""
    if x.dtype.kind == "f":
        y = other + factor.astype(x.dtype)[:, None, None, None] * (x - other)
        return np.asarray(np.clip(y, 0, 1))
    base = other.astype(np.float32)
    y = base + factor.astype(np.float32)[:, None, None, None] * (x - base)
    return np.asarray(np.clip(y, 0, 255)).astype(x.dtype)
