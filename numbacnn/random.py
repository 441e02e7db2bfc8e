"""Random numbers: one seed, a host generator for weights and shuffling, and a counter for kernels.

A kernel that needs random numbers takes a state (seed, counter) as an array and returns the next one: the state is a
tensor that is rebound, so nothing is hidden from a plan, and a replayed step draws new numbers.
"""
import itertools
import threading
from typing import Any

import numpy as np

from numbacnn import backend
from numbacnn.autograd import Tensor
from numbacnn.backend import Device
from numbacnn.errors import BackendError, DeviceError, DTypeError, ShapeError
from numbacnn.graph import Array, setting_changed
from numbacnn.options import is_integer


def manual_seed(seed: int) -> None:
    """Start all random numbers of this package anew: initial weights, shuffling, dropout, `rand` and its like.

    Parameters
    ----------
    seed : int
        From 0 to 2**63 - 1. Equal seeds give equal numbers, on every machine.
    """
    global _host, _seed, _round
    _seed = _checked("manual_seed", seed)
    _host, _round = np.random.default_rng(_seed), _round + 1
    setting_changed()                                    # a captured function draws from the new seed


def get_rng_state() -> dict[str, Any]:
    """Return where all random numbers of this package stand, as numbers and texts: for `numbacnn.save`.

    The counters of kernels are those of this thread.
    """
    counters = {str(place): state(place).tolist() for place in ([] if _thread.round != _round else _thread.states)}
    sequence: Any = _host.bit_generator.seed_seq
    return {"seed": _seed, "host": _host.bit_generator.state, "epochs": sequence.n_children_spawned,
            "kernels": counters}


def set_rng_state(new_state: dict[str, Any]) -> None:
    """Let all random numbers go on from there.

    Parameters
    ----------
    new_state : dict
        As from `get_rng_state`. Counters of devices that this machine does not have are left out: what was trained
        on a GPU goes on without one, with other random numbers there.
    """
    global _host, _seed, _round
    try:
        seed = _checked("set_rng_state", new_state["seed"])
        bits = np.random.PCG64(np.random.SeedSequence(seed, n_children_spawned=new_state["epochs"]))
        bits.state = new_state["host"]
        counters = {_device_here(name): np.array(numbers, np.int64).reshape(2)
                    for name, numbers in new_state["kernels"].items()}
    except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError):
        raise DTypeError(f"set_rng_state: new_state must be what get_rng_state gave, got {new_state!r}") from None
    arrays = {place: Array.of(numbers, place) for place, numbers in counters.items() if place is not None}
    _host, _seed, _round = np.random.Generator(bits), seed, _round + 1
    _thread.start()
    for place, array in arrays.items():                  # the same tensors: captures know them
        _thread.states.setdefault(place, Tensor(array)).array = array
    setting_changed()


def _device_here(name: str) -> Device | None:
    try:
        device = backend.device(name)
        device.backend.devices()
    except (BackendError, DeviceError):
        return None
    return device


class Generator:
    """Random numbers of their own: what draws from a generator is not changed by what draws elsewhere.

    It serves wherever an argument is called ``generator``; so does one of NumPy, and a seed.

    Parameters
    ----------
    seed : int, optional
        From 0 to 2**63 - 1; by default another one each time.

    Notes
    -----
    It belongs to the thread that draws from it: each thread computes what it recorded. A captured function may draw
    from it if its state is named: ``capture(function, generator.state(device))``.

    Examples
    --------
    >>> import numbacnn
    >>> generator = numbacnn.Generator(0)
    >>> first = numbacnn.rand(3, generator=generator)
    >>> generator.manual_seed(0) is generator
    True
    >>> bool((numbacnn.rand(3, generator=generator) == first).all())
    True
    """

    def __init__(self, seed: int | None = None) -> None:
        self._seed = 0
        self._states: dict[Device, Tensor] = {}
        self.manual_seed(int(np.random.SeedSequence().generate_state(1)[0]) if seed is None else seed)

    def manual_seed(self, seed: int) -> "Generator":
        """Start anew from a seed, and return the generator."""
        self._seed = _checked("Generator", seed)
        self._host = np.random.default_rng(self._seed)
        for place, state in self._states.items():       # the same tensors: a capture may know them
            state.array = self._start(place)
        return self

    def initial_seed(self) -> int:
        """Return the seed it was started from."""
        return self._seed

    def state(self, device: Device) -> Tensor:
        """Return the (seed, counter) of the kernels on a device."""
        if device not in self._states:
            self._states[device] = Tensor(self._start(device))
        return self._states[device]

    def host(self) -> np.random.Generator:
        """Return the generator of initial weights, shuffling and transforms."""
        return self._host

    def _start(self, device: Device) -> Array:
        return Array.of(np.array([self._seed, 0], np.int64), device)


Own = Generator | np.random.Generator | None             # what an object keeps of an argument `generator`,
Seed = Own | int                                         # and what it may be


def own_generator(op: str, generator: Seed) -> Own:
    """Read an argument `generator`: a seed becomes a generator of its own, None stays the global one."""
    if generator is None or isinstance(generator, Generator | np.random.Generator):
        return generator
    if _is_seed(generator):
        return np.random.default_rng(int(generator))
    raise _wrong(generator)(f"{op}: generator must be a numbacnn.Generator, a numpy.random.Generator, a seed from 0 to "
                            f"2**63 - 1 or None, got {generator!r}")


def host_generator(own: Own = None) -> np.random.Generator:
    """The generator of initial weights, shuffling and transforms. Seeds replace it, so it is asked for at each use."""
    return _host if own is None else own.host() if isinstance(own, Generator) else own


def state_of(op: str, generator: Seed, device: Device) -> Tensor:
    """The state from which kernels draw for an argument `generator`: one of NumPy's draws the seed."""
    own = own_generator(op, generator)
    if own is None:
        return state(device)
    if isinstance(own, np.random.Generator):
        own = Generator(int(own.integers(2**63)) if own is generator else generator)    # type: ignore[arg-type]
    return own.state(device)


def _is_seed(seed: Any) -> bool:
    return is_integer(seed) and bool(0 <= seed < 2**63)


def _wrong(seed: Any) -> type[DTypeError] | type[ShapeError]:
    """What a seed that is none is refused with: a whole number is out of range."""
    return ShapeError if is_integer(seed) else DTypeError


def _checked(op: str, seed: Any) -> int:
    if not _is_seed(seed):
        raise _wrong(seed)(f"{op}: seed must be an integer from 0 to 2**63 - 1, got {seed!r}")
    return int(seed)


def state(device: Device) -> Tensor:
    """Return the (seed, counter) of the kernels on a device; who draws numbers rebinds it.

    Every thread has its own, since every thread records for itself: the counters of the threads, in the order in which
    they first draw, lie 2**40 apart.
    """
    if _thread.round != _round:
        _thread.start()
    if device not in _thread.states:
        _thread.states[device] = Tensor(_thread.first(device))
    return _thread.states[device]


class _Thread(threading.local):
    """The states of one thread, since the seed was set last."""

    round = -1

    def __init__(self) -> None:
        self.states: dict[Device, Tensor] = {}

    def start(self) -> None:
        """Take a number among the threads that draw from this seed. The states stay: captures know these tensors."""
        global _numbered
        with _lock:
            if _numbered[0] != _round:
                _numbered = _round, itertools.count()
            self.round, self.number = _round, next(_numbered[1])
        for device, state in self.states.items():
            state.array = self.first(device)

    def first(self, device: Device) -> Array:
        """The (seed, counter) that this thread begins with."""
        return Array.of(np.array([_seed, self.number << 40], np.int64), device)


_seed = int(np.random.SeedSequence().generate_state(1)[0])
_host = np.random.default_rng(_seed)
_round = 0                                               # how often the seed was set
_numbered = 0, itertools.count()
_lock = threading.Lock()
_thread = _Thread()
