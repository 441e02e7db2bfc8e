"""Where shuffling, splitting and random transforms take their random numbers from.

While a loader reads a batch, every generator is replaced by one that belongs to the batch (`Scope`): its numbers depend
on the seed, the epoch and the number of the batch, not on who reads it or when.
"""
import copy
import threading
from typing import NamedTuple

import numpy as np

from numbacnn.random import Own, host_generator


class Epoch(NamedTuple):
    """What the random numbers of an epoch follow from."""

    entropy: tuple[int, ...]                             # drawn from the loader's generator
    turn: int                                            # how often the loader was iterated before


class Scope:
    """The generators of one batch. Used in `with`; blocks may be nested, the innermost counts."""

    def __init__(self, epoch: Epoch, number: int) -> None:
        self.epoch = epoch
        self.number = number + 1                         # -1: when an epoch begins
        self.known: dict[int, tuple[np.random.Generator | None, np.random.Generator]] = {}

    def generator(self, own: np.random.Generator | None) -> np.random.Generator:
        """The batch's generator in place of the global one, or of one that somebody owns."""
        if id(own) not in self.known:
            self.known[id(own)] = own, np.random.default_rng(self._seed(own))
        return self.known[id(own)][1]

    def seed(self) -> list[int]:
        """Whole numbers below 2**32 that tell this batch from all others."""
        return [*self.epoch.entropy, self.number]

    def _seed(self, own: np.random.Generator | None) -> list[int]:
        if own is None:
            return self.seed()
        # A worker has a copy of `own`: it must stay as it is, or numbers would depend on who read which batch.
        state = copy.deepcopy(own).integers(2**32, size=4).tolist()
        return [*state, self.epoch.turn, self.number]

    def __enter__(self) -> "Scope":
        self.outer, _thread.scope = _thread.scope, self
        return self

    def __exit__(self, *error: object) -> None:
        _thread.scope = self.outer


def current(own: Own) -> np.random.Generator:
    """The generator to draw from now."""
    if _thread.scope is not None:
        return _thread.scope.generator(None if own is None else host_generator(own))
    return host_generator(own)


def random_generator() -> np.random.Generator:
    """Return the generator that a dataset, a transform or a collate function of your own should draw from.

    Returns
    -------
    numpy.random.Generator
        While a `DataLoader` reads a batch, the generator of that batch: its numbers follow from
        `numbacnn.manual_seed` (or the loader's `generator`), the epoch and the number of the batch, and are the same
        for any number of workers. Elsewhere the one that `numbacnn.manual_seed` seeds.

    Notes
    -----
    Ask for it at each use, and do not keep it.

    Examples
    --------
    >>> import numbacnn
    >>> def noisy(image):
    ...     return image + random_generator().normal(size=image.shape)
    >>> numbacnn.manual_seed(0)
    >>> noisy(np.zeros(2)).round(3)
    array([ 0.126, -0.132])
    """
    return current(None)


def new_epoch(generator: Own, turn: int) -> Epoch:
    """The key of an epoch's random numbers. The numbers that `generator` itself will give stay the same."""
    source = current(generator)
    try:
        entropy = source.bit_generator.seed_seq.spawn(1)[0].generate_state(4)      # type: ignore[attr-defined]
    except (AttributeError, TypeError):                  # a generator that was not made from a seed sequence
        entropy = source.integers(2**32, size=4)
    return Epoch(tuple(entropy.tolist()), turn)


class _Thread(threading.local):
    """What this thread reads."""

    scope: Scope | None = None


_thread = _Thread()
