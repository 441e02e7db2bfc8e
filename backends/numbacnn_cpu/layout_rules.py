"""Rules for axes that are permuted and joined: the pixels of images that lie channels last are rows already.

So a layer for vectors, put to work on the channels of images, as in x.permute(0, 2, 3, 1), copies nothing.
"""
from numbacnn.fusion import Fusion

TO_ROWS, FROM_ROWS = (0, 2, 3, 1), (0, 3, 1, 2)


def are_pixels(images, rows):
    """Whether rows (N * H * W, C) are the pixels of images (N, C, H, W), by their shapes."""
    return len(images.shape) == 4 and len(rows.shape) == 2 and rows.shape[1] == images.shape[1]


FUSIONS = [
    Fusion(
        """
        rows = reshape(p)
        p = permute(x, *axes)
        """,
        "rows = pixels(x)",
        when=lambda x, rows, axes: axes == TO_ROWS and are_pixels(x, rows),
    ),
    Fusion(
        """
        y = permute(p, *axes)
        p = reshape(rows)
        """,
        "y = images(rows)",
        when=lambda y, rows, axes: axes == FROM_ROWS and are_pixels(y, rows),
    ),
]
