"""Lion."""
from collections.abc import Iterable, Mapping
from typing import Any

from numbacnn.optim.group import Update
from numbacnn.optim.optimizer import Optimizer
from numbacnn.optim.option import betas, reals, switches


class Lion(Optimizer):
    """Steps of one size: the sign of a mean of gradients. Half the state of Adam. PyTorch has none of this name.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        What to train; dicts with ``params`` and options make groups of their own.
    lr : float >= 0
        Learning rate: the size of a step. A third to a tenth of what suits AdamW.
    betas : (float, float), each in [0, 1)
        Share of the mean in the step, and how slowly the mean forgets.
    weight_decay : float >= 0
        Parameters shrink by lr * weight_decay at each step. Three to ten times what suits AdamW.
    maximize : bool
        Go uphill.

    References
    ----------
    X. Chen et al., Symbolic discovery of optimization algorithms (NeurIPS 2023), program 1.
    """

    def __init__(self, params: Iterable[Any], lr: float = 1e-4, betas: tuple[float, float] = (0.9, 0.99),
                 weight_decay: float = 0.0, *, maximize: bool = False) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "weight_decay": weight_decay, "maximize": maximize})

    def check(self, options: Mapping[str, Any]) -> None:
        """Check the options of a group."""
        reals("Lion", options, "lr", "weight_decay")
        betas("Lion", options)
        switches("Lion", options, "maximize")

    def update(self, options: Mapping[str, Any]) -> Update:
        """Return how a group with these options is updated."""
        hyper = options["lr"], *options["betas"], options["weight_decay"], options["maximize"]
        return Update("lion", tuple(map(float, hyper)), ("exp_avg",))
