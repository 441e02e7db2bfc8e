"""Random numbers: one seed, a host generator for weights and shuffling, and a counter for kernels.

A kernel that needs random numbers takes a state (seed, counter) as an array and returns the next one: the state is a
tensor that is rebound, so nothing is hidden from a plan, and a replayed step draws new numbers.
"""
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
    global _host, _seed
    _seed, _host = int(seed), np.random.default_rng(int(seed))
    for device, tensor in _states.items():
        tensor.array = _start(device)


def host_generator() -> np.random.Generator:
    """Return the generator of initial weights and of shuffling."""
    return _host


def state(device: Device) -> Tensor:
    """Return the (seed, counter) of the kernels on a device; who draws numbers rebinds it."""
    if device not in _states:
        _states[device] = Tensor(_start(device))
    return _states[device]


def states() -> list[Tensor]:
    """Return the states of all devices on which numbers were drawn."""
    return list(_states.values())


def _start(device: Device) -> Array:
    return Array.of(np.array([_seed, 0], np.int64), device)


_seed = int(np.random.SeedSequence().generate_state(1)[0])
_host = np.random.default_rng(_seed)
_states: dict[Device, Tensor] = {}
