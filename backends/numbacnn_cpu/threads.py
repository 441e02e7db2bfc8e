"""How many workers run a plan, and when they must not: after a fork, or two teams at once where that aborts."""
import contextlib
import os
import threading

import llvmlite.binding
import numba

from numbacnn.errors import BackendError

from .cache import cache_folder

VARIABLE = "NUMBACNN_NUM_THREADS"
FEATURES = "sse4.2", "avx", "avx2", "fma", "avx512f", "avx512bf16", "amx-tile", "neon", "sve"     # those worth showing

team_lock = threading.Lock()          # under the workqueue layer: two parallel regions at once end the process
forked = False                        # whether this process is a fork: threads of the parent do not exist here


def workers():
    """Return how many workers a program may have: NUMBACNN_NUM_THREADS, or else as many as Numba has threads."""
    text = os.environ.get(VARIABLE)
    if not text:
        return 1 if forked else numba.get_num_threads()
    if not text.strip().isdecimal() or int(text) < 1:
        raise BackendError(f"{VARIABLE} must be a whole number, at least 1, got {text!r}; unset it to use all cores")
    return 1 if forked else int(text)


def threading_layer():
    """Return the name of what starts Numba's threads: tbb, omp or workqueue."""
    numba.get_num_threads()            # starts them; the name is not known before
    return numba.threading_layer()


def needs_guard(workers):
    """Whether a team of so many workers must run inside `guard`."""
    return workers < numba.get_num_threads() or threading_layer() == "workqueue"


@contextlib.contextmanager
def guard(workers):
    """Let a team run alone in the process where the layer needs that, and wake no thread that has no worker."""
    threads = numba.get_num_threads()
    numba.set_num_threads(min(workers, threads))
    try:
        with team_lock if numba.threading_layer() == "workqueue" else contextlib.nullcontext():
            yield
    finally:
        numba.set_num_threads(threads)


def devices():
    """Return how many devices there are: the machine."""
    workers()                          # a wrong setting shall be found before the first plan
    return 1


def info():
    """Return what `numbacnn info` prints about this backend."""
    features = llvmlite.binding.get_host_cpu_features()
    return {
        "CPU": llvmlite.binding.get_host_cpu_name(),
        "vector features": " ".join(name for name in FEATURES if features.get(name)) or "none",
        "threads": str(workers()),
        "threading layer": "none after a fork" if forked else threading_layer(),
        "cache": cache_folder() or "none: no folder can be written",
        "compiled": "no: NUMBA_DISABLE_JIT is set" if numba.config.DISABLE_JIT else "yes",
    }


def after_fork():
    """Let a forked child run everything in one thread: a parallel region would wait for threads that are not there."""
    global forked
    forked = True


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=after_fork)
