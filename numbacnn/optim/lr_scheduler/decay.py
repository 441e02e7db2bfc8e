"""Schedules that make learning rates smaller, or (warm-up) larger, by a rule of the epoch."""
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable

from numbacnn.errors import DTypeError, ShapeError
from numbacnn.optim.lr_scheduler.scheduler import LRScheduler
from numbacnn.optim.optimizer import Optimizer
from numbacnn.options import number, whole


class StepLR(LRScheduler):
    """Multiply by gamma every so many epochs.

    Parameters
    ----------
    optimizer : Optimizer
        Whose groups to set.
    step_size : int >= 1
        How many epochs.
    gamma : float >= 0
        The factor.
    last_epoch : int
        The epoch that was done last; -1 begins anew.
    """

    def __init__(self, optimizer: Optimizer, step_size: int, gamma: float = 0.1, last_epoch: int = -1) -> None:
        self.step_size, self.gamma = whole("StepLR", "step_size", step_size, 1), _gamma("StepLR", gamma)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates of this epoch."""
        due = self.last_epoch > 0 and self.last_epoch % self.step_size == 0
        return self._times(self.gamma) if due else self._current()

    def closed_form(self) -> list[float]:
        """Return them from the first ones."""
        return [lr * self.gamma ** (self.last_epoch // self.step_size) for lr in self.base_lrs]


class MultiStepLR(LRScheduler):
    """Multiply by gamma at some epochs.

    Parameters
    ----------
    optimizer : Optimizer
        Whose groups to set.
    milestones : iterable of int
        These epochs; one that occurs twice counts twice.
    gamma : float >= 0
        The factor.
    last_epoch : int
        The epoch that was done last; -1 begins anew.
    """

    def __init__(self, optimizer: Optimizer, milestones: Iterable[int], gamma: float = 0.1, last_epoch: int = -1
                 ) -> None:
        self.milestones = Counter(epochs("MultiStepLR", milestones))
        self.gamma = _gamma("MultiStepLR", gamma)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates of this epoch."""
        return self._times(self.gamma ** self.milestones.get(self.last_epoch, 0))

    def closed_form(self) -> list[float]:
        """Return them from the first ones."""
        passed = bisect_right(sorted(self.milestones.elements()), self.last_epoch)
        return [lr * self.gamma ** passed for lr in self.base_lrs]


class ExponentialLR(LRScheduler):
    """Multiply by gamma at each epoch.

    Parameters
    ----------
    optimizer : Optimizer
        Whose groups to set.
    gamma : float >= 0
        The factor.
    last_epoch : int
        The epoch that was done last; -1 begins anew.
    """

    def __init__(self, optimizer: Optimizer, gamma: float, last_epoch: int = -1) -> None:
        self.gamma = _gamma("ExponentialLR", gamma)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates of this epoch."""
        return self._current() if self._is_initial else self._times(self.gamma)

    def closed_form(self) -> list[float]:
        """Return them from the first ones."""
        return [lr * self.gamma ** self.last_epoch for lr in self.base_lrs]


class ConstantLR(LRScheduler):
    """Multiply by a factor for the first epochs.

    Parameters
    ----------
    optimizer : Optimizer
        Whose groups to set.
    factor : float in (0, 1]
        The factor.
    total_iters : int >= 1
        How many epochs; then the learning rate is what it was.
    last_epoch : int
        The epoch that was done last; -1 begins anew.
    """

    def __init__(self, optimizer: Optimizer, factor: float = 1.0 / 3, total_iters: int = 5, last_epoch: int = -1
                 ) -> None:
        self.factor = _share("ConstantLR", "factor", factor)
        self.total_iters = whole("ConstantLR", "total_iters", total_iters, 1)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates of this epoch."""
        if self.last_epoch == 0:
            return self._times(self.factor)
        return self._times(1.0 / self.factor) if self.last_epoch == self.total_iters else self._current()

    def closed_form(self) -> list[float]:
        """Return them from the first ones."""
        return [lr * (1.0 if self.last_epoch >= self.total_iters else self.factor) for lr in self.base_lrs]


class LinearLR(LRScheduler):
    """Multiply by a factor that grows or falls evenly over the first epochs: warm-up.

    Parameters
    ----------
    optimizer : Optimizer
        Whose groups to set.
    start_factor : float in (0, 1]
        The factor at epoch 0.
    end_factor : float in [0, 1]
        The factor from epoch total_iters on.
    total_iters : int >= 1
        How many epochs.
    last_epoch : int
        The epoch that was done last; -1 begins anew.
    """

    def __init__(self, optimizer: Optimizer, start_factor: float = 1.0 / 3, end_factor: float = 1.0,
                 total_iters: int = 5, last_epoch: int = -1) -> None:
        self.start_factor = _share("LinearLR", "start_factor", start_factor)
        self.end_factor = number("LinearLR", "end_factor", end_factor, 0.0, 1.0)
        self.total_iters = whole("LinearLR", "total_iters", total_iters, 1)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates of this epoch."""
        if self.last_epoch == 0:
            return self._times(self.start_factor)
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._current()
        return self._times(self._factor(self.last_epoch) / self._factor(self.last_epoch - 1))

    def closed_form(self) -> list[float]:
        """Return them from the first ones."""
        return [lr * self._factor(self.last_epoch) for lr in self.base_lrs]

    def _factor(self, epoch: int) -> float:
        way = min(epoch, self.total_iters) / self.total_iters
        return self.start_factor + (self.end_factor - self.start_factor) * way


class PolynomialLR(LRScheduler):
    """Fall to zero as a power of the epochs that are left.

    Parameters
    ----------
    optimizer : Optimizer
        Whose groups to set.
    total_iters : int >= 1
        How many epochs.
    power : float >= 0
        The power; 1 falls evenly.
    last_epoch : int
        The epoch that was done last; -1 begins anew.
    """

    def __init__(self, optimizer: Optimizer, total_iters: int = 5, power: float = 1.0, last_epoch: int = -1) -> None:
        self.total_iters = whole("PolynomialLR", "total_iters", total_iters, 1)
        self.power = number("PolynomialLR", "power", power, 0.0)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates of this epoch."""
        if self._is_initial or self.last_epoch > self.total_iters:
            return self._current()
        left = self.total_iters - self.last_epoch
        return self._times((left / (left + 1)) ** self.power)

    def closed_form(self) -> list[float]:
        """Return them from the first ones."""
        left = max(self.total_iters - self.last_epoch, 0) / self.total_iters
        return [lr * left ** self.power for lr in self.base_lrs]


def epochs(name: str, milestones: Iterable[int]) -> list[int]:
    """Read milestones."""
    if not isinstance(milestones, Iterable) or isinstance(milestones, str):
        raise DTypeError(f"{name}: milestones must be a list of epochs, got {milestones!r}")
    return [whole(name, "milestones", each) for each in milestones]


def _gamma(name: str, gamma: float) -> float:
    return number(name, "gamma", gamma, 0.0)


def _share(name: str, option_name: str, value: float) -> float:
    """A factor in (0, 1]: divided by it the learning rate comes back."""
    if number(name, option_name, value, 0.0, 1.0) == 0:
        raise ShapeError(f"{name}: {option_name} must be above 0, got 0: no learning rate comes back from that")
    return float(value)
