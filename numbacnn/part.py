"""Parts: tensors that were taken of another one, and that give it what is written to them in place.

Arrays are values, so a part holds a copy. Its `owner` says what it was taken of: that tensor, which array it held then
and how many replays had been run (in a list that several parts may share), how the part is put back, and where. The
tensor is held only if it is a part itself; the array is not.
"""
from collections.abc import Callable
from sys import getrefcount
from typing import Any
from weakref import ref

from numbacnn import graph
from numbacnn.autograd import Tensor, adopt
from numbacnn.errors import EvaluationError, GradientError
from numbacnn.grad_mode import is_grad_enabled, no_grad

Put = Callable[[Tensor, Tensor, Any], Tensor]            # tensor, its new part, where -> the tensor with that part


def part_of(x: Tensor, y: Tensor, put: Put, where: Any = ()) -> Tensor:
    """Make y, which was taken of x, a part of it."""
    y.owner = ref(x) if x.owner is None else held(x), [ref(x.array), graph.replays], put, where
    return y


def held(part: Tensor) -> Any:
    """How a part of a part holds the latter: itself, or weakly if nobody can see any more what it was taken of."""
    if not _seen(part):
        part.owner = None
    return ref(part) if part.owner is None else part


def _seen(part: Tensor) -> bool:
    """Whether somebody can see what is written to the tensor that a part was taken of, or it is refused."""
    if part.owner is None:
        return False
    base, _, put, _ = part.owner
    if type(base) is ref:
        return put is repeated or base() is not None
    return getrefcount(base) > 3 or _seen(base)          # here, in the call and in the part's owner


def detach(x: Tensor) -> Tensor:
    """Return the same values, without a history. What is written to it in place is written to this tensor, too."""
    return part_of(x, Tensor(x.array), same)


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
        base, seen, put, where = part.owner
        if put is repeated:
            repeated(part, part, where)
        x: Any = base() if type(base) is ref else base
        if x is None:                                    # nobody can see it
            break
        if (reads or part.array.dtype != x.array.dtype) and not unchanged(part, x):
            raise EvaluationError(f"{op}: the tensor of shape {x.shape} has been written to since this part of it, of "
                                  f"shape {part.shape}, was taken, which holds old numbers; take the part again")
        joined = joined and put is not same
        if joined:
            check_leaf(op, x)
        value, reads = put(x, value, where), True
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


def same(x: Tensor, y: Tensor, where: Any) -> Tensor:
    """Put back what `detach` gave: as it is, without a history."""
    return y


def repeated(x: Tensor, y: Tensor, where: Any) -> Tensor:
    """Refuse to put back: several numbers of y are one number of x."""
    raise EvaluationError(f"expand: a tensor that repeats numbers, here one of shape {y.shape}, cannot be changed in "
                          "place; change the one it was made of, or a clone()")
