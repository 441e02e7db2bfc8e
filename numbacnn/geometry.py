"""Shape rules: every shape error of an operation is raised here, before anything is recorded.

Each function takes shapes and options, and returns the shape of the output and the numbers the kernel needs. Answers
are remembered: a training loop asks the same questions at each step.
"""
from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from numbers import Integral
from typing import Any, TypeVar

from numbacnn.errors import DTypeError, ShapeError

Shape = tuple[int, ...]
Pair = tuple[int, int]
Numbers = tuple[int, ...]
Geometry = tuple[Shape, Numbers]

Rule = TypeVar("Rule", bound=Callable[..., Any])

MAX_AXES = 6              # of arrays that broadcast or are reduced


def cached(rule: Rule) -> Rule:
    """Remember the answers of a rule."""
    remembered = lru_cache(maxsize=4096, typed=True)(rule)

    @wraps(rule)
    def ask(*arguments: Any) -> Any:
        try:
            return remembered(*arguments)
        except TypeError:                               # a list cannot be remembered; and what is wrong raises again
            return rule(*arguments)

    return ask  # type: ignore[return-value]


def pair(op: str, name: str, value: Any, least: int = 0) -> Pair:
    """Read an option given as one integer, or as two: (height, width)."""
    values = (value, value) if _is_integer(value) else value
    if not (isinstance(values, Sequence) and len(values) == 2 and all(_is_integer(v) for v in values)):
        raise DTypeError(f"{op}: {name} must be an integer or a pair of integers (height, width), got {value!r}")
    if min(values) < least:
        raise ShapeError(f"{op}: {name} must be at least {least}, got {value!r}")
    return int(values[0]), int(values[1])


def positive(op: str, name: str, value: Any) -> None:
    """Check an option that counts something."""
    if not _is_integer(value):
        raise DTypeError(f"{op}: {name} must be an integer, got {value!r}")
    if value < 1:
        raise ShapeError(f"{op}: {name} must be positive, got {value}")


def output_size(size: int, kernel: int, stride: int, padding: int, dilation: int = 1) -> int:
    """Number of window positions along one axis: floor((size - extent + padding) / stride) + 1.

    `padding` counts both ends together; the extent of a dilated window is dilation * (kernel - 1) + 1.
    """
    return (size - dilation * (kernel - 1) - 1 + padding) // stride + 1


@cached
def conv2d(x: Shape, weight: Shape, bias: Shape | None, stride: Any, padding: Any, dilation: Any, groups: int
           ) -> Geometry:
    """Numbers: stride, padding above and to the left, dilation (two each), groups."""
    op = "conv2d"
    stride, dilation = pair(op, "stride", stride, 1), pair(op, "dilation", dilation, 1)
    _rank(op, "x", x, 4, "(N, C, H, W)")
    _rank(op, "weight", weight, 4, "(O, C / groups, KH, KW)")
    if not _is_integer(groups) or groups < 1:
        raise ShapeError(f"{op}: groups must be a positive integer, got {groups!r}")
    if x[1] != weight[1] * groups:
        raise ShapeError(f"{op}: x has {x[1]} channels, weight expects {weight[1] * groups} (weight{weight}, "
                         f"groups={groups})")
    if weight[0] % groups:
        raise ShapeError(f"{op}: groups={groups} must divide the {weight[0]} output channels of weight{weight}")
    if bias is not None and bias != weight[:1]:
        raise ShapeError(f"{op}: bias must be ({weight[0]},) for weight{weight}, got bias{bias}")
    before, both = _padding(op, padding, weight[2:], stride, dilation)
    size = _window(op, f"weight{weight}", x, weight[2:], stride, both, dilation, padding)
    return (x[0], weight[0], *size), (*stride, *before, *dilation, groups)


@cached
def pool2d(op: str, x: Shape, kernel_size: Any, stride: Any, padding: Any, dilation: Any = 1) -> Geometry:
    """Numbers: window, stride, padding, dilation (two each). No stride: windows lie side by side."""
    kernel_size, padding = pair(op, "kernel_size", kernel_size, 1), pair(op, "padding", padding)
    stride = kernel_size if stride is None else pair(op, "stride", stride, 1)
    dilation = pair(op, "dilation", dilation, 1)
    _rank(op, "x", x, 4, "(N, C, H, W)")
    for axis in (0, 1):
        if padding[axis] > kernel_size[axis] // 2:
            raise ShapeError(f"{op}: padding must be at most half the window {kernel_size}, got {padding}")
    size = _window(op, f"window {kernel_size}", x, kernel_size, stride, (2 * padding[0], 2 * padding[1]), dilation,
                   padding)
    for a in (0, 1):
        if not _sees_pixels(x[2 + a], size[a], kernel_size[a], stride[a], padding[a], dilation[a]):
            raise ShapeError(f"{op}: window {kernel_size} with dilation {dilation} would see nothing but padding "
                             f"{padding} somewhere in x{x}")
    return (*x[:2], *size), (*kernel_size, *stride, *padding, *dilation)


@cached
def adaptive_pool2d(op: str, x: Shape, output_size: Any) -> Shape:
    """The shape of y; None keeps an axis as it is."""
    _rank(op, "x", x, 4, "(N, C, H, W)")
    sizes = output_size if isinstance(output_size, tuple | list) else (output_size, output_size)
    if len(sizes) != 2:
        raise ShapeError(f"{op}: output_size must be an integer or a pair (height, width), got {output_size!r}")
    size = pair(op, "output_size", tuple([x[2 + a] if n is None else n for a, n in enumerate(sizes)]), 1)
    if 0 in x[2:]:
        raise ShapeError(f"{op}: x must have rows and columns, got x{x}")
    return (*x[:2], *size)


@cached
def linear(x: Shape, weight: Shape, bias: Shape | None) -> Shape:
    """The shape of y: that of x with the last axis replaced."""
    _rank("linear", "weight", weight, 2, "(out_features, in_features)")
    if not x or x[-1] != weight[1]:
        raise ShapeError(f"linear: x{x} must end in {weight[1]} features for weight{weight}")
    if bias is not None and bias != weight[:1]:
        raise ShapeError(f"linear: bias must be ({weight[0]},) for weight{weight}, got bias{bias}")
    return (*x[:-1], weight[0])


@cached
def channels(op: str, x: Shape, parameters: tuple[tuple[str, Shape], ...], least: int = 0) -> None:
    """Check x (N, C) or (N, C, H, W) and parameters that must be (C,)."""
    if len(x) not in (2, 4):
        raise ShapeError(f"{op}: x must be (N, C) or (N, C, H, W), got x{x}")
    for name, shape in parameters:
        if shape != x[1:2]:
            raise ShapeError(f"{op}: x has {x[1]} channels, {name} must be ({x[1]},), got {name}{shape}")
    values = x[0] * (x[2] * x[3] if len(x) == 4 else 1)
    if values < least:
        raise ShapeError(f"{op}: training needs at least {least} values per channel, got {values} in x{x}; "
                         "call eval(), or use larger batches")


@cached
def prelu(x: Shape, weight: Shape) -> None:
    """Check that there is one slope, or one per channel."""
    if weight != (1,) and (len(x) not in (2, 4) or weight != x[1:2]):
        raise ShapeError(f"prelu: weight must be (1,), or one per channel of x (N, C) or (N, C, H, W); got "
                         f"weight{weight} for x{x}")


@cached
def cross_entropy(logits: Shape, targets: Shape) -> None:
    """Check that there is one target for each vector of logits."""
    if len(logits) not in (2, 4):
        raise ShapeError(f"cross_entropy: logits must be (N, C) or (N, C, H, W), got logits{logits}")
    if targets != (logits[0], *logits[2:]):
        raise ShapeError(f"cross_entropy: targets must be {(logits[0], *logits[2:])} for logits{logits}, "
                         f"got targets{targets}")
    if logits[1] == 0:
        raise ShapeError(f"cross_entropy: there must be at least one class, got logits{logits}")


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
    _few_axes(op, tuple(shape))
    return tuple(shape)


@cached
def expand(x: Shape, shape: Shape) -> Shape:
    """The shape to which x is repeated; -1 keeps an axis."""
    if len(shape) >= len(x):
        own = (1,) * (len(shape) - len(x)) + x
        wanted = tuple([n if m == -1 else m for n, m in zip(own, shape, strict=True)])
        if all(n in (1, m) and m >= 0 for n, m in zip(own, wanted, strict=True)):
            _few_axes("expand", wanted)
            return wanted
    raise ShapeError(f"expand: x{x} cannot be repeated to {shape}: sizes must be equal or 1, from the right")


@cached
def reduce(op: str, x: Shape, dim: int | tuple[int, ...] | None) -> tuple[Shape, Shape, int]:
    """The shape of the result with and without the reduced axes, and how many values make one."""
    _few_axes(op, x)
    dims = range(len(x)) if dim is None else dim if isinstance(dim, tuple) else (dim,)
    reduced = {axis(op, len(x), d) for d in dims}
    if len(reduced) != len(dims):
        raise ShapeError(f"{op}: each axis may be named once, got dim={dim}")
    kept = tuple([1 if a in reduced else n for a, n in enumerate(x)])
    terms = 1
    for a in reduced:
        terms *= x[a]
    return kept, tuple([n for a, n in enumerate(x) if a not in reduced]), terms


def axis(op: str, rank: int, dim: int) -> int:
    """The index of an axis that may be counted from the end."""
    if not _is_integer(dim):
        raise DTypeError(f"{op}: dim must be an integer, got {dim!r}")
    if not -rank <= dim < max(rank, 1):
        raise ShapeError(f"{op}: dim must be from {-rank} to {rank - 1} for {rank} axes, got {dim}")
    return dim % rank if rank else 0


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
    _few_axes("permute", x)
    return tuple([x[a] for a in axes]), axes


def _padding(op: str, padding: Any, kernel: Shape, stride: Pair, dilation: Pair) -> tuple[Pair, Pair]:
    """Padding above and to the left, and both ends together. Same: the odd one goes below and to the right."""
    if padding == "valid":
        return (0, 0), (0, 0)
    if padding == "same":
        if stride != (1, 1):
            raise ShapeError(f"{op}: padding='same' needs stride 1, got stride {stride}; give a number instead")
        both = (dilation[0] * (kernel[0] - 1), dilation[1] * (kernel[1] - 1))
        return (both[0] // 2, both[1] // 2), both
    if isinstance(padding, str):
        raise ShapeError(f"{op}: padding must be a number, a pair, 'same' or 'valid', got {padding!r}")
    padding = pair(op, "padding", padding)
    return padding, (2 * padding[0], 2 * padding[1])


def _window(op: str, window: str, x: Shape, kernel: Shape, stride: Pair, padding: Pair, dilation: Pair, given: Any
            ) -> Pair:
    if 0 in kernel:
        raise ShapeError(f"{op}: {window} must not be empty")
    oh, ow = (output_size(*each) for each in zip(x[2:], kernel, stride, padding, dilation, strict=True))
    if oh < 1 or ow < 1:
        raise ShapeError(f"{op}: {window} does not fit in x{x} with padding {given} and dilation {dilation}: the "
                         f"output would be {oh} x {ow}")
    return oh, ow


def _sees_pixels(size: int, positions: int, kernel: int, stride: int, padding: int, dilation: int) -> bool:
    """Does a window have a pixel of x at every position along an axis?"""
    starts = [position * stride - padding for position in range(positions)]
    return all(any(0 <= start + i * dilation < size for i in range(kernel)) for start in starts)


def _rank(op: str, name: str, shape: Shape, rank: int, letters: str) -> None:
    if len(shape) != rank:
        raise ShapeError(f"{op}: {name} must have {rank} axes {letters}, got {name}{shape}")


def _few_axes(op: str, shape: Shape) -> None:
    if len(shape) > MAX_AXES:
        raise ShapeError(f"{op}: at most {MAX_AXES} axes, got shape {shape}")


def _is_integer(value: Any) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


def count(shape: Shape) -> int:
    """How many elements an array of that shape has."""
    size = 1
    for n in shape:
        size *= n
    return size
