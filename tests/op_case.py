"""What a row of the table of op cases (op_table/) is: a call of an op, with numbers that depend on its name alone."""
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from numbacnn import ops

# Ops that have no gradient; or, of several results, the one that has none.
WITHOUT_GRADIENT = {
    "all", "any", "argmax", "argmin", "argsort", "count_nonzero", ("max", 1), ("min", 1), "bitwise_and", "bitwise_or",
    "bitwise_xor", "eq", "floor_divide", "greater", "greater_equal", "isclose", "isfinite", "isinf", "isnan", "less",
    "less_equal", "logical_and", "logical_not", "logical_or", "logical_xor", "nonzero", "not_equal", "one_hot",
    ("sort", 1), ("topk", 1), "unique"}


class Input(NamedTuple):
    """An array to make: its shape, what it is filled with, and its dtype."""

    shape: tuple[int, ...]
    fill: str = "grid"
    dtype: str = "float64"

    def values(self, rng):
        """Numbers without ties, at least 1 / size away from zero; except where `fill` plants others."""
        size = math.prod(self.shape)
        values = (rng.permutation(size) - size / 2 + 0.75) * (4 / max(size, 1))
        if self.fill == "positive":
            values = np.abs(values) + 0.5
        elif self.fill in ("ties", "whole"):             # small integers: many are equal, many are zero
            values = rng.integers(-2, 3, size)
        elif self.fill == "special":
            planted = [np.nan, np.inf, -np.inf, 0.0, -0.0, np.nan][:size // 3]
            values[rng.permutation(size)[:len(planted)]] = planted
        elif self.fill.startswith("all "):
            values = np.full(size, float(self.fill[4:]))
        elif self.fill.startswith("times "):
            values = values * float(self.fill[6:])
        elif self.fill == "shares":                      # between 0 and 1
            values = (rng.permutation(size) + 0.5) / max(size, 1)
        elif self.fill == "signs":
            values = rng.choice([-1, 1], size)
        elif self.fill.startswith("below "):
            values = rng.integers(0, int(self.fill[6:]), size)
        elif self.fill.startswith("places "):            # distinct ones in each image
            found = np.argsort(rng.random((math.prod(self.shape[:2]), int(self.fill[7:]))))
            values = found[:, :math.prod(self.shape[2:])]
        return values.astype(self.dtype).reshape(self.shape)


@dataclass(frozen=True, eq=False)
class Case:
    """A call of an op: `op(*inputs, *arguments, **options)`.

    Attributes
    ----------
    inputs : mapping of str to Input, number or None
        By name.
    kept : str, optional
        Names of what the op keeps for its gradient: inputs, y, variables of the op. None for an op made of others.
    terms : int
        How many numbers the longest sum adds up, forward or backward: it bounds the rounding error.
    error : (class, str), optional
        What must be raised, and words of its text.
    listed : bool
        Whether the inputs are given as one list.
    output : int, optional
        Which result counts, of an op that has several.
    """

    op: str
    inputs: Mapping[str, Any]
    arguments: tuple[Any, ...] = ()
    options: Mapping[str, Any] = field(default_factory=dict)
    kept: str | None = ""
    terms: int = 1
    error: tuple[type[Exception], str] | None = None
    label: str = ""
    note: str = ""
    listed: bool = False
    output: int | None = None

    @property
    def id(self):
        """A name such as conv2d-3x3-s2-p1-g2."""
        short = {"stride": "s", "padding": "p", "dilation": "d", "groups": "g"}
        shapes = [written(each.shape if isinstance(each, Input) else each) for each in self.inputs.values()]
        words = [self.label or ",".join([*shapes, *map(written, self.arguments)])]
        words += [short.get(name, f"{name}=") + written(value) for name, value in self.options.items()]
        return "-".join([self.op, *words, *self.note.split(), *[f"result {self.output}"] * (self.output is not None)])

    def values(self, dtype="float64"):
        """The inputs as arrays; those of floating point in `dtype`, the same numbers whatever it is."""
        rng = np.random.default_rng(zlib.crc32(self.id.encode()))
        arrays = {name: each.values(rng) if isinstance(each, Input) else each for name, each in self.inputs.items()}
        return {name: each.astype(np.float32).astype(dtype) if getattr(each, "dtype", None) == np.float64 else each
                for name, each in arrays.items()}

    @property
    def differentiable(self):
        """Names of the inputs that get a gradient."""
        constant = (self.op in WITHOUT_GRADIENT or (self.op, self.output) in WITHOUT_GRADIENT
                    or any(each in ("int64", "bool") for each in self.arguments))
        return [name for name, each in self.inputs.items() if isinstance(each, Input) and each.dtype == "float64"
                and not name.startswith(("running_", "fixed_")) and not constant]

    @property
    def smooth(self):
        """Whether the gradients are limits of differences: no ties, no zeros, nothing infinite, and anything at all."""
        inputs = [each for each in self.inputs.values() if isinstance(each, Input)]
        fills = {each.fill.split()[0] for each in inputs}
        return (self.op not in ("to", "remainder") and fills <= {
            "grid", "positive", "below", "places", "times", "shares", "signs"}
                and all(math.prod(each.shape) for each in inputs))

    def call(self, inputs):
        """Call the op."""
        given = [list(inputs)] if self.listed else inputs
        return self.result(getattr(ops, self.op)(*given, *self.arguments, **self.options))

    def result(self, found):
        """The result that counts."""
        return found if self.output is None else found[self.output]


def written(value):
    return ("x".join(map(str, value)) or "scalar") if isinstance(value, tuple | list) else str(value)
