"""A thread that reads ahead of the loop."""
import time
from queue import Empty, SimpleQueue
from threading import Thread, current_thread
from typing import Any

from numbacnn.data.reading import Reader, WorkerError
from numbacnn.data.seeding import Epoch
from numbacnn.graph import evaluate

PATIENCE = 5.0                                           # seconds that a loop which is left waits for the last batch


class ReadingThread:
    """Answers what was asked for, in order. It knows nothing of the loop, so it never keeps one alive."""

    def __init__(self, reader: Reader, timeout: float) -> None:
        self.reader = reader
        self.timeout = timeout
        self.asked: SimpleQueue[tuple[int, Any] | None] = SimpleQueue()
        self.answers: SimpleQueue[tuple[Any, BaseException | None]] = SimpleQueue()

    def begin(self, epoch: Epoch) -> None:
        """Start the thread."""
        self.thread = Thread(target=_work, args=(self.reader, epoch, self.asked, self.answers), daemon=True,
                             name="numbacnn-reader")
        self.thread.start()

    def ask(self, number: int, indices: Any) -> None:
        """Have one more batch read."""
        self.asked.put((number, indices))

    def answer(self, number: int) -> Any:
        """The next batch, or END."""
        until = time.monotonic() + (self.timeout or float("inf"))
        while True:
            try:
                # In pieces: Ctrl-C does not reach a thread that waits for a lock on Windows.
                batch, error = self.answers.get(timeout=max(0.0, min(1.0, until - time.monotonic())))
                break
            except Empty:
                if time.monotonic() >= until:
                    raise WorkerError(f"DataLoader: batch {number} was not read within timeout={self.timeout} "
                                      "seconds; raise timeout, or find what the dataset waits for") from None
        if error is not None:
            raise error
        return self.reader.finish(batch)

    def close(self) -> None:
        """End the thread, which reads no batch any more but the one it is reading."""
        try:
            while True:
                self.asked.get_nowait()
        except Empty:
            self.asked.put(None)
        if self.thread is not current_thread():          # which may be the one that finds a loop unreachable
            self.thread.join(PATIENCE)


def _work(reader: Reader, epoch: Epoch, asked: "SimpleQueue[tuple[int, Any] | None]",
          answers: "SimpleQueue[tuple[Any, BaseException | None]]") -> None:
    begun = False
    while (task := asked.get()) is not None:
        try:
            if not begun:
                reader.begin(epoch)
                begun = True
            batch = reader.read(*task)
            if not reader.plain:
                evaluate()                               # what it recorded has no value in another thread
            answers.put((batch, None))
        except BaseException as error:                   # raised in the loop, when its turn comes
            answers.put((None, error))
