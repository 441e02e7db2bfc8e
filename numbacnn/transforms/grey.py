"""Images without colours."""
import numpy as np

from numbacnn.errors import ShapeError
from numbacnn.random import Seed
from numbacnn.transforms.image import ImageTransform
from numbacnn.transforms.options import probability

BITS = (19595, 38470, 7471)                              # parts of red, green and blue, of 65536: Pillow's
PARTS = (0.2989, 0.587, 0.114)                           # torchvision's


class Grayscale(ImageTransform):
    """Make images grey.

    Parameters
    ----------
    num_output_channels : 1 or 3
        How many channels, all equal, the result has.

    Notes
    -----
    y = 0.2989 red + 0.587 green + 0.114 blue, for floating point numbers as in torchvision; for 8 bits y =
    (19595 red + 38470 green + 7471 blue + 32768) // 65536, as in Pillow. Images of one channel are grey.

    Examples
    --------
    >>> Grayscale()(np.array([[[255, 0, 0]]], np.uint8))
    array([[[76]]], dtype=uint8)
    """

    def __init__(self, num_output_channels: int = 1) -> None:
        if isinstance(num_output_channels, bool) or num_output_channels not in (1, 3):
            raise ShapeError(f"Grayscale: num_output_channels must be 1 or 3, got {num_output_channels!r}")
        self.num_output_channels = num_output_channels

    def process(self, x: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Transform stacked images, shape (N, C, H, W), to (N, num_output_channels, H, W)."""
        return np.repeat(grey("Grayscale", x), self.num_output_channels, axis=1)

    def __repr__(self) -> str:
        return f"Grayscale({self.num_output_channels})"


class RandomGrayscale(ImageTransform):
    """Make images grey with probability p; they keep their channels.

    Parameters
    ----------
    p : float in [0, 1]
        Probability.
    generator : Generator, numpy.random.Generator or int, optional
        Generator, or its seed; by default the one that `numbacnn.manual_seed` seeds.

    Examples
    --------
    >>> RandomGrayscale(p=1)(np.array([[[255, 0, 0]]], np.uint8))
    array([[[76, 76, 76]]], dtype=uint8)
    """

    draws = 1

    def __init__(self, p: float = 0.1, *, generator: Seed = None) -> None:
        super().__init__(generator)
        self.p = probability("RandomGrayscale", p)

    def process(self, x: np.ndarray, numbers: np.ndarray) -> np.ndarray:
        """Transform stacked images, shape (N, C, H, W), given random numbers, shape (N, draws)."""
        y = x.copy()
        chosen = numbers[:, 0] < self.p
        y[chosen] = grey("RandomGrayscale", x[chosen])
        return y

    def __repr__(self) -> str:
        return f"RandomGrayscale(p={self.p})"


def grey(op: str, x: np.ndarray) -> np.ndarray:
    """Images (N, C, H, W), grey: (N, 1, H, W)."""
    check_colours(op, x)
    if x.shape[1] == 1:
        return x
    if x.dtype.kind == "f":
        red, green, blue = (x[:, c:c + 1] * x.dtype.type(part) for c, part in enumerate(PARTS))
        return np.asarray(red + green + blue)
    red, green, blue = (x[:, c:c + 1] * np.uint32(part) for c, part in enumerate(BITS))
    return np.asarray((red + green + blue + np.uint32(1 << 15)) >> np.uint32(16)).astype(x.dtype)


def check_colours(op: str, x: np.ndarray) -> None:
    """Images must be grey or have three colours."""
    if x.shape[1] not in (1, 3):
        raise ShapeError(f"{op}: image must have 1 or 3 channels (red, green, blue), got {x.shape[1]}; drop the others "
                         "first, as image.convert('RGB') does")
