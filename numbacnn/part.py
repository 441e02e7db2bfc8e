"""Parts: tensors that were taken of another one, and that give it what is written to them in place.

Arrays are values, so a part holds a copy. Its `owner` says what it was taken of: that tensor, which array it held then
and how many replays had been run (in a list that several parts may share), in which way, and where. It is a plain
tuple, because naming its four fields would make each view an eighth dearer. The tensor is held only if it is a part
itself that somebody can see; the array is not.
"""
from collections.abc import Callable
from sys import getrefcount
from typing import Any, NamedTuple
from weakref import ref

from numbacnn import graph
from numbacnn.autograd import Tensor, adopt
from numbacnn.errors import EvaluationError, GradientError
from numbacnn.grad_mode import is_grad_enabled, no_grad
from numbacnn.graph import Shape


class Way(NamedTuple):
    """A way to take parts of a tensor."""

    take: Callable[[Tensor, Shape, Any], Tensor]         # tensor, shape of the part, where -> the part
    put: Callable[[Tensor, Tensor, Any], Tensor]         # tensor, its new part, where -> the tensor with that part
    join: Callable[[Any, Shape, Any], Any] | None = None     # where, shape, where in that part -> where, or None


Step = tuple[Way, Any, Shape]                            # a way, where, the shape of the part


def part_of(x: Tensor, y: Tensor, way: Way, where: Any = ()) -> Tensor:
    """Make y, which was taken of x, a part of it."""
    y.owner = ref(x) if x.owner is None else _link(x), [ref(x.array), graph.replays], way, where
    return y


def _link(part: Tensor) -> Any:
    """How a part of a part holds the latter: itself, or weakly if nobody can see any more what it was taken of."""
    if not _seen(part):
        part.owner = None
    return ref(part) if part.owner is None else part


def _seen(part: Tensor) -> bool:
    """Whether somebody can see what is written to the tensor that a part was taken of, or it is refused.

    What is between and nobody sees is left out. An attribute counts its own reference and the call's, in every Python.
    """
    while part.owner is not None:
        if type(part.owner[0]) is ref:
            return part.owner[2] is REPEATED or part.owner[0]() is not None
        if getrefcount(part.owner[0]) > 2:
            return True
        if not _leave_out(part):
            part = part.owner[0]
    return False


def _leave_out(part: Tensor) -> bool:
    """Make a part of a part, which nobody sees, one of what that was taken of; not if one of them holds old numbers."""
    base, _, other, there = part.owner
    if base.owner is None and other is not REPEATED:
        return False
    above, seen, way, where = base.owner or part.owner
    if way is REPEATED or other is REPEATED:             # it is refused, whoever sees it
        part.owner = ref(base), seen, REPEATED, ()
        return True
    x = above() if type(above) is ref else above
    if x is None or not unchanged(part, base) or not unchanged(base, x) or (base.node is None and base.requires_grad):
        return False
    part.owner = above, seen, *_joined((way, where, base.array.shape), (other, there, part.array.shape))
    return True


def _joined(outer: Step, inner: Step) -> tuple[Way, Any]:
    """The way to a part of a part, and where: as one, or one after the other."""
    first, second = [each[1] if each[0] is SEVERAL else (each,) for each in (outer, inner)]
    (way, where, shape), (other, there, last) = first[-1], second[0]
    both = way.join(where, shape, there) if way is other and way.join is not None else None
    steps = (*first, *second) if both is None else (*first[:-1], (way, both, last), *second[1:])
    return (SEVERAL, steps) if len(steps) > 1 else steps[0][:2]


def _put_in_steps(x: Tensor, y: Tensor, steps: tuple[Step, ...]) -> Tensor:
    """Put back through parts that nobody holds: they are taken again."""
    taken = [x]
    for way, where, shape in steps[:-1]:
        taken.append(way.take(taken[-1], shape, where))
    for base, (way, where, _) in zip(taken[::-1], steps[::-1], strict=True):
        y = way.put(base, y, where)
    return y


def detach(x: Tensor) -> Tensor:
    """Return the same values, without a history. What is written to it in place is written to this tensor, too."""
    return part_of(x, Tensor(x.array), SAME)


def share(parts: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Let parts of one tensor that do not overlap be changed one after the other."""
    for y in parts[1:]:
        y.owner = y.owner[0], parts[0].owner[1], *y.owner[2:]
    return parts


def write(op: str, x: Tensor, y: Tensor, reads: bool = True) -> None:
    """Give x the value and the history of y, and so each tensor that x is a part of; nothing changes unless all can.

    Not if it `reads` x, and the tensor was written to since x was taken: x holds old numbers.
    """
    recorded = is_grad_enabled()
    above = [] if x.owner is None else _above(op, x, y, reads, recorded)
    graph.rebind(x, y.array)
    if recorded:
        adopt(x, y)
    for base, value, seen, joined in above:
        graph.rebind(base, value.array)
        seen[:] = ref(value.array), graph.replays
        if joined:
            adopt(base, value)


def _above(op: str, part: Tensor, value: Tensor, reads: bool, joined: bool) -> list[tuple[Tensor, Tensor, Any, bool]]:
    """What a part was taken of, what that was taken of, and so on.

    Each with its new value, what its parts saw of it, and whether the history of the value becomes its own.
    """
    found = []
    while part.owner is not None:
        base, seen, way, where = part.owner
        if way is REPEATED:
            _refuse(part, part, where)
        x: Any = base() if type(base) is ref else base
        if x is None:                                    # nobody can see it
            break
        if (reads or part.array.dtype != x.array.dtype) and not unchanged(part, x):
            raise EvaluationError(f"{op}: the tensor of shape {x.shape} has been written to since this part of it, of "
                                  f"shape {part.shape}, was taken, which holds old numbers; take the part again")
        joined = joined and not _without_history(way, where)
        if joined:
            check_leaf(op, x)
        value, reads = way.put(x, value, where), True
        found.append((x, value, seen, joined))
        part = x
    return found


def assign(x: Tensor, array: graph.Array) -> None:
    """Give x, and each tensor that it is a part of, other values; histories stay."""
    if x.owner is None:
        graph.rebind(x, array)
    else:
        with no_grad():
            write("assign", x, Tensor(array), reads=False)


def unchanged(part: Tensor, x: Tensor) -> bool:
    """Whether x, of which a part was taken, holds what it held then, or what the part put there."""
    array, replays = part.owner[1]
    return x.array is array() and (replays == graph.replays or id(x) not in graph.replayed)


def check_leaf(op: str, x: Tensor) -> None:
    """Check that no gradient is lost if x is changed."""
    if x.node is None and x.requires_grad and is_grad_enabled():
        raise GradientError(f"{op}: a tensor with requires_grad=True that the user made cannot be changed in place "
                            "where gradients are recorded; do it inside `with numbacnn.no_grad():`")


def _without_history(way: Way, where: Any) -> bool:
    """Whether what is put back in that way does not bring its history."""
    return way is SAME or (way is SEVERAL and any(each[0] is SAME for each in where))


def _refuse(x: Tensor, y: Tensor, where: Any) -> Tensor:
    """Refuse to put back: several numbers of y are one number of x."""
    raise EvaluationError(f"expand: a tensor that repeats numbers, here one of shape {y.shape}, cannot be changed in "
                          "place; change the one it was made of, or a clone()")


SAME = Way(lambda x, shape, where: Tensor(x.array), lambda x, y, where: y, lambda where, shape, there: ())
REPEATED = Way(lambda x, shape, where: x, _refuse)      # nothing is put back, so nothing is taken again
SEVERAL = Way(lambda x, shape, where: x, _put_in_steps)     # each step is taken by itself
