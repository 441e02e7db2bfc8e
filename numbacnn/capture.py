"""Record a step once, then replay its plan: no Python per operation at all."""
from collections.abc import Callable, Iterable, Iterator
from sys import getrefcount
from typing import Any

from numbacnn import graph, interrupt, random
from numbacnn.autograd import Tensor
from numbacnn.errors import DTypeError, EvaluationError
from numbacnn.graph import Array, thread
from numbacnn.memory import Storage


class capture:
    """Make a function from tensors to tensors that is recorded at its first call and replayed at the others.

    Parameters
    ----------
    function : callable
        Takes tensors, returns a tensor or a tuple of tensors. It may change `state`, and nothing else. It must not
        look at values: it runs once for each combination of shapes and dtypes of its inputs.
    *state : Module, Optimizer, Tensor, or iterable of these
        Everything the function changes: the model, the optimiser. (The state of dropout is always included.) What
        else it reads is a constant of the capture.

    Examples
    --------
    >>> import numbacnn
    >>> total = numbacnn.zeros(())
    >>> def add(x):
    ...     total.data = total + x
    ...     return total * 2
    >>> step = numbacnn.capture(add, total)
    >>> one = numbacnn.ones(())
    >>> step(one), step(one)
    (tensor(2.), tensor(4.))
    """

    def __init__(self, function: Callable[..., Any], *state: Any) -> None:
        self.function = function
        self.state = list({id(tensor): tensor for tensor in _tensors(state)}.values())
        self.replays: dict[object, _Replay] = {}

    def __call__(self, *inputs: Tensor) -> Any:
        """Replay the function on these inputs; record it if their shapes are new."""
        if thread.eager:
            return self.function(*inputs)
        signature = tuple([(x.array.shape, x.array.dtype) for x in inputs if _is_tensor(x)])
        replay = self.replays.get(signature)
        if replay is None:
            replay = self.replays[signature] = _Replay(self.function, inputs, self.state)
        return replay(inputs)


class _Replay:
    """The plan of one call, and where its inputs, state and outputs are in it."""

    def __init__(self, function: Callable[..., Any], inputs: tuple[Tensor, ...], state: list[Tensor]) -> None:
        graph.evaluate()
        self.born: set[Storage] = set()                 # memory of constants the function makes
        self.state = [*state, *(t for t in random.states() if all(t is not other for other in state))]
        before = [(t, t.array, t.grad) for t in self.state]
        recording, thread.capture = thread.recording, self
        try:
            outputs = function(*inputs)
            self.single = isinstance(outputs, Tensor)
            outputs = (outputs,) if self.single else tuple(outputs)
            for t in outputs:
                if not _is_tensor(t) or t.array.epoch != recording.epoch:
                    raise EvaluationError("capture: the function must return tensors that it computes")
            self.outputs = [(t.array.slot, t.array.shape, t.array.dtype) for t in outputs]
            self.changed = [(t, t.array.slot) for t, old, _ in before if t.array is not old]
            for t, _ in self.changed:
                if t.array.epoch != recording.epoch:
                    raise EvaluationError("capture: the function may only assign to its state what it computes")
            late = [t for t in random.states() if all(t is not other for other in self.state)]
            if late:
                raise EvaluationError("capture: random numbers must have been drawn before; run the function once "
                                      "without capture")
            _restore(before)
            del outputs
            self._plan(recording, inputs)
        finally:
            _restore(before)
            thread.capture = None
            thread.recording = graph.Recording()

    def _plan(self, recording: graph.Recording, inputs: tuple[Tensor, ...]) -> None:
        self.leaves = list(recording.leaves)
        number = {storage: i for i, storage in enumerate(self.leaves)}
        self.inputs = [number.get(graph.storage_of(x.array), -1) for x in inputs]        # -1: the function reads it not
        self.read = [(t, number[t.array.storage]) for t in self.state if t.array.storage in number]
        known = {*self.inputs, *[i for _, i in self.read]}
        for i, (storage, slot) in enumerate(recording.leaves.items()):
            if i not in known and storage not in self.born and recording.arrays[slot]() is None:
                raise EvaluationError(f"capture: the function replaces a tensor of shape {_shape_of(recording, slot)} "
                                      "that is not in its state; pass everything it changes: "
                                      "capture(function, model, optimizer)")
        slots = list(recording.leaves.values())
        donors = {slots[i] for t, i in self.read if any(t is other for other, _ in self.changed)}
        wanted = {slot for _, slot in self.changed} | {slot for slot, *_ in self.outputs}
        leaves = set(slots) - donors
        alive = tuple([slot in wanted or slot in leaves for slot in range(len(recording.arrays))])
        self.plan = graph.plan_for(recording, alive)
        leaf_of, place_of = dict(self.plan.updates), {slot: n for n, (slot, _) in enumerate(self.plan.results)}
        self.in_place = [(t, leaf_of[slot]) for t, slot in self.changed if slot in leaf_of]
        self.replaced = [(t, place_of[slot]) for t, slot in self.changed if slot not in leaf_of]
        owner = {slot: t for t, slot in self.changed if slot in leaf_of}
        self.returned = [(owner.get(slot), place_of.get(slot, -1), shape, dtype) for slot, shape, dtype in self.outputs]
        for i in known - {-1}:                           # what is not a constant is found again at each replay
            self.leaves[i] = None  # type: ignore[call-overload]

    def __call__(self, inputs: tuple[Tensor, ...]) -> Any:
        leaves = self.leaves.copy()
        for x, i in zip(inputs, self.inputs, strict=True):
            storage = x.array.storage or graph.storage_of(x.array)
            if i >= 0:
                leaves[i] = storage
        for tensor, i in self.read:
            leaves[i] = tensor.array.storage or graph.storage_of(tensor.array)
        with interrupt.deferred():
            for tensor, i in self.in_place:              # somebody else holds the old value: leave it alone
                if getrefcount(tensor.array) > 2:
                    leaves[i] = graph.copy_of(leaves[i])
            results = graph.run(self.plan, leaves)
            for tensor, i in self.in_place:
                if tensor.array.storage is not leaves[i]:
                    tensor.array = Array.at(tensor.array.shape, tensor.array.dtype, leaves[i])
            for tensor, i in self.replaced:
                tensor.array = Array.at(tensor.array.shape, tensor.array.dtype, results[i])
        outputs = tuple([Tensor(Array.at(shape, dtype, results[i]) if tensor is None else tensor.array)
                         for tensor, i, shape, dtype in self.returned])
        return outputs[0] if self.single else outputs


def _restore(state: list[tuple[Tensor, Array, Tensor | None]]) -> None:
    for tensor, array, grad in state:
        tensor.array, tensor.grad = array, grad


def _tensors(state: Iterable[Any]) -> Iterator[Tensor]:
    for each in state:
        if isinstance(each, Tensor):
            yield each
        elif hasattr(each, "state_tensors"):
            yield from each.state_tensors()
        elif isinstance(each, Iterable) and not isinstance(each, str | bytes):
            yield from _tensors(each)
        else:
            raise DTypeError(f"capture: state must be modules, optimisers or tensors, got {type(each).__name__}")


def _is_tensor(x: Any) -> bool:
    if not isinstance(x, Tensor):
        raise DTypeError(f"capture: inputs and outputs must be tensors, got {type(x).__name__}")
    return True


def _shape_of(recording: graph.Recording, slot: int) -> tuple[int, ...]:
    return next(tuple(outputs[0][0]) for _, _, first, outputs, _ in recording.program if first == slot)
