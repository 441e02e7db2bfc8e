"""What belongs to a module: parameters, buffers and modules are its attributes, found by their types."""
import inspect
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError, GradientError
from numbacnn.graph import rebind, setting_changed
from numbacnn.nn.parameter import Buffer, Parameter

if TYPE_CHECKING:
    from numbacnn.nn.module import Module


class _Place(NamedTuple):
    """A name without a value now: what may be assigned to it."""

    kind: Any
    persistent: bool = True


class Tree:
    """The attributes of a module that are parameters, buffers and modules, and the walk through them."""

    _places: Mapping[str, _Place] = MappingProxyType({})    # names whose value is None now

    def __setattr__(self, name: str, value: Any) -> None:
        old = vars(self).get(name)
        place = _place_of(old) or self._places.get(name)
        if place is not None:
            value = self._assigned(name, old, place, value)
        if isinstance(value, _OWNED):
            self._check_name(name)
            if isinstance(value, Tree) and any(module is self for module in value.modules()):
                raise ValueError(f"{type(self).__name__}: {name} must not contain the module it becomes a part of")
        object.__setattr__(self, name, value)
        setting_changed()

    def __delattr__(self, name: str) -> None:
        object.__delattr__(self, name)
        setting_changed()
        if name in self._places:
            object.__setattr__(self, "_places", {k: v for k, v in self._places.items() if k != name})

    def _assigned(self, name: str, old: Any, place: _Place, value: Any) -> Any:
        """What takes the place of a parameter, buffer or module: something like it, or None for now."""
        kind, persistent = place
        allowed = {Parameter: Parameter, Buffer: Tensor | Tree, Tree: Tree | Parameter}[kind]
        if value is None:
            object.__setattr__(self, "_places", {**self._places, name: place})
            return None
        if not isinstance(value, allowed):
            noun, remedy = _NOUNS[kind]
            raise DTypeError(f"{type(self).__name__}: {name} is a {noun}: what is assigned must be one, or None, got "
                             f"{type(value).__name__}; {remedy}")
        if kind is Buffer and not isinstance(value, _OWNED):
            return _taken(f"{type(self).__name__}: buffer {name}", old, value, persistent)
        return value

    def _check_name(self, name: Any) -> None:
        if not isinstance(name, str):
            raise DTypeError(f"{type(self).__name__}: a name must be a str, got {name!r}")
        if not name or "." in name:
            raise ValueError(f"{type(self).__name__}: a name must not be empty, and have no dots, which join names to "
                             f"paths, got {name!r}")
        if name == "training" or inspect.isroutine(getattr(type(self), name, None)):
            raise ValueError(f"{type(self).__name__}: {name!r} is a method or option of modules; choose another name")

    # --- adding ---

    def register_parameter(self, name: str, param: Parameter | None) -> None:
        """Add a parameter, as an assignment does; None keeps the name for one."""
        self._register("register_parameter", name, Parameter, param)

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Add a buffer that starts with the values of a tensor; None keeps the name for one.

        Parameters
        ----------
        name : str
            Name of the attribute.
        tensor : Tensor or None
            First values.
        persistent : bool
            Whether the buffer is part of `state_dict`.
        """
        if tensor is not None and not isinstance(tensor, Tensor):
            raise DTypeError(f"register_buffer: {name} must be a Tensor or None, got {type(tensor).__name__}; make one "
                             "with numbacnn.tensor")
        if tensor is not None and not isinstance(tensor, Buffer):
            tensor = _taken(f"register_buffer: {name}", None, tensor, persistent)
        if isinstance(tensor, Buffer):
            tensor.persistent = persistent
        self._register("register_buffer", name, Buffer, tensor, persistent)

    def register_module(self, name: str, module: "Module | None") -> None:
        """Add a module, as an assignment does; None keeps the name for one."""
        self._register("register_module", name, Tree, module)

    add_module = register_module

    def _register(self, op: str, name: str, kind: Any, value: Any, persistent: bool = True) -> None:
        if value is not None and not isinstance(value, kind):
            noun = "Module" if kind is Tree else kind.__name__
            raise DTypeError(f"{op}: {name} must be a {noun} or None, got {type(value).__name__}")
        self._check_name(name)
        place = _place_of(vars(self).get(name)) or self._places.get(name)
        if name in vars(self) and (place is None or place.kind is not kind):
            raise ValueError(f"{op}: {name} must be a new name, but {type(self).__name__} has such an attribute")
        if value is None:
            object.__setattr__(self, "_places", {**self._places, name: _Place(kind, persistent)})
            object.__setattr__(self, name, None)
        else:
            setattr(self, name, value)

    # --- finding ---

    def get_submodule(self, target: str) -> "Module":
        """Return the module at a path, such as ``"layers.0"``; this one at ``""``."""
        module: Any = self
        for name in target.split(".") if target else ():
            child = vars(module).get(name)
            if not isinstance(child, Tree):
                raise AttributeError(f"get_submodule: {target!r} must be the path of a module, but "
                                     f"{type(module).__name__} has no module {name!r}")
            module = child
        return module  # type: ignore[no-any-return]

    def get_parameter(self, target: str) -> Parameter:
        """Return the parameter at a path, such as ``"layers.0.weight"``."""
        return self._leaf("get_parameter", target, Parameter)  # type: ignore[no-any-return]

    def get_buffer(self, target: str) -> Buffer:
        """Return the buffer at a path."""
        return self._leaf("get_buffer", target, Buffer)  # type: ignore[no-any-return]

    def _leaf(self, op: str, target: str, kind: Any) -> Any:
        path, _, name = target.rpartition(".")
        value = vars(self.get_submodule(path)).get(name)
        if not isinstance(value, kind):
            raise AttributeError(f"{op}: {target!r} must be the path of a {kind.__name__}, got "
                                 f"{type(value).__name__ if value is not None else 'none'}")
        return value

    # --- walking ---

    def _named_children(self) -> Iterator[tuple[str, Any]]:
        for name, value in vars(self).items():
            if isinstance(value, Tree):
                yield name, value

    def named_children(self) -> Iterator[tuple[str, "Module"]]:
        """Yield the modules that are attributes, with their names, each once."""
        seen: set[Any] = set()
        for name, child in self._named_children():
            if child not in seen:
                seen.add(child)
                yield name, child

    def children(self) -> Iterator["Module"]:
        """Yield the modules that are attributes, each once."""
        for _, child in self.named_children():
            yield child

    def named_modules(self, memo: set[Any] | None = None, prefix: str = "", remove_duplicate: bool = True
                      ) -> Iterator[tuple[str, "Module"]]:
        """Yield this module and all below it, with their paths.

        Parameters
        ----------
        memo : set of Module, optional
            Modules to leave out; those that are found are added.
        prefix : str
            Path of this module.
        remove_duplicate : bool
            Yield each module once, though it has several paths.
        """
        seen = set() if memo is None else memo
        stack: list[tuple[str, Any]] = [(prefix, self)]
        while stack:
            path, module = stack.pop()
            if not (remove_duplicate and module in seen):
                seen.add(module)
                yield path, module
                stack += reversed([(_join(path, name), child) for name, child in module._named_children()])

    def modules(self) -> Iterator["Module"]:
        """Yield this module and all below it, each once."""
        for _, module in self.named_modules():
            yield module

    def named_parameters(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
                         ) -> Iterator[tuple[str, Parameter]]:
        """Yield the parameters of this module and (`recurse`) all below it, with their paths, each once."""
        return self._named(Parameter, prefix, recurse, remove_duplicate)

    def parameters(self, recurse: bool = True) -> Iterator[Parameter]:
        """Yield the parameters of this module and (`recurse`) all below it, each once."""
        for _, parameter in self.named_parameters(recurse=recurse):
            yield parameter

    def named_buffers(self, prefix: str = "", recurse: bool = True, remove_duplicate: bool = True
                      ) -> Iterator[tuple[str, Buffer]]:
        """Yield the buffers of this module and (`recurse`) all below it, with their paths, each once."""
        return self._named(Buffer, prefix, recurse, remove_duplicate)

    def buffers(self, recurse: bool = True) -> Iterator[Buffer]:
        """Yield the buffers of this module and (`recurse`) all below it, each once."""
        for _, buffer in self.named_buffers(recurse=recurse):
            yield buffer

    def state_tensors(self) -> list[Tensor]:
        """Return all that a training step may change: parameters and buffers."""
        return [*self.parameters(), *self.buffers()]

    def _named(self, kind: Any, prefix: str = "", recurse: bool = True, once: bool = True) -> Iterator[tuple[str, Any]]:
        seen: set[int] = set()
        modules: Any = self.named_modules(None, prefix, once) if recurse else [(prefix, self)]
        for path, module in modules:
            for name, value in vars(module).items():
                if isinstance(value, kind) and not (once and id(value) in seen):
                    seen.add(id(value))
                    yield _join(path, name), value


_OWNED = (Parameter, Buffer, Tree)
_NOUNS = {Parameter: ("parameter", "wrap it in nn.Parameter, or assign to its .data"),
          Buffer: ("buffer", "make a tensor of it with numbacnn.tensor"),
          Tree: ("module", "delete the attribute first")}


def _place_of(value: Any) -> _Place | None:
    for kind in _OWNED:
        if isinstance(value, kind):
            return _Place(kind, value.persistent if isinstance(value, Buffer) else True)
    return None


def _taken(name: str, buffer: Any, value: Tensor, persistent: bool) -> Buffer:
    """A buffer with the values of a tensor: the old one if they are like its own, so that whoever holds it follows."""
    if value.requires_grad:
        raise GradientError(f"{name} must be values without a history, got a tensor that requires a gradient; assign "
                            "its .detach()")
    mine, other = getattr(buffer, "array", None), value.array
    if mine is None or (mine.shape, mine.dtype, mine.device) != (other.shape, other.dtype, other.device):
        return Buffer(value, persistent)
    rebind(buffer, other)
    return buffer  # type: ignore[no-any-return]


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
