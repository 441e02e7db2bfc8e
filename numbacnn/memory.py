"""Memory of arrays: blocks of bytes that are used again as soon as nobody refers to them."""
import sys
from collections import deque
from typing import Any

from numbacnn.backend import Device

RING = 16                 # blocks of one size among which a free one is looked for
BUDGET = 1 << 30          # bytes; beyond it, free blocks go back to the system


class Storage:
    """A block of memory on a device."""

    __slots__ = ("__weakref__", "address", "device", "memory", "nbytes", "pooled")

    def __init__(self, device: Device, nbytes: int) -> None:
        self.memory: Any = device.backend.empty(nbytes, device.index)
        self.address: int = device.backend.address(self.memory)
        self.device = device
        self.nbytes = nbytes
        self.pooled = False


class Pool:
    """Hands out blocks nobody refers to any more; else allocates.

    A block in a ring is free if the ring holds the only reference. Asking costs less than a `__del__` at every release,
    and runs no Python at a moment when Ctrl-C would be swallowed.
    """

    def __init__(self) -> None:
        self.rings: dict[tuple[Device, int], deque[Storage]] = {}
        self.nbytes = 0

    def take(self, device: Device, nbytes: int) -> Storage:
        """A block of uninitialised memory."""
        ring = self.rings.get((device, nbytes))
        if ring is None:
            ring = self.rings[device, nbytes] = deque()
        for _ in range(len(ring)):
            ring.rotate(-1)
            if sys.getrefcount(ring[-1]) == 2:          # the ring and the argument; a local name would count, too
                return ring[-1]
        storage = Storage(device, nbytes)
        if len(ring) == RING:
            ring.popleft().pooled = False
            self.nbytes -= nbytes
        ring.append(storage)
        storage.pooled = True
        self.nbytes += nbytes
        if self.nbytes > BUDGET:
            self.trim()
        return storage

    def trim(self) -> None:
        """Give back what nobody uses."""
        for (_, nbytes), ring in list(self.rings.items()):
            for _ in range(len(ring)):
                ring.rotate(-1)
                if sys.getrefcount(ring[-1]) == 2:
                    ring.pop()
                    self.nbytes -= nbytes
        self.rings = {key: ring for key, ring in self.rings.items() if ring}


def is_shared(storages: list[Storage], index: int) -> bool:
    """Does anybody but this list, one recording and the pool refer to the block?"""
    return sys.getrefcount(storages[index]) > 3 + storages[index].pooled
