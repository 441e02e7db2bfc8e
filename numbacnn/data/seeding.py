"""Where shuffling, splitting and random transforms take their random numbers from."""
import numpy as np

from numbacnn.errors import DTypeError
from numbacnn.random import host_generator

Seed = np.random.Generator | int | None


def own_generator(generator: Seed, op: str) -> np.random.Generator | None:
    """The generator an object keeps: a seed becomes a generator of its own, None stays the global one."""
    if generator is None or isinstance(generator, np.random.Generator):
        return generator
    if isinstance(generator, int | np.integer) and not isinstance(generator, bool) and generator >= 0:
        return np.random.default_rng(int(generator))
    raise DTypeError(f"{op}: generator must be a numpy.random.Generator, a seed >= 0 or None, got {generator!r}")


def current(generator: np.random.Generator | None) -> np.random.Generator:
    """The generator to draw from now. `manual_seed` replaces the global one, so it is looked up at each use."""
    return host_generator() if generator is None else generator
