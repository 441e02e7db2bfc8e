"""Dropout: of numbers, and of whole channels."""
from math import sqrt
from typing import Any

from numbacnn import geometry, random
from numbacnn.autograd import Gradients, Tensor, differentiable
from numbacnn.graph import Array, record
from numbacnn.ops.check import floating
from numbacnn.ops.constant import constant
from numbacnn.ops.elementwise import add, multiply
from numbacnn.options import flag, number

ALPHA = -1.0507009873554805 * 1.6732632423543772         # what SELU tends to: minus its scale times its alpha


def dropout(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set each number to zero with probability p and scale the others by 1 / (1 - p), in training.

    Parameters
    ----------
    x : Tensor
        Any shape, float32, float64 or bfloat16.
    p : float in [0, 1]
        Share of the numbers to drop.
    training : bool
        Else x is returned as it is.
    inplace : bool
        Accepted for compatibility; memory is reused wherever nobody can see it.

    Notes
    -----
    The mask is drawn anew for each call from a counter, and drawn again for the gradient: nothing is kept. Equal seeds
    (`numbacnn.manual_seed`) give equal masks for any number of threads.

    References
    ----------
    N. Srivastava et al., Dropout (JMLR 15, 2014). J. Salmon et al., Parallel random numbers: as easy as 1, 2, 3
    (SC 2011), section 3: the generator, Philox-4x32-10.
    """
    floating("dropout", x=x)
    p = _share("dropout", p, training, inplace)
    if p == 0:
        return x
    if p == 1:
        return multiply(x, 0.0)
    generator = random.state(x.device)
    before = generator.array
    specs = (x.array.shape, x.array.dtype), (before.shape, before.dtype)
    y, generator.array = record("dropout", (x.array, before), specs, (p,))

    def backward(dy: Array) -> Gradients:
        return record("dropout", (dy, before), specs, (p,))[:1]

    return differentiable(y, (x,), backward)


def dropout1d(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels of x (N, C, L) or (C, L) to zero. Parameters are those of `dropout`."""
    return _by_channels("dropout1d", x, p, training, inplace, {2: 1, 3: 2}, geometry.batch_or_one(1))


def dropout2d(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels of x (N, C, H, W) to zero; (N, C, L) is taken, too. Parameters are those of `dropout`.

    References
    ----------
    J. Tompson et al., Efficient object localization using convolutional networks (CVPR 2015), section 3.2.
    """
    return _by_channels("dropout2d", x, p, training, inplace, {3: 2, 4: 2}, "(N, C, H, W) or (N, C, L)")


def dropout3d(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Set whole channels of x (N, C, D, H, W) or (C, D, H, W) to zero. Parameters are those of `dropout`."""
    return _by_channels("dropout3d", x, p, training, inplace, {4: 1, 5: 2}, geometry.batch_or_one(3))


def alpha_dropout(x: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Set numbers to what SELU tends to, and keep mean and variance. Parameters are those of `dropout`.

    References
    ----------
    G. Klambauer et al., Self-normalizing neural networks (NeurIPS 2017), section 3.
    """
    floating("alpha_dropout", x=x)
    return _to_alpha("alpha_dropout", x, p, training, inplace, x.ndim)


def feature_alpha_dropout(x: Tensor, p: float = 0.5, training: bool = False, inplace: bool = False) -> Tensor:
    """Do as `alpha_dropout` with whole channels of x (N, C, ...). Parameters are those of `dropout`."""
    floating("feature_alpha_dropout", x=x)
    if x.ndim < 2:
        raise geometry.wrong_rank("feature_alpha_dropout", "x", x.shape, "(N, C, ...)")
    return _to_alpha("feature_alpha_dropout", x, p, training, inplace, 2)


def _share(op: str, p: Any, training: Any, inplace: Any) -> float:
    """The share of the numbers to drop: none but in training."""
    if inplace is not False:
        flag(op, "inplace", inplace)
    p = number(op, "p", p, 0.0, 1.0)
    return p if training is True or (training is not False and flag(op, "training", training)) else 0.0


def _by_channels(op: str, x: Tensor, p: float, training: bool, inplace: bool, channel_axes: dict[int, int],
                 letters: str) -> Tensor:
    """Multiply by a mask that has the first axes of x, so many for each rank that x may have."""
    floating(op, x=x)
    if x.ndim not in channel_axes:
        raise geometry.wrong_rank(op, "x", x.shape, letters)
    p = _share(op, p, training, inplace)
    if p == 0:
        return x
    return _moved(x, _mask(x, p, channel_axes[x.ndim]), None)


def _to_alpha(op: str, x: Tensor, p: float, training: bool, inplace: bool, axes: int) -> Tensor:
    p = _share(op, p, training, inplace)
    if p == 0:
        return x
    if p == 1:
        return multiply(x, 0.0)
    kept = _mask(x, p, axes)
    factor = (1 - p) / sqrt((ALPHA * ALPHA * p + 1) * (1 - p))
    return _moved(x, multiply(kept, factor), add(multiply(kept, -ALPHA * factor), ALPHA * factor))


def _mask(x: Tensor, p: float, axes: int) -> Tensor:
    """Zeros with probability p, elsewhere 1 / (1 - p): of the first axes of x, size 1 along the others."""
    shape = (*x.shape[:axes], *[1] * (x.ndim - axes))
    dtype = x.array.dtype                                # made with the plan: the size may be that of an activation
    ones, = record("expand", (constant(1.0, dtype, x.device),), ((shape, dtype),))
    return dropout(Tensor(ones), p)


def _moved(x: Tensor, factor: Tensor, shift: Tensor | None) -> Tensor:
    """x * factor + shift. Keeps the factor alone."""
    spec, scale = ((x.array.shape, x.array.dtype),), factor.array
    y, = record("multiply", (x.array, scale), spec)
    if shift is not None:
        y, = record("add", (y, shift.array), spec)

    def backward(dy: Array) -> Gradients:
        return record("multiply", (dy, scale), spec)

    return differentiable(y, (x,), backward)
