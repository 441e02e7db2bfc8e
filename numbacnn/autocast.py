"""Mixed precision: convolutions and products of matrices in bfloat16, the rest as exactly as it needs."""
from collections.abc import Callable
from typing import Any, TypeVar

from numbacnn import backend
from numbacnn.errors import DeviceError, DTypeError
from numbacnn.grad_mode import decorated
from numbacnn.graph import thread
from numbacnn.ops.check import dtype_name
from numbacnn.options import flag

F = TypeVar("F", bound=Callable[..., Any])


class autocast:
    """Compute what needs most time in bfloat16, in the block, or in the decorated function.

    Convolutions, dense layers and products of matrices cast their inputs, parameters too, to bfloat16. Losses, softmax,
    sums, exponentials and logarithms, powers and norms of vectors cast theirs to float32. The rest computes in what it
    gets: of two dtypes, in the higher one; batch norm takes numbers of bfloat16 beside parameters of float32.
    Parameters and their gradients stay float32; float64 stays as it is.

    Parameters
    ----------
    device_type : str, optional
        Such as "cuda": for tensors there alone; by default for all.
    dtype : dtype, optional
        bfloat16.
    enabled : bool
        False: computes in what it gets, also within another such block.
    cache_enabled : bool, optional
        Accepted for compatibility: an array is cast once in a step, however often it is used.

    Raises
    ------
    DTypeError
        If the dtype is another one.
    DeviceError
        If there is no such kind of device.

    Notes
    -----
    Call the model and the loss in the block, `backward` and the optimiser behind it. Gradients need no scaling:
    bfloat16 has the range of float32. The state is that of a thread.

    References
    ----------
    P. Micikevicius et al., Mixed precision training (ICLR 2018).

    Examples
    --------
    >>> import numbacnn
    >>> layer, x = numbacnn.nn.Linear(4, 2), numbacnn.ones(3, 4)
    >>> with numbacnn.autocast():
    ...     y = layer(x)
    >>> y.dtype.name, y.sum().dtype.name, layer.weight.dtype.name
    ('bfloat16', 'bfloat16', 'float32')
    """

    def __init__(self, device_type: str | None = None, dtype: Any = "bfloat16", enabled: bool = True,
                 cache_enabled: bool | None = None) -> None:
        if device_type is not None and device_type not in backend.installed():
            raise DeviceError(f"autocast: device_type must be one of {', '.join(backend.installed())}, or None for "
                              f"all, got {device_type!r}")
        name = dtype_name("autocast", dtype, "bfloat16")
        if name != "bfloat16":
            raise DTypeError(f"autocast: dtype must be bfloat16, got {name}; enabled=False computes in float32")
        if cache_enabled is not None:
            flag("autocast", "cache_enabled", cache_enabled)
        self.device_type = device_type
        self.dtype = name if flag("autocast", "enabled", enabled) else ""
        self.before: list[dict[str, str]] = []

    def __enter__(self) -> "autocast":
        self.before.append(thread.autocast)
        here = {self.device_type or "": self.dtype}
        thread.autocast = _effective(here if self.device_type is None else thread.autocast | here)
        return self

    def __exit__(self, *error: object) -> None:
        thread.autocast = self.before.pop()

    def __call__(self, function: F) -> F:
        """Decorate a function, or a generator function: its body runs in such a block."""
        return decorated("autocast", lambda: autocast(self.device_type, enabled=self.dtype != ""), function)


def is_autocast_enabled(device_type: str | None = None) -> bool:
    """Return whether operations run under `autocast`, in this thread.

    Parameters
    ----------
    device_type : str, optional
        Those on a kind of device, such as "cuda"; by default any.
    """
    if device_type is None:
        return bool(thread.autocast)
    return thread.autocast.get(device_type, thread.autocast.get("", "")) != ""


def _effective(wanted: dict[str, str]) -> dict[str, str]:
    """What is wanted where; empty, which is quickly told, if nothing is."""
    return wanted if any(wanted.values()) else {}
