"""Image files as arrays."""
from os import PathLike

import numpy as np


def read_image(path: str | PathLike[str], grey: bool = False) -> np.ndarray:
    """Read an image file: PNG, JPEG and whatever else Pillow reads.

    Parameters
    ----------
    path : path
        The file.
    grey : bool
        Convert colours to grey.

    Returns
    -------
    ndarray, shape (H, W) if grey or stored as grey, else (H, W, 3), uint8
        Values 0 (black) to 255 (white); transparency is dropped.

    Raises
    ------
    ImportError
        If Pillow is not installed.

    Notes
    -----
    Digits of `MNIST` and `Digits` are bright on dark; a scan of ink on paper must be inverted: ``255 - image``.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("read_image: needs Pillow; install it with: pip install numbacnn[data]") from error
    with Image.open(path) as image:
        return np.array(image.convert("L" if grey or image.mode in ("L", "1", "LA") else "RGB"))
