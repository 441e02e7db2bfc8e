"""Shapes of predictions, targets and weights of losses."""
from typing import NamedTuple

from numbacnn.errors import ShapeError
from numbacnn.geometry.options import Shape, cached, count


class Scores(NamedTuple):
    """How scores of classes are computed with: as (N, C) or (N, C, H, W), and their losses as (N,) or (N, H, W)."""

    scores: Shape
    losses: Shape


@cached
def scores(op: str, name: str, x: Shape) -> Scores:
    """The shapes in which scores (C,), (N, C) or (N, C, ...) are computed with."""
    if not x:
        raise ShapeError(f"{op}: {name} must be (C,), (N, C) or (N, C, ...), got {name}()")
    classes = x[0] if len(x) == 1 else x[1]
    if classes == 0:
        raise ShapeError(f"{op}: there must be at least one class, got {name}{x}")
    n, *rest = (1,) if len(x) == 1 else (x[0], *x[2:])
    if len(rest) == 1:
        rest.append(1)
    elif len(rest) > 2:
        rest = [count(tuple(rest[:-1])), rest[-1]]
    return Scores((n, classes, *rest), (n, *rest))


@cached
def class_targets(op: str, name: str, x: Shape, target_name: str, targets: Shape) -> Scores:
    """The shapes in which scores are computed with, if there is one target for each vector of them."""
    shapes = scores(op, name, x)
    wanted = () if len(x) == 1 else (x[0], *x[2:])
    if targets != wanted:
        raise ShapeError(f"{op}: {target_name} must be {wanted} for {name}{x}, got {target_name}{targets}")
    return shapes


@cached
def class_weight(op: str, classes: int, weight: Shape) -> None:
    """Check that there is one weight for each class."""
    if weight != (classes,):
        raise ShapeError(f"{op}: weight must be ({classes},), one for each class, got weight{weight}")


@cached
def one_shape(op: str, first: str, x: Shape, name: str, other: Shape) -> None:
    """Check that targets, or weights, have the shape of the predictions, which have the name `first`."""
    if other != x:
        raise ShapeError(f"{op}: {name} must have the shape of {first}{x}, got {name}{other}; to compare each with "
                         "each is nearly always a mistake: reshape or expand one of them")


@cached
def factors(op: str, x: Shape, name: str, weight: Shape) -> None:
    """Check that factors broadcast to the shape of the predictions."""
    if len(weight) > len(x) or any(n not in (1, m) for n, m in zip(weight[::-1], x[::-1], strict=False)):
        raise ShapeError(f"{op}: {name} must broadcast to x{x}, got {name}{weight}")
