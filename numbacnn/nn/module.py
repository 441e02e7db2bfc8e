"""Modules: objects that own parameters and compute something."""
from collections.abc import Callable
from typing import Any, TypeVar

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.backend import Device, device_of
from numbacnn.dtypes import ANY_FLOATING, FLOATING
from numbacnn.errors import DTypeError
from numbacnn.evaluation import evaluate
from numbacnn.gradient import forget
from numbacnn.graph import setting_changed
from numbacnn.nn.hooks import Hooked
from numbacnn.nn.parameter import Buffer, Parameter
from numbacnn.nn.state import Keys, Stateful
from numbacnn.ops.check import is_dtype
from numbacnn.options import flag

__all__ = ["Buffer", "Keys", "Module", "Parameter"]

M = TypeVar("M", bound="Module")


class Module(Hooked, Stateful):
    """Base class of layers and networks.

    Parameters, buffers and modules that are attributes belong to the module. Subclasses define `forward`.

    Attributes
    ----------
    training : bool
        Whether layers such as dropout behave as in training; set by `train` and `eval`.
    """

    training = True

    def train(self: M, mode: bool = True) -> M:
        """Behave as in training, here and below; returns the module."""
        mode = flag("train", "mode", mode)
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: M) -> M:
        """Behave as in evaluation, here and below; returns the module."""
        return self.train(False)

    def requires_grad_(self: M, requires_grad: bool = True) -> M:
        """Train the parameters, or (False) freeze them; returns the module."""
        for parameter in self.parameters():
            parameter.requires_grad_(requires_grad)
        return self

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients of all parameters, or (False) make them zeros."""
        for parameter in self.parameters():
            forget(parameter, set_to_none)

    def apply(self: M, fn: Callable[["Module"], Any]) -> M:
        """Call a function on every module below, then on this one; returns the module."""
        if not callable(fn):
            raise DTypeError(f"apply: fn must be a function of a module, got {type(fn).__name__}")
        for child in self.children():
            child.apply(fn)
        fn(self)
        return self

    # --- dtypes and devices ---

    def to(self: M, *target: Any, dtype: Any = None, device: Any = None, non_blocking: bool = False) -> M:
        """Move parameters and buffers to a device or a floating point dtype, in place; returns the module.

        Parameters
        ----------
        *target : dtype, device, name of a device, or Tensor
            A tensor stands for its dtype and device.
        dtype : dtype, optional
            float32, float64 or bfloat16, for what is floating point.
        device : Device or str, optional
            Where to.
        non_blocking : bool
            Accepted for compatibility.

        Raises
        ------
        DTypeError
            If the dtype is another one.
        DeviceError
            If there is no such device.
        """
        given = [part for each in (*target, dtype, device) if each is not None
                 for part in ((each.dtype, each.device) if isinstance(each, Tensor) else (each,))]
        for each in given:
            _check_target(each)
        moved = [(tensor, tensor.detach(), tensor.grad) for tensor in self.state_tensors()]
        for each in given:
            moved = [(tensor, value.to(each), None if grad is None else grad.to(each))
                     if value.array.dtype in FLOATING or not _is_dtype(each) else (tensor, value, grad)
                     for tensor, value, grad in moved]
        evaluate(*[value for _, value, _ in moved])      # all or nothing
        for tensor, value, gradient in moved:
            tensor.array, tensor.grad = value.array, gradient
        setting_changed()
        return self

    def float(self: M) -> M:
        """Convert what is floating point to float32; returns the module."""
        return self.to(np.float32)

    def double(self: M) -> M:
        """Convert what is floating point to float64; returns the module."""
        return self.to(np.float64)

    def bfloat16(self: M) -> M:
        """Convert what is floating point to bfloat16; returns the module."""
        return self.to("bfloat16")

    def half(self: M) -> M:
        """Refused: there is no float16 here."""
        return self.to(np.float16)

    def type(self: M, dst_type: Any) -> M:
        """Convert what is floating point to a dtype; returns the module."""
        return self.to(dtype=dst_type)

    def cpu(self: M) -> M:
        """Move to the CPU; returns the module."""
        return self.to("cpu")

    def cuda(self: M, device: Any = None) -> M:
        """Move to a GPU, the first one unless its device or number is given; returns the module."""
        return self.to(device_of("cuda", "cuda", device))

    # --- looks ---

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return ""

    def _shown_children(self) -> list[tuple[str, str]]:
        return [(name, repr(child)) for name, child in self._named_children()]

    def __repr__(self) -> str:
        name, extra, children = type(self).__name__, self.extra_repr(), self._shown_children()
        if not children and "\n" not in extra:
            return f"{name}({extra})"
        lines = [*extra.splitlines(), *[f"({child}): {text}" for child, text in children]]
        return "\n".join([f"{name}(", *["  " + line.replace("\n", "\n  ") for line in lines], ")"])


_HALF = ("float16", "half", "torch.float16")


def _is_dtype(target: Any) -> bool:
    return target in _HALF or is_dtype(target) if isinstance(target, str) else not isinstance(target, Device)


def _check_target(target: Any) -> None:
    """A dtype of a module is one it can compute with; whatever else is not a device is refused, too."""
    if not _is_dtype(target):
        return
    try:
        name = target if isinstance(target, str) and target in _HALF else np.dtype(target).name
    except TypeError:
        name = str(target)
    if name in _HALF:
        raise DTypeError(f"to: dtype must be {ANY_FLOATING}, got {name}; there is no float16 here")
    if name not in FLOATING or isinstance(target, bool | int):
        raise DTypeError(f"to: must be a device, {ANY_FLOATING}, got {target!r}")
