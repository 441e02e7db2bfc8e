"""What programs ask about CUDA before they choose a device."""
from numbacnn.backend import installed, load
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
