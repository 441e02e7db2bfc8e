"""Other Pythons that compile for this one: they take jobs from a common queue, and leave what they make on the disk.

One that cannot be started, crashes or hangs costs time and nothing else.
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
from collections.abc import Iterable
from typing import Any

from numbacnn.cache_folder import VARIABLE as CACHE
from numbacnn.cache_folder import base_folder
from numbacnn.errors import BackendError

VARIABLE, MOST = "NUMBACNN_COMPILE_PROCESSES", 8
PATIENCE = 120            # seconds for which the last jobs of all other processes are waited for
START = f"""
import pickle, sys
sys.path[:] = pickle.load(sys.stdin.buffer)
from {__name__} import serve
serve()
"""


def processes(workers: int) -> int:
    """Return how many processes may compile, this one included: NUMBACNN_COMPILE_PROCESSES, or one per worker.

    Parameters
    ----------
    workers : int
        Of this process.
    """
    text = os.environ.get(VARIABLE)
    if not text:
        return min(workers, MOST)
    if not text.strip().isdecimal() or int(text) < 1:
        raise BackendError(f"{VARIABLE} must be a whole number from 1, got {text!r}; 1 starts no other process")
    return int(text)


def can_start() -> bool:
    """Whether another Python can be started. A frozen program is not Python."""
    name = os.path.basename(sys.executable or "")
    return bool(re.match("python", name, re.IGNORECASE) and not getattr(sys, "frozen", False))


class Crew:
    """Processes that compile, and the queue that they share with this one. Used in a `with` block.

    Parameters
    ----------
    jobs : iterable
        What is to be done, first things first.
    module : str
        What the others import: its `work(message)` does a job, if its `token()` is the same there as here: else they
        would not leave what they make where it is looked for.
    """

    def __init__(self, jobs: Iterable[Any], module: str) -> None:
        self.jobs, self.made = deque(jobs), deque[Any]()
        self.module = module
        self.processes: list[Any] = []
        self.threads: list[threading.Thread] = []

    def message(self, job: Any) -> Any:
        """What another process is told of a job; it can be pickled.

        Parameters
        ----------
        job : object
            One of them.
        """
        return job

    def announce(self, job: Any) -> None:
        """Tell the user that a job is begun.

        Parameters
        ----------
        job : object
            One of them.
        """

    def take(self) -> Any:
        """Return the next job, or None."""
        with contextlib.suppress(IndexError):
            return self.jobs.popleft()
        return None

    def hire(self) -> None:
        """Start a process, if the system lets us, and a thread that gives it one job after the other."""
        with contextlib.suppress(OSError, RuntimeError):
            process = subprocess.Popen(                   # -P: what lies in the folder where we are is not imported
                [sys.executable, "-P", "-c", START], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL, env={**os.environ, CACHE: base_folder() or ""},
                creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0))
            self.processes.append(process)
            thread = threading.Thread(target=self.feed, args=[process], name="numbacnn compiles", daemon=True)
            thread.start()
            self.threads.append(thread)

    def feed(self, process: Any) -> None:
        """Give a process jobs until there are none, or it fails.

        Parameters
        ----------
        process : subprocess.Popen
            Which one.
        """
        with contextlib.suppress(Exception), process.stdin:          # it may be killed at any moment
            pickle.dump(sys.path, process.stdin)
            pickle.dump((self.module, importlib.import_module(self.module).token()), process.stdin)
            process.stdin.flush()
            if process.stdout.read(1):                    # it is ready
                while (job := self.take()) is not None:
                    self.announce(job)
                    pickle.dump(self.message(job), process.stdin)
                    process.stdin.flush()
                    if not process.stdout.read(1):        # it has died
                        break
                    self.made.append(job)

    def __enter__(self) -> "Crew":
        return self

    def __exit__(self, kind: Any, error: Any, trace: Any) -> None:
        try:
            if kind is None:
                deadline = time.monotonic() + PATIENCE
                for thread in self.threads:
                    thread.join(max(0, deadline - time.monotonic()))
        finally:
            self.jobs.clear()
            for process in self.processes:
                process.kill()
                process.wait()
                process.stdout.close()


def serve() -> None:
    """Be one of those processes: do what comes on the standard input, and answer a byte for each job."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)          # the one that started us decides, and closes our input
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    jobs = sys.stdin.buffer
    gc.disable()                                          # a tenth of the time; what is garbage goes with the process
    name, token = pickle.load(jobs)
    module = importlib.import_module(name)
    if token == module.token():
        answers.write(b".")
        with contextlib.suppress(EOFError, BrokenPipeError):
            while True:
                message = pickle.load(jobs)
                with contextlib.suppress(Exception):      # done there, it will tell what is wrong
                    module.work(message)
                answers.write(b".")
