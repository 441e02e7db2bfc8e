"""Shapes of products of matrices."""
from typing import NamedTuple

from numbacnn.errors import ShapeError
from numbacnn.geometry.options import Shape, cached, count
from numbacnn.geometry.ranks import few_axes
from numbacnn.geometry.shape import broadcast


class Product(NamedTuple):
    """A product of matrices by NumPy's rules: the shapes of the factors as batches, and of the result."""

    a: Shape                  # with two axes at least
    b: Shape
    batch: Shape              # the common axes in front
    y: Shape


@cached
def matmul(op: str, a: Shape, b: Shape) -> Product:
    """A vector counts as a row on the left, as a column on the right; axes in front of the last two broadcast."""
    if not a or not b:
        raise ShapeError(f"{op}: factors must have axes, got a{a}, b{b}; multiply by a number with *")
    rows, columns = (1, *a) if len(a) == 1 else a, (*b, 1) if len(b) == 1 else b
    if rows[-1] != columns[-2]:
        raise ShapeError(f"{op}: a must have as many columns as b has rows, got a{a}, b{b}: {rows[-1]} and "
                         f"{columns[-2]}")
    batch = broadcast(op, rows[:-2], columns[:-2])
    y = (*batch, *a[-2:-1], *b[-1:][:len(b) > 1])
    few_axes(op, y)
    return Product(rows, columns, batch, y)


@cached
def matrices(op: str, shapes: tuple[tuple[str, Shape], ...], rank: int) -> None:
    """Check factors that must have so many axes, and one size of batch."""
    for name, shape in shapes:
        if len(shape) != rank:
            letters = {1: "a vector", 2: "a matrix", 3: "a batch of matrices"}[rank]
            raise ShapeError(f"{op}: {name} must be {letters} ({rank} axes), got {name}{shape}")
    if rank == 3 and len({shape[0] for _, shape in shapes}) > 1:
        raise ShapeError(f"{op}: batches must have one size, got {', '.join(f'{n}{s}' for n, s in shapes)}")


def batches(shape: Shape) -> int:
    """How many matrices there are."""
    return count(shape[:-2])
