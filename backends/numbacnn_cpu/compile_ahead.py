"""Compile in several processes what a program needs and is not on disk.

All kernels of a program are known before it runs. Processes that compile take the next one from a common queue, the
largest first, and leave what they make in the cache; this process compiles too, and loads meanwhile what they made. One
that cannot be started, crashes or hangs costs time and nothing else: what is not on disk in the end is compiled here,
as ever.
"""
import contextlib
import gc
import importlib
import os
import pickle
import re
import signal
import subprocess
import sys
import threading
import time
from collections import deque

from numbacnn.errors import BackendError

from . import notice
from .cache_folder import VARIABLE as CACHE
from .cache_folder import base_folder, cache_folder
from .compile import outermost, overload

VARIABLE, MOST = "NUMBACNN_COMPILE_PROCESSES", 8
EACH = 3                  # kernels that are worth the half second in which a process starts
PATIENCE = 120            # seconds for which the last kernels of all other processes are waited for
START = f"""
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
from {__name__} import serve
serve()
"""


def compile_all(wanted, workers):
    """Compile functions for types, `[(function, types)]`, if that is quicker in several processes.

    Otherwise nothing is done: each is compiled when it is used.
    """
    missing = [(function, types) for function, types in dict.fromkeys(wanted)
               if function.__module__.startswith(f"{__package__}.")     # importing another's might start a program
               and types not in function.overloads and not function._cache.has(types)]
    helpers = min(processes(workers) - 1, len(missing) // EACH)
    if helpers < 1 or not can_start():
        return
    missing.sort(key=lambda job: weight(job[0].py_func, set()), reverse=True)
    with Helpers(missing) as team:
        for _ in range(helpers):
            team.hire()
        while (job := team.take()) is not None:
            overload(*job)
            team.load()


def processes(workers):
    """Return how many processes may compile, this one included: NUMBACNN_COMPILE_PROCESSES, or one per worker."""
    text = os.environ.get(VARIABLE)
    if not text:
        return min(workers, MOST)
    if not text.strip().isdecimal() or int(text) < 1:
        raise BackendError(f"{VARIABLE} must be a whole number from 1, got {text!r}; 1 starts no other process")
    return int(text)


def can_start():
    """Whether another Python can be started, and can hand its work over. A frozen program is not Python."""
    name = os.path.basename(sys.executable or "")
    return bool(re.match("python", name, re.IGNORECASE) and not getattr(sys, "frozen", False) and cache_folder())


def weight(function, seen):
    """Return about how much there is to compile: the code of a function, and of those that it calls, once each."""
    if function in seen:
        return 0
    seen.add(function)
    called = (getattr(function.__globals__.get(name), "py_func", None) for name in function.__code__.co_names)
    return len(function.__code__.co_code) + sum(weight(each, seen) for each in called if each is not None)


class Helpers:
    """Processes that compile, and the queue that they share with this one. Used in a `with` block."""

    def __init__(self, jobs):
        self.jobs, self.made = deque(jobs), deque()
        self.processes, self.threads = [], []

    def take(self):
        """Return the next job, or None."""
        with contextlib.suppress(IndexError):
            return self.jobs.popleft()

    def load(self):
        """Load what other processes have made, while they go on: else all of it is loaded when the last has ended."""
        while self.made:
            overload(*self.made.popleft())

    def hire(self):
        """Start a process, if the system lets us, and a thread that gives it one job after the other."""
        with contextlib.suppress(OSError, RuntimeError):
            process = subprocess.Popen(                   # -P: what lies in the folder where we are is not imported
                [sys.executable, "-P", "-c", START], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, env={**os.environ, CACHE: base_folder()},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0))
            self.processes.append(process)
            thread = threading.Thread(target=self.feed, args=[process], name="numbacnn compiles", daemon=True)
            thread.start()
            self.threads.append(thread)

    def feed(self, process):
        """Give a process jobs until there are none, or it fails."""
        with contextlib.suppress(Exception), process.stdin:          # it may be killed at any moment
            pickle.dump(sys.path, process.stdin)
            pickle.dump(cache_folder(), process.stdin)
            process.stdin.flush()
            if process.stdout.read(1):                    # it is ready
                while (job := self.take()) is not None:
                    if not self.ask(process, *job):
                        break
                    self.made.append(job)

    def ask(self, process, function, types):
        """Let a process compile a function for types; return whether it still lives."""
        function._cache.announce(types)
        pickle.dump(((function.__module__, function.__qualname__), types), process.stdin)
        process.stdin.flush()
        return bool(process.stdout.read(1))

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        try:
            if kind is None:
                deadline = time.monotonic() + PATIENCE
                for thread in self.threads:
                    thread.join(max(0, deadline - time.monotonic()))
        finally:
            self.jobs.clear()
            notice.clear()
            for process in self.processes:
                process.kill()
                process.wait()
                process.stdout.close()


def serve():
    """Be one of those processes: compile what comes on the standard input, and answer a byte for each."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)          # the one that started us decides, and closes our input
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    jobs = sys.stdin.buffer
    gc.disable()                                          # a tenth of the time; what is garbage goes with the process
    if pickle.load(jobs) == cache_folder():               # or it would not find what we make
        answers.write(b".")
        with contextlib.suppress(EOFError, BrokenPipeError):
            while True:
                (module, name), types = pickle.load(jobs)
                with contextlib.suppress(Exception):      # compiled there, it will tell what is wrong
                    getattr(importlib.import_module(module), name, None)     # some are made when they are asked for
                    overload(outermost[module, name], types)
                answers.write(b".")
    os._exit(0)                                           # nobody waits for an interpreter to be taken down
