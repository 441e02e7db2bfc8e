"""How many axes arrays have, and the letters of these axes: what is said where the number is wrong."""
from numbacnn.errors import ShapeError
from numbacnn.geometry.options import Shape

SIZES = {1: "L", 2: "H, W", 3: "D, H, W"}                # of images, by their axes,
TAPS = {1: "K", 2: "KH, KW", 3: "KD, KH, KW"}            # and of filters
MAX_AXES = 6                                             # of arrays that broadcast or are reduced


def batch(axes: int) -> str:
    """The letters of images with so many axes."""
    return f"(N, C, {SIZES[axes]})"


def batch_or_one(axes: int) -> str:
    """The letters of images with so many axes, or of one of them."""
    return f"{batch(axes)} or (C, {SIZES[axes]})"


def wrong_rank(op: str, name: str, shape: Shape, letters: str) -> ShapeError:
    """The error that an array has another number of axes."""
    return ShapeError(f"{op}: {name} must be {letters}, got {name}{shape}")


def images(op: str, axes: int, x: Shape) -> Shape:
    """The sizes of the axes of images: x has those, channels, and maybe images before them."""
    if len(x) not in (axes + 1, axes + 2):
        raise wrong_rank(op, "x", x, batch_or_one(axes))
    return x[-axes:]


def rank_of(op: str, name: str, shape: Shape, rank: int, letters: str) -> None:
    """Check the number of axes."""
    if len(shape) != rank:
        raise ShapeError(f"{op}: {name} must have {rank} axes {letters}, got {name}{shape}")


def few_axes(op: str, shape: Shape) -> None:
    """Check that kernels can take so many axes."""
    if len(shape) > MAX_AXES:
        raise ShapeError(f"{op}: at most {MAX_AXES} axes, got shape {shape}")
