"""Memory of arrays: blocks of bytes that are used again as soon as nobody refers to them."""
import itertools
from functools import cache
from sys import getrefcount
from typing import Any

from numbacnn.backend import Device
from numbacnn.errors import OutOfMemoryError

SHELF = 16                # blocks of one size among which a free one is looked for
BORROWED = -100           # less than all references that anybody counts
BUDGET = 1 << 30          # bytes; beyond it, free blocks go back to the system,
POOL_SHARE = 0.75         # on a device with memory of its own beyond this share of it


_versions = itertools.count()


@cache
def capacity(device: Device) -> int:
    """Bytes of a device that has memory of its own, else 0."""
    tell = getattr(device.backend, "capacity", None)
    return int(tell(device.index)) if tell else 0


class Storage:
    """A block of memory on a device.

    Attributes
    ----------
    pooled : int
        How many references to it the pool has, 0 or 1. Below zero for memory of others: it counts as shared.
    version : int
        Another one whenever other numbers are written to it, and never one that a block had before.
    prepared : dict
        What preparation.py made of the numbers in it, and maybe of others.
    """

    __slots__ = ("__weakref__", "address", "device", "memory", "nbytes", "pooled", "prepared", "version")

    def __init__(self, device: Device, nbytes: int) -> None:
        try:
            self.memory: Any = device.backend.empty(nbytes, device.index)
        except MemoryError:
            raise OutOfMemoryError(f"memory: {nbytes / 1e9:.1f} GB cannot be had on {device}; use smaller batches, or "
                                   "no_grad() where no gradient is needed") from None
        self._describe(device, nbytes, 0)

    @classmethod
    def borrowed(cls, device: Device, nbytes: int, memory: Any) -> "Storage":
        """A block that belongs to another library: nothing is ever written to it."""
        storage = cls.__new__(cls)
        storage.memory = memory
        storage._describe(device, nbytes, BORROWED)
        return storage

    def _describe(self, device: Device, nbytes: int, pooled: int) -> None:
        self.address: int = device.backend.address(self.memory)
        self.device = device
        self.nbytes = nbytes
        self.pooled = pooled
        self.version = next(_versions)
        self.prepared: dict[Any, Any] = {}

    def renew(self) -> None:
        """Note that other numbers are written to it."""
        self.version = next(_versions)
        if self.prepared:
            self.prepared = {}


class Pool:
    """Hands out blocks nobody refers to any more; else allocates.

    A block on a shelf is free if the shelf holds the only reference. Asking costs less than a `__del__` at every
    release, and runs no Python at a moment when Ctrl-C would be swallowed.
    """

    def __init__(self) -> None:
        self.shelves: dict[tuple[Device, int], list[Storage]] = {}
        self.nbytes: dict[Device, int] = {}

    def __del__(self) -> None:                          # with its thread; the blocks may live on
        for shelf in self.shelves.values():
            for storage in shelf:
                storage.pooled = 0

    def take(self, device: Device, nbytes: int) -> Storage:
        """A block of uninitialised memory."""
        shelf = self.shelves.get((device, nbytes))
        if shelf is None:
            shelf = self.shelves[device, nbytes] = []
        for i in range(len(shelf) - 1, -1, -1):         # the latest first: a loop gets the same blocks again
            if getrefcount(shelf[i]) == 2:              # the shelf and the argument; a local name would count, too
                shelf[i].renew()
                return shelf[i]
        storage = self.made(device, nbytes)
        shelf = self.shelves.setdefault((device, nbytes), shelf)         # trimmed away, maybe
        if len(shelf) == SHELF:
            shelf.pop(0).pooled = 0
            self.nbytes[device] -= nbytes
        shelf.append(storage)
        storage.pooled = 1
        self.nbytes[device] = held = self.nbytes.get(device, 0) + nbytes
        if held > max(BUDGET, POOL_SHARE * capacity(device)):
            self.trim()
        return storage

    def made(self, device: Device, nbytes: int) -> Storage:
        """A new block, which the pool does not know."""
        try:
            return Storage(device, nbytes)
        except OutOfMemoryError:
            self.trim()                                 # what is free in other sizes may be enough
        return Storage(device, nbytes)

    def trim(self) -> None:
        """Give back what nobody uses."""
        for (device, nbytes), shelf in self.shelves.items():
            for i in range(len(shelf) - 1, -1, -1):
                if getrefcount(shelf[i]) == 2:
                    del shelf[i]
                    self.nbytes[device] -= nbytes
        self.shelves = {key: shelf for key, shelf in self.shelves.items() if shelf}


def is_shared(storages: list[Storage], index: int) -> bool:
    """Does anybody but this list, one recording and the pool refer to the block?"""
    return getrefcount(storages[index]) > 3 + storages[index].pooled


def is_free(storages: list[Storage], index: int) -> bool:
    """Does nobody but this list and the pool refer to the block?"""
    return getrefcount(storages[index]) == 2 + storages[index].pooled
