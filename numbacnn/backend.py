"""Devices, and the backends whose kernels run on them.

The core knows a backend by the name of its entry point only; the module is imported when a tensor is born on it.
"""
import os
from functools import cache
from typing import Any, ClassVar

from numbacnn.errors import BackendError, DeviceError
from numbacnn.options import is_integer

GROUP = "numbacnn.backends"


class Device:
    """Where a tensor lies: `device("cpu")`, `device("cuda")`, `device("cuda:1")`.

    There is one object per device: equal devices are the same object.

    Attributes
    ----------
    type : str
        Name of the backend, as installed.
    index : int
        Which of the backend's devices.
    """

    __slots__ = ("_backend", "index", "type")
    type: str
    index: int
    _backend: Any
    _known: ClassVar[dict[tuple[str, int], "Device"]] = {}

    def __new__(cls, type: str, index: int = 0) -> "Device":
        """Find or make the device."""
        if not isinstance(type, str) or not is_integer(index):
            raise DeviceError(f"Device: type must be a string and index an integer, got {type!r} and {index!r}")
        device = cls._known.get((type, index))
        if device is None:
            device = super().__new__(cls)
            device.type, device.index, device._backend = type, index, None
            cls._known[type, index] = device
        return device

    def __reduce__(self) -> tuple[Any, ...]:
        return Device, (self.type, self.index)

    @property
    def backend(self) -> Any:
        """The module whose kernels run here, imported at first use."""
        if self._backend is None:
            module = load(self.type)
            count = module.devices()
            if self.index >= count:
                raise DeviceError(f"device: {self} does not exist: {self.type} has {count} device(s) on this machine")
            self._backend = module
        return self._backend

    def __repr__(self) -> str:
        return f"device({str(self)!r})"

    def __str__(self) -> str:
        return f"{self.type}:{self.index}" if self.index else self.type


def device(name: "str | Device") -> Device:
    """Return the device of that name.

    Parameters
    ----------
    name : str or Device
        ``"cpu"``, ``"cuda"``, ``"cuda:1"``: an installed backend, and which of its devices.

    Raises
    ------
    DeviceError
        If the name is not of that form, or no installed backend has it.
    """
    if isinstance(name, Device):
        return name
    if not isinstance(name, str):
        raise DeviceError(f"device: name must be a string such as 'cpu' or 'cuda:1', got {name!r}")
    backend, colon, index = name.partition(":")
    if colon and not (index.isascii() and index.isdigit()):
        raise DeviceError(f"device: name must look like 'cuda:1', got {name!r}")
    if backend not in installed():
        raise DeviceError(f"device: there is no backend {backend!r}; {_choices()}")
    return Device(backend, int(index or 0))


def device_of(op: str, backend: str, place: Any) -> Device:
    """The device of one backend that is given by its name, by its number, or not at all: then the first."""
    found = device(backend if place is None else f"{backend}:{place}" if is_integer(place) else place)
    if found.type != backend:
        raise DeviceError(f"{op}: device must be one of {backend}, such as '{backend}:1' or 1, got {str(found)!r}")
    return found


@cache
def installed() -> tuple[str, ...]:
    """Names of the backends that are installed, whether or not they can be used on this machine."""
    return tuple(sorted(_entry_points()))


@cache
def load(name: str) -> Any:
    """Import a backend, or say why that is impossible."""
    points = _entry_points()
    if name not in points:
        raise BackendError(f"backend {name!r} is not installed; {_choices()}")
    try:
        return points[name].load()
    except ImportError as error:
        raise BackendError(f"backend {name!r} cannot be used: {error}. Install what it needs with "
                           f"`pip install numbacnn[{name}]`, or choose another; {_choices()}") from error


def set_default_device(name: "str | Device | None") -> None:
    """Choose where new tensors are born; None: what NUMBACNN_BACKEND says, or the CPU.

    Parameters
    ----------
    name : str, Device or None
        Such as "cpu" or "cuda:1".
    """
    _default.clear()
    if name is not None:
        _default.append(device(name))


def default_device() -> Device:
    """Return where new tensors are born. NUMBACNN_BACKEND is read at first use."""
    if not _default:
        name = os.environ.get("NUMBACNN_BACKEND") or "cpu"
        if name.partition(":")[0] not in installed():
            raise BackendError(f"NUMBACNN_BACKEND={name}: backend {name!r} is not installed; {_choices()}")
        _default.append(device(name))
    return _default[0]


def _entry_points() -> dict[str, Any]:
    from importlib.metadata import entry_points  # 30 ms, which `import numbacnn` need not pay

    return {point.name: point for point in entry_points(group=GROUP)}


def _choices() -> str:
    names = installed()
    if not names:
        return "none is installed: run `pip install numbacnn`, or `pip install -e .` in a source tree"
    return f"installed: {', '.join(names)}"


_default: list[Device] = []
