"""The way back: nodes, and the walk that brings gradients to the tensors they are for."""
import itertools
from collections.abc import Callable, Collection, Sequence
from heapq import heappop, heappush
from typing import Any

from numbacnn.errors import GradientError
from numbacnn.graph import Array, record
from numbacnn.options import flag

Gradients = tuple[Array | None, ...] | list[Array]
Backward = Callable[[Array], Gradients]


class Node:
    """How the gradient of a value goes on: to other nodes, to the user's tensors, or (None) nowhere.

    A node does not hold the values it was computed from: what `backward` does not mention is free to go.
    """

    __slots__ = ("backward", "dtype", "inputs", "order", "shape", "watch")

    def __init__(self, y: Array, inputs: tuple[Any, ...], backward: Backward) -> None:
        self.shape = y.shape
        self.dtype = y.dtype
        self.inputs = inputs
        self.backward = backward
        self.order = next(_order)
        self.watch: Callable[[Array], Array] | None = None      # sees the gradient before it goes on, and may change it

    def __reduce__(self) -> tuple[Any, ...]:
        raise GradientError("copy: only tensors that the user made can be copied or pickled; use detach() first")

    def __lt__(self, other: "Node") -> bool:            # in a heap, the newest node comes first
        return self.order > other.order


class Bundle(Array):
    """Gradients that one node waits for, by their places: how a node stands for several values."""

    __slots__ = ("pieces",)

    def __init__(self, pieces: dict[int, Array]) -> None:
        first = next(iter(pieces.values()))
        super().__init__((), "float32", first.device)
        self.pieces = pieces


def sum_of(a: Array, b: Array) -> Array:
    """a + b, without a history: how gradients accumulate."""
    if isinstance(a, Bundle) and isinstance(b, Bundle):
        return Bundle(a.pieces | b.pieces)
    return record("add", (a, b), ((a.shape, a.dtype),))[0]


def propagate(start: Sequence[tuple[Any, Array]], retain_graph: bool, deliver: Callable[[Any, Array], None],
              wanted: Collection[Any] | None = None) -> None:
    """Bring gradients to the leaves, each node once, newest first.

    Parameters
    ----------
    start : sequence of (Node or Tensor, Array)
        Where to begin, with which gradients.
    retain_graph : bool
        Whether nodes are kept for another time.
    deliver : function
        Takes a leaf and a gradient of it; there may be more.
    wanted : set of Node and Tensor, optional
        Go to these alone, and deliver their gradients.
    """
    gradients: dict[Node, Array] = {}
    watched: dict[Any, Array] = {}
    pending: list[Node] = []
    through = None if wanted is None else _leading_to(wanted, [x for x, _ in start])
    inputs, dxs = tuple([x for x, _ in start]), [dx for _, dx in start]
    while True:
        for x, dx in zip(inputs, dxs, strict=True):
            if x is None or dx is None:
                continue
            inner = type(x) is Node
            like = x if inner else x.array
            if dx.shape != like.shape or dx.dtype != like.dtype:
                raise GradientError(f"backward: the gradient must be {like.dtype}{like.shape} as its tensor, "
                                    f"got {dx.dtype}{dx.shape}")
            if through is not None and wanted is not None and x not in wanted and x not in through:
                continue
            if inner:
                if x in gradients:
                    gradients[x] = sum_of(gradients[x], dx)
                else:
                    gradients[x] = dx
                    heappush(pending, x)
            elif x._watch is None:
                deliver(x, dx)
            else:                                        # who watches sees all of it at once
                watched[x] = sum_of(watched[x], dx) if x in watched else dx
        if not pending:
            break
        node = heappop(pending)
        gradient = gradients.pop(node)
        if node.watch is not None:
            gradient = node.watch(gradient)
        if wanted is not None and node in wanted:
            deliver(node, gradient)
        if through is not None and node not in through:
            inputs, dxs = (), []
            continue
        inputs, dxs = node.inputs, node.backward(gradient)  # type: ignore[assignment]
        if not retain_graph:
            node.inputs, node.backward = (), _freed
    for leaf, gradient in watched.items():
        deliver(leaf, leaf._watch(gradient))


def _leading_to(wanted: Collection[Any], start: Sequence[Any]) -> set[Node]:
    """The nodes through which something wanted is reached."""
    nodes: set[Node] = set()
    stack = [x for x in start if isinstance(x, Node)]
    while stack:
        node = stack.pop()
        if node not in nodes:
            nodes.add(node)
            stack += [x for x in node.inputs if isinstance(x, Node)]
    through: set[Node] = set()
    for node in sorted(nodes, reverse=True):             # the oldest first
        if node.backward is _freed or any(x in wanted or x in through for x in node.inputs):
            through.add(node)
    return through


def _freed(dy: Array) -> Gradients:
    raise GradientError("backward: this graph was already used and freed; compute the tensor again, or pass "
                        "retain_graph=True the first time")


_order = itertools.count()


def derivative_options(op: str, retain_graph: Any, create_graph: Any) -> bool:
    """Whether the graph is kept; second derivatives are refused."""
    if flag(op, "create_graph", create_graph):
        raise GradientError(f"{op}: create_graph must be False: gradients are numbers without a history, there are no "
                            "second derivatives; write the first derivative as operations to differentiate it")
    return retain_graph is not None and flag(op, "retain_graph", retain_graph)
