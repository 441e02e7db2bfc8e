"""What depends on parameters alone is computed once, and kept until they change: packed weights, above all.

The planner takes such calls out of the program (a backend names their kernels in PREPARES); `Preparation` gives their
results at each run. They are kept with the memory they were made from, and forgotten when that is written to.
"""
from typing import Any
from weakref import ref

from numbacnn.fusion import Call, Number
from numbacnn.kernels import Place, Spec
from numbacnn.memory import Pool, Storage


class Preparation:
    """One call whose result is kept.

    Attributes
    ----------
    inputs : list of int
        Numbers of leaves; ~n stands for the result of preparation n.
    """

    def __init__(self, call: Call, inputs: list[int], specs: dict[int, Spec], backend: Any) -> None:
        self.call, self.inputs = call, inputs
        output = specs[call.outputs[0]]
        self.nbytes = backend.nbytes(*output)
        self.key: tuple[str, tuple[Number, ...], Spec] = call.op, call.numbers, output
        places = [Place(number, 0, *specs[slot]) for number, slot in enumerate((*call.inputs, *call.outputs))]
        self.program = backend.Program([(call.op, [*places, *call.numbers])])

    def storage(self, inputs: list[Storage], pool: Pool) -> Storage:
        """The result for these inputs."""
        versions = [each.version for each in inputs]
        found: tuple[Storage, list[int]] | None = inputs[0].prepared.get(self.key)
        if found is not None and found[1] == versions:
            return found[0]
        storage = pool.take(inputs[0].device, self.nbytes)
        self.program.run([*[each.address for each in inputs], storage.address])
        inputs[0].prepared[self.key] = storage, versions
        return storage


class Prepared:
    """All preparations of a plan. Their results belong to the parameters; here is only noted which they were."""

    def __init__(self, preparations: list[Preparation]) -> None:
        self.preparations = preparations
        self.reads = sorted({n for each in preparations for n in each.inputs if n >= 0})
        self.last: tuple[list[int], list[ref[Storage]]] = [-1], []

    def storages(self, leaves: list[Storage], pool: Pool) -> list[Storage]:
        """The results for these leaves: those of the last run, if nothing was written since."""
        versions = [leaves[n].version for n in self.reads]
        if self.last[0] == versions:
            kept = [weak() for weak in self.last[1]]
            if None not in kept:
                return kept  # type: ignore[return-value]
        found: list[Storage] = []
        for each in self.preparations:
            found.append(each.storage([leaves[n] if n >= 0 else found[~n] for n in each.inputs], pool))
        self.last = versions, [ref(storage) for storage in found]
        return found


def take_out(calls: list[Call], leaves: dict[int, Spec], alive: tuple[bool, ...], wanted: set[int],
             specs: dict[int, Spec], backend: Any) -> tuple[list[Call], list[Preparation]]:
    """Split a program into what is computed at each run and what is prepared.

    A leaf that nobody refers to after the run, such as a parameter that an optimiser updates, would change each time.
    """
    number = {slot: n for n, slot in enumerate(leaves) if alive[slot]}
    rest: list[Call] = []
    preparations: list[Preparation] = []
    for call in calls:
        if call.op in backend.PREPARES and wanted.isdisjoint(call.outputs) and all(s in number for s in call.inputs):
            number[call.outputs[0]] = ~len(preparations)
            preparations.append(Preparation(call, [number[slot] for slot in call.inputs], specs, backend))
        else:
            rest.append(call)
    return rest, preparations
