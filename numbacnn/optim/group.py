"""A group of parameters that are trained alike: options, state in flat arrays, one recorded kernel call for all."""
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.geometry import count
from numbacnn.graph import Array, evaluate, record, storage_of
from numbacnn.part import assign


class Update(NamedTuple):
    """How a group is updated.

    Attributes
    ----------
    kernel : str
        Name of the kernel in the contract.
    hyper : tuple of float
        The options as the kernel takes them. Always of one length, so that an option that changes keeps the plan.
    states : tuple of str
        Names of the flat state arrays it changes, as PyTorch calls them; none: no steps are counted either.
    choices : tuple of int
        Numbers for the kernel, beside those of the parameters.
    """

    kernel: str
    hyper: tuple[float, ...]
    states: tuple[str, ...] = ()
    choices: tuple[int, ...] = ()

    @property
    def structure(self) -> tuple[Any, ...]:
        """What a plan depends on."""
        return self.kernel, self.states, self.choices


class Group(dict[str, Any]):
    """Parameters that are trained alike: ``params`` and their options, such as ``lr``.

    State of the parameters lies in one flat array per kind: few arrays to record, one kernel call to update them all.
    """

    def __init__(self, parameters: Sequence[Tensor], options: Mapping[str, Any]) -> None:
        super().__init__(options, params=list(parameters))
        first = self["params"][0].array
        self.dtype = first.dtype
        for p in self["params"]:
            if (p.array.dtype, p.array.device) != (first.dtype, first.device):
                raise DTypeError("optimiser: parameters of a group must have one dtype and device, got "
                                 f"{first.dtype} on {first.device} and {p.array.dtype} on {p.array.device}; give one "
                                 "group to each")
        self.offsets = tuple(accumulate((count(p.shape) for p in self["params"]), initial=0))
        self.state: dict[str, Tensor] = {}
        self.hyper: Tensor | None = None                 # the options, as numbers for the kernel
        self.seen: tuple[Any, ...] = ()                  # options that were checked, and
        self.current: Update | None = None               # how they have the group updated
        self._values: tuple[float, ...] = ()

    def allocate(self, scalars: Iterable[str], flat: Iterable[str], first_value: Callable[[str], float]) -> None:
        """Make state that is missing: one number for each parameter, or flat arrays as long as all of them together."""
        device = self["params"][0].device
        for names, size, dtype in ((scalars, len(self["params"]), "float64"), (flat, self.offsets[-1], self.dtype)):
            for name in names:
                if name not in self.state:
                    self.state[name] = Tensor(Array.of(np.full(size, first_value(name), dtype), device))

    def refresh(self, values: tuple[float, ...]) -> Tensor:
        """The options as a tensor: changing one keeps the plan."""
        if self.hyper is None or self._values != values:
            array = Array.of(np.array(values, np.float64), self["params"][0].array.device)
            if self.hyper is None:
                self.hyper = Tensor(array)
            self.hyper.array, self._values = array, values
        return self.hyper

    def follow(self, scalars: Iterable[str]) -> None:
        """Move options and state to where the parameters are: a model may move after its optimiser was made."""
        device = self["params"][0].array.device
        if self.hyper is None or self.hyper.array.device is device:
            return
        moved = {}
        for name, tensor in self.state.items():
            moved[name] = Array.of(tensor.numpy(), device)
            if name not in scalars:                      # another backend may keep numbers in another order
                for i in range(len(self["params"])):
                    self.write_piece(moved[name], i, self.piece(name, i))
        self.hyper.array = Array.of(np.array(self._values, np.float64), device)
        for name, array in moved.items():
            self.state[name].array = array

    def check_parameters(self) -> None:
        """Check that parameters are still those the state was made for, and that gradients, set by hand maybe, fit."""
        sizes = [count(p.array.shape) for p in self["params"]]
        if tuple(accumulate(sizes, initial=0)) != self.offsets:
            raise ShapeError("step: the parameters of a group must stay as they are; use add_param_group to train more")
        for p in self["params"]:
            if p.array.dtype != self.dtype:
                raise DTypeError(f"step: parameters must be {self.dtype} as when the optimiser was made, got "
                                 f"{p.array.dtype}; convert the model first, then make the optimiser")
            if p.grad is not None and (p.grad.array.shape, p.grad.array.dtype) != (p.array.shape, p.array.dtype):
                raise ShapeError(f"step: the gradient of a parameter must be {p.array.dtype}{p.array.shape} as itself, "
                                 f"got {p.grad.array.dtype}{p.grad.array.shape}")

    def piece(self, name: str, i: int) -> np.ndarray:
        """The state of one parameter, in its shape. Its numbers lie in the order of the parameter's memory."""
        flat = self.state[name].array
        evaluate()
        values: np.ndarray = flat.device.backend.download(storage_of(flat).memory, self["params"][i].shape, flat.dtype,
                                                          self._nbytes_before(i))
        return values

    def write_piece(self, flat: Array, i: int, values: np.ndarray) -> None:
        """Write the state of one parameter into a flat array."""
        flat.device.backend.upload(values, storage_of(flat).memory, self._nbytes_before(i))

    def _nbytes_before(self, i: int) -> int:
        return self.offsets[i] * int(np.dtype(self["params"][i].dtype).itemsize)

    def record(self, update: Update, scalars: tuple[str, ...]) -> None:
        """Record one call that updates all parameters that have a gradient, and their state."""
        active = [i for i, p in enumerate(self["params"]) if p.grad is not None]
        if not active:
            return
        parameters = self["params"] if len(active) == len(self["params"]) else [self["params"][i] for i in active]
        states = [self.state[name] for name in (*scalars, *update.states)] if update.states else []
        changing = [*states, *parameters]
        numbers = (*active, *[self.offsets[i] for i in active], *update.choices) if states else ()
        hyper = self.refresh(update.hyper)
        gradients = [p.grad.array for p in parameters]
        results = record(update.kernel, (hyper.array, *gradients, *[t.array for t in changing]),
                         tuple([(t.array.shape, t.array.dtype) for t in changing]), numbers)
        for tensor, result in zip(changing, results, strict=True):
            if tensor.owner is None:
                tensor.array = result                   # nobody holds the old value: its memory is updated in place
            else:
                assign(tensor, result)
