"""Padding: with a number, or with what x has near its edges."""
from math import nan
from typing import Any

import numpy as np

from numbacnn import geometry
from numbacnn.autograd import Tensor
from numbacnn.backend import Device
from numbacnn.dtypes import FLOATING
from numbacnn.graph import Array
from numbacnn.known import remembered
from numbacnn.ops.arrange import clone
from numbacnn.ops.check import any_tensor
from numbacnn.ops.slice import placed, sliced
from numbacnn.ops.take import places, taken
from numbacnn.options import number

NUMPY_MODES = {"reflect": "reflect", "replicate": "edge", "circular": "wrap"}


def pad(x: Tensor, pad: Any, mode: str = "constant", value: float | None = None) -> Tensor:
    """Add a border.

    Parameters
    ----------
    x : Tensor
        Any tensor.
    pad : sequence of int
        Two numbers for each axis, before and after, from the last axis backwards: (left, right, top, bottom).
        In mode "constant" negative ones crop.
    mode : "constant", "reflect", "replicate" or "circular"
        What the border holds: `value`; x mirrored at its edge, which is not repeated; the edge; or x once more.
    value : float, optional
        0 by default.

    Returns
    -------
    Tensor
        The gradient of what is repeated is added up.
    """
    any_tensor("pad", "x", x)
    borders = geometry.pad(x.shape, pad, mode)
    filling = 0.0 if value is None else filling_of("pad", value)
    if not any(map(any, borders)):
        return clone(x)
    if mode != "constant":
        for axis, (before, after) in enumerate(borders):
            if before or after:
                x = taken(x, _continued(mode, x.shape[axis], before, after, x.device), axis)
        return x
    starts, sizes, there, shape = geometry.crop_and_border(x.shape, borders)
    if sizes != x.shape:
        x = sliced(x, starts, sizes)
    if shape == sizes:
        return x
    return placed(x, there, shape, value=filling if x.array.dtype in FLOATING else int(filling))


def filling_of(op: str, value: Any) -> float:
    """Read the option `value`, which may be NaN."""
    return nan if isinstance(value, float) and value != value else number(op, "value", value, infinite=True)


@remembered
def _continued(mode: str, size: int, before: int, after: int, device: Device) -> Array:
    """Where along an axis what is in the padded one comes from."""
    def border() -> np.ndarray:
        return np.pad(np.arange(size), (before, after), NUMPY_MODES[mode])  # type: ignore[call-overload,no-any-return]

    return places("pad", before + size + after, border, device)
