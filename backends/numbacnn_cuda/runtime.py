"""What there is to compute on: GPUs through the CUDA driver (driver.py), or the simulator (simulated.py)."""
from .frontend import SIMULATED


def runtime():
    """Return the runtime; a BackendError with the remedy if there is none."""
    if not _current:
        if SIMULATED:
            from .simulated import Runtime
        else:
            from .driver import Runtime
        _current.append(Runtime())
    return _current[-1]


def replace(other):
    """Let another runtime be used; None: the one from before."""
    if other is None:
        _current.pop()
    else:
        _current.append(other)


def devices():
    """Return how many devices there are."""
    return runtime().count


_current = []             # the last one is used
