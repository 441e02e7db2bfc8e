"""Tensors and reverse-mode differentiation.

An operation is a plain function that ends in `differentiable(y, inputs, backward)`. Its nested `backward` records
further kernel calls, so a gradient is an array like any other. Closures hold arrays, never the tensor they belong to:
reference counting alone frees a graph.
"""
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from heapq import heappop, heappush
from typing import Any

import numpy as np

from numbacnn.backend import Device
from numbacnn.errors import DTypeError, GradientError, NumbacnnError, ShapeError
from numbacnn.geometry import count
from numbacnn.graph import Array, rebind, record, thread

Gradients = tuple[Array | None, ...] | list[Array]
Backward = Callable[[Array], Gradients]


class Node:
    """How the gradient of a value goes on: to other nodes, to the user's tensors, or (None) nowhere.

    A node does not hold the values it was computed from: what `backward` does not mention is free to go.
    """

    __slots__ = ("backward", "dtype", "inputs", "order", "shape")

    def __init__(self, y: Array, inputs: "tuple[Node | Tensor | None, ...]", backward: Backward) -> None:
        self.shape = y.shape
        self.dtype = y.dtype
        self.inputs = inputs
        self.backward = backward
        self.order = next(_order)

    def __reduce__(self) -> tuple[Any, ...]:
        raise GradientError("copy: only tensors that the user made can be copied or pickled; use detach() first")

    def __lt__(self, other: "Node") -> bool:            # in a heap, the newest node comes first
        return self.order > other.order


class Tensor:
    """An array of numbers that knows where its gradient goes.

    Values are computed when they are needed: `numpy`, `item`, `print`, `optimizer.step()` or `numbacnn.evaluate()`.
    Tensors are made with `numbacnn.tensor`.

    Attributes
    ----------
    grad : Tensor or None
        Sum of the gradients that `backward` brought here, if this is a tensor with `requires_grad` made by the user.
    requires_grad : bool
        Whether `backward` computes a gradient for this tensor.
    """

    __slots__ = ("__weakref__", "array", "grad", "node", "requires_grad")
    __array_priority__ = 1000                            # ndarray + Tensor is a Tensor's business

    # bound by numbacnn.ops, which stands above this module
    __add__: Callable[["Tensor", Any], "Tensor"]
    __radd__: Callable[["Tensor", Any], "Tensor"]
    __sub__: Callable[["Tensor", Any], "Tensor"]
    __rsub__: Callable[["Tensor", Any], "Tensor"]
    __mul__: Callable[["Tensor", Any], "Tensor"]
    __rmul__: Callable[["Tensor", Any], "Tensor"]
    __truediv__: Callable[["Tensor", Any], "Tensor"]
    __rtruediv__: Callable[["Tensor", Any], "Tensor"]
    __neg__: Callable[["Tensor"], "Tensor"]
    __lt__: Callable[["Tensor", Any], "Tensor"]
    __le__: Callable[["Tensor", Any], "Tensor"]
    __gt__: Callable[["Tensor", Any], "Tensor"]
    __ge__: Callable[["Tensor", Any], "Tensor"]
    sum: Callable[..., "Tensor"]
    mean: Callable[..., "Tensor"]
    argmax: Callable[..., "Tensor"]
    reshape: Callable[..., "Tensor"]
    view: Callable[..., "Tensor"]
    flatten: Callable[..., "Tensor"]
    squeeze: Callable[..., "Tensor"]
    unsqueeze: Callable[..., "Tensor"]
    permute: Callable[..., "Tensor"]
    transpose: Callable[..., "Tensor"]
    expand: Callable[..., "Tensor"]
    to: Callable[..., "Tensor"]

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        self.array: Array = data if type(data) is Array else Array.of(np.asarray(data))
        self.grad: Tensor | None = None
        self.node: Node | None = None
        self.requires_grad = requires_grad
        if requires_grad and not self.array.dtype.startswith("float"):
            raise DTypeError(f"tensor: only floating point tensors have gradients, got {self.array.dtype}")

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return self.array.shape

    @property
    def dtype(self) -> "np.dtype[Any]":
        """Type of the numbers, as NumPy names it."""
        return np.dtype(self.array.dtype)

    @property
    def device(self) -> Device:
        """Where the tensor lies."""
        return self.array.device

    @property
    def ndim(self) -> int:
        """Number of axes."""
        return len(self.array.shape)

    @property
    def is_leaf(self) -> bool:
        """Whether the tensor was made by the user rather than computed from tensors that require gradients."""
        return self.node is None

    @property
    def data(self) -> "Tensor":
        """The same values, without a history. Assigning rebinds the tensor to other values of the same shape."""
        return self.detach()

    @data.setter
    def data(self, value: "Tensor") -> None:
        rebind(self, _like(self, value, "data"))

    def dim(self) -> int:
        """Return the number of axes."""
        return len(self.array.shape)

    def size(self, dim: int | None = None) -> Any:
        """Return the shape, or the length of one axis."""
        return self.shape if dim is None else self.shape[dim]

    def numel(self) -> int:
        """Return how many numbers there are."""
        return count(self.array.shape)

    def __len__(self) -> int:
        if not self.shape:
            raise ShapeError("len: a tensor without axes has no length")
        return self.shape[0]

    def numpy(self) -> "np.ndarray[Any, Any]":
        """Return a copy of the values, which are computed now if they are still pending."""
        return self.array.numpy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> "np.ndarray[Any, Any]":
        if copy is False:
            raise ValueError("a tensor's memory layout is its backend's: only a copy can be had")
        return self.numpy().astype(dtype or self.array.dtype, copy=False)

    def item(self) -> Any:
        """Return the only number as a Python number."""
        if self.numel() != 1:
            raise ShapeError(f"item: the tensor must hold one number, got shape {self.shape}")
        return self.array.numpy().item()

    def tolist(self) -> Any:
        """Return the values as nested lists of Python numbers."""
        return self.numpy().tolist()

    def __float__(self) -> float:
        return float(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __bool__(self) -> bool:
        return bool(self.item())

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec else repr(self)

    def __repr__(self) -> str:
        try:
            values = np.array2string(self.numpy(), separator=", ", prefix="tensor(")
        except NumbacnnError as error:
            values = f"<{error}>, shape={self.shape}"
        notes = [f"dtype={self.array.dtype}"] if self.array.dtype not in ("float32", "int64", "bool") else []
        notes += [f"device={str(self.device)!r}"] if str(self.device) != "cpu" else []
        notes += ["requires_grad=True"] if self.requires_grad else []
        return f"tensor({', '.join([values, *notes])})"

    def detach(self) -> "Tensor":
        """Return the same values, without a history."""
        return Tensor(self.array)

    def requires_grad_(self, requires_grad: bool = True) -> "Tensor":
        """Choose whether `backward` computes a gradient for this tensor, and return it."""
        if self.node is not None:
            raise GradientError("requires_grad_: only a tensor made by the user can be changed; use detach() first")
        if requires_grad and not self.array.dtype.startswith("float"):
            raise DTypeError(f"requires_grad_: only floating point tensors have gradients, got {self.array.dtype}")
        self.requires_grad = requires_grad
        return self

    def backward(self, gradient: "Tensor | None" = None, retain_graph: bool = False) -> None:
        """Add the gradient of this tensor to `grad` of every tensor it depends on that requires one.

        Parameters
        ----------
        gradient : Tensor, optional
            Gradient of what is differentiated with respect to this tensor; one, if this tensor holds one number.
        retain_graph : bool
            Keep what is needed to call `backward` again; else it is freed.

        Raises
        ------
        GradientError
            If nothing requires a gradient, the graph was freed, or `gradient` is missing.
        """
        if not self.requires_grad:
            raise GradientError("backward: this tensor does not depend on any tensor with requires_grad=True")
        if gradient is None and self.numel() != 1:
            raise GradientError(f"backward: a tensor of shape {self.shape} needs `gradient`; call it on one number, "
                                "such as a loss")
        start = _ones(self.array) if gradient is None else _like(self, gradient, "gradient")
        if self.node is None:
            self._accumulate(start)
        else:
            _propagate(self.node, start, retain_graph)

    def _accumulate(self, gradient: Array) -> None:
        self.grad = Tensor(gradient if self.grad is None else sum_of(self.grad.array, gradient))


def differentiable(y: Array, inputs: tuple[Tensor, ...], backward: Backward) -> Tensor:
    """The tensor `y`, which passes its gradient on to `inputs` through `backward`."""
    tensor = Tensor.__new__(Tensor)                      # half the time of Tensor(y)
    tensor.array = y
    tensor.grad = tensor.node = None
    tensor.requires_grad = False
    if _mode.enabled:
        for x in inputs:
            if x.requires_grad:
                tensor.requires_grad = True
                edges = tuple([x.node or (x if x.requires_grad else None) for x in inputs])
                tensor.node = Node(y, edges, backward)
                thread.recording.differentiable = True
                break
    return tensor


def is_grad_enabled() -> bool:
    """Return whether operations remember how to compute gradients, in this thread."""
    return _mode.enabled


@contextmanager
def no_grad() -> Iterator[None]:
    """Operations inside the block, or the decorated function, do not remember how to compute gradients."""
    before, _mode.enabled = _mode.enabled, False
    try:
        yield
    finally:
        _mode.enabled = before


def sum_of(a: Array, b: Array) -> Array:
    """a + b, without a history: how gradients accumulate."""
    return record("add", (a, b), ((a.shape, a.dtype),))[0]


def _propagate(node: Node, gradient: Array, retain_graph: bool) -> None:
    gradients = {node: gradient}
    pending = [node]
    while pending:
        node = heappop(pending)
        inputs = node.inputs
        dxs = node.backward(gradients.pop(node))
        if not retain_graph:
            node.inputs, node.backward = (), _freed
        for x, dx in zip(inputs, dxs, strict=True):
            if x is None or dx is None:
                continue
            like = x if isinstance(x, Node) else x.array
            if dx.shape != like.shape or dx.dtype != like.dtype:
                raise GradientError(f"backward: the gradient must be {like.dtype}{like.shape} as its tensor, "
                                    f"got {dx.dtype}{dx.shape}")
            if isinstance(x, Tensor):
                x._accumulate(dx)
            elif x in gradients:
                gradients[x] = sum_of(gradients[x], dx)
            else:
                gradients[x] = dx
                heappush(pending, x)


def _freed(dy: Array) -> Gradients:
    raise GradientError("backward: this graph was already used and freed; compute the tensor again, or pass "
                        "retain_graph=True the first time")


def _like(tensor: Tensor, value: Any, name: str) -> Array:
    """The array of `value`, which must be like `tensor`."""
    if not isinstance(value, Tensor):
        raise DTypeError(f"{name}: must be a Tensor, got {type(value).__name__}")
    if value.array.shape != tensor.array.shape or value.array.dtype != tensor.array.dtype:
        raise ShapeError(f"{name}: must be {tensor.array.dtype}{tensor.array.shape} as its tensor, "
                         f"got {value.array.dtype}{value.array.shape}")
    return value.array


def _ones(array: Array) -> Array:
    key = array.shape, array.dtype, array.device
    if key not in _known_ones:
        _known_ones[key] = Array.of(np.ones(array.shape, array.dtype), array.device)
    return _known_ones[key]


class _Mode(threading.local):
    enabled = True


_known_ones: dict[Any, Array] = {}
_mode = _Mode()
_order = itertools.count()
