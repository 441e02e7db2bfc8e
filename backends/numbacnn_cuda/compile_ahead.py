"""Compile what a program needs in several processes, before it runs; and for GPUs that are not here.

All kernels of a program are known before it runs. Processes that compile (numbacnn/crew.py) leave what they make in the
store; so does this one.
"""
import importlib
import os
from contextlib import contextmanager

from numbacnn.crew import Crew, can_start, processes
from numbacnn.errors import BackendError

from . import offline, runtime, store
from .build import Specification, capability_of
from .fault import located
from .frontend import OLDEST

EACH = 4                  # kernels that are worth the second in which a process starts


def compile_all(specifications, arch):
    """Compile what is not in the store, in several processes if that is quicker; return how many there were."""
    missing = [each for each in dict.fromkeys(specifications) if not store.has(each, arch)]
    helpers = min(processes(os.cpu_count() or 1) - 1, len(missing) // EACH)
    if helpers < 1 or not can_start() or not store.folder():
        for each in missing:
            store.binary_of(each, arch)
        return len(missing)
    with Team([(each, arch) for each in missing], __name__) as team:
        for _ in range(helpers):
            team.hire()
        while (job := team.take()) is not None:
            store.binary_of(*job)
    return len(missing)


class Team(Crew):
    """Processes that compile; a job is a specification and an architecture."""

    def message(self, job):
        """Return the name of a kernel, what else it is specified by, and the architecture."""
        specification, arch = job
        kernel, *rest = specification
        return kernel.place, rest, arch


def token():
    """Return what must be the same in processes that compile for each other."""
    return store.folder(), store.toolkit()


def work(message):
    """Compile what another process asks for."""
    (module, name), rest, arch = message
    importlib.import_module(__package__)
    store.binary_of(Specification(located(module, name), *rest), arch)


@contextmanager
def compiling_for(arch):
    """Where "cuda" is a device that runs nothing: what would run on a GPU of an architecture is compiled and kept.

    Yields a function that compiles what was met so far, and returns how many kernels that were, and how many of them
    were not in the store.
    """
    if capability_of(arch) < OLDEST:                     # a wrong name shall be found first, too
        raise BackendError(f"cuda: kernels need an architecture from sm_{OLDEST[0]}{OLDEST[1]} on, got {arch}")
    if not store.folder():
        raise BackendError("cuda: there is no folder in which machine code can be kept; set NUMBACNN_CACHE_DIR to one "
                           "that others cannot write to")
    device = offline.Device(arch)
    runtime.replace(offline.Runtime(device))
    try:
        yield lambda: (len(device.specifications), compile_all(device.specifications, arch))
    finally:
        runtime.replace(None)
