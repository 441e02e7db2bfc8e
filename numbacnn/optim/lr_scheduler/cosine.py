"""Schedules along a cosine."""
from math import cos, floor, pi

from numbacnn.optim.lr_scheduler.scheduler import LRScheduler
from numbacnn.optim.optimizer import Optimizer
from numbacnn.options import number, whole


class CosineAnnealingLR(LRScheduler):
    """Fall along half a cosine, from the first learning rate to the least; then rise again.

    Parameters
    ----------
    optimizer : Optimizer
        Whose groups to set.
    T_max : int >= 1
        After how many epochs the least is reached.
    eta_min : float >= 0
        The least.
    last_epoch : int
        The epoch that was done last; -1 begins anew.

    References
    ----------
    I. Loshchilov and F. Hutter, SGDR: stochastic gradient descent with warm restarts (ICLR 2017), equation 5.
    """

    def __init__(self, optimizer: Optimizer, T_max: int, eta_min: float = 0.0, last_epoch: int = -1) -> None:
        self.T_max = whole("CosineAnnealingLR", "T_max", T_max, 1)
        self.eta_min = number("CosineAnnealingLR", "eta_min", eta_min, 0.0)
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates of this epoch."""
        if self._is_initial:
            return self._current()
        if (self.last_epoch - 1) % (2 * self.T_max) == self.T_max:       # from the least, nothing grows by a factor
            rise = (1 - cos(pi / self.T_max)) / 2
            return [lr + (first - self.eta_min) * rise
                    for lr, first in zip(self._current(), self.base_lrs, strict=True)]
        factor = self._height(self.last_epoch) / self._height(self.last_epoch - 1)
        return [self.eta_min + (lr - self.eta_min) * factor for lr in self._current()]

    def closed_form(self) -> list[float]:
        """Return them from the first ones."""
        return [self.eta_min + (lr - self.eta_min) * self._height(self.last_epoch) / 2 for lr in self.base_lrs]

    def _height(self, epoch: int) -> float:
        return 1 + cos(pi * epoch / self.T_max)


class CosineAnnealingWarmRestarts(LRScheduler):
    """Fall along half a cosine, from the first learning rate to the least, again and again.

    Parameters
    ----------
    optimizer : Optimizer
        Whose groups to set.
    T_0 : int >= 1
        Epochs of the first fall.
    T_mult : int >= 1
        How many times longer each fall is than the one before.
    eta_min : float >= 0
        The least.
    last_epoch : int
        The epoch that was done last; -1 begins anew.

    References
    ----------
    I. Loshchilov and F. Hutter, SGDR: stochastic gradient descent with warm restarts (ICLR 2017), equation 5.
    """

    def __init__(self, optimizer: Optimizer, T_0: int, T_mult: int = 1, eta_min: float = 0.0, last_epoch: int = -1
                 ) -> None:
        name = "CosineAnnealingWarmRestarts"
        self.T_0, self.T_mult = whole(name, "T_0", T_0, 1), whole(name, "T_mult", T_mult, 1)
        self.eta_min = number(name, "eta_min", eta_min, 0.0)
        self.T_i, self.T_cur = self.T_0, 0.0
        super().__init__(optimizer, last_epoch)

    def get_lr(self) -> list[float]:
        """Return the learning rates of this epoch."""
        share = (1 + cos(pi * self.T_cur / self.T_i)) / 2
        return [self.eta_min + (lr - self.eta_min) * share for lr in self.base_lrs]

    def step(self, epoch: float | None = None) -> None:
        """Set the learning rates of the next epoch, or of one that may be a fraction.

        Parameters
        ----------
        epoch : float >= 0, optional
            Such as ``epoch + batch / batches``, to set them after each batch.
        """
        self._check_not_captured()
        if epoch is None:
            super().step()
        else:
            number(type(self).__name__, "epoch", epoch, 0.0)
            self._step_count += 1
            self._update_lr(epoch)

    def _update_lr(self, epoch: float | None = None) -> None:
        if epoch is None and not self._is_initial:
            self.last_epoch += 1
            self.T_cur += 1
        else:
            epoch = self.last_epoch + 1 if epoch is None else epoch
            self.last_epoch, self.T_cur, self.T_i = floor(epoch), epoch, self.T_0
            if self.T_mult == 1:
                self.T_cur %= self.T_0
        while self.T_cur >= self.T_i:
            self.T_cur -= self.T_i
            self.T_i *= self.T_mult
        self._set(self.get_lr())
