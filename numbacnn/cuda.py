"""What programs ask about CUDA: before they choose a device, and while it computes. Names are PyTorch's."""
from typing import Any

from numbacnn import graph, random
from numbacnn.backend import Device, default_device, device_of, installed, load
from numbacnn.errors import BackendError


def is_available() -> bool:
    """Return whether the CUDA backend is installed and finds a device."""
    return device_count() > 0


def device_count() -> int:
    """Return how many CUDA devices can be used."""
    if "cuda" not in installed():
        return 0
    try:
        return int(load("cuda").devices())
    except BackendError:
        return 0


def current_device() -> int:
    """Return the number of the default device if that is a GPU (`numbacnn.set_default_device`), else 0."""
    default = default_device()
    return default.index if default.type == "cuda" else 0


def get_device_name(device: Any = None) -> str:
    """Return the name of a GPU.

    Parameters
    ----------
    device : Device, str or int, optional
        Which one; by default the current one.
    """
    return str(_properties("get_device_name", device)["name"])


def get_device_capability(device: Any = None) -> tuple[int, int]:
    """Return the compute capability of a GPU, such as (9, 0).

    Parameters
    ----------
    device : Device, str or int, optional
        Which one; by default the current one.
    """
    about = _properties("get_device_capability", device)
    return about["major"], about["minor"]


def synchronize(device: Any = None) -> None:
    """Compute what this thread recorded, and wait until a GPU has done all that was started.

    Parameters
    ----------
    device : Device, str or int, optional
        Which one; by default the current one.
    """
    place = _place("synchronize", device)
    graph.evaluate()
    place.backend.synchronize(place.index)
    graph.settle()


def mem_get_info(device: Any = None) -> tuple[int, int]:
    """Return how many bytes of a GPU are free, whoever has the others, and how many there are.

    Parameters
    ----------
    device : Device, str or int, optional
        Which one; by default the current one.
    """
    found = _memory("mem_get_info", device)
    return found["free"], found["total"]


def memory_reserved(device: Any = None) -> int:
    """Return how many bytes of a GPU this process has for arrays: those in use, and blocks kept to be used again.

    Parameters
    ----------
    device : Device, str or int, optional
        Which one; by default the current one.
    """
    return _memory("memory_reserved", device)["reserved"]


def max_memory_reserved(device: Any = None) -> int:
    """Return the most that `memory_reserved` was since the start, or since `reset_peak_memory_stats`.

    Parameters
    ----------
    device : Device, str or int, optional
        Which one; by default the current one.
    """
    return _memory("max_memory_reserved", device)["peak"]


def reset_peak_memory_stats(device: Any = None) -> None:
    """Let `max_memory_reserved` begin anew.

    Parameters
    ----------
    device : Device, str or int, optional
        Which one; by default the current one.
    """
    _memory("reset_peak_memory_stats", device, forget_peak=True)


def empty_cache() -> None:
    """Give back the blocks of memory that this thread keeps to use again, on all devices."""
    graph.thread.pool.trim()


def manual_seed(seed: int) -> None:
    """Start all random numbers anew, as `numbacnn.manual_seed` does: there is one seed for all devices.

    Parameters
    ----------
    seed : int
        From 0 to 2**63 - 1.
    """
    random.manual_seed(seed)


manual_seed_all = manual_seed


def _place(op: str, device: Any) -> Device:
    """The GPU that is meant."""
    return device_of(op, "cuda", current_device() if device is None else device)


def _properties(op: str, device: Any) -> dict[str, Any]:
    place = _place(op, device)
    found: dict[str, Any] = place.backend.properties(place.index)
    return found


def _memory(op: str, device: Any, **options: bool) -> dict[str, int]:
    place = _place(op, device)
    found: dict[str, int] = place.backend.memory_info(place.index, **options)
    return found
