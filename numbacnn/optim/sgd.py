"""Stochastic gradient descent."""
from collections.abc import Iterable
from typing import Any

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

    def check(self, group: Group) -> None:
        """Check the options of a group."""
        for name in ("lr", "momentum", "weight_decay"):
            if not group[name] >= 0:
                raise ValueError(f"SGD: {name} must not be negative, got {group[name]}")
        if group["nesterov"] and (group["momentum"] == 0 or group["dampening"] != 0):
            raise ValueError("SGD: nesterov needs momentum > 0 and dampening = 0, got "
                             f"momentum={group['momentum']}, dampening={group['dampening']}")

    def prepare(self, group: Group) -> None:
        """Make the state of a group: none without momentum."""
        if group["momentum"]:
            super().prepare(group)

    def record_update(self, group: Group) -> None:
        """Record the update of one group."""
        if group["momentum"] and not group.state:
            super().prepare(group)                       # momentum was switched on after some steps
        if group.state:
            group.record("sgd_momentum", group.hyper(group["lr"], group["weight_decay"], group["momentum"],
                                                     group["dampening"], float(group["nesterov"])))
        else:
            group.record("sgd", group.hyper(group["lr"], group["weight_decay"]))
