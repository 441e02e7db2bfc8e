"""Schedules by functions of the epoch."""
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from numbacnn.errors import DTypeError
from numbacnn.optim.lr_scheduler.scheduler import LRScheduler, optimiser, per_group
from numbacnn.optim.optimizer import Optimizer
from numbacnn.options import number


class MultiplicativeLR(LRScheduler):
    """Multiply the learning rate before by a function of the epoch.

    Parameters
    ----------
    optimizer : Optimizer
        Whose groups to set.
    lr_lambda : callable, or list of callable
        From an epoch to a factor; one, or one for each group. Callable objects are saved with their attributes,
        functions are not.
    last_epoch : int
        The epoch that was done last; -1 begins anew.
    """

    def __init__(self, optimizer: Optimizer, lr_lambda: Callable[[int], float] | Sequence[Callable[[int], float]],
                 last_epoch: int = -1) -> None:
        name = type(self).__name__
        self.lr_lambdas = per_group(name, "lr_lambda", lr_lambda, optimiser(name, optimizer))
        for function in self.lr_lambdas:
            if not callable(function):
                raise DTypeError(f"{name}: lr_lambda must be a function of the epoch, got {function!r}")
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates of this epoch."""
        if self._is_initial:
            return self._current()
        return [lr * factor for lr, factor in zip(self._current(), self.factors(), strict=True)]

    def factors(self) -> list[float]:
        """Return what the functions give for this epoch."""
        return [number(type(self).__name__, f"lr_lambda({self.last_epoch})", function(self.last_epoch))
                for function in self.lr_lambdas]

    def state_dict(self) -> dict[str, Any]:
        """Return all but the optimiser and plain functions, as a dict."""
        objects = [None if _plain(function) else vars(function).copy() for function in self.lr_lambdas]
        return super().state_dict() | {"lr_lambdas": objects}

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Go on where another schedule stopped.

        Parameters
        ----------
        state_dict : mapping
            As from `state_dict`.
        """
        own = self.lr_lambdas
        super().load_state_dict(state_dict)
        self.lr_lambdas, saved = own, self.lr_lambdas
        for function, attributes in zip(own, saved, strict=True):
            if attributes is not None:
                vars(function).update(attributes)


class LambdaLR(MultiplicativeLR):
    """Multiply the first learning rate by a function of the epoch. Parameters are those of `MultiplicativeLR`."""

    def get_lr(self) -> list[float]:
        """Return the learning rates of this epoch."""
        return [lr * factor for lr, factor in zip(self.base_lrs, self.factors(), strict=True)]


def _plain(function: Any) -> bool:
    return not hasattr(function, "__dict__") or hasattr(function, "__code__")
