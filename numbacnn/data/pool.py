"""The workers of a loader, as the loader sees them: processes that are started, asked, and ended."""
import mmap
import multiprocessing
import pickle
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing import connection as pipes
from typing import Any

from numbacnn.data import transport
from numbacnn.data.reading import END, Reader, WorkerError
from numbacnn.data.seeding import Epoch
from numbacnn.data.worker import Start, work
from numbacnn.errors import DTypeError, NumbacnnError

PATIENCE = 2.0                                           # seconds for a worker to end by itself


class Pool:
    """Workers that read batches; batch `number` is read by worker `number % count`."""

    def __init__(self, reader: Reader, count: int, ahead: int, timeout: float, init: Callable[[int], Any] | None,
                 seed: int) -> None:
        self.reader = reader
        self.ahead = ahead
        self.timeout = timeout
        self.serial = 0
        self.workers: list[_Worker] = []
        _check_process()
        parts = _packed(reader, init)
        cargo = transport.Memory() if transport.POSSIBLE else None
        shared = cargo is not None and cargo.write(parts)
        try:
            for i in range(count):
                start = Start(i, count, (seed + i) % 2**63, None, cargo if shared else None, list(map(len, parts)),
                              shared, transport.several(ahead))
                self.workers.append(_Worker(start, [] if shared else parts))
        except BaseException:
            self.close()
            raise
        finally:
            if cargo is not None:
                cargo.close()                            # each worker has its own hold on it

    def begin(self, epoch: Epoch) -> None:
        """Begin an epoch; what is left of one before is not read."""
        self.serial += 1
        for worker in self.workers:
            worker.tell("begin", self.serial, epoch)

    def ask(self, number: int, indices: Any) -> None:
        """Have one more batch read."""
        turn, which = divmod(number, len(self.workers))
        self.workers[which].tell("read", self.serial, number, indices, turn % self.ahead)

    def answer(self, number: int) -> Any:
        """The batch, or END."""
        turn, which = divmod(number, len(self.workers))
        worker = self.workers[which]
        kind, *content = worker.hear(self.timeout, number)
        while content and content[0] != self.serial:     # of an epoch that was left
            if kind == "batch":
                worker.parts(turn % self.ahead, *content[2:])
            kind, *content = worker.hear(self.timeout, number)
        if kind == "end":
            return END
        if kind == "error":
            raise worker.error(content[2])
        parts = worker.parts(turn % self.ahead, *content[2:])
        if not self.reader.plain:                        # the user keeps these arrays, and the memory is used again
            parts = [bytearray(part) for part in parts]
        return self.reader.finish(transport.unpack(parts))

    def close(self) -> None:
        """End all workers, whatever they are doing."""
        workers, self.workers = self.workers, []
        for worker in workers:
            worker.connection.close()
        until = time.monotonic() + PATIENCE
        for worker in workers:
            worker.end(until)


class _Worker:
    """One process, and the pipe to it."""

    def __init__(self, start: Start, parts: list[memoryview]) -> None:
        context = multiprocessing.get_context("spawn")
        self.id, self.slots, self.ready = start.id, start.slots, False
        self.connection, start.connection = context.Pipe()
        self.process = context.Process(target=work, args=(start,), name=f"numbacnn-worker-{start.id}", daemon=True)
        try:
            with _without_ctrl_c():
                self.process.start()
        finally:
            start.connection.close()
        with suppress(OSError):                          # it has died, which is told when it is asked
            for part in parts:
                self.connection.send_bytes(part)

    def tell(self, *order: Any) -> None:
        with suppress(OSError):                          # as above
            self.connection.send(order)

    def hear(self, timeout: float, number: int) -> tuple[Any, ...]:
        """What the worker says next, other than that it is ready."""
        until = time.monotonic() + timeout if timeout else None
        while True:
            left = None if until is None else max(0.0, until - time.monotonic())
            there = pipes.wait([self.connection, self.process.sentinel], left)
            if not there:
                raise WorkerError(f"DataLoader: worker {self.id} did not deliver batch {number} within "
                                  f"timeout={timeout} seconds; raise timeout, or find what the dataset waits for")
            try:
                message: tuple[Any, ...] = self.connection.recv() if self.connection.poll() else ("dead",)
            except (EOFError, OSError):
                message = ("dead",)
            if message[0] == "dead":
                raise WorkerError(self._obituary(number))
            if message[0] == "failed":
                raise self._not_begun(message[1])
            if message[0] != "ready":
                return message
            self.ready = True

    def parts(self, slot: int, sizes: list[int], shared: bool) -> list[Any]:
        """The bytes of a batch that was announced."""
        memory = self.slots[slot] if slot < len(self.slots) else None
        return transport.receive(self.connection, memory, sizes, shared, mmap.ACCESS_READ)

    def error(self, report: tuple[bytes | None, str, str]) -> BaseException:
        """The error of the worker, with where it came from."""
        data, name, text = report
        where = f"raised in worker {self.id} (process {self.process.pid}), whose traceback is\n{text}"
        try:
            error: BaseException = pickle.loads(data) if data is not None else WorkerError("")
        except Exception:
            data = None
        if data is None:
            return WorkerError(f"DataLoader: {name}\n{where}")
        error.__notes__ = [*getattr(error, "__notes__", ()), where]
        return error

    def end(self, until: float) -> None:
        self.process.join(max(0.0, until - time.monotonic()))
        for force in (self.process.terminate, self.process.kill):
            if self.process.exitcode is None:
                force()
                self.process.join(PATIENCE)
        for slot in self.slots:
            slot.close()

    def _not_begun(self, report: tuple[bytes | None, str, str]) -> BaseException:
        error = self.error(report)
        if isinstance(error, ImportError | AttributeError):
            error.add_note("DataLoader: a worker is a new process, which must be able to import what the dataset is "
                           "made of: define classes and functions in a file, not in a notebook or with `python -c`; "
                           "or use num_workers=0")
        return error

    def _obituary(self, number: int) -> str:
        self.process.join(PATIENCE)
        code = self.process.exitcode
        how = "it closed its pipe" if code is None else f"exit code {code}"
        if code is not None and code < 0:
            try:
                name = signal.Signals(-code).name
            except ValueError:
                name = "an unknown one"
            how = f"signal {-code}, {name}" + ("; is there enough memory?" if name == "SIGKILL" else "")
        text = (f"DataLoader: worker {self.id} (process {self.process.pid}) died before it delivered batch {number} "
                f"({how})")
        if self.ready:
            return text
        return (f"{text}, before it could read anything. A worker is a new process that imports the program's file: "
                "put what the program does under `if __name__ == \"__main__\":`, or use num_workers=0; what the "
                "worker wrote before it died tells more")


def _check_process() -> None:
    """Refuse where no process can be started, in our words."""
    this = multiprocessing.current_process()
    if getattr(this, "_inheriting", False):
        raise WorkerError("DataLoader: this process is a worker that is just importing the program's file, and the "
                          "file starts workers again: put what the program does under "
                          "`if __name__ == \"__main__\":`, or use num_workers=0")
    if this.daemon:
        raise WorkerError("DataLoader: num_workers must be 0 in a worker, which can have no workers itself")


def _packed(reader: Reader, init: Callable[[int], Any] | None) -> list[memoryview]:
    try:
        return transport.pack((reader, init))
    except Exception as error:
        for name, value in (("dataset", reader.dataset), ("collate_fn", reader.collate_fn), ("worker_init_fn", init)):
            try:
                transport.pack(value)
            except NumbacnnError:
                raise
            except Exception as reason:
                raise DTypeError(f"DataLoader: {name} must be one that can be pickled, since workers are new "
                                 f"processes, got {type(value).__name__}: {reason}. Use functions and classes that are "
                                 "defined in a file (no lambda, no open file), or num_workers=0, with "
                                 "prefetch_factor=2 for a thread that reads ahead") from error
        raise


@contextmanager
def _without_ctrl_c() -> Iterator[None]:
    """What is started here inherits that Ctrl-C is blocked, also while it cannot yet refuse it itself."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
