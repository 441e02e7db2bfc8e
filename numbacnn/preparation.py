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
        first, *others = inputs
        found: tuple[Storage, list[tuple[Any, int]]] | None = first.prepared.get(self.key)
        if found is not None:
            storage, made_of = found
            if all([weak() is other and version == other.version
                    for (weak, version), other in zip(made_of, others, strict=True)]):
                return storage
        storage = pool.take(first.device, self.nbytes)
        self.program.run([*[each.address for each in inputs], storage.address])
        first.prepared[self.key] = storage, [(ref(other), other.version) for other in others]
        return storage


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
