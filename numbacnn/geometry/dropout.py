"""Which axes dropout of whole channels needs."""
from numbacnn.errors import ShapeError
from numbacnn.geometry.options import Shape, cached


@cached
def one_of_ranks(op: str, x: Shape, ranks: tuple[int, ...], letters: str) -> None:
    """Check that x has one of some numbers of axes."""
    if len(x) not in ranks:
        raise ShapeError(f"{op}: x must be {letters}, got x{x}")


@cached
def least_axes(op: str, x: Shape, least: int, letters: str) -> None:
    """Check that x has so many axes."""
    if len(x) < least:
        raise ShapeError(f"{op}: x must be {letters}, got x{x}")
