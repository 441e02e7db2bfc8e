"""Adam and AdamW."""
from collections.abc import Iterable, Mapping
from typing import Any

from numbacnn.errors import DTypeError, ShapeError
from numbacnn.ops.check import number
from numbacnn.optim.optimizer import Group, Optimizer


class Adam(Optimizer):
    """Adam: steps of a size that adapts to the mean and the mean square of each gradient.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        What to train; dicts with ``params`` and options make groups of their own.
    lr : float >= 0
        Learning rate.
    betas : (float, float), each in [0, 1)
        How slowly the mean and the mean square forget.
    eps : float >= 0
        Added to the root of the mean square.
    weight_decay : float >= 0
        Added to each gradient: weight_decay times the parameter.

    References
    ----------
    D. Kingma and J. Ba, Adam: a method for stochastic optimization (ICLR 2015), algorithm 1.
    """

    kinds = ("exp_avg", "exp_avg_sq")
    decoupled = 0.0

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 0.0) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    def check(self, options: Mapping[str, Any]) -> None:
        """Check the options of a group."""
        name = type(self).__name__
        for option in ("lr", "eps", "weight_decay"):
            number(name, option, options[option], 0.0)
        betas = options["betas"]
        if not isinstance(betas, tuple | list) or len(betas) != 2:
            raise DTypeError(f"{name}: betas must be two numbers in [0, 1), got {betas!r}")
        if not all(0 <= number(name, "betas", beta) < 1 for beta in betas):
            raise ShapeError(f"{name}: betas must be two numbers in [0, 1), got {betas}")

    def kernel(self, group: Group) -> tuple[str, tuple[float, ...]]:
        """Return the kernel that updates a group, and the numbers it takes."""
        return "adam", (group["lr"], *group["betas"], group["eps"], group["weight_decay"], self.decoupled)


class AdamW(Adam):
    """Adam with weight decay apart from the gradient: parameters shrink by lr * weight_decay at each step.

    Parameters are those of `Adam`; the default of ``weight_decay`` is 0.01.

    References
    ----------
    I. Loshchilov and F. Hutter, Decoupled weight decay regularization (ICLR 2019), algorithm 2.
    """

    decoupled = 1.0

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, betas: tuple[float, float] = (0.9, 0.999),
                 eps: float = 1e-8, weight_decay: float = 1e-2) -> None:
        super().__init__(params, lr, betas, eps, weight_decay)
