"""Arrays that follow from what they are asked for by, such as zeros of a shape: made once, and kept within limits."""
import threading
from collections import OrderedDict
from collections.abc import Callable
from functools import wraps
from typing import Any

import numpy as np

from numbacnn.backend import Device
from numbacnn.graph import Array

LIMIT = 64 << 20          # bytes that are kept, of all together; what was asked for longest ago goes first
SHARE = 8                 # what takes more than this part of them is not kept
OVERHEAD = 512            # bytes that the smallest array costs


class Known:
    """Arrays by what they were made of. Threads share them: an array is never changed."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.nbytes = 0
        self.arrays: OrderedDict[Any, Array] = OrderedDict()
        self.lock = threading.Lock()

    def remembered(self, make: Callable[..., Array]) -> Callable[..., Array]:
        """Make a function remember the arrays it returned, by its arguments."""
        touch, arrays = self.arrays.move_to_end, self.arrays

        @wraps(make)
        def ask(*arguments: Any) -> Array:
            key = make, *arguments
            try:
                touch(key)                               # without the lock: each of the two lines is one operation
                return arrays[key]
            except KeyError:                             # it never was there, or another thread has just dropped it
                return self.add(key, make(*arguments))

        return ask

    def add(self, key: Any, array: Array) -> Array:
        """Keep an array, unless it is too large; what was asked for longest ago makes room."""
        size = cost(array)
        if size * SHARE > self.limit:
            return array
        with self.lock:
            if key not in self.arrays:
                self.arrays[key] = array
                self.nbytes += size
            while self.nbytes > self.limit:
                _, oldest = self.arrays.popitem(last=False)
                self.nbytes -= cost(oldest)
        return array

    def clear(self) -> None:
        """Forget all."""
        with self.lock:
            self.arrays.clear()
            self.nbytes = 0


def cost(array: Array) -> int:
    """How many bytes an array takes."""
    nbytes: int = array.device.backend.nbytes(array.shape, array.dtype)
    return OVERHEAD + nbytes


known = Known(LIMIT)
remembered = known.remembered


@remembered
def ones(shape: tuple[int, ...], dtype: str, device: Device) -> Array:
    """Ones: where a gradient begins, the weight of a layer that has none."""
    return Array.of(np.ones(shape, dtype), device)
