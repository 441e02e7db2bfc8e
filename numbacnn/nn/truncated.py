"""Normal numbers that lie in an interval, however far out."""
import math

import numpy as np


def truncated_normal(generator: np.random.Generator, low: float, high: float, size: int) -> np.ndarray:
    """Draw standard normal numbers in [low, high]; each is proposed less than three times on average.

    References
    ----------
    C. Robert, Simulation of truncated normal variables (Statistics and Computing 5, 1995), sections 2.1 and 2.2.
    """
    if high < 0:
        return -truncated_normal(generator, -high, -low, size)
    if _below(high) - _below(low) > 0.4:                 # most normal numbers are there
        def propose(n: int) -> tuple[np.ndarray, np.ndarray]:
            x = generator.standard_normal(n)
            return x, (low <= x) & (x <= high)
    elif low <= 0:                                       # a short interval in the middle: nearly even
        def propose(n: int) -> tuple[np.ndarray, np.ndarray]:
            x = generator.uniform(low, high, n)
            return x, generator.random(n) <= np.exp(-x * x / 2)
    else:                                                # in a tail, which falls nearly as an exponential does
        rate = (low + math.sqrt(low * low + 4)) / 2
        share = -math.expm1(-rate * (high - low))

        def propose(n: int) -> tuple[np.ndarray, np.ndarray]:
            x = low - np.log1p(-share * generator.random(n)) / rate
            return x, generator.random(n) <= np.exp(-(x - rate) ** 2 / 2)

    values = np.empty(size)
    missing = np.arange(size)
    while missing.size:
        x, accepted = propose(missing.size)
        values[missing[accepted]] = x[accepted]
        missing = missing[~accepted]
    return values


def _below(x: float) -> float:
    """The share of standard normal numbers below x."""
    return math.erfc(-x / math.sqrt(2.0)) / 2
