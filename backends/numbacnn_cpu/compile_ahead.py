"""Compile in several processes what a program needs and is not on disk.

All kernels of a program are known before it runs. Processes that compile (numbacnn/crew.py) take the next one, the
largest first, and leave what they make in the cache; this process compiles too, and loads meanwhile what they made.
What is not on disk in the end is compiled here, as ever.
"""
import importlib

from numbacnn.crew import Crew, can_start, processes

from . import notice
from .cache_folder import cache_folder
from .compile import outermost, overload

EACH = 3                  # kernels that are worth the half second in which a process starts
token = cache_folder


def compile_all(wanted, workers):
    """Compile functions for types, `[(function, types)]`, if that is quicker in several processes.

    Otherwise nothing is done: each is compiled when it is used.
    """
    missing = [(function, types) for function, types in dict.fromkeys(wanted)
               if function.__module__.startswith(f"{__package__}.")     # importing another's might start a program
               and types not in function.overloads and not function._cache.has(types)]
    helpers = min(processes(workers) - 1, len(missing) // EACH)
    if helpers < 1 or not can_start() or not cache_folder():
        return
    missing.sort(key=lambda job: weight(job[0].py_func, set()), reverse=True)
    with Helpers(missing, __name__) as team:
        for _ in range(helpers):
            team.hire()
        while (job := team.take()) is not None:
            overload(*job)
            team.load()


def weight(function, seen):
    """Return about how much there is to compile: the code of a function, and of those that it calls, once each."""
    if function in seen:
        return 0
    seen.add(function)
    called = (getattr(function.__globals__.get(name), "py_func", None) for name in function.__code__.co_names)
    return len(function.__code__.co_code) + sum(weight(each, seen) for each in called if each is not None)


class Helpers(Crew):
    """Processes that compile; a job is a function and types."""

    def message(self, job):
        """Return the name of a function, and types."""
        function, types = job
        return (function.__module__, function.__qualname__), types

    def announce(self, job):
        """Tell the user what is compiled."""
        function, types = job
        function._cache.announce(types)

    def load(self):
        """Load what other processes have made, while they go on: else all of it is loaded when the last has ended."""
        while self.made:
            overload(*self.made.popleft())

    def __exit__(self, kind, error, trace):
        super().__exit__(kind, error, trace)
        notice.clear()


def work(message):
    """Compile what another process asks for."""
    (module, name), types = message
    getattr(importlib.import_module(module), name, None)         # some are made when they are asked for
    overload(outermost[module, name], types)
