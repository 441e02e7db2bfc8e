"""Schedules made of others: one after the other, or all at once."""
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from typing import Any

from numbacnn.errors import DTypeError, ShapeError
from numbacnn.optim.lr_scheduler.decay import epochs
from numbacnn.optim.lr_scheduler.plateau import ReduceLROnPlateau
from numbacnn.optim.lr_scheduler.scheduler import LRScheduler, optimiser
from numbacnn.optim.optimizer import Optimizer


class _Several(LRScheduler):
    """What both share: the schedules, and their state."""

    _schedulers: list[LRScheduler]

    def _take(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None) -> None:
        name = type(self).__name__
        if not isinstance(schedulers, list | tuple) or not schedulers:
            raise ShapeError(f"{name}: schedulers must be a list with at least one schedule, got {schedulers!r}")
        for i, each in enumerate(schedulers):
            if not isinstance(each, LRScheduler) or isinstance(each, ReduceLROnPlateau):
                raise DTypeError(f"{name}: schedulers[{i}] must be a schedule whose step needs no metrics, got "
                                 f"{type(each).__name__}")
            if each.optimizer is not (optimizer or schedulers[0].optimizer):
                raise ValueError(f"{name}: all schedules must be of one optimiser; schedulers[{i}], a "
                                 f"{type(each).__name__}, is of another")
        self._schedulers = list(schedulers)
        self.optimizer = schedulers[0].optimizer

    def _restart(self) -> None:
        for group in self.optimizer.param_groups:
            group["lr"] = group["initial_lr"]
        self._begin()

    def state_dict(self) -> dict[str, Any]:
        """Return all but the optimiser, as a dict, with the states of the schedules."""
        return super().state_dict() | {"_schedulers": [each.state_dict() for each in self._schedulers]}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where another schedule stopped.

        Parameters
        ----------
        state_dict : mapping
            As from `state_dict`.
        """
        known = self._known(state_dict)
        states = known.pop("_schedulers", ())
        if len(states) != len(self._schedulers):
            raise ShapeError(f"{type(self).__name__}.load_state_dict: the state must be of {len(self._schedulers)} "
                             f"schedules, got {len(states)}")
        for each, state in zip(self._schedulers, states, strict=True):
            each._known(state)                           # all or nothing
        for each, state in zip(self._schedulers, states, strict=True):
            each.load_state_dict(state)
        vars(self).update(known)


class SequentialLR(_Several):
    """One schedule after the other, each from its beginning: a warm-up, then a decay.

    Parameters
    ----------
    optimizer : Optimizer
        Whose groups to set.
    schedulers : list of LRScheduler
        In the order of their turns, all of this optimiser.
    milestones : list of int
        At which epochs the second and the following ones begin, in increasing order.
    last_epoch : int
        Only -1: to go on, make it anew and load its state.
    """

    def __init__(self, optimizer: Optimizer, schedulers: Sequence[LRScheduler], milestones: Sequence[int],
                 last_epoch: int = -1) -> None:
        self._take(schedulers, optimiser("SequentialLR", optimizer))
        self._milestones = epochs("SequentialLR", milestones)
        if len(self._milestones) != len(schedulers) - 1:
            raise ShapeError(f"SequentialLR: milestones must be one less than schedules, got {len(self._milestones)} "
                             f"and {len(schedulers)}")
        if sorted(set(self._milestones)) != self._milestones:
            raise ShapeError(f"SequentialLR: milestones must increase, got {self._milestones}")
        if last_epoch != -1:
            raise ShapeError(f"SequentialLR: last_epoch must be -1, got {last_epoch!r}; to go on, make the schedule "
                             "anew and call load_state_dict")
        self._restart()

    def step(self) -> None:
        """Set the learning rates of the next epoch. Call it after the optimiser's ``step``."""
        self._check_not_captured()
        self.last_epoch += 1
        turn = bisect_right(self._milestones, self.last_epoch)
        scheduler = self._schedulers[turn]
        if turn > 0 and self._milestones[turn - 1] == self.last_epoch:
            scheduler._restart()
        else:
            scheduler.step()
        self._last_lr = self._current()

    def _begin(self) -> None:
        self.last_epoch = 0
        self._schedulers[bisect_right(self._milestones, 0)]._begin()
        self._last_lr = self._current()


class ChainedScheduler(_Several):
    """All schedules at each epoch: their factors are multiplied, where they compute a rate from the one before.

    Parameters
    ----------
    schedulers : list of LRScheduler
        In the order in which they act, all of one optimiser.
    optimizer : Optimizer, optional
        That one.
    """

    def __init__(self, schedulers: Sequence[LRScheduler], optimizer: Optimizer | None = None) -> None:
        self._take(schedulers, None if optimizer is None else optimiser("ChainedScheduler", optimizer))
        self._last_lr = self._current()

    def step(self) -> None:
        """Set the learning rates of the next epoch. Call it after the optimiser's ``step``."""
        self._check_not_captured()
        for each in self._schedulers:
            each.step()
        self._last_lr = self._current()

    def _begin(self) -> None:
        for each in self._schedulers:
            each._begin()
        self._last_lr = self._current()
