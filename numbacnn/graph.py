"""Arrays are recorded first and computed together later.

`record` notes one kernel call and returns arrays without memory; `evaluate` computes everything this thread recorded
and somebody still refers to. Arrays are values: nothing ever changes them. Memory is updated in place all the same,
because a plan hands the memory of an array nobody refers to any more to its successor.
"""
import itertools
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from math import prod
from types import MappingProxyType
from typing import Any
from weakref import WeakValueDictionary, ref

import numpy as np

from numbacnn import interrupt
from numbacnn.backend import Device, default_device
from numbacnn.dtypes import DTYPES, NAMES, computed
from numbacnn.errors import DeviceError, DTypeError, EvaluationError, ShapeError
from numbacnn.fusion import Number
from numbacnn.kernels import Spec
from numbacnn.memory import Pool, Storage, capacity, is_shared
from numbacnn.options import switch
from numbacnn.pending import BEHIND, Pending
from numbacnn.plan import Instruction, Plan, successions
from numbacnn.widening import is_widened

Shape = tuple[int, ...]

EAGER, FUSE = switch("NUMBACNN_EAGER", False), switch("NUMBACNN_FUSE", True)
PRECISION = "default"
MAX_ELEMENTS = 2**31 - 1  # of an array: kernels are not tried with more
MAX_ARRAYS = 4096         # a recording of so many arrays evaluates itself,
MAX_BYTES = 256 << 20     # and one that keeps so many bytes alive which nobody else refers to,
SHARE = 0.125             # on a device with memory of its own this share of it
MAX_PLANS = 64            # plans a thread keeps, the least recently used goes first


class Array:
    """An immutable value: in memory (`storage`), or still to be computed (`epoch` and `slot` of the recording)."""

    __slots__ = ("__weakref__", "device", "dtype", "epoch", "shape", "slot", "storage")

    def __init__(self, shape: Shape, dtype: str, device: Device, epoch: int = -1, slot: int = -1) -> None:
        self.shape = shape
        self.dtype = dtype
        self.device = device
        self.epoch = epoch
        self.slot = slot
        self.storage: Storage | None = None

    @classmethod
    def of(cls, values: np.ndarray, device: Device | None = None) -> "Array":
        """A copy, so that a caller who reuses his memory does not change what was recorded."""
        name = NAMES.get(values.dtype)
        if name is None:                                 # the other order of bytes, or no dtype of ours
            name = values.dtype.name
            if name not in DTYPES:
                raise DTypeError(f"tensor: dtype must be one of {', '.join(DTYPES)}, got {values.dtype}")
            values = values.astype(name)
        if values.size > MAX_ELEMENTS:
            raise too_large("tensor", "an array", values.shape)
        device = device or default_device()
        array = cls(values.shape, name, device)
        array.storage = thread.pool.take(device, device.backend.nbytes(array.shape, array.dtype))
        device.backend.upload(values, array.storage.memory)
        if thread.capture is not None:
            thread.capture.born.add(array.storage)
        return array

    @classmethod
    def at(cls, shape: Shape, dtype: str, storage: Storage) -> "Array":
        """The value that lies in `storage`."""
        array = cls(shape, dtype, storage.device)
        array.storage = storage
        return array

    def __reduce__(self) -> tuple[Any, ...]:            # copies and pickles hold the value, never an address
        return Array.of, (self.numpy(), self.device)

    def numpy(self) -> np.ndarray:
        """A copy of the value, which is computed now if it is still pending."""
        values: np.ndarray = self.device.backend.download(self.computed().memory, self.shape, self.dtype)
        return values

    def computed(self) -> Storage:
        """The memory of the value, which is computed now if it is still pending."""
        if thread.capture is not None and (self.storage is None or self.storage in thread.capture.variable):
            raise EvaluationError("capture: the captured function looks at a value (print, item, numpy, if); a replay "
                                  "runs no Python: return the tensor and look at it outside")
        if self.storage is None:
            evaluate()
        settle()
        return storage_of(self)


class Recording:
    """Calls recorded since the last evaluation. `program` (of Instructions) and what is alive make a plan's key."""

    __slots__ = ("arrays", "device", "differentiable", "epoch", "leaves", "nbytes", "next_check", "program", "rebound")

    def __init__(self) -> None:
        self.epoch = next(_epochs)
        self.device: Device | None = None
        self.program: list[tuple[Any, ...]] = []
        self.arrays: list[ref[Array]] = []              # by slot; weak, so that only what is still wanted is computed
        self.leaves: dict[Storage, tuple[int, Shape, str]] = {}     # memory the program reads: slot, shape, dtype
        self.nbytes = 0                                 # of the leaves
        self.next_check = MAX_BYTES
        self.differentiable = False                     # whether gradients of something in it may be asked for
        self.rebound: list[tuple[ref[Any], Array]] = []     # tensors given another value by the user; a copy of the old

    def instructions(self) -> list[Instruction]:
        """The program, with names for the fields."""
        return [Instruction(*fields) for fields in self.program]

    def leaf_specs(self) -> dict[int, Spec]:
        """What is known of the leaves, by slot."""
        return {slot: Spec(shape, dtype) for slot, shape, dtype in self.leaves.values()}


class Thread(threading.local):
    """Every thread records for itself and owns the plans it runs, the memory they work in, and a pool."""

    def __init__(self) -> None:
        self.recording = Recording()
        self.plans: OrderedDict[Any, Plan] = OrderedDict()
        self.arenas: dict[Device, Storage] = {}
        self.pool = Pool()
        self.pending: dict[Device, Pending] = {}        # runs that may still fail
        self.started: Any = None                        # the last one, if it may
        self.capture: Any = None                        # the capture in progress, if any
        self.observer: Callable[..., Any] | None = None   # runs plans in place of `Plan.run`, to explain them
        self.eager = EAGER
        self.fuse = FUSE
        self.precision = PRECISION
        self.autocast: dict[str, str] = {}              # by kind of device, or "" for all: a dtype, or "" for none

    def arena(self, device: Device, nbytes: int) -> Storage:
        """The memory that all plans of this thread share for their intermediate arrays."""
        arena = self.arenas.get(device)
        if arena is None or arena.nbytes < nbytes:
            arena = None
            self.arenas.pop(device, None)
            arena = self.arenas[device] = self.pool.made(device, nbytes)
        return arena


def setting_changed() -> None:
    """Note that something changed that Python reads while it records: captured functions compare their settings."""
    global settings
    settings = next(_settings)


def record(op: str, inputs: tuple[Array, ...], outputs: tuple[tuple[Shape, str], ...],
           numbers: tuple[Number, ...] = ()) -> list[Array]:
    """Note a call of kernel `op` and return its outputs.

    `append` commits; an interrupt or an error before it leaves slots that no instruction fills, which is harmless.
    """
    device = inputs[0].device
    for array in inputs:
        if array.device is not device:
            raise DeviceError(f"{op}: all tensors must be on one device, got {device} and {array.device}; "
                              "move one with .to(device)")
    if thread.eager:
        return _launch(op, inputs, outputs, numbers)
    recording = thread.recording
    if recording.device is not device:
        recording = _recording_on(device)
    epoch, arrays = recording.epoch, recording.arrays
    slots = tuple([array.slot if array.epoch == epoch else _leaf(array, recording) for array in inputs])
    first = slot = len(arrays)
    results = []
    for shape, dtype in outputs:
        if prod(shape) > MAX_ELEMENTS:
            raise too_large(op, "the result", shape)
        array = Array(shape, dtype, device, epoch, slot)
        results.append(array)
        arrays.append(ref(array))
        slot += 1
    recording.program.append((op, slots, first, outputs, numbers))
    if recording.nbytes > recording.next_check or slot > MAX_ARRAYS:
        _relieve(recording)
    return results


def too_large(op: str, what: str, shape: Shape) -> ShapeError:
    """The error that an array would have too many elements."""
    return ShapeError(f"{op}: {what} {shape} would have {prod(shape)} elements, at most {MAX_ELEMENTS} are possible; "
                      "use smaller batches, or check the options")


def _recording_on(device: Device) -> Recording:
    """A recording is about one device: what was recorded for another is computed first."""
    if thread.capture is not None and thread.recording.device is not None:
        raise DeviceError(f"capture: all tensors must be on one device, got {thread.recording.device} and {device}")
    if thread.recording.device is not None:
        evaluate()
    thread.recording.device = device
    return thread.recording


def rebind(tensor: Any, array: Array) -> None:
    """Give a tensor another value; it keeps the old one if the evaluation of the new one fails."""
    old = tensor.array
    if old.shape != array.shape or old.dtype != array.dtype:
        setting_changed()
    if old.storage is not None and array.storage is None:
        thread.recording.rebound.append((ref(tensor), Array.at(old.shape, old.dtype, old.storage)))
    tensor.array = array


def _leaf(array: Array, recording: Recording) -> int:
    """The slot of an array that is in memory."""
    storage = array.storage or storage_of(array)
    leaf = recording.leaves.get(storage)
    if leaf is None:
        leaf = len(recording.arrays), array.shape, array.dtype
        recording.arrays.append(ref(array))
        recording.leaves[storage] = leaf                # an interrupt just before this line: a slot nobody reads
        recording.nbytes += storage.nbytes
    return leaf[0]


def _relieve(recording: Recording) -> None:
    """Evaluate a recording that would grow without end: long, or the last to refer to much memory."""
    if thread.capture is not None:
        return
    dead = sum(storage.nbytes for storage, (slot, *_) in recording.leaves.items() if recording.arrays[slot]() is None)
    most = max(MAX_BYTES, int(SHARE * capacity(recording.device)) if recording.device else 0)
    if dead > most or len(recording.arrays) > MAX_ARRAYS:
        evaluate()
    else:
        recording.next_check = recording.nbytes + most


def _launch(op: str, inputs: tuple[Array, ...], outputs: tuple[tuple[Shape, str], ...], numbers: tuple[Number, ...]
            ) -> list[Array]:
    """Run the kernel at once, without a plan: for debugging, and as an oracle that shares no code with plans."""
    device = inputs[0].device
    for shape, _ in outputs:
        if prod(shape) > MAX_ELEMENTS:
            raise too_large(op, "the result", shape)
    if is_widened(op, (*[array.dtype for array in inputs], *[dtype for _, dtype in outputs]), device.backend):
        wide = tuple([_cast(array, computed(array.dtype)) for array in inputs])
        found = _launch(op, wide, tuple([(shape, computed(dtype)) for shape, dtype in outputs]), numbers)
        return [_cast(array, dtype) for array, (_, dtype) in zip(found, outputs, strict=True)]
    results = [Array.at(shape, dtype, thread.pool.take(device, device.backend.nbytes(shape, dtype)))
               for shape, dtype in outputs]
    arrays = [(storage_of(array).memory, array.shape, array.dtype) for array in (*inputs, *results)]
    device.backend.launch(op, arrays, numbers)
    return results


def _cast(array: Array, dtype: str) -> Array:
    return array if array.dtype == dtype else _launch("cast", (array,), ((array.shape, dtype),), ())[0]


def storage_of(array: Array) -> Storage:
    """The memory of a value that has been computed."""
    if array.storage is None:
        raise EvaluationError("this tensor has no value: its evaluation failed, or it is pending in another thread "
                              "(call numbacnn.evaluate() in the thread that made it)")
    return array.storage


def copy_of(storage: Storage) -> Storage:
    """The same bytes in other memory."""
    copy = thread.pool.take(storage.device, storage.nbytes)
    storage.device.backend.copy(storage.memory, copy.memory, storage.nbytes)
    return copy


def plan_for(recording: Recording, alive: tuple[bool, ...]) -> Plan:
    """The plan that computes what is alive of a recording; a training loop builds it once."""
    key = (recording.device, tuple(recording.program), tuple(recording.leaves.values()), alive,
           recording.differentiable, thread.fuse, thread.precision)
    plan = thread.plans.get(key)
    if plan is None:
        assert recording.device is not None
        program, leaves = recording.instructions(), recording.leaf_specs()
        plan = Plan(program, leaves, alive, recording.device.backend, thread.fuse, thread.precision,
                    inference=not recording.differentiable)
        thread.plans[key] = plan
        if len(thread.plans) > MAX_PLANS:
            thread.plans.popitem(last=False)
    else:
        thread.plans.move_to_end(key)
    return plan


def evaluate() -> None:
    """Compute every recorded array that somebody still refers to.

    All or nothing: if a kernel fails, results stay without a value and updated arrays keep their old one. Ctrl-C waits
    until it is done.
    """
    if thread.recording.program and thread.capture is None:
        with interrupt.deferred():
            settle(BEHIND)
            _evaluate()


def settle(behind: int = 0) -> None:
    """Wait for what devices have begun and may fail, but for the last so many runs; raise the error of the first."""
    for pending in thread.pending.values():
        error = pending.failure(behind)
        if error is not None:
            recording, thread.recording = thread.recording, Recording()
            revert(recording, pending.replaced())
            pending.undo()
            raise error


def _evaluate() -> None:
    recording, thread.recording = thread.recording, Recording()
    arrays = [weak() for weak in recording.arrays]
    leaves = list(recording.leaves)
    try:
        plan = plan_for(recording, tuple([array is not None for array in arrays]))
        results = run(plan, leaves, arrays)
    except BaseException:
        revert(recording)
        raise
    for slot, leaf in plan.updates:
        _give(arrays[slot], leaves[leaf])
    for (slot, _), storage in zip(plan.results, results, strict=True):
        _give(arrays[slot], storage)
    pending = thread.pending.get(leaves[0].device)
    if pending is not None:
        pending.note(thread.started, plan, leaves, [(arrays[slot], n) for n, (slot, _) in enumerate(plan.results)],
                     results, [(weak, tensor.array.storage, old) for weak, old in recording.rebound
                               if (tensor := weak()) is not None and tensor.array.storage is not None])


def revert(recording: Recording, replaced: Mapping[Storage, Storage] = MappingProxyType({})) -> None:
    """After a failure: what was to be an update keeps the value it had; the update did not happen.

    `replaced` says of memory whose numbers are rubbish, because runs before have failed, too, what was there before.
    """
    if recording.device is None:
        return
    arrays = [weak() for weak in recording.arrays]
    memory = {slot: storage for storage, (slot, *_) in recording.leaves.items()}
    updates = successions(recording.instructions(), list(memory), recording.device.backend.UPDATES)
    for slot, leaf in updates.items():
        _give(arrays[slot], replaced.get(memory[leaf], memory[leaf]))
    for weak, old in reversed(recording.rebound):
        tensor = weak()
        if tensor is not None and tensor.array.epoch == recording.epoch:
            tensor.array = old


def run(plan: Plan, leaves: list[Storage], arrays: Sequence[Array | None] = (),
        prepared: list[Storage] | None = None) -> list[Storage]:
    """Run a plan on the memory it reads, and return the memory of its results.

    A leaf that the plan overwrites is replaced in `leaves` by a copy if anybody else can still see it. `prepared` is
    what the plan's preparations made of these leaves, for a caller who keeps it.
    """
    device = leaves[0].device
    for _, leaf in plan.updates:
        if is_shared(leaves, leaf):
            leaves[leaf] = copy_of(leaves[leaf])
    pool = thread.pool
    if prepared is None:
        prepared = plan.prepared.storages(leaves, pool)
    for _, leaf in plan.updates:
        leaves[leaf].renew()
    results = [pool.take(device, nbytes) for _, nbytes in plan.results]
    arena = thread.arena(device, plan.arena_bytes)
    addresses = [arena.address, *[leaves[leaf].address for leaf in plan.reads],
                 *[storage.address for storage in (*results, *prepared)]]
    thread.started = None
    if thread.observer is None:
        thread.started = plan.run(addresses)
        if thread.started is not None and device not in thread.pending:
            thread.pending[device] = Pending()
    else:
        thread.observer(plan, addresses, arrays)
    return results


def _give(array: Array | None, storage: Storage) -> None:
    if array is not None:
        array.storage = storage
        array.epoch = -1


_epochs = itertools.count()
_settings = itertools.count(1)
replays = 0                                              # how often captured functions have changed tensors in place,
replayed: WeakValueDictionary[int, Any] = WeakValueDictionary()       # and those, by their id
settings = 0                                             # another number whenever a setting of anything changed
thread = Thread()
