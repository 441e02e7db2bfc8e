"""What all schedules share: they set the learning rates of an optimiser's groups, once per epoch or per step."""
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

from numbacnn.errors import DTypeError, EvaluationError, ShapeError
from numbacnn.graph import thread
from numbacnn.optim.optimizer import Optimizer
from numbacnn.options import whole


class LRScheduler:
    """Base class of schedules: subclasses say in `get_lr` which learning rates come next.

    A schedule begins when it is made: it notes the learning rate of each group as ``initial_lr``, if it is not there,
    and sets the first. Most compute a rate from the one before, so that several may act on one optimiser.

    Parameters
    ----------
    optimizer : Optimizer
        Whose groups to set.
    last_epoch : int
        The epoch that was done last; -1 begins anew, any other needs ``initial_lr`` in each group.

    Attributes
    ----------
    last_epoch : int
        How often `step` was called.
    base_lrs : list of float
        ``initial_lr`` of each group.
    """

    def __init__(self, optimizer: Optimizer, last_epoch: int = -1) -> None:
        name = type(self).__name__
        self.optimizer = optimiser(name, optimizer)
        whole(name, "last_epoch", last_epoch, -1)
        for i, group in enumerate(optimizer.param_groups):
            if last_epoch == -1:
                group.setdefault("initial_lr", group["lr"])
            elif "initial_lr" not in group:
                raise KeyError(f"{name}: group {i} must have 'initial_lr' to go on after last_epoch={last_epoch}; load "
                               "the optimiser's state first, or begin with last_epoch=-1")
        self.base_lrs = [group["initial_lr"] for group in optimizer.param_groups]
        self.last_epoch = last_epoch
        self._last_lr: list[float] = []
        self._initial_step()

    def get_lr(self) -> list[float]:
        """Return the learning rates of epoch `last_epoch`, given those before it in the groups."""
        raise NotImplementedError(f"{type(self).__name__} must define get_lr()")

    def closed_form(self) -> list[float] | None:
        """Return the learning rates of epoch `last_epoch` from the first ones, where there is such a formula."""
        return None

    def get_last_lr(self) -> list[float]:
        """Return the learning rates that were set last."""
        return self._last_lr

    def step(self) -> None:
        """Set the learning rates of the next epoch. Call it after the optimiser's ``step``."""
        self._check_not_captured()
        if self._step_count == 1 and not self.optimizer.stepped:
            warnings.warn(f"{type(self).__name__}: step() came before the first optimizer.step(): the first learning "
                          "rate is never used; call optimizer.step() first", UserWarning, stacklevel=2)
        self._step_count += 1
        self._update_lr()

    def _check_not_captured(self) -> None:
        if thread.capture is not None:
            raise EvaluationError(f"{type(self).__name__}.step: must be called outside of the captured function: a "
                                  "replay runs no Python, so the learning rates would stay")

    def state_dict(self) -> dict[str, Any]:
        """Return all but the optimiser, as a dict."""
        return {key: value for key, value in vars(self).items() if key != "optimizer"}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where another schedule stopped. The optimiser's own state holds the learning rates: load that, too.

        Parameters
        ----------
        state_dict : mapping
            As from `state_dict`.
        """
        known = self._known(state_dict)
        if len(known.get("base_lrs", self.optimizer.param_groups)) != len(self.optimizer.param_groups):
            raise ShapeError(f"{type(self).__name__}.load_state_dict: the state must be of "
                             f"{len(self.optimizer.param_groups)} groups, got {len(known['base_lrs'])}")
        vars(self).update(known)

    def _known(self, state_dict: Any) -> dict[str, Any]:
        """What is ours of a saved state, which must be whole."""
        name, own = type(self).__name__, self.state_dict()
        if not isinstance(state_dict, Mapping):
            raise DTypeError(f"{name}.load_state_dict: state_dict must be a dict, got {state_dict!r}")
        missing = [key for key in own if key not in state_dict and not key.startswith("_")]
        if missing:
            raise ValueError(f"{name}.load_state_dict: state_dict must be that of a {name}; it has no "
                             f"{', '.join(missing)}")
        return {key: state_dict[key] for key in own if key in state_dict}

    # --- steps: the first, the next, and that of a schedule whose turn comes later (SequentialLR) ---

    def _initial_step(self) -> None:
        self._step_count, self._is_initial = 0, True
        try:
            self.step()
        finally:
            self._is_initial = False

    def _update_lr(self, epoch: int | None = None) -> None:
        self.last_epoch = self.last_epoch + 1 if epoch is None else epoch
        values = None if epoch is None else self.closed_form()
        self._set(self.get_lr() if values is None else values)

    def _restart(self) -> None:
        """Begin anew, from the first learning rates: the turn of this schedule has come."""
        self._update_lr(0)

    def _begin(self) -> None:
        """Begin anew, from the learning rates that the groups have now."""
        self.last_epoch = -1
        self._initial_step()

    def _set(self, values: Sequence[float]) -> None:
        groups = self.optimizer.param_groups
        if len(values) != len(groups):
            raise ShapeError(f"{type(self).__name__}: the optimiser must have {len(values)} groups as when the "
                             f"schedule was made, got {len(groups)}; make the schedule after add_param_group")
        for group, value in zip(groups, values, strict=True):
            group["lr"] = value
        self._last_lr = self._current()

    def _current(self) -> list[float]:
        return [group["lr"] for group in self.optimizer.param_groups]

    def _times(self, factor: float) -> list[float]:
        return [lr * factor for lr in self._current()]


def optimiser(name: str, given: Any) -> Optimizer:
    """Check that an argument is an optimiser."""
    if not isinstance(given, Optimizer):
        raise DTypeError(f"{name}: optimizer must be an Optimizer, got {type(given).__name__}")
    return given


def per_group(name: str, option_name: str, value: Any, optimizer: Optimizer) -> list[Any]:
    """Return an option for each group, given once or in a list."""
    groups = len(optimizer.param_groups)
    if not isinstance(value, list | tuple):
        return [value] * groups
    if len(value) != groups:
        raise ShapeError(f"{name}: {option_name} must be one, or one for each of {groups} groups, got {len(value)}")
    return list(value)
