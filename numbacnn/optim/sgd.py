"""Stochastic gradient descent."""
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from numbacnn.optim.group import Update
from numbacnn.optim.optimizer import Optimizer
from numbacnn.optim.option import reals, switches
from numbacnn.options import number


class SGD(Optimizer):
    """Stochastic gradient descent, with momentum if asked for.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        What to train; dicts with ``params`` and options make groups of their own.
    lr : float >= 0
        Learning rate.
    momentum : float >= 0
        Share of the last step that goes into the next.
    dampening : float
        How much less of the gradient goes into the momentum.
    weight_decay : float >= 0
        Added to each gradient: weight_decay times the parameter.
    nesterov : bool
        Look ahead along the momentum; needs momentum, and no dampening.
    maximize : bool
        Go uphill.

    References
    ----------
    I. Sutskever et al., On the importance of initialization and momentum in deep learning (ICML 2013), section 2.
    """

    saved_names: ClassVar[Mapping[str, str]] = {}        # PyTorch's saves no step

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, momentum: float = 0.0, dampening: float = 0.0,
                 weight_decay: float = 0.0, nesterov: bool = False, *, maximize: bool = False) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "dampening": dampening,
                                  "weight_decay": weight_decay, "nesterov": nesterov, "maximize": maximize})

    def check(self, options: Mapping[str, Any]) -> None:
        """Check the options of a group."""
        reals("SGD", options, "lr", "momentum", "weight_decay")
        number("SGD", "dampening", options["dampening"])
        switches("SGD", options, "nesterov", "maximize")
        if options["nesterov"] and (options["momentum"] == 0 or options["dampening"] != 0):
            raise ValueError("SGD: nesterov needs momentum > 0 and dampening = 0, got "
                             f"momentum={options['momentum']}, dampening={options['dampening']}")

    def update(self, options: Mapping[str, Any]) -> Update:
        """Return how a group with these options is updated: with state if there is momentum."""
        hyper = tuple([float(options[name]) for name in ("lr", "weight_decay", "momentum", "dampening", "nesterov",
                                                         "maximize")])
        return Update("sgd_momentum", hyper, ("momentum_buffer",)) if options["momentum"] else Update("sgd", hyper)
