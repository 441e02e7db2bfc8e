"""Hooks on the gradients of a module: what it is told of, and may replace, on the way back."""
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from numbacnn.autograd import Tensor
from numbacnn.dtypes import FLOATING
from numbacnn.engine import Bundle, Gradients, Node
from numbacnn.errors import DTypeError, GradientError, ShapeError
from numbacnn.grad_mode import mode, no_grad
from numbacnn.graph import Array

Pieces = list[Array | None]


class Passage:
    """One call of a module: its inputs and outputs pass a gate each, where gradients wait until all are there.

    Parameters
    ----------
    module : Module
        Whose gradients they are.
    before, after : sequence of callable
        The hooks on gradients of outputs, and on those of inputs.
    """

    def __init__(self, module: Any, before: Any, after: Any) -> None:
        self.module, self.before, self.after = module, before, after
        self.dys: tuple[Tensor | None, ...] | None = None       # what arrived at the outputs
        self.inputs: Sequence[Any] = ()
        self.waits = False                                      # whether an input gets a gradient

    def enter(self, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        """The inputs, such that their gradients are seen."""
        self.inputs = _specs(inputs)
        self.waits = any(isinstance(x, Tensor) and x.requires_grad for x in inputs)
        return _through(inputs, self.leave_inputs)

    def leave(self, output: Any) -> Any:
        """The output, such that its gradients are seen."""
        if not isinstance(output, Tensor | tuple):
            raise DTypeError(f"{type(self.module).__name__}: a module with hooks on gradients must return a Tensor or "
                             f"a tuple, got {type(output).__name__}")
        outputs = output if isinstance(output, tuple) else (output,)
        self.outputs = _specs(outputs)
        passed = _through(outputs, self.leave_outputs)
        if not isinstance(output, tuple):
            return passed[0]
        return passed if type(output) is tuple else type(output)(*passed)       # a named tuple

    def leave_outputs(self, pieces: dict[int, Array]) -> Pieces:
        """Gradients of the outputs go on into the module."""
        dys = tuple([Tensor(pieces[i]) if i in pieces else None for i in range(len(self.outputs))])
        with no_grad():
            for hook in self.before:
                result = hook(self.module, dys)
                if result is not None:
                    dys = self._replaced("gradient of the output", result, self.outputs)
            if not self.waits:                           # no gradient leaves the module
                for hook in self.after:
                    result = hook(self.module, (None,) * len(self.inputs), dys)
                    if result is not None and any(dx is not None for dx in result):
                        raise GradientError(f"{type(self.module).__name__}: a backward hook must return None where no "
                                            "input requires a gradient")
        self.dys = dys
        return [None if dy is None else dy.array for dy in dys]

    def leave_inputs(self, pieces: dict[int, Array]) -> Pieces:
        """Gradients of the inputs leave the module; of an input that gets none, zeros, as in PyTorch."""
        dxs: tuple[Tensor | None, ...] = tuple([
            None if spec is None else Tensor(pieces[i] if i in pieces else np.zeros(spec[0], spec[1]))
            for i, spec in enumerate(self.inputs)])
        if self.dys is not None:                         # else no gradient came through the outputs
            with no_grad():
                for hook in self.after:
                    result = hook(self.module, dxs, self.dys)
                    if result is not None:
                        dxs = self._replaced("gradient of the input", result, self.inputs)
        self.dys = None
        return [None if dx is None else dx.array for dx in dxs]

    def _replaced(self, what: str, result: Any, specs: Sequence[Any]) -> tuple[Tensor | None, ...]:
        name, results = type(self.module).__name__, result if isinstance(result, tuple) else (result,)
        if len(results) != len(specs):
            raise ShapeError(f"{name}: a backward hook must return one {what} for each of {len(specs)}, got "
                             f"{len(results)}")
        for x, spec in zip(results, specs, strict=True):
            if x is not None and not isinstance(x, Tensor):
                raise DTypeError(f"{name}: a {what} that a backward hook returns must be a Tensor or None, got "
                                 f"{type(x).__name__}")
            if x is not None and spec is not None and (x.array.shape, x.array.dtype) != spec:
                raise ShapeError(f"{name}: a {what} that a backward hook returns must be {spec[1]}{spec[0]}, got "
                                 f"{x.array.dtype}{x.array.shape}")
        return results


def _specs(values: Sequence[Any]) -> list[tuple[tuple[int, ...], str] | None]:
    """Shape and dtype of what may have a gradient."""
    return [(x.array.shape, x.array.dtype) if isinstance(x, Tensor) and x.array.dtype in FLOATING else None
            for x in values]


def _through(values: tuple[Any, ...], together: Callable[[dict[int, Array]], Pieces]) -> tuple[Any, ...]:
    """The same values; when all gradients that come back are there, `together` says with which ones to go on."""
    places = [i for i, x in enumerate(values) if isinstance(x, Tensor) and x.requires_grad]
    if not places or not mode.enabled:
        return values

    def gate_backward(bundle: Array) -> Gradients:
        assert isinstance(bundle, Bundle)
        going_on = together(bundle.pieces)
        return tuple([going_on[i] for i in places])

    first = values[places[0]].array
    gate = Node(Bundle({places[0]: first}), tuple([values[i].node or values[i] for i in places]), gate_backward)
    passed = list(values)
    for i in places:
        passed[i] = _waiting(values[i], i, gate)
    return tuple(passed)


def _waiting(x: Tensor, i: int, gate: Node) -> Tensor:
    """The same value; its gradient goes to the gate."""
    def backward(dy: Array) -> Gradients:
        return (Bundle({i: dy}),)

    y = Tensor(x.array)
    y.node = Node(x.array, (gate,), backward)
    y.requires_grad_()
    return y
