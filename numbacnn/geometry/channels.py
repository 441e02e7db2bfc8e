"""Shapes of what belongs to channels, features and classes."""
from numbacnn.errors import ShapeError
from numbacnn.geometry.options import Shape, cached
from numbacnn.geometry.ranks import rank_of


@cached
def linear(x: Shape, weight: Shape, bias: Shape | None) -> Shape:
    """The shape of y: that of x with the last axis replaced."""
    rank_of("linear", "weight", weight, 2, "(out_features, in_features)")
    if not x or x[-1] != weight[1]:
        raise ShapeError(f"linear: x{x} must end in {weight[1]} features for weight{weight}")
    if bias is not None and bias != weight[:1]:
        raise ShapeError(f"linear: bias must be ({weight[0]},) for weight{weight}, got bias{bias}")
    return (*x[:-1], weight[0])


@cached
def bilinear(x1: Shape, x2: Shape, weight: Shape, bias: Shape | None) -> Shape:
    """The shape of y: that of x1 with the last axis replaced."""
    rank_of("bilinear", "weight", weight, 3, "(out_features, in1_features, in2_features)")
    for name, x, features in (("x1", x1, weight[1]), ("x2", x2, weight[2])):
        if not x or x[-1] != features:
            raise ShapeError(f"bilinear: {name}{x} must end in {features} features for weight{weight}")
    if x1[:-1] != x2[:-1]:
        raise ShapeError(f"bilinear: x1 and x2 must be equal but for their last axis, got x1{x1}, x2{x2}")
    if bias is not None and bias != weight[:1]:
        raise ShapeError(f"bilinear: bias must be ({weight[0]},) for weight{weight}, got bias{bias}")
    return (*x1[:-1], weight[0])


@cached
def prelu(x: Shape, weight: Shape) -> None:
    """Check that there is one slope, or one per channel."""
    if weight != (1,) and (len(x) < 2 or weight != x[1:2]):
        raise ShapeError(f"prelu: weight must be (1,), or one per channel of x (N, C, ...); got weight{weight} "
                         f"for x{x}")
