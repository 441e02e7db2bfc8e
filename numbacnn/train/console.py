"""What training shows while it runs: what is compiled, and how far it is. On a terminal these lines move."""
import logging
import shutil
import time
from typing import Any, TextIO

from numbacnn.backend import default_device
from numbacnn.train.loop import Epoch, Tally


class CompileNotice(logging.Handler):
    """Says what the backend compiles, while it does, and how long that took; says nothing if it finds all in its cache.

    Used in a `with` block; `done` is called whenever a result is there.

    Parameters
    ----------
    stream : text file
        Where to.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(logging.INFO)
        self.stream = stream
        self.count = 0
        self.begun = 0.0

    def __enter__(self) -> "CompileNotice":
        self.log = logging.getLogger("numbacnn")
        self.level_before = self.log.level
        self.log.setLevel(logging.INFO)
        self.log.addHandler(self)
        return self

    def __exit__(self, *error: object) -> None:
        self.log.removeHandler(self)
        self.log.setLevel(self.level_before)
        self.done()

    def emit(self, record: logging.LogRecord) -> None:
        """Take in a line of the backend's log."""
        verb, _, kernel = record.getMessage().partition(" ")
        if verb != "compiling":
            _write_line(self.stream, record.getMessage())
            return
        if self.count == 0:
            self.begun = time.perf_counter()
        self.count += 1
        if self.stream.isatty():
            _write_over(self.stream, f"compiling kernels: {kernel} ...")
        elif self.count == 1:
            _write_line(self.stream, "compiling kernels ...")

    def done(self, whose: str = "") -> None:
        """Sum up what was compiled since the last time, after saying for whom."""
        if self.count:
            kernels = "1 kernel" if self.count == 1 else f"{self.count} kernels"
            seconds = time.perf_counter() - self.begun
            _write_line(self.stream, f"{whose}compiled {kernels} in {seconds:.1f} s; {_kept()}")
            self.count = 0


class Progress:
    """Shows each epoch: a bar on a terminal, a line elsewhere.

    Parameters
    ----------
    epochs : int
        How many there will be.
    images : int
        How many images an epoch has.
    stream : text file
        Where to.
    notice : CompileNotice
        Told when a step is done.
    """

    def __init__(self, epochs: int, images: int, stream: TextIO, notice: CompileNotice) -> None:
        self.epochs, self.images = epochs, images
        self.stream = stream
        self.notice = notice
        self.bar: Any = None

    def step(self, tally: Tally) -> None:
        """Show what the epoch has measured so far."""
        self.notice.done()
        if self.stream.isatty():
            # Made after the first step: the bar's clock does not see what that one compiles.
            self.bar = self.bar or self._new_bar(tally)
            self.bar.set_postfix_str(f"loss {tally.loss:.4f}, accuracy {tally.accuracy:.4f}", refresh=False)
            self.bar.update(tally.images - self.bar.n)

    def epoch(self, epoch: Epoch) -> None:
        """Show what the epoch has measured."""
        self.notice.done()
        measured = f"loss {epoch.loss:.4f}, accuracy {epoch.accuracy:.4f}, test {epoch.test_accuracy:.4f}"
        if self.bar is not None:
            self.bar.set_postfix_str(measured)
            self.close()
        else:
            rate = f"{epoch.images_per_second:,.0f} images/s"
            _write_line(self.stream, f"{self._title(epoch.epoch)}: {rate}, {measured}")

    def close(self) -> None:
        """Leave everything as it is, and go to the next line."""
        self.notice.done()
        if self.bar is not None:
            self.bar.close()
            self.bar = None

    def _new_bar(self, tally: Tally) -> Any:
        from tqdm import tqdm

        return tqdm(total=self.images, initial=tally.images, desc=self._title(tally.epoch), file=self.stream,
                    unit=" images", unit_scale=True, dynamic_ncols=True, mininterval=0.05,
                    bar_format="{desc} |{bar}| {rate_fmt}{postfix}")

    def _title(self, epoch: int) -> str:
        return f"epoch {epoch:{len(str(self.epochs))}}/{self.epochs}"


def _kept() -> str:
    """Where the backend keeps what it compiled."""
    cache = default_device().backend.info().get("cache", "")
    return f"not kept ({cache})" if cache.startswith("none") else f"kept in {cache}"


def _write_line(stream: TextIO, text: str) -> None:
    if stream.isatty():
        _write_over(stream, "")
    stream.write(f"{text}\n")
    stream.flush()


def _write_over(stream: TextIO, text: str) -> None:
    """Put `text` in the place of the line on which the cursor is."""
    width = shutil.get_terminal_size().columns - 1
    stream.write(f"\r{text[:width]:{width}}\r")
    stream.flush()
