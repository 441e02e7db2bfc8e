"""What lines of PTX of compute capability 9.0 do (ptx_hopper.py), in the simulator.

All that goes on by itself is done as late as it may: a copy when somebody waits for its barrier, a product when its
warpgroup waits for it. The target of a copy is rubbish from the beginning. So who waits too little, or lets others
write too early, gets wrong numbers.
"""
import sys

import numpy as np

from .mma_tile import CHUNK, CHUNKS, LINE
from .ptx_simulated import WHOLE_TF32
from .simulator import RUBBISH, WARP, cuda

PATTERN = 8 * LINE        # bytes after which the swizzle repeats
WARPGROUP = 128
FARTHEST = 255            # pixels between where a window begins and a place in it


class Barrier:
    """A barrier while a block runs."""

    def __init__(self, count):
        self.count = self.left = count
        self.bytes, self.phase = 0, 0
        self.copies = []                                 # that go on

    def changed(self):
        """End the phase, if all is there."""
        if self.left < 0:
            raise RuntimeError(f"more than {self.count} threads arrive at a barrier in one phase")
        if not self.left and not self.bytes:
            self.phase, self.left = self.phase + 1, self.count
            for room in [room for room in cuda.block.rooms if room[1] is self]:
                cuda.block.ready += [thread for thread, _ in cuda.block.rooms.pop(room)]

    def land(self):
        """Let all copies arrive."""
        while self.copies:
            target, found = self.copies.pop(0)
            target[:] = found
            self.bytes -= found.size
            self.changed()


def barrier_at(place):
    """Return the barrier at an address."""
    if int(place) not in cuda.block.barriers:
        raise RuntimeError(f"there is no barrier at {place}")
    return cuda.block.barriers[int(place)]


def barrier_start(place, count):
    """Make a barrier for so many threads."""
    cuda.block.bytes_at(place, 8)
    cuda.block.barriers[int(place)] = Barrier(int(count))


def barriers_ready():
    """Let everybody see them."""


def barrier_arrive(place):
    """Arrive."""
    barrier = barrier_at(place)
    barrier.left -= 1
    barrier.changed()


def barrier_expect(place, nbytes):
    """Arrive, and let the phase not end before so many bytes are there."""
    barrier = barrier_at(place)
    barrier.left, barrier.bytes = barrier.left - 1, barrier.bytes + int(nbytes)
    barrier.changed()


def barrier_wait(place, parity):
    """Wait until the phase of this parity has ended: until the running one has the other."""
    barrier, line = barrier_at(place), sys._getframe(1).f_lineno
    while barrier.phase % 2 == parity:
        if barrier.copies:
            barrier.land()
        else:
            cuda.block.rooms.setdefault(("a barrier", barrier, line), []).append((cuda.block.current, None))
            cuda.block.hub.switch()


def some_wait(place, count):
    """Wait for so many threads; here, a whole part of the block."""
    cuda.collective(count, None, lambda values: values, 1)


# --- copies ----------------------------------------------------------------------------------------------------------

def map_ready(given):
    """See the map as it is in memory."""
    cuda.block.current.maps.append(given)


def copy_box(target, given, place, *first):
    """Begin to copy a part of an array, given the first place along each axis, the last axis first."""
    array, found = given.view, np.zeros(given.box, given.view.dtype)
    first = [int(n) for n in first[::-1]]
    if given.windows or len(first) != array.ndim or min(first) < 0:
        raise ValueError(f"a copy from {first} on, of an array of shape {array.shape}")
    inside = array[tuple(slice(begin, begin + n) for begin, n in zip(first, given.box, strict=True))]
    found[tuple(slice(n) for n in inside.shape)] = inside
    begin_copy(target, given, place, found)


def copy_windows(target, given, place, channel, column, row, image, right, down):
    """Begin to copy pixels that are so far right of and down from where windows begin, of which the first is given."""
    (pixels, channels), array, (lower, upper, steps) = given.box, given.view, given.windows
    images, height, width, _ = array.shape
    if not (0 <= right <= FARTHEST and 0 <= down <= FARTHEST and channel >= 0):
        raise ValueError(f"a place {down} below and {right} right of where a window begins, channel {channel}")
    counts, begin = [], []
    for size, low, high, step, at in zip((height, width), lower, upper, steps, (row, column), strict=True):
        counts.append((size - 1 + high - low) // step + 1)
        begin.append((int(at) - low) // step)
        if (int(at) - low) % step or not 0 <= begin[-1] < counts[-1]:
            raise ValueError(f"no window begins at ({row}, {column})")
    number = (int(image) * counts[0] + begin[0]) * counts[1] + begin[1] + np.arange(pixels)
    line, x = np.divmod(number, counts[1])
    n, y = np.divmod(line, counts[0])
    y, x = y * steps[0] + lower[0] + int(down), x * steps[1] + lower[1] + int(right)
    inside = (n < images) & (y >= 0) & (y < height) & (x >= 0) & (x < width)
    found = np.zeros((pixels, channels), array.dtype)
    some = array[n[inside], y[inside], x[inside], channel:channel + channels]
    found[inside, :some.shape[1]] = some
    begin_copy(target, given, place, found)


def begin_copy(target, given, place, found):
    """Begin to copy rows, which are rounded and swizzled on the way."""
    if target % PATTERN:
        raise ValueError(f"{target} is no multiple of {PATTERN}")
    if not any(known is given for known in cuda.block.current.maps):
        raise RuntimeError("a map is used that may not be seen yet: map_ready")
    rows = (rounded(found) if given.kind == "tf32" else found).reshape(-1).view(np.uint8).reshape(-1, CHUNKS, CHUNK)
    row = np.arange(len(rows))[:, None]
    swizzled = rows[row, np.arange(CHUNKS) ^ row % CHUNKS].reshape(-1)
    memory = cuda.block.bytes_at(target, swizzled.size, PATTERN)
    memory[:] = RUBBISH
    barrier = barrier_at(place)
    barrier.copies.append((memory, swizzled))
    if any(room[1] is barrier for room in cuda.block.rooms):             # somebody waits already
        barrier.land()


def rounded(numbers):
    """Return numbers of float32 rounded to tf32, to nearest, ties to even; NaN and infinities stay."""
    bits = numbers.view(np.uint32)
    nearest = bits + np.uint32(0xFFF) + (bits >> np.uint32(13) & np.uint32(1)) & WHOLE_TF32
    return np.where(np.isfinite(numbers), nearest, bits).view(np.float32)


# --- products --------------------------------------------------------------------------------------------------------

def products_begin():
    """Let products see registers as they are."""
    cuda.block.current.begins = True


def products_end():
    """Make a group of the products that were begun."""
    thread = cuda.block.current
    thread.product_groups.append(thread.products)
    thread.products, thread.begins = [], False


def products_wait(left):
    """Wait for all groups but so many."""
    groups = cuda.block.current.product_groups
    due = [each for group in groups[:max(len(groups) - left, 0)] for each in group]
    del groups[:max(len(groups) - left, 0)]
    if due:
        cuda.collective(WARPGROUP, due, multiplied, 1)


def multiplied(all_products):
    """Do products, in order; each is the same for all threads, but for the registers."""
    for same in zip(*all_products, strict=True):
        if len({(compute, int(a), int(b)) for compute, _, a, b in same}) > 1:
            raise RuntimeError("the threads of a warpgroup multiply different tiles")
        compute, _, a, b = same[0]
        compute([total for _, total, _, _ in same], a, b)
    return all_products


def product_of(kind, columns, turned=False):
    """Return the function that begins total += a b."""
    depth = 8 if kind == "tf32" else 16
    thread, register = np.arange(WARPGROUP)[:, None], np.arange(columns // 2)
    rows = thread // WARP * 16 + thread % WARP // 4 + register // 2 % 2 * 8
    places = rows, register // 4 * 8 + thread % 4 * 2 + register % 2

    def compute(totals, a, b):
        product = (tile_at(a, 64, depth, kind, turned) @ tile_at(b, columns, depth, kind, turned).T)[places]
        for total, more in zip(totals, product, strict=True):
            total[:] = np.add(total, more)

    def multiply(total, a, b):
        if not cuda.block.current.begins:
            raise RuntimeError("a product begins before products_begin")
        cuda.block.current.products.append((compute, total, a, b))

    return multiply


def tile_at(where, rows, depth, kind, turned):
    """Return the numbers (rows, depth) that a product reads, see `descriptor` (wgmma_tile.py)."""
    where = int(where)
    begin, leading, stride = ((where >> shift & 0x3FFF) << 4 for shift in (0, 16, 32))
    if where >> 62 != 1 or where >> 46 & 0xFFFF:
        raise ValueError(f"{where:#x} does not tell of rows of {LINE} bytes that are swizzled")
    itemsize = 4 if kind == "tf32" else 2
    row, k = np.arange(rows)[:, None], np.arange(depth)
    if turned:
        row, chosen = row * itemsize, k
        place = row // LINE * leading + chosen // 8 * stride + chosen % 8 * LINE + row % LINE
    else:
        place = row // 8 * stride + row % 8 * LINE + k * itemsize
    place = place + begin
    place ^= (place // LINE % CHUNKS) * CHUNK
    found = cuda.block.numbers_at(place, itemsize)
    if kind == "tf32":
        return (found.view(np.uint32) & WHOLE_TF32).view(np.float32)
    return (found.view(np.uint16).astype(np.uint32) << np.uint32(16)).view(np.float32)


# --- registers -------------------------------------------------------------------------------------------------------

def fewer_registers(count):
    """Leave registers to other warpgroups."""
    if count % 8 or not 24 <= count <= 256:
        raise ValueError(f"{count} registers for each thread")


more_registers = fewer_registers


def is_elected():
    """Return whether this is the first lane."""
    return np.uint32(cuda.number % WARP == 0)
