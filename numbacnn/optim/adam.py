"""Adam, and its relatives with the same options: AdamW, Adamax, NAdam, RAdam."""
from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from numbacnn.optim.group import Update
from numbacnn.optim.optimizer import Optimizer
from numbacnn.optim.option import betas, reals, switches

Betas = tuple[float, float]


class _Adaptive(Optimizer):
    """What Adam and its relatives share."""

    more: tuple[str, ...] = ()                           # names of further options that are numbers from zero

    def check(self, options: Mapping[str, Any]) -> None:
        """Check the options of a group."""
        name = type(self).__name__
        reals(name, options, "lr", "eps", "weight_decay", *self.more)
        betas(name, options)
        switches(name, options, *[key for key in ("amsgrad", "decoupled_weight_decay", "maximize")
                                  if key in self.defaults])

    def hyper(self, options: Mapping[str, Any]) -> tuple[float, ...]:
        """Return the options as kernels take them."""
        names = ("eps", "weight_decay", "decoupled_weight_decay", "maximize", *self.more)
        return tuple(map(float, (options["lr"], *options["betas"], *[options[name] for name in names
                                                                     if name in self.defaults])))


class Adam(_Adaptive):
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
    amsgrad : bool
        Divide by the largest mean square so far.
    maximize : bool
        Go uphill.
    decoupled_weight_decay : bool
        Weight decay apart from the gradient, as in `AdamW`.

    References
    ----------
    D. Kingma and J. Ba, Adam: a method for stochastic optimization (ICLR 2015), algorithm 1. S. Reddi, S. Kale and S.
    Kumar, On the convergence of Adam and beyond (ICLR 2018), algorithm 2: amsgrad.
    """

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0.0, amsgrad: bool = False, *, maximize: bool = False,
                 decoupled_weight_decay: bool = False) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
                                  "amsgrad": amsgrad, "maximize": maximize,
                                  "decoupled_weight_decay": decoupled_weight_decay})

    def update(self, options: Mapping[str, Any]) -> Update:
        """Return how a group with these options is updated."""
        if options["amsgrad"]:
            return Update("adam_amsgrad", self.hyper(options), ("exp_avg", "exp_avg_sq", "max_exp_avg_sq"))
        return Update("adam", self.hyper(options), ("exp_avg", "exp_avg_sq"))


class AdamW(Adam):
    """Adam with weight decay apart from the gradient: parameters shrink by lr * weight_decay at each step.

    Parameters are those of `Adam`; the default of ``weight_decay`` is 0.01.

    References
    ----------
    I. Loshchilov and F. Hutter, Decoupled weight decay regularization (ICLR 2019), algorithm 2.
    """

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 1e-2, amsgrad: bool = False, *, maximize: bool = False) -> None:
        super().__init__(params, lr, betas, eps, weight_decay, amsgrad, maximize=maximize, decoupled_weight_decay=True)


class Adamax(_Adaptive):
    """Adam with the largest gradient, slowly forgotten, in place of the root of the mean square.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        What to train; dicts with ``params`` and options make groups of their own.
    lr : float >= 0
        Learning rate.
    betas : (float, float), each in [0, 1)
        How slowly the mean and the largest forget.
    eps : float >= 0
        Added to the size of each gradient.
    weight_decay : float >= 0
        Added to each gradient: weight_decay times the parameter.
    maximize : bool
        Go uphill.

    References
    ----------
    D. Kingma and J. Ba, Adam: a method for stochastic optimization (ICLR 2015), algorithm 2.
    """

    def __init__(self, params: Iterable[Any], lr: float = 2e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0.0, *, maximize: bool = False) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
                                  "maximize": maximize})

    def update(self, options: Mapping[str, Any]) -> Update:
        """Return how a group with these options is updated."""
        return Update("adamax", self.hyper(options), ("exp_avg", "exp_inf"))


class NAdam(_Adaptive):
    """Adam with Nesterov's look ahead, and a momentum that grows.

    Parameters
    ----------
    params : iterable of Tensor, or of dict
        What to train; dicts with ``params`` and options make groups of their own.
    lr : float >= 0
        Learning rate.
    betas : (float, float), each in [0, 1)
        The momentum at last, and how slowly the mean square forgets.
    eps : float >= 0
        Added to the root of the mean square.
    weight_decay : float >= 0
        Added to each gradient: weight_decay times the parameter.
    momentum_decay : float >= 0
        How fast the momentum grows.
    decoupled_weight_decay : bool
        Weight decay apart from the gradient, as in `AdamW`.
    maximize : bool
        Go uphill.

    References
    ----------
    T. Dozat, Incorporating Nesterov momentum into Adam (ICLR workshop 2016), algorithm 2.
    """

    scalars = ("steps", "mu_product")
    saved_names: ClassVar[Mapping[str, str]] = {"steps": "step", "mu_product": "mu_product"}
    more = ("momentum_decay",)

    def __init__(self, params: Iterable[Any], lr: float = 2e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0.0, momentum_decay: float = 4e-3, decoupled_weight_decay: bool = False, *,
                 maximize: bool = False) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
                                  "momentum_decay": momentum_decay, "decoupled_weight_decay": decoupled_weight_decay,
                                  "maximize": maximize})

    def first_value(self, options: Mapping[str, Any], name: str) -> float:
        """Return what a state is filled with before the first step."""
        return 1.0 if name == "mu_product" else 0.0

    def update(self, options: Mapping[str, Any]) -> Update:
        """Return how a group with these options is updated."""
        return Update("nadam", self.hyper(options), ("exp_avg", "exp_avg_sq"))


class RAdam(_Adaptive):
    """Adam that waits with adapting until the variance of the mean square is known, and then makes up for it.

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
    decoupled_weight_decay : bool
        Weight decay apart from the gradient, as in `AdamW`.
    maximize : bool
        Go uphill.

    References
    ----------
    L. Liu et al., On the variance of the adaptive learning rate and beyond (ICLR 2020), algorithm 2.
    """

    def __init__(self, params: Iterable[Any], lr: float = 1e-3, betas: Betas = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0.0, decoupled_weight_decay: bool = False, *, maximize: bool = False) -> None:
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay,
                                  "decoupled_weight_decay": decoupled_weight_decay, "maximize": maximize})

    def update(self, options: Mapping[str, Any]) -> Update:
        """Return how a group with these options is updated."""
        return Update("radam", self.hyper(options), ("exp_avg", "exp_avg_sq"))
