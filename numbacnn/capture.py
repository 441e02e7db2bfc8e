"""Record a step once, then replay its plan: no Python per operation at all."""
from collections.abc import Callable, Iterable, Iterator, Sequence
from sys import getrefcount
from typing import Any, NamedTuple
from weakref import ref

from numbacnn import graph, hooks, interrupt, random
from numbacnn.autograd import Tensor
from numbacnn.backend import default_device
from numbacnn.errors import DTypeError, EvaluationError
from numbacnn.grad_mode import mode
from numbacnn.graph import Array, thread
from numbacnn.memory import Storage
from numbacnn.pending import BEHIND
from numbacnn.settings import Settings

MAX_VARIANTS = 16  # of a captured function for inputs of the same shapes, the least recently used goes first


class capture:
    """Make a function from tensors to tensors that is recorded at its first call and replayed at the others.

    Parameters
    ----------
    function : callable
        Takes tensors, returns a tensor or a tuple of tensors. It may change `state`, and nothing else. It must not
        look at values: it runs once for each combination of shapes and dtypes of its inputs, and of settings.
    *state : Module, Optimizer, Tensor, or iterable of these
        Everything the function changes: the model, the optimiser. (The state of dropout is always included.) Weights of
        modules that run are read at each replay; what else is read is a constant of the capture. Gradients that the
        function leaves are not kept.

    Notes
    -----
    Settings are what modules that are in `state` or that run have as attributes (``training``, the ``p`` of a dropout,
    which layers there are), their hooks, whether tensors of `state` and of these modules require gradients, the
    options of optimisers, `no_grad`, `autocast` and `set_precision`. Where one has changed, the function is recorded
    again; what was recorded before is kept for when it changes back.

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
        self.state = list(_flat(state))
        self.optimizers = [each for each in self.state if hasattr(each, "param_groups")]
        self.variants: dict[object, list[_Replay]] = {}  # by what is quickly compared; the one used last comes first

    def __call__(self, *inputs: Tensor) -> Any:
        """Replay the function on these inputs; record it if their shapes are new, or settings it depends on."""
        if thread.eager or thread.capture is not None:   # inside another capture: part of that
            return self.function(*inputs)
        graph.settle(BEHIND)
        for optimizer in self.optimizers:                # learning rates may have changed
            optimizer.refresh()
        key = (mode.enabled, thread.precision, *thread.autocast.items(),
               *[(x.array.shape, x.array.dtype) for x in inputs if _is_tensor(x)])
        known = self.variants.get(key)
        replay = known[0] if known and known[0].settings.compared == graph.settings else self._found(key, inputs)
        while not replay.up_to_date():
            self.variants[key].remove(replay)
            replay = self._found(key, inputs)
        return replay(inputs)

    def _found(self, key: object, inputs: tuple[Tensor, ...]) -> "_Replay":
        """The variant for the settings as they are now."""
        known = self.variants.get(key, [])
        place = next((i for i, replay in enumerate(known) if replay.settings.hold()), None)
        replay = _Replay(self.function, inputs, self.state, self.optimizers) if place is None else known.pop(place)
        self.variants[key] = [replay, *known[:MAX_VARIANTS - 1]]
        return replay


class _Replay:
    """The plan of one call, and where its inputs, state and outputs are in it."""

    def __init__(self, function: Callable[..., Any], inputs: tuple[Tensor, ...], given: list[Any],
                 optimizers: list[Any]) -> None:
        graph.evaluate()
        hooks.watched = True                             # modules tell that they are called
        self.born: set[Storage] = set()                 # memory of constants the function makes
        self.optimizers = optimizers
        device = inputs[0].device if inputs else default_device()
        self.state = list({id(t): t for t in [random.state(device), *_tensors(given)]}.values())
        modules = [each for each in (function, getattr(function, "__self__", None), *given) if hasattr(each, "modules")]
        self.settings = Settings(modules, self.state, optimizers, device)
        inputs = tuple([Tensor(_alone(x.array)) for x in inputs])
        read = [x.array for x in inputs]
        for t in self.state:
            t.array = _alone(t.array)
        self.variable = {x.array.storage for x in (*inputs, *self.state)}        # whose values replays do not know
        before = [_Saved(t, t.array, t.grad, t.node, t.requires_grad) for t in self.state]
        recording, thread.capture = thread.recording, self
        try:
            outputs = function(*inputs)
            self.single = isinstance(outputs, Tensor)
            if not self.single and not (isinstance(outputs, tuple | list) and outputs):
                raise DTypeError(f"capture: the function must return a tensor, or a tuple of tensors, got {outputs!r}")
            self._check(recording, before, (outputs,) if self.single else tuple(outputs))
            self._check_inputs(inputs, read)
            self._check_others(recording, (*inputs, *([outputs] if self.single else outputs)))
            self.settings.settle(recording.leaves)
            _restore(before)
            del outputs
            self._plan(recording, inputs)
        except BaseException:
            graph.revert(recording)                      # what is not in the state keeps its value, too
            raise
        finally:
            _restore(before)
            thread.capture = None
            thread.recording = graph.Recording()

    def check_optimizer(self, optimizer: Any) -> None:
        """See that a replay will know the options of an optimiser that steps."""
        if not any(optimizer is each for each in self.optimizers):
            raise EvaluationError(f"capture: the function steps an optimiser, {type(optimizer).__name__}, that is not "
                                  "in its state; pass everything it changes: capture(function, model, optimizer)")

    def _check(self, recording: graph.Recording, before: "list[_Saved]", outputs: tuple[Any, ...]) -> None:
        """See that the function did nothing that a replay would not do."""
        for t in outputs:
            if not _is_tensor(t) or t.array.epoch != recording.epoch:
                raise EvaluationError("capture: the function must return tensors that it computes")
        self.outputs = [(t.array.slot, t.array.shape, t.array.dtype) for t in outputs]
        self.changed = [(t, t.array.slot) for t, old, *_ in before if t.array is not old]
        for t, old, grad, *_ in before:
            if t.array is not old and t.array.epoch != recording.epoch:
                raise EvaluationError("capture: the function may only assign to its state what it computes")
            if grad is not None and grad.array.storage in recording.leaves:
                raise EvaluationError("capture: the function adds to gradients that were there before; let it begin "
                                      "with zero_grad()")
            if t.array is old and t.grad is not grad and t.grad is not None:
                raise EvaluationError(f"capture: the function leaves a gradient, of a tensor of shape {t.shape}, that "
                                      "nothing in it uses, and a replay would lose it; let it call optimizer.step() of "
                                      "an optimiser that has this tensor, freeze it with requires_grad_(False), or end "
                                      "with model.zero_grad()")

    def _check_inputs(self, inputs: tuple[Tensor, ...], read: list[Array]) -> None:
        """See that inputs are only read: a replay has arrays of its own for them."""
        for i, (x, array) in enumerate(zip(inputs, read, strict=True)):
            if x.array is not array:
                raise EvaluationError(f"capture: the function changes its input number {i} in place, a tensor of shape "
                                      f"{x.shape}, and a replay would lose that; return it, or name the tensor in the "
                                      "state")

    def _check_others(self, recording: graph.Recording, allowed: tuple[Tensor, ...]) -> None:
        """See that all tensors that were changed in place, maybe through a part of them, are in the state."""
        known = {id(t) for t in (*self.state, *allowed)}
        for weak, old in recording.rebound:
            t = weak()
            if t is not None and id(t) not in known and old.storage not in self.born \
                    and t.array.epoch == recording.epoch:
                raise _not_in_state(t.shape)

    def _plan(self, recording: graph.Recording, inputs: tuple[Tensor, ...]) -> None:
        self.leaves = list(recording.leaves)
        number = {storage: i for i, storage in enumerate(self.leaves)}
        self.inputs = [number.get(graph.storage_of(x.array), -1) for x in inputs]        # -1: the function reads it not
        self.read = [(t, number[t.array.storage]) for t in self.state if t.array.storage in number]
        known = {*self.inputs, *[i for _, i in self.read]}
        fixed = {storage: i for storage, i in number.items() if i not in known and storage not in self.born}
        self.weights = [(t, fixed[t.array.storage]) for t, _ in self.settings.tensors.values()
                        if t.array.storage in fixed]
        slots = list(recording.leaf_specs())
        for i, (slot, spec) in enumerate(recording.leaf_specs().items()):
            if i not in known and self.leaves[i] not in self.born and recording.arrays[slot]() is None:
                raise _not_in_state(spec.shape)
        donors = {slots[i] for t, i in self.read if any(t is other for other, _ in self.changed)}
        wanted = {slot for _, slot in self.changed} | {slot for slot, *_ in self.outputs}
        leaves = set(slots) - donors
        alive = tuple([slot in wanted or slot in leaves for slot in range(len(recording.arrays))])
        self.plan = graph.plan_for(recording, alive)
        leaf_of, place_of = dict(self.plan.updates), {slot: n for n, (slot, _) in enumerate(self.plan.results)}
        self.in_place = [(t, leaf_of[slot]) for t, slot in self.changed if slot in leaf_of]
        graph.replayed.update({id(t): t for t, _ in self.in_place})
        self.replaced = [(t, place_of[slot]) for t, slot in self.changed if slot not in leaf_of]
        owner = {slot: t for t, slot in self.changed if slot in leaf_of}
        self.returned = [(owner.get(slot), place_of.get(slot, -1), shape, dtype) for slot, shape, dtype in self.outputs]
        # What the replay holds is never overwritten: blocks are used again, or updated, only if nobody else refers to
        # them (Pool.take, graph.run). So what was made of constants stays right, and is looked up once.
        self.constant = known.isdisjoint(self.plan.prepared.reads)
        self.prepared = self.plan.prepared.storages(self.leaves, thread.pool) if self.constant else None
        for i in known - {-1}:                           # what is not a constant is found again at each replay
            self.leaves[i] = None  # type: ignore[call-overload]

    def __call__(self, inputs: tuple[Tensor, ...]) -> Any:
        if self.settings.effects:
            self.settings.change()
        leaves = self.leaves.copy()
        for x, i in zip(inputs, self.inputs, strict=True):
            storage = x.array.storage or _computed(x)
            if i >= 0:
                leaves[i] = storage
        for tensor, i in self.read:
            leaves[i] = tensor.array.storage or _computed(tensor)
        if not self.in_place and not self.replaced:      # nothing that Ctrl-C could tear in half
            return self._returned(leaves, graph.run(self.plan, leaves, prepared=self.prepared))
        with interrupt.deferred():
            for tensor, i in self.in_place:              # somebody else holds the old value: leave it alone
                if getrefcount(tensor.array) > 2:
                    leaves[i] = graph.copy_of(leaves[i])
            graph.replays += 1
            results = graph.run(self.plan, leaves, prepared=self.prepared)
            for tensor, i in self.in_place:
                if tensor.array.storage is not leaves[i]:
                    tensor.array = Array.at(tensor.array.shape, tensor.array.dtype, leaves[i])
            rebound = [(ref(tensor), results[i], tensor.array) for tensor, i in self.replaced] if thread.pending else ()
            for tensor, i in self.replaced:
                tensor.array = Array.at(tensor.array.shape, tensor.array.dtype, results[i])
            return self._returned(leaves, results, rebound)

    def up_to_date(self) -> bool:
        """Take the tensors of modules that are not in the state from where they are now.

        It is False where two that were one array (a weight, and what `detach` gave of it) are two now.
        """
        for t, i in self.weights:
            if t.array.storage is not self.leaves[i]:
                break
        else:
            return True
        places = {i: t.array.storage or _computed(t) for t, i in self.weights}
        if any(t.array.storage is not places[i] for t, i in self.weights):
            return False
        for i, storage in places.items():
            self.leaves[i] = storage
        if self.constant:
            self.prepared = self.plan.prepared.storages(self.leaves, thread.pool)
        return True

    def _returned(self, leaves: list[Storage], results: list[Storage], rebound: Sequence[Any] = ()) -> Any:
        """What the function returns."""
        outputs = tuple([Tensor(Array.at(shape, dtype, results[i]) if tensor is None else tensor.array)
                         for tensor, i, shape, dtype in self.returned])
        pending = thread.pending.get(leaves[0].device) if thread.pending else None
        if pending is not None:
            own = [(x.array, i) for x, (tensor, i, *_) in zip(outputs, self.returned, strict=True) if tensor is None]
            pending.note(thread.started, self.plan, leaves, own, results, rebound)
        return outputs[0] if self.single else outputs


class _Saved(NamedTuple):
    """A tensor of the state, and what it was before."""

    tensor: Tensor
    array: Array
    grad: Tensor | None
    node: Any
    requires_grad: bool


def _not_in_state(shape: graph.Shape) -> EvaluationError:
    return EvaluationError(f"capture: the function replaces a tensor of shape {shape} that is not in its state; pass "
                           "everything it changes: capture(function, model, optimizer)")


def _alone(array: Array) -> Array:
    """The same value in memory that nothing else shares: one array must not stand for two in the plan."""
    return Array.at(array.shape, array.dtype, graph.copy_of(graph.storage_of(array)))


def _computed(tensor: Tensor) -> Storage:
    graph.evaluate()
    return graph.storage_of(tensor.array)


def _restore(state: list[_Saved]) -> None:
    for t, array, grad, node, requires_grad in state:
        t.array, t.grad, t.node = array, grad, node
        if t.requires_grad != requires_grad:
            t.requires_grad = requires_grad


def _flat(state: Iterable[Any]) -> Iterator[Any]:
    """Modules, optimisers and tensors of the state, one by one."""
    for each in state:
        if isinstance(each, Tensor) or hasattr(each, "state_tensors"):
            yield each
        elif isinstance(each, Iterable) and not isinstance(each, str | bytes):
            yield from _flat(each)
        else:
            raise DTypeError(f"capture: state must be modules, optimisers or tensors, got {type(each).__name__}")


def _tensors(state: Iterable[Any]) -> Iterator[Tensor]:
    """All that the function may change."""
    for each in state:
        yield from [each] if isinstance(each, Tensor) else each.state_tensors()


def _is_tensor(x: Any) -> bool:
    if not isinstance(x, Tensor):
        raise DTypeError(f"capture: inputs and outputs must be tensors, got {type(x).__name__}")
    return True
