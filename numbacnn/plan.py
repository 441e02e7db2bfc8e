"""A plan is a recorded program made ready to run: pruned, fused, laid out and with every byte of memory assigned.

The passes are functions over a list of calls; read `Plan.__init__` from top to bottom.
"""
from bisect import insort
from collections.abc import Sequence
from typing import Any, NamedTuple

from numbacnn.fusion import Call, Fuser, Number
from numbacnn.kernels import Place, Spec
from numbacnn.preparation import Prepared, take_out
from numbacnn.widening import Widening

ALIGNMENT = 64            # bytes: a cache line, a vector of AVX-512


class Instruction(NamedTuple):
    """One recorded call. Slots number arrays in order of appearance, so that equal programs compare equal."""

    op: str
    inputs: tuple[int, ...]
    first_output: int
    outputs: tuple[tuple[tuple[int, ...], str], ...]
    numbers: tuple[Number, ...]


class Plan:
    """What to run, and where everything lies.

    Attributes
    ----------
    results : list of (slot, bytes)
        Arrays that need fresh memory, given with each run.
    updates : list of (slot, leaf)
        Arrays that take over the memory of a leaf, which nobody else may refer to.
    successors : list of (result, leaf)
        Numbers of results that are, by their meaning, updates of a leaf.
    reads : list of int
        Numbers of the leaves that its calls read; those read only to prepare something are not among them.
    prepared : Prepared
        What is computed only where a parameter has changed.
    """

    def __init__(self, program: list[Instruction], leaves: dict[int, Spec], alive: tuple[bool, ...], backend: Any,
                 fused: bool = True, precision: str = "default", inference: bool = False) -> None:
        computed = {slot: Spec(*spec) for i in program for slot, spec in enumerate(i.outputs, i.first_output)}
        self.specs = leaves | computed
        wanted = {slot for slot in computed if alive[slot]}
        donors = {slot for slot in leaves if not alive[slot]}

        calls = prune(calls_of(program), wanted)
        constant = {slot for slot in leaves if alive[slot]} if inference else set()
        widening = Widening(self.specs, backend)
        calls = prune(widening.widened(share_casts(calls, self.specs, wanted)), wanted)
        fuser = Fuser(self.specs, wanted, precision, constant, backend.PREPARES)
        if fused:
            calls = prune(fuser.apply(backend.FUSIONS, calls), wanted)
        calls = fuser.apply(backend.VARIANTS, prune(widening.rounded(calls), wanted))
        calls, preparations = take_out(calls, leaves, alive, wanted, self.specs, backend)
        self.prepared = Prepared(preparations, {slot for call in calls for slot in call.inputs})
        calls = hasten(calls, set(leaves), backend.RAISES)
        prepared = self.prepared.slots
        calls, roots = resolve_views(calls, self.specs, {*leaves, *prepared}, wanted, backend)
        pairs = update_pairs(calls, backend.UPDATES)
        in_place = find_updates(calls, pairs, roots, donors, wanted, backend.RAISES)
        kept = sorted(wanted.difference(in_place))

        number = {slot: index for index, slot in enumerate(leaves)}
        sizes = {slot: _aligned(backend.nbytes(*spec)) for slot, spec in self.specs.items()}
        offsets, self.arena_bytes = place(calls, sizes, roots, {*leaves, *wanted, *prepared})
        self.updates = [(slot, number[leaf]) for slot, leaf in in_place.items()]
        self.results = [(slot, backend.nbytes(*self.specs[slot])) for slot in kept]
        origins = successions(program, list(leaves), backend.UPDATES)
        self.successors = [(n, number[origins[slot]]) for n, slot in enumerate(kept) if slot in origins]
        self.calls, self.missed = calls, [missed for missed in fuser.missed if missed.slot in wanted]

        # addresses come in this order: the arena, the leaves that are read, the results, what was prepared
        touched = {slot for call in calls for slot in (*call.inputs, *call.outputs)}
        used = {roots.get(slot, slot) for slot in touched} | {*in_place.values()}
        read = [slot for slot in leaves if slot in used]
        self.reads = [number[slot] for slot in read]
        bases = {slot: (1 + n, 0) for n, slot in enumerate([*read, *kept, *prepared])}
        bases |= {slot: bases[leaf] for slot, leaf in in_place.items()}
        bases |= {slot: (0, offset) for slot, offset in offsets.items()}
        bases |= {slot: bases[root] for slot, root in roots.items()}
        self.program = backend.Program([(call.op, [
            *[Place(*bases[slot], *self.specs[slot]) for slot in (*call.inputs, *call.outputs)], *call.numbers])
            for call in calls])

    def run(self, addresses: list[int]) -> Any:
        """Compute everything, on memory at these addresses; return what was started, if it may fail later."""
        try:
            return self.program.run(addresses)
        except Exception as error:
            raise self.explained(error) from None

    def explained(self, error: Exception) -> Exception:
        """The error of a kernel, with a note that says which op it was."""
        call = getattr(error, "call", None)
        where = f"while computing {self.calls[call].op}" if call is not None else "while running a plan"
        error.add_note(f"{where}; run with NUMBACNN_EAGER=1 to stop at the line that recorded it")
        return error


def calls_of(program: list[Instruction]) -> list[Call]:
    """The kernel calls of a program."""
    return [Call(i.op, list(i.inputs), list(range(i.first_output, i.first_output + len(i.outputs))), i.numbers)
            for i in program]


def prune(calls: list[Call], wanted: set[int]) -> list[Call]:
    """Drop calls nobody needs."""
    needed, kept = set(wanted), []
    for call in reversed(calls):
        if not needed.isdisjoint(call.outputs):
            needed.update(call.inputs)
            kept.append(call)
    return kept[::-1]


def share_casts(calls: list[Call], specs: dict[int, Spec], wanted: set[int]) -> list[Call]:
    """Convert an array to a dtype once, however often it was asked for."""
    first: dict[tuple[int, str], int] = {}
    same: dict[int, int] = {}
    kept = []
    for call in calls:
        if not same.keys().isdisjoint(call.inputs):
            call = Call(call.op, [same.get(slot, slot) for slot in call.inputs], call.outputs, call.numbers)
        if call.op == "cast":
            source, target = call.inputs[0], call.outputs[0]
            found = first.setdefault((source, specs[target].dtype), target)
            if found != target and target not in wanted:
                same[target] = found
                continue
        kept.append(call)
    return kept


def hasten(calls: list[Call], leaves: set[int], raising: frozenset[str]) -> list[Call]:
    """Put calls that may fail first where they can be: then nothing was computed in vain, or overwritten."""
    first = [call for call in calls if call.op in raising and leaves.issuperset(call.inputs)]
    return first + [call for call in calls if call not in first]


def resolve_views(calls: list[Call], specs: dict[int, Spec], leaves: set[int], wanted: set[int], backend: Any
                  ) -> tuple[list[Call], dict[int, int]]:
    """Turn reshapes into views where memory order allows: `roots` tells in whose memory a view lies.

    So are ops of the backend's own rules that it lists in VIEWS. A view somebody keeps becomes the root of the array it
    is a view of, unless that has memory of its own already.
    """
    roots: dict[int, int] = {}
    kept, views = [], getattr(backend, "VIEWS", ())
    for call in calls:
        source, target = call.inputs[0], call.outputs[0]
        root = roots.get(source, source)
        if call.op not in views and (
                call.op != "reshape" or not backend.is_view(specs[source].shape, specs[target].shape)):
            kept.append(call)
        elif target not in wanted:
            roots[target] = root
        elif root in leaves or root in wanted:
            kept.append(call)
        else:
            roots = {slot: target if above == root else above for slot, above in roots.items()} | {root: target}
    return kept, roots


def update_pairs(calls: list[Call], updating: dict[str, int]) -> list[tuple[int, int, Call]]:
    """(output, input, call) where an output is, by its meaning, the successor of an input."""
    pairs = []
    for call in calls:
        count = updating.get(call.op, 0)
        count = len(call.outputs) if count == -1 else count
        if count:
            pairs += [(target, source, call)
                      for target, source in zip(call.outputs[-count:], call.inputs[-count:], strict=True)]
    return pairs


def find_updates(calls: list[Call], pairs: Sequence[tuple[int, int, Call]], roots: dict[int, int], donors: set[int],
                 wanted: set[int], raising: frozenset[str]) -> dict[int, int]:
    """Outputs that may be written over a leaf: nobody reads it afterwards, and no later kernel may fail."""
    last_use = {roots.get(slot, slot): call for call in calls for slot in call.inputs}
    safe: set[Call] = set()
    for call in reversed(calls):
        if call.op in raising:
            break
        safe.add(call)
    return {target: source for target, source, call in pairs
            if source in donors and last_use[source] is call and target in wanted and call in safe
            and call.inputs.count(source) == 1}


def successions(program: list[Instruction], leaves: Sequence[int], updating: dict[str, int]) -> dict[int, int]:
    """For each array that is, by its meaning, an update of a leaf, or of such an update: that leaf."""
    origin = {leaf: leaf for leaf in leaves}
    for target, source, _ in update_pairs(calls_of(program), updating):
        if source in origin:
            origin[target] = origin[source]
    return {slot: leaf for slot, leaf in origin.items() if slot != leaf}


def place(calls: list[Call], sizes: dict[int, int], roots: dict[int, int], outside: set[int]
          ) -> tuple[dict[int, int], int]:
    """One arena for all intermediate arrays: the largest first, each at the lowest offset free during its life.

    Greedy by size, after Pisarchyk and Lee, Efficient Memory Management for Deep Neural Net Inference (2020).
    """
    life: dict[int, list[int]] = {}
    for time, call in enumerate(calls):
        for slot in (*call.inputs, *call.outputs):
            root = roots.get(slot, slot)
            if root not in outside:
                life.setdefault(root, [time, time])[1] = time
    placed: list[tuple[int, int, int, int]] = []        # offset, end, birth, death: ordered by offset
    offsets: dict[int, int] = {}
    for slot in sorted(life, key=lambda slot: -sizes[slot]):
        birth, death = life[slot]
        offset = 0
        for start, end, other_birth, other_death in placed:
            if offset + sizes[slot] <= start:
                break
            if other_birth <= death and birth <= other_death:
                offset = max(offset, end)
        offsets[slot] = offset
        insort(placed, (offset, offset + sizes[slot], birth, death))
    return offsets, max((end for _, end, _, _ in placed), default=0)


def _aligned(nbytes: int) -> int:
    return -(-nbytes // ALIGNMENT) * ALIGNMENT


