"""Tensors whose numbers are still in an array of NumPy's: what makes samples loads no backend."""
from typing import Any

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.backend import Device, default_device
from numbacnn.geometry import count
from numbacnn.graph import Array


class Held(Tensor):
    """A tensor around an array, which nobody else may change; an operation that asks for it makes it one like others.

    A process that reads and stacks samples, such as a worker of a loader, so needs no backend.
    """

    __slots__ = ("_made", "_values")

    def __init__(self, values: "np.ndarray[Any, Any]", requires_grad: bool = False) -> None:
        self._values: np.ndarray[Any, Any] | None = values
        self._made: Array | None = None
        self.node = self.owner = self._grad = self._watch = None
        self._requires_grad = requires_grad

    @property
    def array(self) -> Array:
        """The numbers, on the default device from now on."""
        if self._made is None:
            assert self._values is not None
            self.array = Array.of(self._values)
        assert self._made is not None
        return self._made

    @array.setter
    def array(self, array: Array) -> None:
        self._made, self._values = array, None

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return super().shape if self._values is None else self._values.shape

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.shape)

    def dim(self) -> int:
        """Return the number of axes."""
        return len(self.shape)

    def numel(self) -> int:
        """Return how many numbers there are."""
        return count(self.shape)

    @property
    def dtype(self) -> "np.dtype[Any]":
        """Type of the numbers, as NumPy names it."""
        return super().dtype if self._values is None else self._values.dtype

    @property
    def device(self) -> Device:
        """Where the tensor lies, or will."""
        return super().device if self._values is None else default_device()

    def numpy(self) -> "np.ndarray[Any, Any]":
        """Return a copy of the values."""
        return super().numpy() if self._values is None else self._values.copy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> "np.ndarray[Any, Any]":
        return super().__array__(dtype or self.dtype, copy)

    def __reduce_ex__(self, protocol: Any) -> Any:
        return Held, (self.numpy(), self._requires_grad), (None, {"_grad": self._grad})
