"""Image files as arrays."""
from os import PathLike

import numpy as np


def read_image(path: str | PathLike[str], grey: bool = False, *, mode: str | None = None) -> np.ndarray:
    """Read an image file: PNG, JPEG and whatever else Pillow reads.

    Parameters
    ----------
    path : path
        The file.
    grey : bool
        Convert colours to grey.
    mode : {"L", "RGB", "RGBA"}, optional
        Convert to grey, to colours, or to colours with transparency, however the file stores them.

    Returns
    -------
    ndarray, shape (H, W) if grey or stored as grey, else (H, W, 3), uint8
        Values 0 (black) to 255 (white); transparency is dropped, unless `mode` is "RGBA": then shape (H, W, 4).

    Raises
    ------
    ImportError
        If Pillow is not installed.
    FileNotFoundError
        If there is no such file.
    ValueError
        If the file is no image that Pillow reads, or a damaged one.

    Notes
    -----
    Digits of `MNIST` and `Digits` are bright on dark; a scan of ink on paper must be inverted: ``255 - image``.
    """
    if mode not in (None, "L", "RGB", "RGBA"):
        raise ValueError(f"read_image: mode must be 'L', 'RGB' or 'RGBA', got {mode!r}")
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("read_image: needs Pillow; install it with: pip install numbacnn[data]") from error
    try:
        with Image.open(path) as image:
            return np.array(image.convert(mode or ("L" if grey or image.mode in ("L", "1", "LA") else "RGB")))
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        raise
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise ValueError(f"read_image: {path} must be a whole image file, got a damaged one or no image: "
                         f"{error}") from error
