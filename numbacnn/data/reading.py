"""How a batch is read: alike in the calling thread, in a thread ahead of it, and in a worker."""
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final

from numbacnn.data.collate import default_collate, default_convert, stack
from numbacnn.data.dataset import read_batch, samples_of
from numbacnn.data.seeding import Epoch, Scope
from numbacnn.errors import DTypeError, NumbacnnError

SHOWN = 8                                                # samples that an error names


class End:
    """What a stream gives when nothing comes any more."""

    def __reduce__(self) -> str:
        return "END"


END: Final = End()


class WorkerError(NumbacnnError, RuntimeError):
    """A worker of a loader died, did not answer in time, or could not begin."""


@dataclass
class Reader:
    """Reads batches of one dataset. Random numbers depend on the epoch and the number of a batch alone."""

    dataset: Any
    stream: bool
    collate_fn: Callable[[Any], Any] | None              # None: arrays, of which `finish` makes tensors
    batched: bool                                        # or single samples
    size: int                                            # samples per batch of a stream
    drop_last: bool
    epoch: Epoch = field(init=False)
    samples: Iterator[Any] = field(init=False)
    ended: bool = field(init=False)

    def begin(self, epoch: Epoch) -> None:
        """Begin an epoch; a stream is opened."""
        self.epoch, self.ended = epoch, False
        if self.stream:
            with Scope(epoch, -1):
                self.samples = iter(self.dataset)

    def read(self, number: int, indices: Any) -> Any:
        """Batch `number` of the epoch, or END."""
        try:
            with Scope(self.epoch, number):
                return self._next() if self.stream else self._collated(indices)
        except StopIteration as error:                   # which would end the user's loop without a word
            raise RuntimeError(f"DataLoader: {type(self.dataset).__name__} or collate_fn raised StopIteration while "
                               f"{self._what(number, indices)} was read") from error
        except Exception as error:
            error.add_note(f"DataLoader: while {self._what(number, indices)} was read")
            raise

    def finish(self, batch: Any) -> Any:
        """What the user gets: tensors in place of arrays. Not for a worker: tensors are born on a device."""
        return default_convert(batch) if self.collate_fn is None else batch

    @property
    def plain(self) -> bool:
        """Whether `finish` copies every array of a batch."""
        return self.collate_fn is None and self.batched

    def _collated(self, indices: Any) -> Any:
        if not self.batched:
            return self._converted(samples_of(self.dataset, [indices])[0])
        if not hasattr(indices, "__len__") or isinstance(indices, str):
            raise DTypeError(f"DataLoader: batch_sampler must give lists of indices, got {indices!r}")
        if self.collate_fn is None:
            return read_batch(self.dataset, indices)
        return self.collate_fn(samples_of(self.dataset, indices))

    def _next(self) -> Any:
        batch = [] if self.ended else list(islice(self.samples, self.size))
        if not self.batched:
            self.ended = not batch
            return self._converted(batch[0]) if batch else END
        self.ended = len(batch) < self.size
        if not batch or (self.ended and self.drop_last):
            return END
        return stack(batch) if self.collate_fn is None else self.collate_fn(batch)

    def _converted(self, sample: Any) -> Any:
        return sample if self.collate_fn is None else self.collate_fn(sample)

    def _what(self, number: int, indices: Any) -> str:
        if self.stream:
            return f"batch {number} of a stream"
        if not self.batched or not hasattr(indices, "__len__"):
            return f"sample {indices} (number {number} of the epoch)"
        shown = ", ".join(map(str, list(indices)[:SHOWN])) + (", ..." if len(indices) > SHOWN else "")
        return f"batch {number} (samples {shown})"


def own_collate(collate_fn: Callable[[Any], Any] | None, batched: bool) -> Callable[[Any], Any] | None:
    """None if a collate function is the loader's own, which makes its tensors last."""
    return None if collate_fn is (default_collate if batched else default_convert) else collate_fn
