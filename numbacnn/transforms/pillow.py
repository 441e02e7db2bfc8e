"""Pillow, imported when it is needed, and what it does for 8-bit images."""
import sys
from typing import Any

import numpy as np

from numbacnn.errors import DTypeError

MODES = ("1", "L", "LA", "RGB", "RGBA", "F")


def is_pil(value: Any) -> bool:
    """Whether it is a PIL image. Where there is one, Pillow has been imported."""
    module = sys.modules.get("PIL.Image")
    return module is not None and isinstance(value, module.Image)


def pixels(op: str, image: Any) -> np.ndarray:
    """The array of a PIL image, (H, W) or (H, W, C); of all else, what NumPy makes of it."""
    if is_pil(image) and image.mode not in MODES:
        raise DTypeError(f"{op}: a PIL image must be of mode {', '.join(MODES)}, got {image.mode}; convert it first, "
                         "as with image.convert('RGB')")
    return np.asarray(image)


def to_pil(op: str, array: np.ndarray) -> Any:
    """The PIL image of an array (H, W) or (H, W, C)."""
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    return pillow(op).fromarray(np.ascontiguousarray(array))


def pillow(op: str) -> Any:
    """The module PIL.Image."""
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError(f"{op}: 8-bit images need Pillow; install it with: pip install numbacnn[data]") from error
    return Image


def resize_plane(op: str, plane: np.ndarray, size: tuple[int, int], mode: str) -> np.ndarray:
    """One channel (H, W) of uint8 in another size (height, width)."""
    image = pillow(op)
    return np.asarray(to_pil(op, plane).resize(size[::-1], image.Resampling[mode.upper()]))


def warp_plane(op: str, plane: np.ndarray, matrix: tuple[float, ...], size: tuple[int, int], mode: str, fill: int
               ) -> np.ndarray:
    """One channel (H, W) of uint8, read where a matrix says: see `warp.py`."""
    image = pillow(op)
    return np.asarray(to_pil(op, plane).transform(size[::-1], image.Transform.AFFINE, matrix,
                                                  image.Resampling[mode.upper()], fillcolor=fill))
