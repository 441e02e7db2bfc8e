"""Stochastic gradient descent."""
from collections.abc import Iterable, Mapping
from typing import Any

from numbacnn.ops.check import number
from numbacnn.optim.optimizer import Group, Optimizer


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

    References
    ----------
    I. Sutskever et al., On the importance of initialization and momentum in deep learning (ICML 2013), section 2.
    """

    kinds = ("momentum_buffer",)

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, momentum: float = 0.0, dampening: float = 0.0,
                 weight_decay: float = 0.0, nesterov: bool = False) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "dampening": dampening,
                                      "weight_decay": weight_decay, "nesterov": nesterov})

    def check(self, options: Mapping[str, Any]) -> None:
        """Check the options of a group."""
        for name in ("lr", "momentum", "weight_decay"):
            number("SGD", name, options[name], 0.0)
        number("SGD", "dampening", options["dampening"])
        if options["nesterov"] and (options["momentum"] == 0 or options["dampening"] != 0):
            raise ValueError("SGD: nesterov needs momentum > 0 and dampening = 0, got "
                             f"momentum={options['momentum']}, dampening={options['dampening']}")

    def needs_state(self, options: Mapping[str, Any]) -> bool:
        """Return whether a group with these options has state: with momentum."""
        return bool(options["momentum"])

    def kernel(self, group: Group) -> tuple[str, tuple[float, ...]]:
        """Return the kernel that updates a group, and the numbers it takes."""
        numbers = group["lr"], group["weight_decay"]
        if not group.state:
            return "sgd", numbers
        return "sgd_momentum", (*numbers, group["momentum"], group["dampening"], float(group["nesterov"]))
