"""Tensors and reverse-mode differentiation.

An operation is a plain function that ends in `differentiable(y, inputs, backward)`. Its nested `backward` records
further kernel calls, so a gradient is an array like any other. Closures hold arrays, never the tensor they belong to:
reference counting alone frees a graph.
"""
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Any, ClassVar
from weakref import ref

import numpy as np

from numbacnn.backend import Device
from numbacnn.dtypes import FLOATING, computed, converted
from numbacnn.engine import Backward, Gradients, Node, derivative_options, propagate, sum_of
from numbacnn.errors import DeviceError, DTypeError, GradientError, NumbacnnError, ShapeError
from numbacnn.geometry import axis, count
from numbacnn.grad_mode import is_grad_enabled, mode, no_grad
from numbacnn.graph import Array, rebind, setting_changed, thread
from numbacnn.hooks import RemovableHandle, register
from numbacnn.known import ones
from numbacnn.options import flag

__all__ = ["Backward", "Gradients", "Node", "Tensor", "differentiable", "is_grad_enabled", "no_grad", "sum_of"]


class Tensor:
    """An array of numbers that knows where its gradient goes.

    Values are computed when they are needed: `numpy`, `item`, `print`, `optimizer.step()` or `numbacnn.evaluate()`.
    Tensors are made with `numbacnn.tensor`.

    Attributes
    ----------
    array : Array
        The numbers, in memory or still to be computed.
    node : Node or None
        Where the gradient goes, if this tensor was computed from tensors that require gradients.
    owner : tuple or None
        What this tensor is a part of: see `part.py`.
    """

    __slots__ = ("__weakref__", "_grad", "_requires_grad", "_watch", "array", "node", "owner")
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
    __getitem__: ClassVar[Callable[["Tensor", Any], "Tensor"]]
    __setitem__: ClassVar[Callable[["Tensor", Any, Any], None]]
    __iter__: ClassVar[Callable[["Tensor"], Iterator["Tensor"]]]
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
    detach: ClassVar[Callable[["Tensor"], "Tensor"]]

    def __init__(self, data: Any, requires_grad: bool = False) -> None:
        self.array: Array = data if type(data) is Array else Array.of(_numbers(data))
        self.node: Node | None = None
        self.owner: Any = None
        self._grad: Tensor | None = None
        self._watch: _Watch | None = None
        self._requires_grad = requires_grad is not False and flag("tensor", "requires_grad", requires_grad)
        if requires_grad and self.array.dtype not in FLOATING:
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
    def requires_grad(self) -> bool:
        """Whether `backward` computes a gradient for this tensor."""
        return self._requires_grad

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.requires_grad_(value)

    @property
    def grad(self) -> "Tensor | None":
        """Sum of the gradients that `backward` brought here; None before, and for tensors that were computed."""
        return self._grad

    @grad.setter
    def grad(self, value: "Tensor | None") -> None:
        if value is not None:
            _like(self, value, "grad")
        self._grad = value

    @property
    def is_leaf(self) -> bool:
        """Whether the tensor was made by the user rather than computed from tensors that require gradients."""
        return self.node is None

    @property
    def data(self) -> "Tensor":
        """The same values, without a history, as `detach` gives them. Assigning rebinds the tensor to other values."""
        return self.detach()

    @data.setter
    def data(self, value: "Tensor") -> None:
        rebind(self, _like(self, value, "data"))
        self.owner = None

    def dim(self) -> int:
        """Return the number of axes."""
        return len(self.array.shape)

    def size(self, dim: int | None = None) -> Any:
        """Return the shape, or the length of one axis."""
        return self.shape if dim is None else self.shape[axis("size", self.ndim, dim)]

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
        return self.numpy().item()

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
            numbers = converted(self.numpy(), computed(self.dtype.name))
            values = np.array2string(numbers, separator=", ", prefix="tensor(")
        except NumbacnnError as error:
            values = f"<{error}>, shape={self.shape}"
        dtype = self.dtype.name
        notes = [] if dtype in ("float32", "int64", "bool") else [f"dtype={dtype}"]
        notes += [f"device={str(self.device)!r}"] if str(self.device) != "cpu" else []
        notes += ["requires_grad=True"] if self.requires_grad else []
        return f"tensor({', '.join([values, *notes])})"

    def requires_grad_(self, requires_grad: bool = True) -> "Tensor":
        """Choose whether `backward` computes a gradient for this tensor, and return it."""
        wanted = flag("requires_grad_", "requires_grad", requires_grad)
        if self.node is not None and not wanted:
            raise GradientError("requires_grad_: only a tensor made by the user can be changed; use detach() first")
        if wanted and self.array.dtype not in FLOATING:
            raise DTypeError(f"requires_grad_: only floating point tensors have gradients, got {self.array.dtype}")
        self._requires_grad = wanted
        setting_changed()
        return self

    def backward(self, gradient: "Tensor | None" = None, retain_graph: bool | None = None, create_graph: bool = False,
                 inputs: Any = None) -> None:
        """Add the gradient of this tensor to `grad` of every tensor it depends on that requires one.

        Parameters
        ----------
        gradient : Tensor, optional
            Gradient of what is differentiated with respect to this tensor; one, if this tensor holds one number.
        retain_graph : bool
            Keep what is needed to call `backward` again; else it is freed.
        create_graph : bool
            Must be False: gradients are numbers without a history.
        inputs : Tensor or sequence of Tensor, optional
            Add to `grad` of these alone.

        Raises
        ------
        GradientError
            If nothing requires a gradient, the graph was freed, or `gradient` is missing.

        See Also
        --------
        grad : Gradients as results.
        """
        retain = derivative_options("backward", retain_graph, create_graph)
        start = [root("backward", self, gradient)]
        if inputs is None:
            propagate(start, retain, Tensor._accumulate)
            return
        targets = {x.node or x: x for x in differentiated("backward", inputs)}
        propagate(start, retain, lambda x, dx: targets[x]._accumulate(dx), targets)

    def register_hook(self, hook: "Callable[[Tensor], Tensor | None]") -> RemovableHandle:
        """Call a function with the gradient of this tensor, once for each `backward`; it may return another gradient.

        Parameters
        ----------
        hook : callable
            Takes the gradient, returns None or a tensor like it that takes its place.

        Returns
        -------
        RemovableHandle
            Its ``remove()`` takes the hook away.

        Raises
        ------
        GradientError
            If the tensor does not require a gradient.
        """
        return register("register_hook", self._watched("register_hook").hooks, hook)

    def retain_grad(self) -> None:
        """Keep the gradient of a computed tensor in `grad`, too."""
        watch = self._watched("retain_grad")
        if self.node is not None:
            watch.keeper = ref(self)

    def _watched(self, op: str) -> "_Watch":
        """What sees the gradient of this tensor before it goes on."""
        if not self._requires_grad:
            raise GradientError(f"{op}: this tensor gets no gradient; only one with requires_grad=True, or computed "
                                "from such, does")
        watch: Any = self._watch if self.node is None else self.node.watch
        if watch is None:
            watch = _Watch()
            if self.node is None:
                self._watch = watch
            else:
                self.node.watch = watch
        return watch  # type: ignore[no-any-return]

    def _accumulate(self, gradient: Array) -> None:
        self._grad = Tensor(gradient if self._grad is None else sum_of(self._grad.array, gradient))

    def __getstate__(self) -> Any:
        """Copies hold values and the gradient, no more; what was computed has a history, which cannot be copied."""
        given: Any = object.__getstate__(self)
        return given[0], given[1] | {"_watch": None, "owner": None}


class _Watch:
    """What the user wants of a gradient before it goes on: to see it, to replace it, to keep it."""

    __slots__ = ("hooks", "keeper")

    def __init__(self) -> None:
        self.hooks: OrderedDict[int, Any] = OrderedDict()
        self.keeper: ref[Tensor] | None = None

    def __call__(self, dy: Array) -> Array:
        with no_grad():
            for hook in [*self.hooks.values()]:
                replacement = hook(Tensor(dy))
                if replacement is not None:
                    dy = _like(Tensor(dy), replacement, "register_hook: what the hook returns")
        tensor = None if self.keeper is None else self.keeper()
        if tensor is not None:
            tensor._accumulate(dy)
        return dy


def differentiable(y: Array, inputs: tuple[Tensor, ...], backward: Backward) -> Tensor:
    """The tensor `y`, which passes its gradient on to `inputs` through `backward`."""
    tensor = Tensor.__new__(Tensor)                      # half the time of Tensor(y)
    tensor.array = y
    tensor._grad = tensor.node = tensor._watch = tensor.owner = None
    tensor._requires_grad = False
    if mode.enabled:
        for x in inputs:
            if x._requires_grad:
                tensor._requires_grad = True
                edges = tuple([x.node or (x if x._requires_grad else None) for x in inputs])
                tensor.node = Node(y, edges, backward)
                thread.recording.differentiable = True
                break
    return tensor


def adopt(x: Tensor, y: Tensor) -> None:
    """Give x the history of y, or none."""
    x.node, x._requires_grad = y.node, y._requires_grad


def root(op: str, tensor: Any, gradient: Any) -> tuple[Any, Array]:
    """Where a gradient begins, and with which values."""
    if not isinstance(tensor, Tensor):
        raise DTypeError(f"{op}: outputs must be tensors, got {type(tensor).__name__}")
    if not tensor._requires_grad:
        raise GradientError(f"{op}: this tensor does not depend on any tensor with requires_grad=True")
    if gradient is None and tensor.numel() != 1:
        name = "`gradient`" if op == "backward" else "`grad_outputs`"
        raise GradientError(f"{op}: a tensor of shape {tensor.shape} needs {name}; call it on one number, "
                            "such as a loss")
    y = tensor.array
    start = ones(y.shape, y.dtype, y.device) if gradient is None else _like(tensor, gradient, "gradient")
    return tensor.node or tensor, start


def differentiated(op: str, inputs: Any) -> list[Tensor]:
    """The tensors whose gradients are asked for."""
    tensors = sequence(op, "inputs", inputs)
    if not tensors:
        raise ShapeError(f"{op}: inputs must be tensors, got none")
    for i, x in enumerate(tensors):
        if not isinstance(x, Tensor):
            raise DTypeError(f"{op}: inputs must be tensors, got {type(x).__name__} at {i}")
        if not x._requires_grad:
            raise GradientError(f"{op}: inputs must require gradients, got one that does not at {i}; use "
                                "requires_grad_() before computing")
    return tensors


def sequence(op: str, name: str, given: Any) -> list[Any]:
    """What may be a tensor or several."""
    if not isinstance(given, Tensor | list | tuple | set | Iterator):
        raise DTypeError(f"{op}: {name} must be a tensor or a sequence of tensors, got {type(given).__name__}")
    return [given] if isinstance(given, Tensor) else list(given)


def _like(tensor: Tensor, value: Any, name: str) -> Array:
    """The array of `value`, which must be like `tensor`."""
    if not isinstance(value, Tensor):
        raise DTypeError(f"{name}: must be a Tensor, got {type(value).__name__}")
    if (value.array.shape, value.array.dtype) != (tensor.array.shape, tensor.array.dtype):
        wrong = ShapeError if value.array.shape != tensor.array.shape else DTypeError
        raise wrong(f"{name}: must be {tensor.array.dtype}{tensor.array.shape} as its tensor, "
                    f"got {value.array.dtype}{value.array.shape}")
    if value.array.device is not tensor.array.device:
        raise DeviceError(f"{name}: must be on {tensor.array.device} as its tensor, got {value.array.device}")
    return value.array


def _numbers(data: Any) -> "np.ndarray[Any, Any]":
    """What a tensor is made of, as an array: Python's numbers are float32, or int64; arrays keep their dtype."""
    try:
        values = np.asarray(data)
    except ValueError as error:
        raise DTypeError(f"tensor: data must be numbers, in nested lists of equal lengths: {error}") from None
    return values.astype(np.float32) if values.dtype == np.float64 and not hasattr(data, "dtype") else values
