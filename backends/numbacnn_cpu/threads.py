"""How many threads run a plan, and what is known of the machine."""
import os

import llvmlite.binding
import numba

from numbacnn.errors import BackendError

from .cache import cache_folder
from .isa import has

VARIABLE, MOST = "NUMBACNN_NUM_THREADS", 1024
FEATURES = "sse4.2", "avx", "avx2", "fma", "avx512f", "avx512bf16", "amx-tile", "neon", "sve"     # those worth showing


def workers():
    """Return how many workers a program may have: NUMBACNN_NUM_THREADS, or else NUMBA_NUM_THREADS, or one per core."""
    text = os.environ.get(VARIABLE)
    if not text:
        return numba.config.NUMBA_NUM_THREADS
    if not text.strip().isdecimal() or not 1 <= int(text) <= MOST:
        raise BackendError(f"{VARIABLE} must be a whole number from 1 to {MOST}, got {text!r}; unset it to use all "
                           "cores")
    return int(text)


def devices():
    """Return how many devices there are: the machine."""
    workers()                          # a wrong setting shall be found before the first plan
    return 1


def info():
    """Return what `numbacnn info` prints about this backend."""
    return {
        "CPU": numba.config.CPU_NAME or llvmlite.binding.get_host_cpu_name(),
        "vector features": " ".join(name for name in FEATURES if has(name)) or "none",
        "threads": str(workers()),
        "threading layer": "numbacnn's own team",
        "cache": cache_folder() or "none: no folder can be written",
        "compiled": "no: NUMBA_DISABLE_JIT is set" if numba.config.DISABLE_JIT else "yes",
    }
