"""CUDA without a GPU: the names of numba.cuda that kernels use, as plain Python, and blocks of threads that run them.

One thread runs at a time, until it has to wait for others, so a run is the same each time; `order` turns it round,
which shows most races: what is right in both orders does not depend on who comes first. Arrays refuse indices outside
of them, shared and local memory begins as rubbish, and threads that wait for each other at different places are an
error. Threads that never wait run one after the other, without any switching.
"""
import sys
import threading
from collections import deque
from contextvars import copy_context
from itertools import product

import numpy as np

from numbacnn.errors import BackendError

from .dtypes import BFLOAT16

WARP = 32
MAX_THREADS, MAX_SHARED = 1024, 227 * 1024               # of a block: threads, bytes
WINDOW = 1024                                            # arrays in shared memory begin at multiples, and 16 bytes
RUBBISH = 0xA5                                           # every byte of memory that nobody has written to
running = threading.Lock()                               # one kernel at a time


class Dim3:
    """Three whole numbers: a position, or a size."""

    __slots__ = ("x", "y", "z")

    def __init__(self, x=0, y=0, z=0):
        self.x, self.y, self.z = x, y, z


read, write = np.ndarray.__getitem__, np.ndarray.__setitem__
NUMBERS = {int, np.int32, np.int64, np.uint32, np.uint64}


class Bounded(np.ndarray):
    """An array in a kernel: an index must be inside, and counts from the beginning."""

    def __getitem__(self, index):
        if type(index) not in NUMBERS or index < 0:      # NumPy refuses those past the end
            inside(index)
        return read(self, index)

    def __setitem__(self, index, value):
        if type(index) not in NUMBERS or index < 0:
            inside(index)
        write(self, index, value)


class Halves(Bounded):
    """An array of bfloat16: what is read is a float32, and what is written is rounded."""

    def __getitem__(self, index):
        found = super().__getitem__(index)
        return np.float32(found) if type(found) is BFLOAT16.type else found

    def __setitem__(self, index, value):
        super().__setitem__(index, np.float32(value))


def inside(index):
    """Refuse indices below zero."""
    for each in index if type(index) is tuple else (index,):
        if not isinstance(each, slice) and each < 0:
            raise IndexError(f"index {index} is negative")


def bounded(argument):
    """Return arrays that refuse indices outside of them; anything else as it is."""
    if isinstance(argument, list):
        return [bounded(each) for each in argument]
    if not isinstance(argument, np.ndarray):
        return argument
    return argument.view(Halves if argument.dtype == BFLOAT16 else Bounded)


def rubbish(shape, dtype):
    """Return memory that nobody has written to."""
    array = np.empty(shape, np.dtype(dtype))
    array.view(np.uint8).reshape(-1)[:] = RUBBISH
    return array.view(Bounded)


class Registers(list):
    """An array of a thread: the same, several times as fast to read."""

    __slots__ = ("kind",)

    def __getitem__(self, index):
        if type(index) is not slice and index < 0:
            inside(index)
        return list.__getitem__(self, index)

    def __setitem__(self, index, value):
        if type(index) is slice:
            value = [self.kind(each) for each in value]
            if len(value) != len(range(*index.indices(len(self)))):
                raise ValueError(f"{len(value)} numbers for {index} of {len(self)}")
        else:
            if index < 0:
                inside(index)
            value = value if type(value) is self.kind else self.kind(value)
        list.__setitem__(self, index, value)


class Thread:
    """A thread that may wait for others."""

    def __init__(self, number, position):
        self.number, self.position = number, position
        self.result = self.switch = None
        self.begun, self.groups = [], []                 # copies that go on: of no group yet, and groups in order
        self.products, self.product_groups, self.begins = [], [], False  # products that go on, see ptx_hopper_simulated
        self.maps = []                                   # of arrays, as this thread sees them


class Block:
    """One block of threads while it runs."""

    def __init__(self, size, shared_bytes):
        self.size = size
        self.shared, self.dynamic = {}, rubbish(shared_bytes, np.uint8)
        self.rooms, self.ready = {}, deque()
        self.window = {}                                 # where an array in memory begins: its shared address
        self.barriers = {}                               # by their shared addresses
        self.current = self.hub = None

    def run_in_turn(self, function, arguments):
        """Run threads that never wait, one after the other."""
        for position in product(range(self.size.z), range(self.size.y), range(self.size.x)):
            z, cuda.threadIdx.y, cuda.threadIdx.x = position
            cuda.threadIdx.z = z
            function(*arguments)

    def run_together(self, function, arguments, backwards):
        """Run threads that wait for each other; a thread runs until it waits or ends."""
        from greenlet import getcurrent, greenlet

        self.hub = getcurrent()
        for number, (z, y, x) in enumerate(product(range(self.size.z), range(self.size.y), range(self.size.x))):
            thread = Thread(number, (x, y, z))
            made = greenlet(lambda: function(*arguments))
            made.gr_context = copy_context()             # NumPy keeps there which warnings it gives
            thread.switch = made.switch
            self.ready.append(thread)
        while self.ready:
            thread = self.current = self.ready.pop() if backwards else self.ready.popleft()
            cuda.threadIdx.x, cuda.threadIdx.y, cuda.threadIdx.z = thread.position
            thread.switch()
        if self.rooms:
            waiting = ", ".join(f"{len(room)} of {size} at line {line}" for (size, _, line), room in self.rooms.items())
            raise RuntimeError(f"threads wait for others that never come: {waiting}")

    def address_of(self, array):
        """Return the shared address of an array; the first one is aligned to 16 bytes only."""
        begin = array.ctypes.data
        if begin not in self.window:
            end = max((at + known.size for at, known in self.window.values()), default=0)
            self.window[begin] = -(-end // WINDOW) * WINDOW + WINDOW + 16, array.view(np.uint8).reshape(-1)
        return self.window[begin][0]

    def bytes_at(self, place, nbytes, alignment=None):
        """Return bytes of shared memory, at an address that must be a multiple of their number, or of another one."""
        for at, known in self.window.values():
            if at <= place and place + nbytes <= at + known.size:
                if place % (alignment or nbytes):
                    raise ValueError(f"{place} is no multiple of {alignment or nbytes}")
                return known.view(np.ndarray)[place - at:place - at + nbytes]
        raise IndexError(f"{nbytes} bytes from {place} on are in no array of shared memory")

    def numbers_at(self, places, itemsize):
        """Return the bytes of numbers of one array of shared memory, (*places, itemsize)."""
        for at, known in self.window.values():
            if at <= places.min() and places.max() + itemsize <= at + known.size:
                return known.view(np.ndarray)[(places - at)[..., None] + np.arange(itemsize)].reshape(
                    places.shape[0], -1)
        raise IndexError(f"numbers between {places.min()} and {places.max()} are in no array of shared memory")

    def meet(self, size, value, combine, depth=2):
        """Wait for all threads of a group; return what `combine` makes of their values for this one."""
        thread, number = self.current, self.current.number
        line = sys._getframe(depth).f_lineno
        room = self.rooms.setdefault((size, number // size, line), [])
        room.append((thread, value))
        if len(room) < min(size, self.size.x * self.size.y * self.size.z):
            self.hub.switch()
            return thread.result
        del self.rooms[size, number // size, line]
        room.sort(key=lambda entry: entry[0].number)
        for (each, _), result in zip(room, combine([value for _, value in room]), strict=True):
            each.result = result
            if each is not thread:
                self.ready.append(each)
        return thread.result


class Shared:
    """cuda.shared: arrays of a block, one for each place in the source that asks for one."""

    def array(self, shape, dtype):
        """Return the array of this place in the source; shape 0: the dynamic shared memory."""
        if shape == 0:
            return cuda.block.dynamic.view(np.dtype(dtype))
        caller = sys._getframe(1)
        key = id(caller.f_code), caller.f_lasti
        if key not in cuda.block.shared:
            cuda.block.shared[key] = rubbish(shape, dtype)
            total = sum(array.nbytes for array in cuda.block.shared.values()) + cuda.block.dynamic.nbytes
            if total > MAX_SHARED:
                raise MemoryError(f"{total} bytes of shared memory, a block has {MAX_SHARED}")
        return cuda.block.shared[key]


class Local:
    """cuda.local: arrays of a thread."""

    def array(self, shape, dtype):
        """Return a new array, of one axis."""
        found = Registers(rubbish(shape, dtype))
        found.kind = np.dtype(dtype).type
        return found


class Atomic:
    """cuda.atomic: each returns the old value."""

    def add(self, array, index, value):
        """Add to a number."""
        old = array[index]
        array[index] = old + value
        return old

    def min(self, array, index, value):
        """Put the smaller one."""
        old = array[index]
        array[index] = min(old, value)
        return old

    def max(self, array, index, value):
        """Put the larger one."""
        old = array[index]
        array[index] = max(old, value)
        return old


class Simulated:
    """What stands for the module numba.cuda in kernels."""

    threadIdx, blockIdx, blockDim, gridDim = Dim3(), Dim3(), Dim3(), Dim3()
    shared, local, atomic = Shared(), Local(), Atomic()
    warpsize = WARP
    block = None                                         # the Block that runs
    conflicts = 0                                        # how often a warp asked one bank of shared memory for two rows
    order = "forwards"                                   # or "backwards": in which threads come to their turn

    @property
    def laneid(self):
        """Number of the thread in its warp."""
        return self.number % WARP

    @property
    def number(self):
        """Number of the thread in its block."""
        at, size = self.threadIdx, self.blockDim
        return at.x + size.x * (at.y + size.y * at.z)

    def grid(self, axes):
        """Return the position of the thread in the grid."""
        at = tuple(getattr(self.blockIdx, axis) * getattr(self.blockDim, axis) + getattr(self.threadIdx, axis)
                   for axis in "xyz"[:axes])
        return at[0] if axes == 1 else at

    def gridsize(self, axes):
        """Return how many threads there are."""
        size = tuple(getattr(self.gridDim, axis) * getattr(self.blockDim, axis) for axis in "xyz"[:axes])
        return size[0] if axes == 1 else size

    def collective(self, size, value, combine, above=0):
        """Wait for all threads of a group of this size; the value each gets: `combine` of the values of all.

        They must meet at the same line: that of the caller, or of so many callers above.
        """
        return self.block.meet(size, value, combine, 2 + above)

    def together(self, value, combine):
        """Wait for all threads of the block."""
        return self.block.meet(self.blockDim.x * self.blockDim.y * self.blockDim.z, value, combine)

    def syncthreads(self):
        """Wait for the block."""
        self.block.meet(self.blockDim.x * self.blockDim.y * self.blockDim.z, None, lambda values: values)

    def syncwarp(self, mask=0xffffffff):
        """Wait for the warp."""
        whole(mask)
        self.block.meet(WARP, None, lambda values: values)

    def shfl_sync(self, mask, value, lane):
        """Return the value of a lane."""
        whole(mask)
        return self.block.meet(WARP, (value, lane), lambda each: [each[lane % WARP][0] for _, lane in each])

    def shfl_down_sync(self, mask, value, delta):
        """Return the value of the lane so many further; the own one where there is none."""
        whole(mask)
        return self.block.meet(WARP, value, lambda each: [
            each[lane + delta if lane + delta < WARP else lane] for lane in range(len(each))])

    def shfl_up_sync(self, mask, value, delta):
        """Return the value of the lane so many before; the own one where there is none."""
        whole(mask)
        return self.block.meet(WARP, value, lambda each: [
            each[lane - delta if lane >= delta else lane] for lane in range(len(each))])

    def shfl_xor_sync(self, mask, value, bits):
        """Return the value of the lane whose number differs in these bits."""
        whole(mask)
        return self.block.meet(WARP, value, lambda each: [each[lane ^ bits] for lane in range(len(each))])

    def ballot_sync(self, mask, predicate):
        """Return a bit for each lane whose predicate is true."""
        whole(mask)
        return self.block.meet(WARP, bool(predicate), lambda each: [
            sum(1 << lane for lane, yes in enumerate(each) if yes)] * len(each))

    def any_sync(self, mask, predicate):
        """Return whether the predicate of any lane is true."""
        whole(mask)
        return self.block.meet(WARP, bool(predicate), lambda each: [any(each)] * len(each))

    def all_sync(self, mask, predicate):
        """Return whether the predicates of all lanes are true."""
        whole(mask)
        return self.block.meet(WARP, bool(predicate), lambda each: [all(each)] * len(each))

    def fma(self, a, b, c):
        """Return a * b + c, rounded once."""
        if isinstance(a, np.float32):
            return np.float32(np.float64(a) * np.float64(b) + np.float64(c))
        return a * b + c

    def popc(self, x):
        """Return how many bits are set."""
        return int(x).bit_count()


def whole(mask):
    """Refuse masks that name a part of a warp: kernels here do without."""
    if mask != 0xffffffff:
        raise ValueError(f"the mask of a warp must be 0xffffffff, got {mask:#x}")


cuda = Simulated()
WAITING = {"all_sync", "any_sync", "ballot_sync", "barrier_wait", "collective", "copies_wait", "products_wait",
           "shfl_down_sync", "shfl_sync", "shfl_up_sync", "shfl_xor_sync", "some_wait", "syncthreads", "syncwarp",
           "together"}                                   # what a thread may wait in


def simulate(function, grid, block, arguments, shared_bytes=0, waits=True):
    """Run a kernel.

    Parameters
    ----------
    function : callable
        The kernel, a Python function.
    grid, block : tuple of int
        How many blocks, and threads in each; of one to three axes.
    arguments : list
        NumPy arrays, which the kernel writes to, lists of them, and numbers.
    shared_bytes : int
        Of dynamic shared memory.
    waits : bool
        Whether threads may wait for others.
    """
    grid, block = (*grid, 1, 1)[:3], (*block, 1, 1)[:3]
    size = Dim3(*block)
    if min(*grid, *block) < 1 or size.x * size.y * size.z > MAX_THREADS or shared_bytes > MAX_SHARED:
        raise BackendError(f"simulator: a launch of {grid} blocks of {block} threads with {shared_bytes} bytes of "
                           "shared memory is not possible")
    arguments = [bounded(each) for each in arguments]
    with running, np.errstate(all="ignore"):
        cuda.gridDim, cuda.blockDim = Dim3(*grid), size
        for z, y, x in product(range(grid[2]), range(grid[1]), range(grid[0])):
            cuda.blockIdx = Dim3(x, y, z)
            cuda.block = Block(size, shared_bytes)
            try:
                if waits:
                    cuda.block.run_together(function, arguments, cuda.order == "backwards")
                else:
                    cuda.block.run_in_turn(function, arguments)
            except Exception as error:
                at = cuda.threadIdx
                error.add_note(f"in block ({x}, {y}, {z}), thread ({at.x}, {at.y}, {at.z}) of {function.__name__}")
                raise
            finally:
                cuda.block = None
