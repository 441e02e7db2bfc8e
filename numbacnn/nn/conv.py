"""Convolution layers, along one, two and three axes."""
from collections.abc import Callable
from typing import Any, ClassVar

from numbacnn import geometry, ops
from numbacnn.autograd import Tensor
from numbacnn.errors import ShapeError
from numbacnn.nn.weighted import Weighted
from numbacnn.ops.check import any_tensor
from numbacnn.options import choice, whole

MODES = "zeros", "reflect", "replicate", "circular"


class _Filters(Weighted):
    """Options and parameters that all layers of filters share; subclasses say how many `axes`, and name the op."""

    axes: ClassVar[int]
    _op: ClassVar[Callable[..., Tensor]]
    modes: ClassVar[tuple[str, ...]] = MODES
    padding: Any

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any, dilation: Any, groups: int,
                 bias: bool, padding_mode: str, device: Any, dtype: Any) -> None:
        op = type(self).__name__
        for name, value in (("in_channels", in_channels), ("out_channels", out_channels), ("groups", groups)):
            whole(op, name, value, 1)
        if in_channels % groups or out_channels % groups:
            raise ShapeError(f"{op}: groups={groups} must divide in_channels={in_channels} and "
                             f"out_channels={out_channels}")
        self.in_channels, self.out_channels, self.groups = in_channels, out_channels, groups
        self.kernel_size = geometry.several(op, "kernel_size", kernel_size, self.axes, 1)
        self.stride = geometry.several(op, "stride", stride, self.axes, 1)
        self.dilation = geometry.several(op, "dilation", dilation, self.axes, 1)
        self.padding_mode = choice(op, "padding_mode", padding_mode, *self.modes)
        self._make((*self.channels(), *self.kernel_size), out_channels, bias, device, dtype)

    def channels(self) -> tuple[int, int]:
        """Return the first two sizes of the weight."""
        return self.out_channels, self.in_channels // self.groups

    def shown(self) -> dict[str, tuple[Any, Any]]:
        """Return options that `repr` shows, each with its usual value, which it does not."""
        nothing = (0,) * self.axes
        return {"padding": (self.padding, nothing), "dilation": (self.dilation, (1,) * self.axes),
                "groups": (self.groups, 1), "bias": (self.bias is not None, True),
                "padding_mode": (self.padding_mode, "zeros")}

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        shown = [f"{name}={value!r}" for name, (value, usual) in self.shown().items() if value != usual]
        return ", ".join([f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, "
                          f"stride={self.stride}", *shown])


class _Conv(_Filters):
    """Convolution along any axes."""

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
                 dilation: Any = 1, groups: int = 1, bias: bool = True, padding_mode: str = "zeros", device: Any = None,
                 dtype: Any = None) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, dilation, groups, bias, padding_mode, device,
                         dtype)
        op = type(self).__name__
        before, both = geometry.padding_of(op, padding, self.kernel_size, self.stride, self.dilation)
        self.padding = padding if isinstance(padding, str) else before
        # what `pad` needs: before and after each axis, the last axis first
        self.border = [n for first, two in zip(before[::-1], both[::-1], strict=True) for n in (first, two - first)]

    def forward(self, x: Tensor) -> Tensor:
        """Compute the feature maps of a batch, or of one without a batch."""
        padding = self.padding
        if self.padding_mode != "zeros" and any(self.border):
            x, padding = ops.pad(x, self.border, self.padding_mode), 0
        return self._op(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)


class Conv1d(_Conv):
    """Slide learned filters over sequences: `Conv2d` along one axis.

    Parameters are those of `Conv2d`, each for one axis.

    Notes
    -----
    (N, C, L) becomes (N, O, OL), OL = floor((L + 2 padding - dilation (K - 1) - 1) / stride) + 1; so does (C, L),
    without the batch. ``weight`` is (O, C / groups, K).
    """

    axes, _op = 1, staticmethod(ops.conv1d)


class Conv2d(_Conv):
    """Slide learned filters over images.

    Parameters
    ----------
    in_channels, out_channels : int
        C and O.
    kernel_size : int or (int, int)
        Height and width of the filters.
    stride : int or (int, int)
        Step of the window.
    padding : int, (int, int), "same" or "valid"
        Border added on each side; "same" keeps the size, "valid" adds none.
    dilation : int or (int, int)
        Distance between the pixels that a window reads.
    groups : int
        Input and output channels are split into so many groups, each of which sees only itself.
    bias : bool
        Whether there is a learned number for each output channel.
    padding_mode : "zeros", "reflect", "replicate" or "circular"
        What the border is: zeros, the image mirrored at its edge, its edge, or the image again.
    device, dtype : optional
        Of the parameters; float32 by default.

    Notes
    -----
    (N, C, H, W) becomes (N, O, OH, OW), OH = floor((H + 2 padding - dilation (KH - 1) - 1) / stride) + 1; so does
    (C, H, W), without the batch. ``weight`` is (O, C / groups, KH, KW), ``bias`` (O,) or None. First values are drawn
    evenly from +-1 / sqrt(C / groups * KH * KW), as in PyTorch.
    """

    axes, _op = 2, staticmethod(ops.conv2d)


class Conv3d(_Conv):
    """Slide learned filters over volumes: `Conv2d` along three axes.

    Parameters are those of `Conv2d`, each an integer or three: depth, height, width.

    Notes
    -----
    (N, C, D, H, W) becomes (N, O, OD, OH, OW), OD = floor((D + 2 padding - dilation (KD - 1) - 1) / stride) + 1; so
    does (C, D, H, W), without the batch. ``weight`` is (O, C / groups, KD, KH, KW).
    """

    axes, _op = 3, staticmethod(ops.conv3d)


class _ConvTranspose(_Filters):
    """Transposed convolution along any axes."""

    modes = MODES[:1]

    def __init__(self, in_channels: int, out_channels: int, kernel_size: Any, stride: Any = 1, padding: Any = 0,
                 output_padding: Any = 0, groups: int = 1, bias: bool = True, dilation: Any = 1,
                 padding_mode: str = "zeros", device: Any = None, dtype: Any = None) -> None:
        super().__init__(in_channels, out_channels, kernel_size, stride, dilation, groups, bias, padding_mode, device,
                         dtype)
        op = type(self).__name__
        self.padding = geometry.several(op, "padding", padding, self.axes)
        self.output_padding = geometry.several(op, "output_padding", output_padding, self.axes)

    def channels(self) -> tuple[int, int]:
        """Return the first two sizes of the weight."""
        return self.in_channels, self.out_channels // self.groups

    def shown(self) -> dict[str, tuple[Any, Any]]:
        """Return options that `repr` shows, each with its usual value, which it does not."""
        options = super().shown()
        return {"padding": options["padding"],
                "output_padding": (self.output_padding, (0,) * self.axes), **options}

    def forward(self, x: Tensor, output_size: Any = None) -> Tensor:
        """Compute the outputs of a batch, or of one without a batch; of that size, of several that are possible."""
        more = self.output_padding
        if output_size is not None:
            any_tensor(type(self).__name__, "x", x)
            more = geometry.output_padding_of(type(self).__name__, x.shape, output_size, self.kernel_size, self.stride,
                                              self.padding, self.dilation)
        return self._op(x, self.weight, self.bias, self.stride, self.padding, more, self.groups, self.dilation)


class ConvTranspose1d(_ConvTranspose):
    """Spread sequences through learned filters: `ConvTranspose2d` along one axis.

    Parameters are those of `ConvTranspose2d`, each for one axis.

    Notes
    -----
    (N, C, L) becomes (N, O, OL), OL = (L - 1) stride - 2 padding + dilation (K - 1) + output_padding + 1.
    ``weight`` is (C, O / groups, K).
    """

    axes, _op = 1, staticmethod(ops.conv_transpose1d)


class ConvTranspose2d(_ConvTranspose):
    """Spread images through learned filters: what `Conv2d` does to gradients, to make images larger.

    Parameters
    ----------
    in_channels, out_channels : int
        C and O.
    kernel_size : int or (int, int)
        Height and width of the filters.
    stride : int or (int, int)
        Step of the window.
    padding : int or (int, int)
        How many rows and columns of the result are cut off on each side.
    output_padding : int or (int, int)
        How many are added below and to the right; less than stride or dilation.
    groups : int
        Input and output channels are split into so many groups, each of which sees only itself.
    bias : bool
        Whether there is a learned number for each output channel.
    dilation : int or (int, int)
        Distance between the pixels that a window writes.
    padding_mode : "zeros"
        As in PyTorch, there is no other.
    device, dtype : optional
        Of the parameters; float32 by default.

    Notes
    -----
    (N, C, H, W) becomes (N, O, OH, OW), OH = (H - 1) stride - 2 padding + dilation (KH - 1) + output_padding + 1; so
    does (C, H, W), without the batch. ``weight`` is (C, O / groups, KH, KW), ``bias`` (O,) or None. First values are
    drawn evenly from +-1 / sqrt(O / groups * KH * KW), as in PyTorch. Called with an ``output_size``, the layer finds
    the ``output_padding`` that gives it.
    """

    axes, _op = 2, staticmethod(ops.conv_transpose2d)


class ConvTranspose3d(_ConvTranspose):
    """Spread volumes through learned filters: `ConvTranspose2d` along three axes.

    Parameters are those of `ConvTranspose2d`, each an integer or three: depth, height, width.

    Notes
    -----
    (N, C, D, H, W) becomes (N, O, OD, OH, OW), OD = (D - 1) stride - 2 padding + dilation (KD - 1) + output_padding
    + 1. ``weight`` is (C, O / groups, KD, KH, KW).
    """

    axes, _op = 3, staticmethod(ops.conv_transpose3d)
