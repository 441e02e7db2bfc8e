"""What all optimisers share: groups of parameters, state in flat arrays, one recorded kernel call per group."""
from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Any

import numpy as np

from numbacnn import interrupt
from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.geometry import count
from numbacnn.graph import Array, evaluate, record, storage_of


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
        self._values: tuple[float, ...] = ()

    def allocate(self, *names: str) -> None:
        """Make the state: counts of steps, and flat arrays of zeros, as long as all parameters together."""
        first = self["params"][0]
        self.state["steps"] = Tensor(Array.of(np.zeros(len(self["params"])), first.device))
        for name in names:
            self.state[name] = Tensor(Array.of(np.zeros(self.offsets[-1], first.dtype), first.device))

    def refresh(self, values: tuple[float, ...]) -> Tensor:
        """The options as a tensor: changing one keeps the plan."""
        if self.hyper is None or self._values != values:
            array = Array.of(np.array(values, np.float64), self["params"][0].array.device)
            if self.hyper is None:
                self.hyper = Tensor(array)
            self.hyper.array, self._values = array, values
        return self.hyper

    def check_parameters(self) -> None:
        """Check that parameters are still those the state was made for, and that gradients, set by hand maybe, fit."""
        sizes = [count(p.array.shape) for p in self["params"]]
        if tuple(accumulate(sizes, initial=0)) != self.offsets:
            raise ShapeError("step: the parameters of a group must stay as they are; use add_param_group to train more")
        for p in self["params"]:
            if p.array.dtype != self.dtype:
                raise DTypeError(f"step: parameters must be {self.dtype} as when the optimiser was made, got "
                                 f"{p.array.dtype}; convert the model first, then make the optimiser")
            if p.grad is not None and not isinstance(p.grad, Tensor):
                raise DTypeError(f"step: a gradient must be a Tensor, got {type(p.grad).__name__}")
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

    def record(self, kernel: str, values: tuple[float, ...]) -> None:
        """Record one call that updates all parameters that have a gradient, and their state."""
        active = [i for i, p in enumerate(self["params"]) if p.grad is not None]
        if not active:
            return
        parameters = self["params"] if len(active) == len(self["params"]) else [self["params"][i] for i in active]
        changing = [*self.state.values(), *parameters]
        numbers = (*active, *[self.offsets[i] for i in active]) if self.state else ()
        hyper = self.refresh(values)
        results = record(kernel, (hyper.array, *[p.grad.array for p in parameters], *[t.array for t in changing]),
                         tuple([(t.array.shape, t.array.dtype) for t in changing]), numbers)
        for tensor, result in zip(changing, results, strict=True):
            tensor.array = result                       # nobody holds the old value: its memory is updated in place


class Optimizer:
    """Base class of optimisers: subclasses say which kernel updates a group, and with which options.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        What to train; dicts with ``params`` and options make groups of their own.
    defaults : mapping
        Options of groups that do not say otherwise.
    """

    kinds: tuple[str, ...] = ()                          # names of the flat state arrays

    def __init__(self, params: Iterable[Any], defaults: Mapping[str, Any]) -> None:
        self.defaults = dict(defaults)
        self.param_groups: list[Group] = []
        if isinstance(params, Tensor) or not isinstance(params, Iterable):
            raise DTypeError(f"{type(self).__name__}: params must be an iterable of tensors, such as "
                             f"model.parameters(), got {type(params).__name__}")
        given = list(params)
        if not given:
            raise ValueError(f"{type(self).__name__}: there must be parameters to train, got none")
        for group in given if isinstance(given[0], Mapping) else [{"params": given}]:
            self.add_param_group(group)

    def add_param_group(self, group: Mapping[str, Any]) -> None:
        """Train more parameters, with options of their own.

        Parameters
        ----------
        group : mapping
            ``params``, an iterable of tensors, and options such as ``lr``.
        """
        name = type(self).__name__
        if not isinstance(group, Mapping) or "params" not in group:
            raise DTypeError(f"{name}: a group must be a dict with 'params', got {group!r}")
        options = {key: value for key, value in group.items() if key != "params"}
        unknown = sorted(options.keys() - self.defaults.keys())
        if unknown:
            raise ValueError(f"{name}: options must be among {', '.join(self.defaults)}, got {', '.join(unknown)}")
        parameters = [group["params"]] if isinstance(group["params"], Tensor) else list(group["params"])
        known = {id(p) for other in self.param_groups for p in other["params"]}
        for p in parameters:
            if not isinstance(p, Tensor):
                raise DTypeError(f"{name}: parameters must be tensors, got {type(p).__name__}")
            if p.node is not None or not p.array.dtype.startswith("float"):
                raise DTypeError(f"{name}: can only train floating point tensors that were not computed from others")
            if id(p) in known:
                raise ValueError(f"{name}: a parameter of shape {p.shape} was given twice")
            known.add(id(p))
        if not parameters:
            raise ValueError(f"{name}: a group must have parameters, got none")
        made = Group(parameters, self.defaults | options)
        self.check(made)
        if self.needs_state(made):
            made.allocate(*self.kinds)
        made.refresh(self.kernel(made)[1])
        self.param_groups.append(made)

    def check(self, options: Mapping[str, Any]) -> None:
        """Check the options of a group."""

    def needs_state(self, options: Mapping[str, Any]) -> bool:
        """Return whether a group with these options has state."""
        return True

    def kernel(self, group: Group) -> tuple[str, tuple[float, ...]]:
        """Return the kernel that updates a group, and the numbers it takes."""
        raise NotImplementedError(f"{type(self).__name__} must define kernel()")

    def refresh(self) -> None:
        """Let a captured step see options that were changed."""
        for group in self.param_groups:
            if group.hyper is not None:
                self.check(group)
                group.refresh(self.kernel(group)[1])

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for group in self.param_groups:
            for parameter in group["params"]:
                parameter.grad = None

    def step(self) -> None:
        """Update the parameters by their gradients, and compute everything that was recorded."""
        with interrupt.deferred():                       # parameters and state change together, or not at all
            for group in self.param_groups:
                self.check(group)
                group.check_parameters()
            for group in self.param_groups:
                if self.needs_state(group) and not group.state:
                    group.allocate(*self.kinds)          # momentum was switched on after some steps
                group.record(*self.kernel(group))
            evaluate()

    def state_tensors(self) -> list[Tensor]:
        """Return all that a step changes, besides the parameters."""
        return [t for group in self.param_groups for t in (*group.state.values(), group.hyper) if t is not None]

    def state_dict(self) -> dict[str, Any]:
        """Return options and state; parameters are numbered in order, as in PyTorch."""
        groups, state, number = [], {}, 0
        for group in self.param_groups:
            numbers = list(range(number, number + len(group["params"])))
            groups.append({**{k: v for k, v in group.items() if k != "params"}, "params": numbers})
            steps = group.state["steps"].numpy() if group.state else np.zeros(len(group["params"]))
            for i in map(int, np.flatnonzero(steps)):
                state[number + i] = {"step": float(steps[i])} | {
                    name: group.piece(name, i) for name in group.state if name != "steps"}
            number += len(group["params"])
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over options and state, as from `state_dict`; nothing changes unless everything fits."""
        name, saved = type(self).__name__, list(state_dict["param_groups"])
        sizes = [len(g["params"]) for g in saved]
        if sizes != [len(g["params"]) for g in self.param_groups]:
            own = [len(g["params"]) for g in self.param_groups]
            raise ShapeError(f"{name}.load_state_dict: groups must have {own} parameters, got {sizes}")
        loaded = []
        for group, each in zip(self.param_groups, saved, strict=True):
            options = dict(group) | {k: v for k, v in each.items() if k in self.defaults}
            self.check(options)
            made = Group(group["params"], options)
            if self.needs_state(options):
                made.allocate(*self.kinds)
            loaded.append((made, _flat_state(name, made, [state_dict["state"].get(n, {}) for n in each["params"]])))
        for group, (made, values) in zip(self.param_groups, loaded, strict=True):
            dict.update(group, made)
            group.state = group.state or made.state
            for key, array in values.items():
                group.state[key].array = array


def _flat_state(name: str, group: Group, state: Sequence[Mapping[str, Any]]) -> dict[str, Array]:
    """The state arrays of a group, filled with what was saved for each of its parameters."""
    steps = np.zeros(len(state))
    values = {key: Array.of(np.zeros(tensor.shape, tensor.dtype), tensor.device) for key, tensor in group.state.items()}
    for i, (p, saved) in enumerate(zip(group["params"], state, strict=True)):
        if not saved:
            continue
        steps[i] = float(np.asarray(saved.get("step", 1)))    # PyTorch's SGD saves none
        for key, flat in values.items():
            if key == "steps":
                continue
            if key not in saved or np.shape(saved[key]) != p.shape:
                raise ShapeError(f"{name}.load_state_dict: {key} of parameter {i} must be {p.shape}, got "
                                 f"{np.shape(saved[key]) if key in saved else 'nothing'}")
            group.write_piece(flat, i, np.asarray(saved[key], flat.dtype))
    if values:
        values["steps"] = Array.of(steps, values["steps"].device)
    return values
