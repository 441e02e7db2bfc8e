"""The loader: a dataset, batch by batch."""
import itertools
import math
import weakref
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from typing import Any, Protocol

from numbacnn.data.arguments import function, sized
from numbacnn.data.combined import IterableDataset
from numbacnn.data.reading import END, Reader, own_collate
from numbacnn.data.sampler import BatchSampler, RandomSampler, SequentialSampler
from numbacnn.data.seeding import Epoch, new_epoch
from numbacnn.data.thread import ReadingThread
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.options import flag, whole
from numbacnn.random import Seed, own_generator

PREFETCH_FACTOR = 2
MOST = 1000                                              # workers, and batches ahead: more is a mistake


class Ahead(Protocol):
    """Somebody who reads ahead: a thread, or a pool of workers."""

    def begin(self, epoch: Epoch) -> None:
        """Begin an epoch."""

    def ask(self, number: int, indices: Any) -> None:
        """Have one more batch read."""

    def answer(self, number: int) -> Any:
        """Wait for a batch, or END."""

    def close(self) -> None:
        """Read nothing any more."""


class DataLoader:
    """Batches of a dataset, as tensors; each `for` over the loader is one epoch.

    Parameters
    ----------
    dataset : Dataset
        Anything that has a length and an index, or an `IterableDataset`.
    batch_size : int or None
        Samples per batch; the last batch of an epoch may hold fewer. None: samples one by one, without a batch axis.
    shuffle : bool, optional
        Draw a new order in every epoch.
    sampler : Sampler or iterable of int, optional
        Which samples, and in which order, in place of `shuffle`.
    batch_sampler : Sampler or iterable of list of int, optional
        Which samples together, in place of `batch_size`, `shuffle`, `sampler` and `drop_last`.
    num_workers : int
        How many processes read batches. Zero: this process reads.
    collate_fn : callable, optional
        Makes a batch of a list of samples; by default `default_collate`, or `default_convert` of single samples.
    pin_memory : bool
        Accepted for PyTorch's sake, and without effect: a tensor copies what it is made of.
    drop_last : bool
        Leave out a last batch that is not full.
    timeout : float
        Seconds to wait for a batch of a worker or of the thread, the start of workers included; 0: no limit.
    worker_init_fn : callable, optional
        Called with the number of the worker in each, before it reads.
    generator : Generator, numpy.random.Generator or int, optional
        Generator of the order and of what transforms draw, or its seed; by default the one that
        `numbacnn.manual_seed` seeds.
    prefetch_factor : int, optional
        How many batches each worker reads ahead; 2 if there are workers. Without workers, a thread of this process
        reads so many batches ahead; None: no thread, a batch is read when it is asked for.
    persistent_workers : bool
        Keep workers from one epoch to the next. They keep their copy of the dataset, too: what is changed in it
        later does not reach them.

    Raises
    ------
    WorkerError
        While iterating: a worker died, did not answer within `timeout`, or could not begin.

    Notes
    -----
    **The same batches, whoever reads them.** Order and random numbers do not depend on `num_workers`,
    `prefetch_factor` and time. Each batch has a generator of its own, which follows from the loader's generator, the
    epoch and the number of the batch. Random transforms draw from it; a dataset of your own gets it from
    `numbacnn.data.random_generator`. In workers, `random` and `numpy.random` are seeded per batch, too: equal for any
    number of workers from one, but not equal to num_workers=0, where they are left alone.

    **Datasets that define** `read_batch` (`TensorDataset`, `datasets.MNIST`, `datasets.Digits`, subsets of them) are
    read a batch at a time, unless `collate_fn` asks for single samples. The values are the same either way. Reading
    them takes so little that workers do not pay. A thread pays where reading waits for files, or is done by code that
    releases the GIL, such as NumPy's and Pillow's; workers pay where Python computes. Who reads ahead computes on the
    same cores as the kernels: NUMBACNN_NUM_THREADS may leave some free.

    **Workers** are new processes (spawn, never fork): the dataset is pickled, and the program's file is imported, so
    what the program does must stand under ``if __name__ == "__main__":``. They import NumPy and this package, and take
    half a second to start; a `collate_fn` that makes tensors imports the kernels, too, and computes with one thread.
    Arrays of the dataset and of batches pass through shared memory (on Linux). An error in a worker is raised in the
    loop when its batch is due, as what it was, with the worker's traceback. Leaving the loop ends the thread or the
    workers.

    **A stream** is read by one worker at most, since its samples have one order.

    Examples
    --------
    >>> import numpy as np
    >>> from numbacnn.data import TensorDataset
    >>> dataset = TensorDataset(np.arange(5, dtype=np.float32))
    >>> for (x,) in DataLoader(dataset, batch_size=2):
    ...     print(x.numpy())
    [0. 1.]
    [2. 3.]
    [4.]
    >>> len(DataLoader(dataset, batch_size=2, drop_last=True))
    2
    """

    def __init__(self, dataset: Any, batch_size: int | None = 1, shuffle: bool | None = None, sampler: Any = None,
                 batch_sampler: Any = None, num_workers: int = 0,
                 collate_fn: Callable[[Any], Any] | None = None, pin_memory: bool = False, drop_last: bool = False,
                 timeout: float = 0, worker_init_fn: Callable[[int], Any] | None = None, *, generator: Seed = None,
                 prefetch_factor: int | None = None, persistent_workers: bool = False) -> None:
        self.dataset = dataset
        self.shuffle = shuffle is not None and flag("DataLoader", "shuffle", shuffle)
        self.drop_last = flag("DataLoader", "drop_last", drop_last)
        self.batch_size = None if batch_size is None else whole("DataLoader", "batch_size", batch_size, 1)
        self.generator = own_generator("DataLoader", generator)
        self.collate_fn = function("DataLoader", "collate_fn", collate_fn)
        self.worker_init_fn = function("DataLoader", "worker_init_fn", worker_init_fn)
        self.pin_memory = flag("DataLoader", "pin_memory", pin_memory)
        self._set_workers(num_workers, prefetch_factor, timeout, persistent_workers)
        self._set_order(sampler, batch_sampler)
        self._epochs = 0
        self._idle: list[tuple[Ahead, weakref.finalize[..., Any]]] = []    # workers that wait for the next epoch

    def __len__(self) -> int:
        if isinstance(self.dataset, IterableDataset):
            total = sized("DataLoader", "dataset", self.dataset)
            if self.batch_size is None:
                return total
            return total // self.batch_size if self.drop_last else -(-total // self.batch_size)
        return sized("DataLoader", "sampler" if self.batch_sampler is None else "batch_sampler", self._order())

    def __iter__(self) -> Iterator[Any]:
        # Drawn here, not at the first batch: the order of the `iter` calls decides who draws first.
        stream = isinstance(self.dataset, IterableDataset)
        order = itertools.repeat(None) if stream else iter(self._order())
        epoch = new_epoch(self.generator, self._epochs)
        self._epochs += 1
        reader = Reader(self.dataset, stream, own_collate(self.collate_fn, self._batched), self._batched,
                        self.batch_size or 1, self.drop_last)
        if self.num_workers == 0 and self.prefetch_factor is None:
            return _read(reader, epoch, order)
        return self._read_ahead(reader, epoch, order)

    def __repr__(self) -> str:
        return (f"DataLoader({self.dataset!r}, batch_size={self.batch_size}, shuffle={self.shuffle}, "
                f"drop_last={self.drop_last})")

    def _set_workers(self, num_workers: int, prefetch_factor: int | None, timeout: float,
                     persistent_workers: bool) -> None:
        self.num_workers = whole("DataLoader", "num_workers", num_workers, 0)
        if prefetch_factor is not None:
            prefetch_factor = whole("DataLoader", "prefetch_factor", prefetch_factor, 1)
        elif self.num_workers:
            prefetch_factor = PREFETCH_FACTOR
        self.prefetch_factor = prefetch_factor
        for name, value in (("num_workers", self.num_workers), ("prefetch_factor", prefetch_factor or 0)):
            if value > MOST:
                raise ShapeError(f"DataLoader: {name} must be at most {MOST}, got {value}")
        if not isinstance(timeout, int | float) or isinstance(timeout, bool):
            raise DTypeError(f"DataLoader: timeout must be a number of seconds, got {timeout!r}")
        if not 0 <= timeout < math.inf:
            raise ShapeError(f"DataLoader: timeout must be finite and not negative (0: no limit), got {timeout}")
        if timeout and self.prefetch_factor is None:
            raise ShapeError(f"DataLoader: timeout={timeout} needs num_workers or prefetch_factor: what this thread "
                             "reads itself it cannot give up")
        self.timeout = timeout
        self.persistent_workers = flag("DataLoader", "persistent_workers", persistent_workers)
        if self.persistent_workers and not self.num_workers:
            raise ShapeError("DataLoader: persistent_workers=True needs num_workers of at least 1, got 0")

    def _set_order(self, sampler: Any, batch_sampler: Any) -> None:
        """Choose who says which samples are read; refuse arguments that contradict each other."""
        self.sampler, self.batch_sampler = sampler, batch_sampler
        stream = isinstance(self.dataset, IterableDataset)
        if stream:
            self._check_stream()
        elif not hasattr(self.dataset, "__getitem__") or not hasattr(self.dataset, "__len__"):
            raise DTypeError("DataLoader: dataset must define __getitem__ and __len__, or be an IterableDataset, got "
                             f"{type(self.dataset).__name__}")
        for name, value in (("sampler", sampler), ("batch_sampler", batch_sampler)):
            if value is not None and (not isinstance(value, Iterable) or isinstance(value, Iterator)):
                raise DTypeError(f"DataLoader: {name} must be one that can be iterated in each epoch, such as a list "
                                 f"or a Sampler, got {type(value).__name__}")
        if sampler is not None and self.shuffle:
            raise ShapeError("DataLoader: sampler and shuffle=True exclude each other: the sampler decides the order")
        if batch_sampler is not None:
            if self.batch_size != 1 or self.shuffle or sampler is not None or self.drop_last:
                raise ShapeError("DataLoader: batch_sampler excludes batch_size, shuffle, sampler and drop_last: it "
                                 "decides them all")
            self.batch_size = None
        elif self.batch_size is None and self.drop_last:
            raise ShapeError("DataLoader: batch_size=None excludes drop_last: there are no batches")
        self._batched = self.batch_size is not None or batch_sampler is not None
        if stream:
            return
        if sampler is None and batch_sampler is None:
            self.sampler = RandomSampler(self.dataset, generator=self.generator) if self.shuffle \
                else SequentialSampler(self.dataset)
        if self.batch_size is not None:
            self.batch_sampler = BatchSampler(self.sampler, self.batch_size, self.drop_last)

    def _check_stream(self) -> None:
        if self.shuffle or self.sampler is not None or self.batch_sampler is not None:
            raise ShapeError(f"DataLoader: dataset {type(self.dataset).__name__} is a stream, whose samples come in "
                             "one order: shuffle, sampler and batch_sampler must be left out")
        if self.num_workers > 1:
            raise ShapeError(f"DataLoader: dataset {type(self.dataset).__name__} is a stream, whose samples come in "
                             f"one order: num_workers must be 0 or 1, got {self.num_workers}")

    def _order(self) -> Any:
        return self.sampler if self.batch_sampler is None else self.batch_sampler

    def _read_ahead(self, reader: Reader, epoch: Epoch, order: Iterator[Any]) -> Iterator[Any]:
        ahead = self._take(reader, epoch)
        done = False
        try:
            ahead.begin(epoch)
            yield from _asked(ahead, order, max(self.num_workers, 1) * (self.prefetch_factor or 1))
            done = True
        except GeneratorExit:                            # the loop was left
            done = True
            raise
        finally:
            if done and self.persistent_workers and not self._idle:
                self._idle.append((ahead, weakref.finalize(self, ahead.close)))
            else:
                ahead.close()

    def _take(self, reader: Reader, epoch: Epoch) -> Ahead:
        """The workers that wait, or new ones, or a thread."""
        if self._idle:
            ahead, at_the_end = self._idle.pop()
            at_the_end.detach()
            return ahead
        if self.num_workers == 0:
            return ReadingThread(reader, self.timeout)
        from numbacnn.data.pool import Pool  # multiprocessing is not imported for nothing

        seed = epoch.entropy[0] << 32 | epoch.entropy[1]
        return Pool(reader, self.num_workers, self.prefetch_factor or 1, self.timeout, self.worker_init_fn, seed >> 1)


def _read(reader: Reader, epoch: Epoch, order: Iterator[Any]) -> Iterator[Any]:
    """One batch after the other, each when it is asked for."""
    reader.begin(epoch)
    for number, indices in enumerate(order):
        batch = reader.read(number, indices)
        if batch is END:
            return
        yield reader.finish(batch)


def _asked(ahead: Ahead, order: Iterator[Any], most: int) -> Iterator[Any]:
    """One batch after the other, with `most` of them asked for while the loop computes."""
    asked = answered = 0
    late: Exception | None = None
    batch: Any = None
    while batch is not END:
        try:
            for indices in islice(order, most - (asked - answered)):
                ahead.ask(asked, indices)
                asked += 1
        except Exception as error:                       # of a sampler: raised when its turn comes
            late, order = error, iter(())
        if answered:
            yield batch
        if asked == answered:
            break
        batch = ahead.answer(answered)
        answered += 1
    if late is not None:
        raise late
