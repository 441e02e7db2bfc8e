"""A layout for backends: an array of four axes channels last, (N, H, W, C), any other in C order.

`View` is an array seen in some way: as the user has it, as it lies, as rows of channels, broadcast. A backend hands
what a kernel asks for to the kernel.
"""
import ctypes
import math
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from numbacnn.dtypes import DTYPES
from numbacnn.kernels.spec import Place

Shape = tuple[int, ...]
ITEMSIZES: dict[Any, int] = {key: np.dtype(name).itemsize
                             for name in DTYPES
                             for key in (name, np.dtype(name))}     # by name, and by dtype: NumPy takes a while to tell


class View(NamedTuple):
    """An array seen in some way: at the address in a slot plus an offset; strides in bytes, 0 for a broadcast axis."""

    slot: int
    offset: int
    shape: Shape
    strides: Shape
    dtype: "np.dtype[Any]"

    @classmethod
    def of(cls, place: Place) -> "View":
        """Return the array of a `Place` as the user sees it, (N, C, H, W), wherever its numbers lie.

        Parameters
        ----------
        place : Place
            What the plan tells of the array.
        """
        dtype = np.dtype(place.dtype)
        if len(place.shape) != 4:
            return cls(place.slot, place.offset, place.shape, c_strides(place.shape, dtype.itemsize), dtype)
        n, c, h, w = place.shape
        image, row, pixel, channel = c_strides((n, h, w, c), dtype.itemsize)
        return cls(place.slot, place.offset, place.shape, (image, channel, row, pixel), dtype)

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)

    @property
    def nbytes(self) -> int:
        """Bytes of its numbers, a broadcast one counted each time."""
        return self.size * self.dtype.itemsize

    @property
    def contiguous(self) -> bool:
        """Whether it lies in C order, without gaps."""
        expected = c_strides(self.shape, self.dtype.itemsize)
        return all(n == 1 or have == want for n, have, want in zip(self.shape, self.strides, expected, strict=True))

    def logical(self) -> "View":
        """Return the array as the user sees it: (N, C, H, W) with strides."""
        return self

    def physical(self) -> "View":
        """Return the array as it lies: (N, H, W, C) if it has four axes, in C order."""
        return self.permuted((0, 2, 3, 1)) if self.ndim == 4 else self

    def flat(self) -> "View":
        """Return its numbers in the order in which they lie, as one axis."""
        return self.shaped((self.size,))

    def rows(self) -> "View":
        """Return its numbers as (pixels, channels): for arrays of two axes, (N, C), or of four."""
        return self.shaped((math.prod(self.shape) // max(self.shape[1], 1), self.shape[1]))

    def planes(self) -> "View":
        """Return images as (plane, depth, row, column, number): numbers are the channels of a pixel that are last.

        Of lines and volumes there is one number, and planes are images and channels.
        """
        if self.ndim == 4:
            n, c, h, w = self.shape
            return self.physical().shaped((n, 1, h, w, c))
        n, c, *image = self.shape
        return self.shaped((n * c, *(1,) * (3 - len(image)), *image, 1))

    def places(self) -> "View":
        """Return images as (plane, place, number), the places of a plane in row-major order."""
        planes = self.planes()
        plane, *image, numbers = planes.shape
        return planes.shaped((plane, math.prod(image), numbers))

    def shaped(self, shape: Shape) -> "View":
        """Return its numbers, in the order in which they lie, in another shape; it must have no broadcast axis.

        Parameters
        ----------
        shape : tuple of int
            With as many numbers.
        """
        return self._replace(shape=shape, strides=c_strides(shape, self.dtype.itemsize))

    def permuted(self, axes: Sequence[int]) -> "View":
        """Return the array with its axes in another order.

        Parameters
        ----------
        axes : sequence of int
            All of them.
        """
        return self._replace(shape=tuple(self.shape[axis] for axis in axes),
                             strides=tuple(self.strides[axis] for axis in axes))

    def broadcast(self, shape: Shape) -> "View":
        """Return the array broadcast to a shape, as NumPy does.

        Parameters
        ----------
        shape : tuple of int
            Of as many axes, or more.
        """
        missing = len(shape) - self.ndim
        strides = tuple(0 if n == 1 else stride for n, stride in zip(self.shape, self.strides, strict=True))
        return self._replace(shape=shape, strides=(0,) * missing + strides)

    def array(self, address: int) -> "np.ndarray[Any, Any]":
        """Return it as a NumPy array, the memory of its slot being at an address that this process can read.

        Parameters
        ----------
        address : int
            Where the slot begins.
        """
        span = sum((n - 1) * stride for n, stride in zip(self.shape, self.strides, strict=True)) + self.dtype.itemsize
        memory: Any = (ctypes.c_char * (span if self.size else 0)).from_address(address + self.offset)
        return np.ndarray(self.shape, self.dtype, memory, strides=self.strides)


def physical(*arguments: Any) -> list[Any]:
    """Arrange the arguments of a kernel in the usual way: arrays as they lie, numbers as they are.

    Parameters
    ----------
    *arguments : View or number
        As the contract has them.
    """
    return [argument.physical() if isinstance(argument, View) else argument for argument in arguments]


def flat(*arguments: Any) -> list[Any]:
    """Arrange the arguments of a kernel whose arrays all have one shape: each as one axis.

    Parameters
    ----------
    *arguments : View or number
        As the contract has them.
    """
    return [argument.flat() if isinstance(argument, View) else argument for argument in arguments]


def c_view(slot: int, offset: int, shape: Shape, dtype: Any) -> View:
    """Return an array in C order.

    Parameters
    ----------
    slot, offset : int
        Where it begins.
    shape : tuple of int
        Of any number of axes.
    dtype : dtype or str
        Of its numbers.
    """
    dtype = np.dtype(dtype)
    return View(slot, offset, shape, c_strides(shape, dtype.itemsize), dtype)


def shuffled(x: View, factor: int) -> View:
    """Return what `pixel_shuffle` makes of x, seen in x: (N, H, factor, W, factor, C).

    Parameters
    ----------
    x : View
        (N, C * factor * factor, H, W).
    factor : int
        How many pixels one becomes along an axis.
    """
    (n, c, h, w), (image, channel, row, pixel) = x.shape, x.strides
    return x._replace(shape=(n, h, factor, w, factor, c // factor ** 2),
                      strides=(image, row, channel * factor, pixel, channel, channel * factor ** 2))


def unshuffled(x: View, factor: int) -> View:
    """Return what `pixel_unshuffle` makes of x, seen in x: (N, H, W, C, factor, factor).

    Parameters
    ----------
    x : View
        (N, C, H * factor, W * factor).
    factor : int
        How many pixels become one along an axis.
    """
    (n, c, h, w), (image, channel, row, pixel) = x.shape, x.strides
    return x._replace(shape=(n, h // factor, w // factor, c, factor, factor),
                      strides=(image, row * factor, pixel * factor, channel, row, pixel))


def c_strides(shape: Shape, itemsize: int) -> Shape:
    """Return the strides in bytes of an array in C order.

    Parameters
    ----------
    shape : tuple of int
        Of the array.
    itemsize : int
        Bytes of a number.
    """
    strides = []
    for n in reversed(shape):
        strides.append(itemsize)
        itemsize *= n
    return tuple(reversed(strides))


def nbytes(shape: Shape, dtype: Any) -> int:
    """Return how many bytes an array takes.

    Parameters
    ----------
    shape : tuple of int
        Of the array.
    dtype : dtype or str
        Of its numbers.
    """
    return math.prod(shape) * ITEMSIZES[dtype]


def is_view(shape: Shape, other: Shape) -> bool:
    """Return whether the memory of one shape can be read as the other, in row-major order, as it lies.

    Parameters
    ----------
    shape, other : tuple of int
        With as many numbers.
    """
    return interleaving(shape) == interleaving(other)


def interleaving(shape: Shape) -> Shape | None:
    """Return what channels last does to the row-major order: a transposition of (C, H * W), or nothing.

    Parameters
    ----------
    shape : tuple of int
        As the user sees it.
    """
    if len(shape) != 4:
        return None
    _, channels, height, width = shape
    return None if channels == 1 or height * width == 1 or 0 in shape else (channels, height * width)


def array_in(memory: "np.ndarray[Any, Any]", shape: Shape, dtype: Any, offset: int = 0) -> "np.ndarray[Any, Any]":
    """Return the array in a block, of the user's shape, as a NumPy array that shares its memory.

    Parameters
    ----------
    memory : numpy.ndarray
        The bytes of the block.
    shape : tuple of int
        As the user sees it.
    dtype : dtype or str
        Of its numbers.
    offset : int, optional
        Where it begins, in bytes.
    """
    dtype = np.dtype(dtype)
    found: np.ndarray[Any, Any] = memory[offset:offset + nbytes(shape, dtype)].view(dtype)
    if len(shape) != 4:
        return found.reshape(shape)
    n, c, h, w = shape
    return found.reshape(n, h, w, c).transpose(0, 3, 1, 2)
