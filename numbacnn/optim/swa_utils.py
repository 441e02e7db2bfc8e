"""Averages of a model's parameters over training: moving (EMA) or of equal weight (SWA)."""
import copy
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from numbacnn.autograd import Tensor, no_grad
from numbacnn.dtypes import FLOATING
from numbacnn.errors import DTypeError, ShapeError
from numbacnn.graph import Array, rebind, record
from numbacnn.nn.module import Buffer, Module
from numbacnn.ops.constant import constant
from numbacnn.options import flag, number

MultiAverage = Callable[[Sequence[Tensor], Sequence[Tensor], Any], None]


class AveragedModel(Module):
    """A copy of a model whose parameters are averages of the model's, and that is used as the model is.

    Parameters
    ----------
    model : Module
        What to copy.
    avg_fn : callable, optional
        From an average, a parameter and the number of earlier updates to the new average.
    multi_avg_fn : callable, optional
        Updates all averages at once: as from `get_ema_multi_avg_fn`, or `get_swa_multi_avg_fn`, the default.
    use_buffers : bool
        Average floating point buffers (running statistics), too. Else they are copied, as counts always are.

    Notes
    -----
    With the two functions above an update is one recorded call: nothing is computed before the next `step` or
    `evaluate`, and a captured function may contain it, with the averaged model among its state. Functions of your own
    are not called at the first update, so they make it look at ``n_averaged``.

    References
    ----------
    P. Izmailov et al., Averaging weights leads to wider optima and better generalization (UAI 2018), algorithm 1.

    Examples
    --------
    >>> from numbacnn import nn
    >>> from numbacnn.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
    >>> model = nn.Linear(2, 1)
    >>> averaged = AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(0.99))
    >>> averaged.update_parameters(model)                # after each optimizer.step()
    >>> averaged.n_averaged
    tensor(1)
    """

    def __init__(self, model: Module, avg_fn: Callable[[Tensor, Tensor, int], Tensor] | None = None,
                 multi_avg_fn: MultiAverage | None = None, use_buffers: bool = False) -> None:
        if not isinstance(model, Module):
            raise DTypeError(f"AveragedModel: model must be a Module, got {type(model).__name__}")
        if avg_fn is not None and multi_avg_fn is not None:
            raise ValueError("AveragedModel: only one of avg_fn and multi_avg_fn may be given, got both")
        for name, function in (("avg_fn", avg_fn), ("multi_avg_fn", multi_avg_fn)):
            if function is not None and not callable(function):
                raise DTypeError(f"AveragedModel: {name} must be a function, got {function!r}")
        flag("AveragedModel", "use_buffers", use_buffers)
        self.module = copy.deepcopy(model)
        device = next((p.device for p in model.parameters()), None)
        self.n_averaged = Buffer(Tensor(Array.of(np.zeros((), np.int64), device)))
        self.avg_fn = avg_fn
        self.multi_avg_fn = multi_avg_fn
        self.use_buffers = use_buffers

    def forward(self, *inputs: Any, **options: Any) -> Any:
        """Apply the averaged model."""
        return self.module(*inputs, **options)

    def update_parameters(self, model: Module) -> None:
        """Let the parameters of a model, as they are now, go into the averages.

        Parameters
        ----------
        model : Module
            The one that was copied.
        """
        averaged, copied = self._pairs(model)
        old, new = [a for a, _ in averaged], [x for _, x in averaged]
        with no_grad():
            if self.avg_fn is None and (self.multi_avg_fn is None or isinstance(self.multi_avg_fn, _Average)):
                (self.multi_avg_fn or get_swa_multi_avg_fn())(old, new, self.n_averaged)
            else:
                self._by_own_function(old, new)
            for buffer, value in copied:
                rebind(buffer, record("cast", (value.array,), ((value.array.shape, value.array.dtype),))[0])

    def _by_own_function(self, old: Sequence[Tensor], new: Sequence[Tensor]) -> None:
        values = [x.detach() for x in new]
        count = int(self.n_averaged)
        if count == 0:
            for average, x in zip(old, values, strict=True):
                average.data = x
        elif self.multi_avg_fn is not None:
            self.multi_avg_fn(old, values, count)
        else:
            assert self.avg_fn is not None
            for average, x in zip(old, values, strict=True):
                average.data = self.avg_fn(average.detach(), x, count)
        self.n_averaged.data = self.n_averaged.detach() + 1

    def _pairs(self, model: Module) -> tuple[list[tuple[Tensor, Tensor]], list[tuple[Tensor, Tensor]]]:
        """What is averaged and what is copied: (own, the model's)."""
        if not isinstance(model, Module):
            raise DTypeError(f"update_parameters: model must be a Module, got {type(model).__name__}")
        found = []
        for kind in ("parameters", "buffers"):
            own, its = list(getattr(self.module, kind)()), list(getattr(model, kind)())
            if [_like(t) for t in own] != [_like(t) for t in its]:
                raise ShapeError(f"update_parameters: model must have the {kind} of the one that was copied, got "
                                 f"shapes {[t.shape for t in its]} and had {[t.shape for t in own]}")
            found.append(list(zip(own, its, strict=True)))
        parameters, buffers = found
        moving = [pair for pair in buffers if self.use_buffers and pair[0].array.dtype in FLOATING]
        return parameters + moving, [pair for pair in buffers if not any(pair is other for other in moving)]


def get_ema_multi_avg_fn(decay: float = 0.999) -> MultiAverage:
    """Return the function that updates moving averages: average = decay * average + (1 - decay) * parameter.

    Parameters
    ----------
    decay : float in [0, 1]
        How slowly they forget.
    """
    return _Average(number("get_ema_multi_avg_fn", "decay", decay, 0.0, 1.0))


def get_swa_multi_avg_fn() -> MultiAverage:
    """Return the function that updates averages of equal weight: average += (parameter - average) / (n + 1)."""
    return _Average(-1.0)


class _Average:
    """Updates averages, and the number of updates, by one recorded call for each dtype; the first update copies."""

    def __init__(self, decay: float) -> None:
        self.decay = decay

    def __call__(self, averages: Sequence[Tensor], values: Sequence[Tensor], n_averaged: Tensor) -> None:
        before = n_averaged.array
        kinds = {t.array.dtype for t in averages} or {"float32"}
        for kind in sorted(kinds):
            pairs = [(a, x.array) for a, x in zip(averages, values, strict=True) if a.array.dtype == kind]
            changing = [before, *[a.array for a, _ in pairs]]
            hyper = constant(self.decay, "float64", before.device)
            results = record("average", (hyper, *[x for _, x in pairs], *changing),
                             tuple([(each.shape, each.dtype) for each in changing]))
            rebind(n_averaged, results[0])
            for (average, _), result in zip(pairs, results[1:], strict=True):
                average.array = result                   # nobody holds the old value: its memory is updated in place


def _like(tensor: Tensor) -> tuple[Any, ...]:
    array: Array = tensor.array
    return array.shape, array.dtype, array.device
