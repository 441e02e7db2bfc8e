"""Everything the engine raises. Each class is also the built-in one a user would catch."""


class NumbacnnError(Exception):
    """Base class of every error of this package."""


class ShapeError(NumbacnnError, ValueError):
    """Shapes, sizes or options do not fit together."""


class DTypeError(NumbacnnError, TypeError):
    """An argument has a type or dtype that the operation does not take."""


class DeviceError(NumbacnnError, ValueError):
    """Tensors lie on different devices, or a device has no such name."""


class BackendError(NumbacnnError, RuntimeError):
    """A backend is not installed, or cannot be used on this machine."""


class GradientError(NumbacnnError, RuntimeError):
    """A gradient was asked for where there is none, or does not fit its tensor."""


class OutOfMemoryError(NumbacnnError, MemoryError):
    """There is not so much memory."""


class EvaluationError(NumbacnnError, RuntimeError):
    """A recorded value cannot be computed."""


class StateError(ShapeError, DTypeError, KeyError, RuntimeError):
    """A saved state does not fit: names, shapes or dtypes, maybe all of them at once."""

    __str__ = Exception.__str__                          # a KeyError would show its text in quotes
