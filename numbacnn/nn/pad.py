"""Layers that add a border."""
from typing import Any, ClassVar

from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.nn.module import Module
from numbacnn.ops.pad import filling_of, pad
from numbacnn.options import is_integer


class _Pad(Module):
    """What all borders have in common: subclasses say along how many axes, and what is there."""

    axes: ClassVar[int]
    mode = "constant"
    value = 0.0

    def __init__(self, padding: Any) -> None:
        name, count = type(self).__name__, 2 * self.axes
        given = (padding,) * count if is_integer(padding) else padding
        if not isinstance(given, tuple | list) or not all(map(is_integer, given)):
            raise DTypeError(f"{name}: padding must be an integer, or {count} of them, got {padding!r}")
        if len(given) != count:
            raise ShapeError(f"{name}: padding must be an integer, or {count} of them, two for each axis from the last "
                             f"backwards, got {padding!r}")
        if self.mode != "constant" and min(given) < 0:
            raise ShapeError(f"{name}: padding must not be negative, got {padding!r}")
        self.padding = tuple([int(n) for n in given])

    def forward(self, x: Tensor) -> Tensor:
        """Add the border to x (N, C, ...) or (C, ...)."""
        if not isinstance(x, Tensor) or x.ndim not in (self.axes + 1, self.axes + 2):
            got = f"x{x.shape}" if isinstance(x, Tensor) else type(x).__name__
            raise ShapeError(f"{type(self).__name__}: x must have {self.axes + 2} axes, or {self.axes + 1} without "
                             f"that of images, got {got}")
        return pad(x, self.padding, self.mode, self.value if self.mode == "constant" else None)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return str(self.padding)


class _ConstantPad(_Pad):
    def __init__(self, padding: Any, value: float) -> None:
        super().__init__(padding)
        self.value = filling_of(type(self).__name__, value)

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return f"padding={self.padding}, value={self.value}"


class ConstantPad1d(_ConstantPad):
    """Put a number around x: (N, C, W).

    Parameters
    ----------
    padding : int or tuple of int
        How much on all sides; or before and after, for each axis from the last backwards. Negative: x is cropped.
    value : float
        The number.
    """

    axes = 1


class ConstantPad2d(_ConstantPad):
    """Put a number around x: (N, C, H, W). Parameters are those of `ConstantPad1d`."""

    axes = 2


class ConstantPad3d(_ConstantPad):
    """Put a number around x: (N, C, D, H, W). Parameters are those of `ConstantPad1d`."""

    axes = 3


class ZeroPad1d(_Pad):
    """Put zeros around x: (N, C, W). Parameters are those of `ConstantPad1d`, without value."""

    axes = 1


class ZeroPad2d(_Pad):
    """Put zeros around x: (N, C, H, W). Parameters are those of `ConstantPad1d`, without value."""

    axes = 2


class ZeroPad3d(_Pad):
    """Put zeros around x: (N, C, D, H, W). Parameters are those of `ConstantPad1d`, without value."""

    axes = 3


class ReflectionPad1d(_Pad):
    """Mirror x at its edges, which are not repeated: (N, C, W).

    Parameters are those of `ConstantPad1d`, without value; a border is less than x has, and not negative.
    """

    axes, mode = 1, "reflect"


class ReflectionPad2d(_Pad):
    """Mirror x at its edges, which are not repeated: (N, C, H, W), within the limits of `ReflectionPad1d`.

    Parameters are those of `ConstantPad1d`, without value.
    """

    axes, mode = 2, "reflect"


class ReflectionPad3d(_Pad):
    """Mirror x at its edges, which are not repeated: (N, C, D, H, W), within the limits of `ReflectionPad1d`.

    Parameters are those of `ConstantPad1d`, without value.
    """

    axes, mode = 3, "reflect"


class ReplicationPad1d(_Pad):
    """Repeat the edges of x: (N, C, W).

    Parameters are those of `ConstantPad1d`, without value; a border is not negative.
    """

    axes, mode = 1, "replicate"


class ReplicationPad2d(_Pad):
    """Repeat the edges of x: (N, C, H, W), within the limits of `ReplicationPad1d`.

    Parameters are those of `ConstantPad1d`, without value.
    """

    axes, mode = 2, "replicate"


class ReplicationPad3d(_Pad):
    """Repeat the edges of x: (N, C, D, H, W), within the limits of `ReplicationPad1d`.

    Parameters are those of `ConstantPad1d`, without value.
    """

    axes, mode = 3, "replicate"


class CircularPad1d(_Pad):
    """Continue x with its other end: (N, C, W).

    Parameters are those of `ConstantPad1d`, without value; a border is at most what x has, and not negative.
    """

    axes, mode = 1, "circular"


class CircularPad2d(_Pad):
    """Continue x with its other end: (N, C, H, W), within the limits of `CircularPad1d`.

    Parameters are those of `ConstantPad1d`, without value.
    """

    axes, mode = 2, "circular"


class CircularPad3d(_Pad):
    """Continue x with its other end: (N, C, D, H, W), within the limits of `CircularPad1d`.

    Parameters are those of `ConstantPad1d`, without value.
    """

    axes, mode = 3, "circular"
