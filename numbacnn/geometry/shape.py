"""Shapes of arithmetic, reductions, and of the same numbers arranged otherwise."""
from numbacnn.errors import ShapeError
from numbacnn.geometry.options import Geometry, Shape, axis, cached, count
from numbacnn.geometry.ranks import few_axes


@cached
def broadcast(op: str, a: Shape, b: Shape) -> Shape:
    """The common shape, by NumPy's rules."""
    if a == b:
        return a
    rank = max(len(a), len(b))
    shape = []
    for n, m in zip((1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b, strict=True):
        if n != m and 1 not in (n, m):
            raise ShapeError(f"{op}: shapes must be equal or broadcast (sizes equal or 1, from the right), got a{a}, "
                             f"b{b}")
        shape.append(m if n == 1 else n)
    few_axes(op, tuple(shape))
    return tuple(shape)


@cached
def expand(x: Shape, shape: Shape) -> Shape:
    """The shape to which x is repeated; -1 keeps an axis."""
    if len(shape) >= len(x):
        own = (1,) * (len(shape) - len(x)) + x
        wanted = tuple([n if m == -1 else m for n, m in zip(own, shape, strict=True)])
        if all(n in (1, m) and m >= 0 for n, m in zip(own, wanted, strict=True)):
            few_axes("expand", wanted)
            return wanted
    raise ShapeError(f"expand: x{x} cannot be repeated to {shape}: sizes must be equal or 1, from the right")


@cached
def reduce(op: str, x: Shape, dim: int | tuple[int, ...] | None) -> tuple[Shape, Shape, int]:
    """The shape of the result with and without the reduced axes, and how many values make one."""
    few_axes(op, x)
    dims = range(len(x)) if dim is None else dim if isinstance(dim, tuple) else (dim,)
    reduced = {axis(op, len(x), d) for d in dims}
    if len(reduced) != len(dims):
        raise ShapeError(f"{op}: each axis may be named once, got dim={dim}")
    kept = tuple([1 if a in reduced else n for a, n in enumerate(x)])
    reduced.intersection_update(range(len(x)))           # a single number counts as a row of one, as in PyTorch
    terms = 1
    for a in reduced:
        terms *= x[a]
    return kept, tuple([n for a, n in enumerate(x) if a not in reduced]), terms


@cached
def flatten(x: Shape, start_dim: int, end_dim: int) -> Shape:
    """The shape with those axes, and what lies between them, joined into one."""
    first, last = axis("flatten", len(x), start_dim), axis("flatten", len(x), end_dim)
    if first > last:
        raise ShapeError(f"flatten: start_dim must not come after end_dim, got {start_dim}, {end_dim}")
    return (*x[:first], count(x[first:last + 1]), *x[last + 1:])


@cached
def reshape(op: str, x: Shape, shape: Shape) -> Shape:
    """The shape with at most one -1 filled in."""
    size = count(x)
    known = count(tuple([n for n in shape if n != -1]))
    if shape.count(-1) > 1 or any(n < -1 for n in shape):
        raise ShapeError(f"{op}: shape may hold one -1 and no other negative number, got {shape}")
    if -1 in shape:
        if known == 0 or size % known:
            raise ShapeError(f"{op}: x{x} has {size} elements, which {shape} cannot hold: -1 has no whole value")
        shape = tuple([size // known if n == -1 else n for n in shape])
    if count(shape) != size:
        raise ShapeError(f"{op}: x{x} has {size} elements, {shape} has {count(shape)}")
    return shape


@cached
def permute(x: Shape, dims: tuple[int, ...]) -> Geometry:
    """Shape of the permuted array; numbers: the axes."""
    axes = tuple([axis("permute", len(x), d) for d in dims])
    if sorted(axes) != list(range(len(x))):
        raise ShapeError(f"permute: dims must name each of the {len(x)} axes once, got {dims}")
    few_axes("permute", x)
    return tuple([x[a] for a in axes]), axes
