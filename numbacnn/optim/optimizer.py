"""What all optimisers share: groups of parameters, a step, and state that is saved as PyTorch saves it."""
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from numbacnn import interrupt
from numbacnn.autograd import Tensor
from numbacnn.dtypes import FLOATING, converted, is_real
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.grad_mode import enable_grad
from numbacnn.gradient import forget
from numbacnn.graph import Array, evaluate, setting_changed, thread
from numbacnn.optim.group import Group, Update

SCHEDULED = ("initial_lr", "max_lr", "min_lr", "max_momentum", "base_momentum")    # what schedules note in a group


class Optimizer:
    """Base class of optimisers: subclasses check options, and say which kernel updates a group.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        What to train; dicts with ``params`` and options make groups of their own.
    defaults : mapping
        Options of groups that do not say otherwise.

    Attributes
    ----------
    param_groups : list of dict
        Options of each group, and its ``params``.
    """

    scalars: ClassVar[tuple[str, ...]] = ("steps",)      # names of state of one number for each parameter
    saved_names: ClassVar[Mapping[str, str]] = {"steps": "step"}   # how these are called when saved

    def __init__(self, params: Iterable[Any], defaults: Mapping[str, Any]) -> None:
        if not isinstance(defaults, Mapping):
            raise DTypeError(f"{type(self).__name__}: defaults must be a dict of options, got {defaults!r}")
        self.defaults = dict(defaults)
        self.param_groups: list[Group] = []
        self.stepped = False                             # a schedule that goes on before the first step is warned of
        if isinstance(params, Tensor | str | Mapping) or not isinstance(params, Iterable):
            raise DTypeError(f"{type(self).__name__}: params must be an iterable of tensors, such as "
                             f"model.parameters(), got {type(params).__name__}")
        given = list(_ordered(type(self).__name__, params))
        if not given:
            raise ValueError(f"{type(self).__name__}: there must be parameters to train, got none")
        for group in given if isinstance(given[0], Mapping) else [{"params": given}]:
            self.add_param_group(group)

    def add_param_group(self, param_group: Mapping[str, Any]) -> None:
        """Train more parameters, with options of their own.

        Parameters
        ----------
        param_group : mapping
            ``params``, an iterable of tensors, and options such as ``lr``.
        """
        name = type(self).__name__
        if not isinstance(param_group, Mapping) or "params" not in param_group:
            raise DTypeError(f"{name}: a group must be a dict with 'params', got {param_group!r}")
        options = {key: value for key, value in param_group.items() if key != "params"}
        unknown = sorted(map(str, options.keys() - self.defaults.keys() - set(SCHEDULED)))
        if unknown:
            raise ValueError(f"{name}: options must be among {', '.join(self.defaults)}, got {', '.join(unknown)}")
        params = param_group["params"]
        parameters = [params] if isinstance(params, Tensor) else list(_ordered(name, params))
        known = {id(p) for other in self.param_groups for p in other["params"]}
        for p in parameters:
            if not isinstance(p, Tensor):
                raise DTypeError(f"{name}: parameters must be tensors, got {type(p).__name__}")
            if p.node is not None or p.array.dtype not in FLOATING:
                raise DTypeError(f"{name}: can only train floating point tensors that were not computed from others")
            if id(p) in known:
                raise ValueError(f"{name}: a parameter of shape {p.shape} was given twice")
            known.add(id(p))
        if not parameters:
            raise ValueError(f"{name}: a group must have parameters, got none")
        made = Group(parameters, self.defaults | options)
        made.refresh(self._current(made).hyper)
        self.param_groups.append(made)
        setting_changed()

    def check(self, options: Mapping[str, Any]) -> None:
        """Check the options of a group."""

    def update(self, options: Mapping[str, Any]) -> Update:
        """Return how a group with these options is updated."""
        raise NotImplementedError(f"{type(self).__name__} must define update()")

    def first_value(self, options: Mapping[str, Any], name: str) -> float:
        """Return what a state is filled with before the first step."""
        return 0.0

    def refresh(self) -> None:
        """Let a captured step see options that were changed."""
        for group in self.param_groups:
            group.follow(self.scalars)
            group.refresh(self._current(group).hyper)

    def zero_grad(self, set_to_none: bool = True) -> None:
        """Forget the gradients.

        Parameters
        ----------
        set_to_none : bool
            False: those that are there become zeros, so that momentum and weight decay go on moving their parameters.
        """
        for group in self.param_groups:
            for parameter in group["params"]:
                forget(parameter, set_to_none)

    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Update the parameters by their gradients, and compute everything that was recorded.

        Parameters
        ----------
        closure : callable, optional
            Computes the loss and its gradients anew, and returns the loss.

        Returns
        -------
        Tensor or None
            What the closure returns.
        """
        if thread.capture is not None:
            thread.capture.check_optimizer(self)
        loss = None
        if closure is not None:
            if not callable(closure):
                raise DTypeError(f"step: closure must be a function that returns the loss, got {closure!r}")
            with enable_grad():
                loss = closure()
        with interrupt.deferred():                       # parameters and state change together, or not at all
            updates = [self._current(group) for group in self.param_groups]
            for group in self.param_groups:
                group.check_parameters()
                group.follow(self.scalars)
            for group, update in zip(self.param_groups, updates, strict=True):
                group.record(update, self.scalars)
            evaluate()
        self.stepped = True
        return loss

    def _current(self, group: Group) -> Update:
        """How a group is updated; if options changed they are checked, and state that is missing is made."""
        if not isinstance(group, Group):
            raise DTypeError(f"{type(self).__name__}: a group of param_groups must stay the one the optimizer made, "
                             f"got {type(group).__name__}; change its options instead, or use add_param_group")
        options = [group[name] for name in self.defaults]
        seen = tuple([tuple(value) if isinstance(value, list) else value for value in options])   # lists may change
        if group.current is None or group.seen != seen:
            self.check(group)
            update = self.update(group)
            if update.states:
                group.allocate(self.scalars, update.states, lambda name: self.first_value(group, name))
            if group.current is None or group.current.structure != update.structure:
                setting_changed()
            group.seen, group.current = seen, update
        return group.current

    def state_tensors(self) -> list[Tensor]:
        """Return all that a step changes, besides the parameters."""
        return [t for group in self.param_groups for t in (*group.state.values(), group.hyper) if t is not None]

    # --- saving and loading: names and meaning are PyTorch's ---

    def state_dict(self) -> dict[str, Any]:
        """Return options and state; parameters are numbered in order, as in PyTorch."""
        groups, state, number = [], {}, 0
        for group in self.param_groups:
            numbers = list(range(number, number + len(group["params"])))
            groups.append({**{k: v for k, v in group.items() if k != "params"}, "params": numbers})
            scalars = {name: group.state[name].numpy() for name in self.scalars if name in group.state}
            for i in map(int, np.flatnonzero(scalars.get("steps", ()))):
                state[number + i] = {saved: float(scalars[name][i]) for name, saved in self.saved_names.items()} | {
                    name: group.piece(name, i) for name in group.state if name not in scalars}
            number += len(group["params"])
        return {"state": state, "param_groups": groups}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take over options and state, as from `state_dict` or PyTorch's; nothing changes unless everything fits.

        Parameters
        ----------
        state_dict : mapping
            ``param_groups`` and ``state``. Options that numbacnn does not have, such as ``foreach``, are left aside.

        Raises
        ------
        ShapeError
            If groups, shapes or values do not fit.
        """
        name = type(self).__name__
        if not isinstance(state_dict, Mapping) or not {"state", "param_groups"} <= state_dict.keys():
            came = sorted(map(str, state_dict)) if isinstance(state_dict, Mapping) else state_dict
            raise DTypeError(f"{name}.load_state_dict: state_dict must be a dict with 'state' and 'param_groups', as "
                             f"from state_dict(), got {came!r}")
        saved = state_dict["param_groups"]
        if not isinstance(state_dict["state"], Mapping) or not isinstance(saved, list | tuple) or not all(
                isinstance(each, Mapping) and isinstance(each.get("params"), list | tuple) for each in saved):
            raise DTypeError(f"{name}.load_state_dict: state must be a dict and param_groups a list of dicts with "
                             f"'params', got {state_dict['state']!s:.80} and {saved!s:.80}")
        sizes, own = ([len(g["params"]) for g in groups] for groups in (saved, self.param_groups))
        if sizes != own:
            raise ShapeError(f"{name}.load_state_dict: groups must have {own} parameters, got {sizes}")
        loaded = []
        for group, each in zip(self.param_groups, saved, strict=True):
            known = {k: v for k, v in each.items() if k in self.defaults or k in SCHEDULED}
            made = Group(group["params"], {k: v for k, v in group.items() if k != "params"} | known)
            self._current(made)
            states = [state_dict["state"].get(n) or {} for n in each["params"]]
            loaded.append((made, self._arrays(made, states)))
        for group, (made, values) in zip(self.param_groups, loaded, strict=True):
            dict.update(group, made)
            group.state = group.state or made.state
            for key, array in values.items():
                group.state.setdefault(key, made.state[key]).array = array

    def _arrays(self, group: Group, saved: Sequence[Mapping[str, Any]]) -> dict[str, Array]:
        """The state arrays of a group, filled with what was saved for each of its parameters."""
        scalars = {key: tensor.numpy() for key, tensor in group.state.items() if key in self.scalars}
        flat = {key: Array.of(tensor.numpy(), tensor.device) for key, tensor in group.state.items()
                if key not in scalars}
        for i, each in enumerate(saved):
            if not any(each.get(key) is not None for key in flat):
                continue
            for key, values in scalars.items():
                values[i] = float(np.asarray(each.get(self.saved_names.get(key, ""), 1)))
            for key, array in flat.items():
                group.write_piece(array, i, self._fitting(group, key, i, each.get(key)))
        return {key: Array.of(values, group.state[key].device) for key, values in scalars.items()} | flat

    def _fitting(self, group: Group, key: str, i: int, value: Any) -> np.ndarray:
        shape, where = group["params"][i].shape, f"{type(self).__name__}.load_state_dict: {key} of parameter {i}"
        if value is None or np.shape(value) != shape:
            raise ShapeError(f"{where} must be {shape}, got {'nothing' if value is None else np.shape(value)}")
        found = np.asarray(value)
        if found.dtype == bool or not is_real(found.dtype):
            raise DTypeError(f"{where} must be numbers, got {found.dtype}")
        return converted(found, group.dtype)


def _ordered(name: str, params: Any) -> Iterable[Any]:
    if isinstance(params, set | frozenset):
        raise DTypeError(f"{name}: params must be in an order, such as a list, got a set")
    if not isinstance(params, Iterable):
        raise DTypeError(f"{name}: params must be an iterable of tensors, got {type(params).__name__}")
    return params
