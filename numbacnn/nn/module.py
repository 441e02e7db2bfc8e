"""Modules: objects that own parameters and compute something."""
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple, TypeVar

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.evaluation import evaluate
from numbacnn.graph import Array

M = TypeVar("M", bound="Module")


class Parameter(Tensor):
    """A tensor that an optimiser trains: an attribute of a module.

    Parameters
    ----------
    data : Tensor or array
        First values.
    requires_grad : bool
        False freezes the parameter.
    """

    __slots__ = ()

    def __init__(self, data: Any, requires_grad: bool = True) -> None:
        super().__init__(data.array if isinstance(data, Tensor) else data)
        if requires_grad and not self.array.dtype.startswith("float"):
            raise DTypeError(f"Parameter: must be float32 or float64 to be trained, got {self.array.dtype}; a Buffer "
                             "may have any dtype")
        self.requires_grad = requires_grad


class Buffer(Tensor):
    """A tensor that belongs to a module but is not trained, such as a running mean."""

    __slots__ = ()

    def __init__(self, data: Any) -> None:
        super().__init__(data.array if isinstance(data, Tensor) else data)


class Keys(NamedTuple):
    """What `load_state_dict` did not find, and what it found too much."""

    missing_keys: list[str]
    unexpected_keys: list[str]


class Module:
    """Base class of layers and networks.

    Parameters, buffers and modules that are attributes belong to the module. Subclasses define `forward`.

    Attributes
    ----------
    training : bool
        Whether layers such as dropout behave as in training; set by `train` and `eval`.
    """

    training = True

    def __call__(self, *inputs: Any, **options: Any) -> Any:
        """Compute: the same as `forward`."""
        return self.forward(*inputs, **options)

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Compute the output; every subclass has its own."""
        raise NotImplementedError(f"{type(self).__name__} must define forward()")

    # --- what belongs to the module ---

    def named_children(self) -> Iterator[tuple[str, "Module"]]:
        """Yield the modules that are attributes, with their names."""
        for name, value in vars(self).items():
            if isinstance(value, Module):
                yield name, value

    def children(self) -> Iterator["Module"]:
        """Yield the modules that are attributes."""
        for _, child in self.named_children():
            yield child

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, "Module"]]:
        """Yield this module and all below it, with their paths, each once."""
        seen: set[int] = set()
        stack = [(prefix, self)]
        while stack:
            path, module = stack.pop()
            if id(module) not in seen:
                seen.add(id(module))
                yield path, module
                stack += reversed([(_join(path, name), child) for name, child in module.named_children()])

    def modules(self) -> Iterator["Module"]:
        """Yield this module and all below it, each once."""
        for _, module in self.named_modules():
            yield module

    def named_parameters(self) -> Iterator[tuple[str, Parameter]]:
        """Yield the parameters of this module and all below it, with their paths, each once."""
        yield from self._named(Parameter, once=True)

    def parameters(self) -> Iterator[Parameter]:
        """Yield the parameters of this module and all below it, each once."""
        for _, parameter in self.named_parameters():
            yield parameter

    def named_buffers(self) -> Iterator[tuple[str, Buffer]]:
        """Yield the buffers of this module and all below it, with their paths, each once."""
        yield from self._named(Buffer, once=True)

    def buffers(self) -> Iterator[Buffer]:
        """Yield the buffers of this module and all below it, each once."""
        for _, buffer in self.named_buffers():
            yield buffer

    def state_tensors(self) -> list[Tensor]:
        """Return all that a training step may change: parameters and buffers."""
        return [*self.parameters(), *self.buffers()]

    def _named(self, kind: Any, once: bool) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        for path, module in self.named_modules() if once else _paths(self):
            for name, value in vars(module).items():
                if isinstance(value, kind) and not (once and id(value) in seen):
                    seen.add(id(value))
                    yield _join(path, name), value

    # --- what can be done to all of it ---

    def train(self: M, mode: bool = True) -> M:
        """Behave as in training, here and below; returns the module."""
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

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for parameter in self.parameters():
            parameter.grad = None

    def to(self: M, *target: Any) -> M:
        """Move parameters and buffers to a device or a floating point dtype, in place; returns the module."""
        moved = [(tensor, tensor.detach(), tensor.grad) for tensor in self.state_tensors()]
        for each in target:
            moved = [(tensor, value.to(each), None if grad is None else grad.to(each))
                     if value.dtype.kind == "f" or not _is_dtype(each) else (tensor, value, grad)
                     for tensor, value, grad in moved]
        evaluate(*[value for _, value, _ in moved])      # all or nothing
        for tensor, value, grad in moved:
            tensor.array, tensor.grad = value.array, grad
        return self

    def apply(self: M, function: Callable[["Module"], None]) -> M:
        """Call `function` on every module below, then on this one; returns the module."""
        for child in self.children():
            child.apply(function)
        function(self)
        return self

    # --- saving and loading ---

    def state_dict(self) -> "OrderedDict[str, Tensor]":
        """Return all parameters and buffers by path, with PyTorch's names and layouts.

        The tensors are values: they do not change when training goes on.
        """
        return OrderedDict((path, tensor.detach()) for path, tensor in self._named((Parameter, Buffer), once=False))

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> Keys:
        """Take over parameters and buffers; nothing changes unless everything fits.

        Parameters
        ----------
        state_dict : mapping of str to Tensor or array
            As from `state_dict`, or from `numbacnn.load`.
        strict : bool
            Refuse names that are missing or unexpected.

        Returns
        -------
        Keys
            ``missing_keys`` and ``unexpected_keys``.

        Raises
        ------
        ShapeError
            If a shape differs.
        KeyError
            If `strict` and a name is missing or unexpected.
        """
        own = dict(self._named((Parameter, Buffer), once=False))
        keys = Keys([k for k in own if k not in state_dict], [k for k in state_dict if k not in own])
        if strict and (keys.missing_keys or keys.unexpected_keys):
            raise KeyError(f"load_state_dict: names must match; missing: {keys.missing_keys}, unexpected: "
                           f"{keys.unexpected_keys}. strict=False loads what fits")
        arrays = {path: _fitting(path, own[path], state_dict[path]) for path in own if path in state_dict}
        for path, array in arrays.items():
            own[path].array = array
        return keys

    # --- looks ---

    def extra_repr(self) -> str:
        """Return the options that `repr` shows."""
        return ""

    def __repr__(self) -> str:
        name, children = type(self).__name__, list(self.named_children())
        if not children:
            return f"{name}({self.extra_repr()})"
        lines = [f"  ({child}): " + repr(module).replace("\n", "\n  ") for child, module in children]
        return "\n".join([f"{name}({self.extra_repr()}", *lines, ")"])


def _paths(module: Module, path: str = "") -> Iterator[tuple[str, Module]]:
    """Every path to every module: one that occurs twice is saved under both names, as in PyTorch."""
    yield path, module
    for name, child in module.named_children():
        yield from _paths(child, _join(path, name))


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _is_dtype(target: Any) -> bool:
    return isinstance(target, type | np.dtype) or target in ("float32", "float64")


def _fitting(path: str, own: Tensor, value: Any) -> Array:
    try:
        values = np.asarray(value)
    except Exception as error:                           # what an array of another library raises
        raise DTypeError(f"load_state_dict: {path} must be a Tensor or an array; {type(value).__name__} cannot be read "
                         f"as one: {error}") from error
    if values.dtype.kind == "O":
        raise DTypeError(f"load_state_dict: {path} must be a Tensor or an array, got {type(value).__name__}")
    if values.shape != own.shape:
        raise ShapeError(f"load_state_dict: {path} must be {own.shape}, got {values.shape}")
    if values.dtype.kind not in "fiub":
        raise DTypeError(f"load_state_dict: {path} must be numbers, got {values.dtype}")
    return Array.of(values.astype(own.dtype, copy=False), own.device)
