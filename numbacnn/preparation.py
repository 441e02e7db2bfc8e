"""What depends on parameters alone is computed once, and kept until they change: packed weights, above all.

The planner takes such calls out of the program (a backend names their kernels in PREPARES); `Prepared` gives their
results at each run. A result is kept with the memory of the first leaf it was made of. It is known by the calls that
made it and by the versions of what they read: so results of other leaves and earlier numbers are never taken for it.
"""
from typing import Any, NamedTuple
from weakref import ref

from numbacnn.fusion import Call
from numbacnn.kernels import Place, Spec
from numbacnn.memory import Pool, Storage, is_free

Key = tuple[Any, ...]


class Kept(NamedTuple):
    """A result, and the leaves it was made of, with their versions."""

    storage: Storage
    leaves: list[tuple[ref[Storage], int]]

    def is_outdated(self) -> bool:
        """Whether one of the leaves is gone, or has got other numbers."""
        leaves: list[Any] = [weak() for weak, _ in self.leaves]
        return any(leaves[n] is None or leaves[n].version != version or is_free(leaves, n)
                   for n, (_, version) in enumerate(self.leaves))


class Preparation:
    """One call whose result is kept.

    Attributes
    ----------
    inputs : list of int
        Numbers of leaves; ~n stands for the result of preparation n.
    reads : list of int
        Numbers of all leaves that the result depends on.
    """

    def __init__(self, call: Call, inputs: list[int], earlier: list["Preparation"], specs: dict[int, Spec],
                 backend: Any) -> None:
        self.call, self.inputs = call, inputs
        self.reads: list[int] = list(dict.fromkeys(m for n in inputs for m in ([n] if n >= 0 else earlier[~n].reads)))
        self.output = specs[call.outputs[0]]
        self.nbytes = backend.nbytes(*self.output)
        places = [Place(number, 0, *specs[slot]) for number, slot in enumerate((*call.inputs, *call.outputs))]
        self.program = backend.Program([(call.op, [*places, *call.numbers])])

    def key(self, leaves: list[Storage], keys: list[Key]) -> Key:
        """What the result is, given the leaves and the keys of earlier preparations."""
        made_of = [leaves[n].version if n >= 0 else keys[~n] for n in self.inputs]
        return self.call.op, self.call.numbers, self.output, *made_of

    def storage(self, key: Key, leaves: list[Storage], inputs: list[Storage], pool: Pool) -> Storage:
        """The result for these inputs, which depend on these leaves."""
        prepared: dict[Key, Kept] = leaves[0].prepared
        kept = prepared.get(key)
        if kept is None:
            made = Kept(self.make(inputs, pool), [(ref(leaf), leaf.version) for leaf in leaves])
            for other, old in list(prepared.items()):
                if old.is_outdated():
                    prepared.pop(other, None)
            kept = prepared.setdefault(key, made)       # another thread may have made it, too
        return kept.storage

    def make(self, inputs: list[Storage], pool: Pool) -> Storage:
        """Compute the result."""
        storage = pool.take(inputs[0].device, self.nbytes)
        self.program.run([*[each.address for each in inputs], storage.address])
        return storage


class Prepared:
    """All preparations of a plan. Their results belong to the parameters; here is only noted which they were.

    Attributes
    ----------
    slots : list of int
        Those of the results that the plan reads.
    reads : list of int
        Numbers of all leaves that the results depend on.
    """

    def __init__(self, preparations: list[Preparation], used: set[int]) -> None:
        self.preparations = preparations
        numbers = {each.call.outputs[0]: n for n, each in enumerate(preparations)}
        self.slots = [slot for slot in numbers if slot in used]
        self.wanted = [numbers[slot] for slot in self.slots]
        self.reads = sorted({n for each in preparations for n in each.reads})
        self.last: tuple[list[int], list[ref[Storage]], list[int]] = [-1], [], []

    def storages(self, leaves: list[Storage], pool: Pool) -> list[Storage]:
        """The memory of `slots` for these leaves: that of last time if since then nothing was written to either."""
        versions = [leaves[n].version for n in self.reads]
        before, weak, after = self.last
        if before == versions:
            kept: list[Any] = [each() for each in weak]
            if None not in kept and [storage.version for storage in kept] == after:
                return kept
        found: list[Storage] = []
        keys: list[Key] = []
        for each in self.preparations:
            keys.append(each.key(leaves, keys))
            inputs = [leaves[n] if n >= 0 else found[~n] for n in each.inputs]
            found.append(each.storage(keys[-1], [leaves[n] for n in each.reads], inputs, pool))
        results = [found[n] for n in self.wanted]
        self.last = versions, [ref(storage) for storage in results], [storage.version for storage in results]
        return results


def take_out(calls: list[Call], leaves: dict[int, Spec], alive: tuple[bool, ...], wanted: set[int],
             specs: dict[int, Spec], backend: Any) -> tuple[list[Call], list[Preparation]]:
    """Split a program into what is computed at each run and what is prepared.

    A leaf that nobody refers to after the run, such as a parameter that an optimiser updates, would change each time.
    """
    number = {slot: n for n, slot in enumerate(leaves) if alive[slot]}
    rest: list[Call] = []
    made: list[Preparation] = []
    for call in calls:
        if call.op in backend.PREPARES and wanted.isdisjoint(call.outputs) and all(s in number for s in call.inputs):
            number[call.outputs[0]] = ~len(made)
            made.append(Preparation(call, [number[slot] for slot in call.inputs], made, specs, backend))
        else:
            rest.append(call)
    return rest, made
