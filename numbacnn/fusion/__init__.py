"""Fusions are data: a pattern of kernel calls and the calls that replace it, both in the language users write.

The pattern is also the definition of what replaces it, so the test of every rule is the same: run both.
"""
import ast
import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from numbacnn.kernels import Spec

Number = int | float
T = TypeVar("T")


@dataclass(eq=False)
class Call:
    """One kernel call of a plan. Arrays are slots; `sources` are the recorded calls it stands for."""

    op: str
    inputs: list[int]
    outputs: list[int]
    numbers: tuple[Number, ...] = ()
    sources: tuple["Call", ...] = ()

    def __post_init__(self) -> None:
        self.sources = self.sources or (self,)


class Line(NamedTuple):
    """`y, argmax = max_pool2d(r, *pool)`: names of arrays, and the names that stand for all numbers of a call."""

    op: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    numbers: tuple[str, ...]


class Match(NamedTuple):
    """Calls that fit the lines of a pattern, and what its names stand for."""

    calls: list[Call]
    slots: dict[str, int]
    numbers: dict[str, tuple[Number, ...]]


class Missed(NamedTuple):
    """A rule that would have fitted if nobody had kept the array in `slot`."""

    fusion: "Fusion"
    slot: int


@dataclass(eq=False)
class Fusion:
    """A rewrite rule: calls that look like `pattern` become those of `replacement`.

    A line that occurs in both texts is context: it must be there, and it stays. `*name` as last argument stands for all
    numbers of a call. A rule never changes what the user can see: it applies only if nobody needs a value it removes.

    Parameters
    ----------
    pattern, replacement : str
        Lines such as ``y, argmax = max_pool2d(r, *pool)``.
    when : callable returning bool
        Asked before the rule is applied. Its parameters are names of the pattern; it gets the numbers of a starred name
        as a tuple, an array as a `Spec`. The parameter `precision` gets what `set_precision` was given, and
        `constant` the names of arrays that outlive the run and are not being trained: what is made of them is kept.
    temporaries : dict of str to callable
        For each array that only the replacement knows: a function, with parameters as in `when`, that gives its `Spec`.
    """

    pattern: str
    replacement: str
    when: Callable[..., bool] = lambda: True
    temporaries: Mapping[str, Callable[..., Spec]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.lines, replacement = parse(self.pattern), parse(self.replacement)
        self.context = [line for line in replacement if line in self.lines]
        self.new = [line for line in replacement if line not in self.lines]
        self.removed = [line for line in self.lines if line not in self.context]
        known = {name for line in self.lines for name in line.outputs}
        # the line that stands for the pattern
        self.main = next((line for line in self.new if known.intersection(line.outputs)), None)

    @property
    def name(self) -> str:
        """The last kernel that the rule puts in."""
        return self.new[-1].op


class Fuser:
    """Applies rules to a program, and remembers those that were missed because somebody keeps a value.

    `constant` are slots of arrays that outlive the run and are not being trained, weights in inference above all; so is
    what kernels in `prepares` compute of them.
    """

    def __init__(self, specs: dict[int, Spec], wanted: set[int], precision: str = "default",
                 constant: AbstractSet[int] = frozenset(), prepares: AbstractSet[str] = frozenset()) -> None:
        self.specs = specs
        self.wanted = wanted
        self.precision = precision
        self.constant = set(constant)
        self.prepares = prepares
        self.missed: list[Missed] = []

    def apply(self, fusions: Sequence[Fusion], calls: list[Call]) -> list[Call]:
        """The program after every rule was applied, in order, wherever it fits."""
        self._note_constants(calls)
        for fusion in fusions:
            while (fused := self._apply_once(fusion, calls)) is not None:
                calls = fused
        return calls

    def _apply_once(self, fusion: Fusion, calls: list[Call]) -> list[Call] | None:
        for match in _matches(fusion.lines, calls, Match([], {}, {})):
            if not self._ask(fusion.when, match):
                continue
            removed = [call for call, line in zip(match.calls, fusion.lines, strict=True) if line in fusion.removed]
            gone = {slot for call in removed for slot in call.outputs}
            gone.difference_update(match.slots[name] for line in fusion.new for name in line.outputs
                                   if name in match.slots)
            if self._is_kept(fusion, removed, gone):
                continue
            new = self._new_calls(fusion, match, removed)
            for place in sorted(removed, key=calls.index, reverse=True):         # as late as it can be
                result = [c for call in calls for c in (new if call is place else [] if call in removed else [call])]
                if _in_order(result, removed):
                    return result
        return None

    def _is_kept(self, fusion: Fusion, removed: list[Call], gone: set[int]) -> bool:
        kept = [Missed(fusion, slot) for call in removed for slot in call.outputs
                if slot in gone and slot in self.wanted]
        self.missed += [missed for missed in kept if missed not in self.missed]
        return bool(kept)

    def _new_calls(self, fusion: Fusion, match: Match, removed: list[Call]) -> list[Call]:
        slots = dict(match.slots)
        for name, spec in fusion.temporaries.items():
            slots[name] = max(self.specs) + 1
            self.specs[slots[name]] = self._ask(spec, match)
        sources = tuple([source for call in removed for source in call.sources])
        new = [Call(line.op, [slots[n] for n in line.inputs], [slots[n] for n in line.outputs],
                    tuple([number for name in line.numbers for number in match.numbers[name]]),
                    sources if line is fusion.main else ()) for line in fusion.new]
        self._note_constants(new)
        return new

    def _note_constants(self, calls: list[Call]) -> None:
        for call in calls:
            if (call.op in self.prepares and self.constant.issuperset(call.inputs)
                    and self.wanted.isdisjoint(call.outputs)):
                self.constant.update(call.outputs)

    def _ask(self, question: Callable[..., Any], match: Match) -> Any:
        def answer(name: str) -> Any:
            if name == "precision":
                return self.precision
            if name == "constant":
                return {known for known, slot in match.slots.items() if slot in self.constant}
            return match.numbers[name] if name in match.numbers else self.specs[match.slots[name]]

        return question(**{name: answer(name) for name in inspect.signature(question).parameters})


def parse(text: str) -> list[Line]:
    """Read the language of rules, line by line."""
    lines = []
    for statement in ast.parse(inspect.cleandoc(text)).body:
        if not (isinstance(statement, ast.Assign) and isinstance(statement.value, ast.Call)):
            raise ValueError("fusion: each line must be `outputs = kernel(inputs, *numbers)`, got "
                             f"{ast.unparse(statement)}")
        [target], call = statement.targets, statement.value
        outputs = target.elts if isinstance(target, ast.Tuple) else [target]
        numbers = [argument.value for argument in call.args if isinstance(argument, ast.Starred)]
        inputs = [argument for argument in call.args if not isinstance(argument, ast.Starred)]
        lines.append(Line(ast.unparse(call.func), *(tuple([ast.unparse(n) for n in names])
                                                    for names in (inputs, outputs, numbers))))
    return lines


def _matches(lines: list[Line], calls: list[Call], found: Match) -> Iterator[Match]:
    """Every way to find `lines` among `calls`, given what the names seen so far stand for."""
    if not lines:
        yield found
        return
    line, *rest = lines
    for call in calls:
        if call.op == line.op and len(call.inputs) == len(line.inputs) and len(line.numbers) == bool(call.numbers):
            slots = _bind(found.slots, (*line.inputs, *line.outputs), (*call.inputs, *call.outputs))
            numbers = _bind(found.numbers, line.numbers, (call.numbers,) * len(line.numbers))
            if slots is not None and numbers is not None:
                yield from _matches(rest, calls, Match([*found.calls, call], slots, numbers))


def _bind(known: dict[str, T], names: Sequence[str], values: Sequence[T]) -> dict[str, T] | None:
    """`known` and what `names` stand for now; nothing if a name would stand for two things."""
    bound = dict(known)
    for name, value in zip(names, values, strict=True):
        if bound.setdefault(name, value) != value:
            return None
    return bound


def _in_order(calls: list[Call], removed: list[Call]) -> bool:
    """Is everything produced before it is read, also what the removed calls produced?"""
    missing = {slot for call in (*calls, *removed) for slot in call.outputs}
    for call in calls:
        if not missing.isdisjoint(call.inputs):
            return False
        missing.difference_update(call.outputs)
    return True
