"""What lines of PTX do (ptx.py), in the simulator.

Addresses of shared memory are whole numbers, as on the device, and must be inside of an array. A copy that goes on by
itself arrives as late as it may, when its thread waits for it, and its target is rubbish from the beginning: who reads
too early, and who overwrites what others still read, is found out. Collective instructions meet as warps.
"""
import ctypes
from typing import NamedTuple

import numpy as np

from .simulator import RUBBISH, WARP, cuda

CHUNK = 16                # bytes that a thread copies at once
BANKS = 128               # bytes that shared memory gives at once, from different places in them


class Address(NamedTuple):
    """A place in global memory."""

    array: np.ndarray
    index: int

    def numbers(self, count, nbytes):
        """Return so many numbers of an array from here on, which together are aligned to so many bytes."""
        begin = self.array.ctypes.data + self.index * self.array.itemsize
        if self.index < 0 or self.index + count > self.array.size:
            raise IndexError(f"{count} numbers from {self.index} on, of an array of {self.array.size}")
        if begin % nbytes:
            raise ValueError(f"{begin} is no multiple of {nbytes}")
        return self.array[self.index:self.index + count]


def address(array, index):
    """Return where a number of an array of one axis lies."""
    return Address(array, int(index))


def shared_address(array):
    """Return where an array in shared memory begins."""
    return cuda.block.address_of(array)


def of_warp(value, combine):
    """Wait for the warp at the line of the kernel."""
    return cuda.collective(WARP, value, combine, 2)


# --- memory ---------------------------------------------------------------------------------------------------------

def load_4(place):
    """Return four numbers."""
    return tuple(place.numbers(4, 16))


def load_4_ints(place):
    """Return four whole numbers."""
    return tuple(place.numbers(4, 16))


def store_4(place, *values):
    """Write four numbers."""
    place.numbers(4, 16)[:] = values


def bits_of(place):
    """Return the bits of four numbers of 16 bits."""
    return place.numbers(4, 8).view(np.ndarray).view(np.uint16)


def store_host(place, value):
    """Write a word of the memory of this process."""
    ctypes.c_int64.from_address(int(place)).value = int(value)


def load_2_pairs(place):
    """Return two pairs of numbers of 16 bits."""
    first, second, third, fourth = bits_of(place).astype(np.uint32)
    return first | second << np.uint32(16), third | fourth << np.uint32(16)


def store_2_pairs(place, *pairs):
    """Write two pairs of numbers of 16 bits."""
    bits_of(place)[:] = [half for pair in pairs for half in (pair & 0xFFFF, pair >> 16)]


def load_8(array, index):
    """Return eight numbers of an array."""
    return tuple(np.float32(number) for number in address(array, index).numbers(8, 16))


def store_8(array, index, *values):
    """Write eight numbers."""
    address(array, index).numbers(8, 16)[:] = values


def store_shared(place, values):
    """Write some numbers."""
    cuda.block.bytes_at(place, 4 * len(values)).view(np.float32)[:] = values


def load_shared_4(place):
    """Return the bits of four numbers."""
    return tuple(cuda.block.bytes_at(place, 16).view(np.uint32))


# --- copies -----------------------------------------------------------------------------------------------------------

def copy_16(target, source, count):
    """Begin to copy so many bytes; the rest of 16 becomes 0."""
    if not 0 <= count <= CHUNK:
        raise ValueError(f"a copy of {count} bytes")
    found = np.zeros(CHUNK, np.uint8)
    if count:                                            # or the source may be anywhere
        found[:count] = source.numbers(count // source.array.itemsize, CHUNK).view(np.uint8)
    place = cuda.block.bytes_at(target, CHUNK)
    place[:] = RUBBISH
    cuda.block.current.begun.append((place, found))


def copies_end():
    """Make a group of the copies that were begun."""
    thread = cuda.block.current
    thread.groups.append(thread.begun)
    thread.begun = []


def copies_wait(left):
    """Wait for all groups but so many."""
    groups = cuda.block.current.groups
    while len(groups) > left:
        for place, found in groups.pop(0):
            place[:] = found


# --- tensor cores -----------------------------------------------------------------------------------------------------

LANES = np.arange(WARP)
WHOLE_TF32 = np.uint32(0xFFFFE000)                  # the bits of a number that tf32 has
QUAD, PLACE = LANES // 4, LANES % 4                  # of a lane: a row of a fragment, and its place in the row


def multiply_tf32(*registers):
    """Return c + a b: a 16 x 8, b 8 x 8; the lower 13 bits of numbers do not count."""
    return of_warp(registers, multiplied_tf32)


def multiplied_tf32(all_registers):
    """Return the registers of each lane."""
    values = np.array([each[4:] for each in all_registers], np.uint32) & WHOLE_TF32
    numbers = values.view(np.float32)
    a, b = np.empty((16, 8), np.float32), np.empty((8, 8), np.float32)
    for n in range(4):
        a[QUAD + 8 * (n % 2), PLACE + 4 * (n // 2)] = numbers[:, n]
    for n in range(2):
        b[PLACE + 4 * n, QUAD] = numbers[:, 4 + n]
    return accumulated(all_registers, a, b)


def multiply_bf16(*registers):
    """Return c + a b: a 16 x 16, b 16 x 8, whose numbers come in pairs."""
    return of_warp(registers, multiplied_bf16)


def multiplied_bf16(all_registers):
    """Return the registers of each lane."""
    values = np.array([each[4:] for each in all_registers], np.uint32)
    low, high = (values << np.uint32(16)).view(np.float32), (values & np.uint32(0xFFFF0000)).view(np.float32)
    a, b = np.empty((16, 16), np.float32), np.empty((16, 8), np.float32)
    for half, numbers in enumerate((low, high)):
        for n in range(4):
            a[QUAD + 8 * (n % 2), 2 * PLACE + half + 8 * (n // 2)] = numbers[:, n]
        for n in range(2):
            b[2 * PLACE + half + 8 * n, QUAD] = numbers[:, 4 + n]
    return accumulated(all_registers, a, b)


def accumulated(all_registers, a, b):
    """Return c + a b as the registers of each lane: 2 numbers of a row, and 2 of the eighth row after it."""
    product = a @ b
    parts = [product[QUAD + 8 * (n // 2), 2 * PLACE + n % 2] for n in range(4)]
    sums = np.array([each[:4] for each in all_registers], np.float32) + np.stack(parts, 1)
    return [tuple(each) for each in sums]


def load_matrices(place):
    """Return four matrices of 8 x 8 numbers of 16 bits; lane 8 i + r has the place of row r of the i-th."""
    return of_warp(place, loaded_matrices)


def load_turned_matrices(place):
    """Return the same four matrices, each transposed."""
    return of_warp(place, turned_matrices)


def turned_matrices(places):
    """Return the registers of each lane."""
    loaded = np.array(loaded_matrices(places), np.uint32).T.copy().view(np.uint16).reshape(4, 8, 8)
    turned = loaded.transpose(0, 2, 1).copy().view(np.uint32).reshape(4, WARP)
    return [tuple(each) for each in turned.T]


def loaded_matrices(places):
    """Return the registers of each lane."""
    for first in range(0, WARP, 8):
        if len({int(place) % BANKS for place in places[first:first + 8]}) < 8:
            cuda.conflicts += 1
    rows = np.array([cuda.block.bytes_at(place, CHUNK).view(np.uint32) for place in places]).reshape(4, WARP)
    return [tuple(each) for each in rows.T]


LARGER = np.uint32(0x3F800AAB).view(np.float32)


def round_tf32(bits):
    """Return the bits of a number that is cut off where it is rounded."""
    return (np.uint32(bits).view(np.float32) * LARGER).view(np.uint32)


def bits_as_float(bits):
    """Return the number that has these bits."""
    return np.uint32(bits).view(np.float32)


def pair_of_bf16(first, second):
    """Return two numbers, rounded to nearest, ties to even, as one."""
    return bf16_bits(first) | bf16_bits(second) << np.uint32(16)


def bf16_bits(number):
    """Return the bits of a number in bf16."""
    bits = np.float32(number).view(np.uint32)
    if np.isnan(number):
        return np.uint32(0x7FFF)
    return (bits + np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))) >> np.uint32(16)


def float_as_bits(value):
    """Return the bits of a number as a whole number."""
    return np.float32(value).view(np.int32)
