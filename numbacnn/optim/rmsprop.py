"""RMSprop, and its relatives without corrections for the first steps: Adagrad, Adadelta."""
from collections.abc import Iterable, Mapping
from typing import Any

from numbacnn.optim.group import Update
from numbacnn.optim.optimizer import Optimizer
from numbacnn.optim.option import reals, switches
from numbacnn.options import number


class RMSprop(Optimizer):
    """Divide each gradient by the root of its mean square.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        What to train; dicts with ``params`` and options make groups of their own.
    lr : float >= 0
        Learning rate.
    alpha : float in [0, 1]
        How slowly the mean square forgets.
    eps : float >= 0
        Added to the root.
    weight_decay : float >= 0
        Added to each gradient: weight_decay times the parameter.
    momentum : float >= 0
        Share of the last step that goes into the next.
    centered : bool
        Divide by the standard deviation instead: the square of the mean is subtracted under the root.
    maximize : bool
        Go uphill.

    References
    ----------
    T. Tieleman and G. Hinton, Lecture 6.5: rmsprop (Coursera, 2012). A. Graves, Generating sequences with recurrent
    neural networks (2013), section 4.2: centered.
    """

    def __init__(self, params: Iterable[Any], lr: float = 1e-2, alpha: float = 0.99, eps: float = 1e-8,
                 weight_decay: float = 0.0, momentum: float = 0.0, centered: bool = False, *, maximize: bool = False
                 ) -> None:
        super().__init__(params, {"lr": lr, "alpha": alpha, "eps": eps, "weight_decay": weight_decay,
                                  "momentum": momentum, "centered": centered, "maximize": maximize})

    def check(self, options: Mapping[str, Any]) -> None:
        """Check the options of a group."""
        reals("RMSprop", options, "lr", "eps", "weight_decay", "momentum")
        number("RMSprop", "alpha", options["alpha"], 0.0, 1.0)
        switches("RMSprop", options, "centered", "maximize")

    def update(self, options: Mapping[str, Any]) -> Update:
        """Return how a group with these options is updated."""
        hyper = tuple([float(options[name]) for name in ("lr", "alpha", "eps", "weight_decay", "momentum", "maximize")])
        states = ["square_avg", *["grad_avg"] * options["centered"], *["momentum_buffer"] * bool(options["momentum"])]
        return Update("rmsprop", hyper, tuple(states), (int(options["centered"]), int(options["momentum"] > 0)))


class Adagrad(Optimizer):
    """Divide each gradient by the root of the sum of all its squares.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        What to train; dicts with ``params`` and options make groups of their own.
    lr : float >= 0
        Learning rate.
    lr_decay : float >= 0
        At step t the learning rate is lr / (1 + (t - 1) * lr_decay).
    weight_decay : float >= 0
        Added to each gradient: weight_decay times the parameter.
    initial_accumulator_value : float >= 0
        What the sums begin with.
    eps : float >= 0
        Added to the root.
    maximize : bool
        Go uphill.

    References
    ----------
    J. Duchi, E. Hazan and Y. Singer, Adaptive subgradient methods for online learning and stochastic optimization (JMLR
    12, 2011).
    """

    def __init__(self, params: Iterable[Any], lr: float = 1e-2, lr_decay: float = 0.0, weight_decay: float = 0.0,
                 initial_accumulator_value: float = 0.0, eps: float = 1e-10, *, maximize: bool = False) -> None:
        super().__init__(params, {"lr": lr, "lr_decay": lr_decay, "eps": eps, "weight_decay": weight_decay,
                                  "initial_accumulator_value": initial_accumulator_value, "maximize": maximize})

    def check(self, options: Mapping[str, Any]) -> None:
        """Check the options of a group."""
        reals("Adagrad", options, "lr", "lr_decay", "eps", "weight_decay", "initial_accumulator_value")
        switches("Adagrad", options, "maximize")

    def first_value(self, options: Mapping[str, Any], name: str) -> float:
        """Return what a state is filled with before the first step."""
        return float(options["initial_accumulator_value"]) if name == "sum" else 0.0

    def update(self, options: Mapping[str, Any]) -> Update:
        """Return how a group with these options is updated."""
        hyper = tuple([float(options[name]) for name in ("lr", "lr_decay", "eps", "weight_decay", "maximize")])
        return Update("adagrad", hyper, ("sum",))


class Adadelta(Optimizer):
    """Steps as large as earlier ones were, relative to the gradients: in the units of the parameter.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        What to train; dicts with ``params`` and options make groups of their own.
    lr : float >= 0
        What steps are multiplied by.
    rho : float in [0, 1]
        How slowly the mean squares of gradients and steps forget.
    eps : float >= 0
        Added to both mean squares.
    weight_decay : float >= 0
        Added to each gradient: weight_decay times the parameter.
    maximize : bool
        Go uphill.

    References
    ----------
    M. Zeiler, ADADELTA: an adaptive learning rate method (2012), algorithm 1.
    """

    def __init__(self, params: Iterable[Any], lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6,
                 weight_decay: float = 0.0, *, maximize: bool = False) -> None:
        super().__init__(params, {"lr": lr, "rho": rho, "eps": eps, "weight_decay": weight_decay, "maximize": maximize})

    def check(self, options: Mapping[str, Any]) -> None:
        """Check the options of a group."""
        reals("Adadelta", options, "lr", "eps", "weight_decay")
        number("Adadelta", "rho", options["rho"], 0.0, 1.0)
        switches("Adadelta", options, "maximize")

    def update(self, options: Mapping[str, Any]) -> Update:
        """Return how a group with these options is updated."""
        hyper = tuple([float(options[name]) for name in ("lr", "rho", "eps", "weight_decay", "maximize")])
        return Update("adadelta", hyper, ("square_avg", "acc_delta"))
