"""What a worker does: a process of its own that reads batches with NumPy, and knows no backend."""
import mmap
import os
import pickle
import random
import signal
import sys
import threading
import traceback
from contextlib import suppress
from dataclasses import dataclass
from queue import SimpleQueue
from typing import Any

import numpy as np

from numbacnn.data.reading import END, Reader
from numbacnn.data.seeding import Epoch, Scope
from numbacnn.data.transport import Memory, pack, receive, send, unpack
from numbacnn.random import manual_seed

LONGEST_TEXT = 20_000                                    # characters of a traceback that are told


@dataclass(frozen=True)
class WorkerInfo:
    """Which worker this process is.

    Attributes
    ----------
    id : int
        From 0.
    num_workers : int
        How many there are.
    seed : int
        Of this worker's generators outside of batches, such as in `worker_init_fn`.
    dataset : Dataset
        The worker's copy of the dataset.
    """

    id: int
    num_workers: int
    seed: int
    dataset: Any


def get_worker_info() -> WorkerInfo | None:
    """Return which worker of a `DataLoader` this process is.

    Returns
    -------
    WorkerInfo or None
        None in a process that is no worker.

    Examples
    --------
    >>> get_worker_info() is None
    True
    """
    return _info


@dataclass
class Start:
    """What a worker is started with."""

    id: int
    num_workers: int
    seed: int
    connection: Any
    cargo: Memory | None                                 # the dataset, seen by all workers
    sizes: list[int]
    shared: bool
    slots: list[Memory]                                  # one for each batch that may be on its way


def work(start: Start) -> None:
    """Read what is asked for, until nobody is there to ask."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)         # Ctrl-C ends the program, and that ends its workers
    for variable in ("NUMBACNN_NUM_THREADS", "NUMBACNN_COMPILE_PROCESSES"):
        os.environ[variable] = "1"                       # should a collate function compute with tensors
    connection = start.connection
    try:
        reader = _prepared(start)
    except BaseException as error:
        connection.send(("failed", _report(error)))
        return
    connection.send(("ready",))
    listener, failed = _Listener(connection), None
    with suppress(BrokenPipeError, ConnectionResetError):    # whoever asked has ended
        while True:
            kind, serial, *order = listener.orders.get()
            if serial != listener.latest:                # of an epoch that was left
                continue
            if kind == "begin":
                failed = _begin(reader, *order)
            else:
                _answer(start, reader, failed, serial, *order)


def _begin(reader: Reader, epoch: Epoch) -> Exception | None:
    """Begin an epoch; what goes wrong is told where the first batch is asked for."""
    try:
        reader.begin(epoch)
    except Exception as error:
        return error
    return None


def _answer(start: Start, reader: Reader, failed: Exception | None, serial: int, number: int, indices: Any,
            slot: int) -> None:
    connection = start.connection
    try:
        if failed is not None:
            raise failed
        _seed_others(Scope(reader.epoch, number).seed())
        batch = reader.read(number, indices)
        parts = [] if batch is END else pack(batch)
    except Exception as error:
        connection.send(("error", serial, number, _report(error)))
        return
    if batch is END:
        connection.send(("end", serial, number))
    else:
        send(connection, ("batch", serial, number), start.slots[slot] if slot < len(start.slots) else None, parts)


def _seed_others(seed: list[int]) -> None:
    """Seed generators that are not ours, too: they are of this process, and would differ from worker to worker."""
    np.random.seed(seed)                                 # noqa: NPY002
    random.seed(str(seed))


def _report(error: BaseException) -> tuple[bytes | None, str, str]:
    """An error that another process can raise: itself if it can be rebuilt, what it is called, its traceback."""
    text = "".join(traceback.format_exception(error))[-LONGEST_TEXT:]
    name = f"{type(error).__qualname__}: {error}"[:LONGEST_TEXT]
    try:
        data = pickle.dumps(error)
        pickle.loads(data)
    except Exception:
        return None, name, text
    return data if len(data) <= LONGEST_TEXT else None, name, text


def _prepared(start: Start) -> Reader:
    """Unpickle the dataset, and call the user's function."""
    global _info
    parts = receive(start.connection, start.cargo, start.sizes, start.shared, mmap.ACCESS_COPY)
    reader: Reader
    reader, init = unpack(parts)
    if start.cargo is not None:
        start.cargo.close()
    _info = WorkerInfo(start.id, start.num_workers, start.seed, reader.dataset)
    manual_seed(start.seed)
    _seed_others([start.seed >> 32, start.seed & 0xFFFFFFFF])
    if init is not None:
        try:
            init(start.id)
        except Exception as error:
            error.add_note(f"DataLoader: raised by worker_init_fn({start.id})")
            raise
    return reader


class _Listener:
    """A thread that hears what is asked for: who asks never waits, and a worker is gone as soon as nobody asks."""

    def __init__(self, connection: Any) -> None:
        self.connection = connection
        self.orders: SimpleQueue[tuple[Any, ...]] = SimpleQueue()
        self.latest = -1                                 # epoch that was begun last
        threading.Thread(target=self._listen, daemon=True).start()

    def _listen(self) -> None:
        try:
            while True:
                order = self.connection.recv()
                self.latest = order[1]
                self.orders.put(order)
        except (EOFError, OSError):
            self._leave(0)
        except BaseException:                            # an index that cannot be unpickled: nobody would hear the rest
            traceback.print_exc()
            self._leave(1)

    def _leave(self, code: int) -> None:
        for stream in (sys.stdout, sys.stderr):
            if stream is not None:
                stream.flush()
        os._exit(code)


_info: WorkerInfo | None = None
