"""bfloat16 where a backend does not compute with it: casts to float32 before a call, and back behind it.

The calls of a plan are widened before they are fused, so rules for float32 fit; what one call writes and another reads
is rounded when that is done. So a number is rounded wherever it is stored, and not within a fused call.
"""
from collections.abc import Iterable
from typing import Any

from numbacnn.dtypes import computed
from numbacnn.fusion import Call
from numbacnn.kernels import Spec


def is_widened(op: str, dtypes: Iterable[str], backend: Any) -> bool:
    """Whether a backend computes a call with such arrays in float32. Casts are computed as they are by all."""
    return "bfloat16" in dtypes and op != "cast" and op not in getattr(backend, "BFLOAT16", ())


class Widening:
    """The calls of one plan, before and after they are fused.

    Attributes
    ----------
    stored : dict of int to int
        Where what a widened call writes is stored in bfloat16: slots.
    """

    def __init__(self, specs: dict[int, Spec], backend: Any) -> None:
        self.specs = specs
        self.backend = backend
        self.stored: dict[int, int] = {}

    def widened(self, calls: list[Call]) -> list[Call]:
        """The calls, on float32 where the backend does not compute with bfloat16. Nothing is rounded between them."""
        wide: dict[int, int] = {}
        result: list[Call] = []
        for call in calls:
            slots = (*call.inputs, *call.outputs)
            if not is_widened(call.op, [self.specs[slot].dtype for slot in slots], self.backend):
                result.append(call)
                continue
            for slot in call.inputs:
                if self._is_narrow(slot) and slot not in wide:
                    wide[slot] = self._wide(slot)
                    result.append(Call("cast", [slot], [wide[slot]]))
            rounded = [slot for slot in call.outputs if self._is_narrow(slot)]
            for slot in rounded:
                wide[slot] = self._wide(slot)
                self.stored[wide[slot]] = slot
            inputs, outputs = ([wide[slot] if self._is_narrow(slot) else slot for slot in each]
                               for each in (call.inputs, call.outputs))
            result.append(Call(call.op, inputs, outputs, call.numbers))
            result += [Call("cast", [wide[slot]], [slot]) for slot in rounded]
        return result

    def rounded(self, calls: list[Call]) -> list[Call]:
        """The calls after fusing, with what they write rounded before another call reads it."""
        read: dict[int, int] = {}
        result: list[Call] = []
        for call in calls:
            if call.op == "cast" and self.stored.get(call.inputs[0]) == call.outputs[0]:
                continue                                 # it comes directly behind what it rounds, below
            for slot in call.inputs:
                if slot in self.stored and slot not in read:
                    read[slot] = self._wide(self.stored[slot])
                    result.append(Call("cast", [self.stored[slot]], [read[slot]]))
            inputs = [read.get(slot, slot) for slot in call.inputs]
            result.append(call if inputs == call.inputs else
                          Call(call.op, inputs, call.outputs, call.numbers, call.sources))
            result += [Call("cast", [slot], [self.stored[slot]]) for slot in call.outputs if slot in self.stored]
        return result

    def _is_narrow(self, slot: int) -> bool:
        return self.specs[slot].dtype == "bfloat16"

    def _wide(self, slot: int) -> int:
        """A new slot, for the numbers of one in float32."""
        new = max(self.specs) + 1
        self.specs[new] = Spec(self.specs[slot].shape, computed(self.specs[slot].dtype))
        return new
