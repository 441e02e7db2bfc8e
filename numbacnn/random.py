"""Random numbers: one seed, a host generator for weights and shuffling, and a counter for kernels.

A kernel that needs random numbers takes a state (seed, counter) as an array and returns the next one: the state is a
tensor that is rebound, so nothing is hidden from a plan, and a replayed step draws new numbers.
"""
import itertools
import threading

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.backend import Device
from numbacnn.errors import DTypeError
from numbacnn.graph import Array


def manual_seed(seed: int) -> None:
    """Start all random numbers of this package anew: initial weights, shuffling, dropout.

    Parameters
    ----------
    seed : int
        From 0 to 2**63 - 1. Equal seeds give equal numbers, on every machine.
    """
    if not isinstance(seed, int | np.integer) or not 0 <= seed < 2**63:
        raise DTypeError(f"manual_seed: seed must be an integer from 0 to 2**63 - 1, got {seed!r}")
    global _host, _seed, _round
    _seed, _host, _round = int(seed), np.random.default_rng(int(seed)), _round + 1


def host_generator() -> np.random.Generator:
    """Return the generator of initial weights and of shuffling."""
    return _host


def state(device: Device) -> Tensor:
    """Return the (seed, counter) of the kernels on a device; who draws numbers rebinds it.

    Every thread has its own, since every thread records for itself: the counters of the threads, in the order in which
    they first draw, lie 2**40 apart.
    """
    if _thread.round != _round:
        _thread.start()
    if device not in _thread.states:
        _thread.states[device] = Tensor(Array.of(np.array([_seed, _thread.number << 40], np.int64), device))
    return _thread.states[device]


class _Thread(threading.local):
    """The states of one thread, since the seed was set last."""

    round = -1

    def start(self) -> None:
        """Forget the states; take a number among the threads that draw from this seed."""
        global _numbered
        with _lock:
            if _numbered[0] != _round:
                _numbered = _round, itertools.count()
            self.round, self.number = _round, next(_numbered[1])
        self.states: dict[Device, Tensor] = {}


_seed = int(np.random.SeedSequence().generate_state(1)[0])
_host = np.random.default_rng(_seed)
_round = 0                                               # how often the seed was set
_numbered = 0, itertools.count()
_lock = threading.Lock()
_thread = _Thread()
