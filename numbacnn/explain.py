"""Show what ran: which kernels, what was fused, what was not and who kept the array."""
import gc
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from numbacnn import graph
from numbacnn.autograd import Tensor
from numbacnn.backend import default_device
from numbacnn.fusion import Call
from numbacnn.geometry import count
from numbacnn.graph import Array, thread
from numbacnn.kernels import Spec
from numbacnn.plan import Plan


@dataclass
class Line:
    """One kernel call that ran."""

    op: str
    sources: tuple[str, ...]
    shapes: str
    nbytes: int
    flops: float
    seconds: float
    algorithm: str = ""
    peak: float = 0.0

    def cells(self) -> tuple[str, ...]:
        """Return the row of a table; see `HEAD`. An algorithm with fewer multiplications may exceed the peak."""
        stands_for = "" if self.sources == (self.op,) else " + ".join(self.sources)
        rate = f"{self.flops / self.seconds / 1e9:.1f}" if self.flops else ""
        share = f"{100 * self.flops / self.seconds / self.peak:.0f} %" if self.flops and self.peak else ""
        return (self.op, stands_for, self.algorithm, self.shapes, _bytes(self.nbytes),
                f"{self.flops / 1e6:.2f}" if self.flops else "", f"{self.seconds * 1e6:.1f}", rate, share)


HEAD = "kernel", "stands for", "algorithm", "output", "bytes", "MFLOP", "us", "GFLOP/s", "of peak"


@dataclass
class Explanation:
    """What ran when a function was called; `print` it.

    Attributes
    ----------
    plans : list of list of Line
        The kernel calls of each plan, in order.
    missed : list of str
        Fusions that were not applied, and who kept the array.
    arena_bytes : int
        Memory of intermediate arrays, at most.
    peak : float
        Multiplications and additions that the device does in a second at most, in float32, as measured; 0 if unknown.
    """

    plans: list[list[Line]] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    arena_bytes: int = 0
    peak: float = 0.0

    def __str__(self) -> str:
        text = []
        for number, lines in enumerate(self.plans, 1):
            total = sum(line.seconds for line in lines)
            text.append(f"plan {number} of {len(self.plans)}: {len(lines)} kernel calls, {total * 1e3:.3f} ms")
            rows: list[tuple[str, ...]] = [HEAD, *[line.cells() for line in lines]]
            widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
            text += ["  " + "  ".join(cell.rjust(width) if i > 3 else cell.ljust(width)
                                      for i, (cell, width) in enumerate(zip(row, widths, strict=True))).rstrip()
                     for row in rows]
        if self.peak:
            text += [f"peak: {self.peak / 1e9:.0f} GFLOP/s in float32, as measured on all threads"]
        text += [f"intermediate arrays share {_bytes(self.arena_bytes)}"]
        text += [f"not fused: {missed}" for missed in self.missed]
        return "\n".join(text)

    __repr__ = __str__


def explain(function: Callable[..., Any], *inputs: Any) -> Explanation:
    """Call a function, such as a model or a training step, and tell which kernels ran for it.

    Kernels run one by one here, to be timed; fused calls, and what prevented a fusion, are those of an ordinary run.

    Parameters
    ----------
    function : callable
        What to run. What it returns is kept until everything is computed.
    *inputs
        Its arguments.

    Returns
    -------
    Explanation
        Print it. Times include what compiling a kernel takes, if this is its first run.

    Examples
    --------
    >>> import numbacnn
    >>> layer = numbacnn.nn.Linear(4, 2)
    >>> [line.op for line in numbacnn.explain(layer, numbacnn.ones(3, 4)).plans[0]]
    ['linear']
    """
    if thread.eager:
        raise RuntimeError("explain: there are no plans with NUMBACNN_EAGER=1; run without it")
    graph.evaluate()
    explanation = Explanation(peak=_peak())

    def observe(plan: Plan, addresses: list[int], arrays: Sequence[Array | None]) -> None:
        frame: FrameType | None = sys._getframe(1)
        for slot, names in _missed(plan).items():
            array = arrays[slot] if slot < len(arrays) else None
            explanation.missed.append(f"{' / '.join(names)}: the output of {_op_of(plan, slot)} is kept "
                                      f"{_holder(array, frame)}")
        try:
            seconds = plan.program.time(addresses)
        except Exception as error:
            raise plan.explained(error) from None
        tell = getattr(plan.program, "algorithms", None)
        algorithms = tell() if tell else [""] * len(seconds)
        explanation.plans.append([
            _line(call, plan.specs, s, algorithm, explanation.peak)
            for call, s, algorithm in zip(plan.calls, seconds, algorithms, strict=True)])
        explanation.arena_bytes = max(explanation.arena_bytes, plan.arena_bytes)

    thread.observer = observe
    try:
        result = function(*inputs)
        graph.evaluate()
        del result
    finally:
        thread.observer = None
    return explanation


def flops(op: str, inputs: Sequence[Spec], outputs: Sequence[Spec]) -> float:
    """Multiplications and additions of the calls that do most of the arithmetic; zero for others."""
    if op in ("conv2d", "linear"):
        return 2.0 * count(outputs[0].shape) * count(inputs[1].shape[1:])
    if op in ("conv2d_backward_input", "linear_backward_input"):
        return 2.0 * count(inputs[0].shape) * count(inputs[1].shape[1:])
    if op in ("conv2d_backward_weight", "linear_backward_weight"):
        return 2.0 * count(inputs[1].shape) * count(outputs[0].shape[1:])
    return 0.0


def _peak() -> float:
    """What the default device can do, if its backend measures that."""
    measure = getattr(default_device().backend, "peak", None)
    return float(measure()) if measure else 0.0


def _line(call: Call, specs: dict[int, Spec], seconds: float, algorithm: str, peak: float) -> Line:
    sizes = [count(specs[slot].shape) * int(_itemsize(specs[slot].dtype)) for slot in (*call.inputs, *call.outputs)]
    work = sum(flops(source.op, [specs[s] for s in source.inputs], [specs[s] for s in source.outputs])
               for source in call.sources)
    return Line(call.op, tuple([source.op for source in call.sources]), str(specs[call.outputs[0]].shape), sum(sizes),
                work, seconds, algorithm, peak)


def _missed(plan: Plan) -> dict[int, list[str]]:
    missed: dict[int, list[str]] = {}
    for each in plan.missed:
        names = missed.setdefault(each.slot, [])
        if each.fusion.name not in names:
            names.append(each.fusion.name)
    return missed


def _op_of(plan: Plan, slot: int) -> str:
    return next((call.op for call in plan.calls if slot in call.outputs), "an operation")


def _holder(array: Array | None, frame: FrameType | None) -> str:
    """Who keeps an array: a variable of the user, a gradient to come, or something else."""
    if array is None:
        return "as an output"
    tensors = [each for each in gc.get_referrers(array) if isinstance(each, Tensor)]
    inside = os.path.dirname(__file__)
    while frame is not None:
        if not frame.f_code.co_filename.startswith(inside):
            for name, value in frame.f_locals.items():
                if any(value is tensor for tensor in tensors):
                    code = frame.f_code
                    return f"by variable {name!r} in {code.co_name} ({code.co_filename}:{frame.f_lineno})"
        frame = frame.f_back
    if not tensors:
        return "for a gradient that was not recorded yet: a value was looked at before backward(), or outside no_grad()"
    return "by a tensor in some object"


def _itemsize(dtype: str) -> int:
    return 1 if dtype in ("bool", "uint8") else int(dtype[-2:]) // 8


def _bytes(n: int) -> str:
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if n >= size:
            return f"{n / size:.1f} {unit}"
    return f"{n} B"
