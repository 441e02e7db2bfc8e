"""What a captured function depends on beside its inputs and its state: what Python reads while it is recorded."""
from collections.abc import Container, Iterable
from typing import Any

import numpy as np

from numbacnn import graph, random
from numbacnn.autograd import Tensor
from numbacnn.backend import Device
from numbacnn.memory import Storage

PLAIN = (bool, int, float, str)                          # equal ones, alone or in tuples, are one setting; of all
                                                         # else, the same object
_FREE, _MISSING = object(), object()                     # an attribute that may be anything; one that is not there


class Settings:
    """Attributes of modules, `requires_grad` of tensors and kinds of updates, as they were before the function ran."""

    def __init__(self, modules: Iterable[Any], tensors: Iterable[Tensor], optimizers: Iterable[Any],
                 device: Device) -> None:
        self.compared = -1                               # what `graph.settings` was when they were found to hold
        self.device = device
        self.tensors = {id(t): (t, _kind(t)) for t in tensors}
        self.updates = [(optimizer, _updates(optimizer)) for optimizer in optimizers]
        self.modules: dict[int, tuple[Any, dict[str, Any]]] = {}
        self.effects: list[tuple[Any, str, bool]] = []   # settings that the function itself changes
        for module in modules:
            self.note(module)

    def note(self, module: Any) -> None:
        """Note a module and all below it: the function reads them."""
        if id(module) in self.modules:
            return
        for each in module.modules():
            if id(each) not in self.modules:
                self.modules[id(each)] = each, _attributes(each)
                for value in vars(each).values():
                    if isinstance(value, Tensor):
                        self.tensors.setdefault(id(value), (value, _kind(value)))

    def settle(self, read: Container[Storage]) -> None:
        """After the function ran: see what it changed itself. A replay does so, too, or it is no setting.

        Nor is a tensor among the attributes that was not `read`.
        """
        self.effects = [(module, "training", module.training) for module, then in self.modules.values()
                        if module.training != then["training"]]
        self.effects += [(t, "requires_grad", t.requires_grad) for t, (then, *_) in self.tensors.values()
                         if t.requires_grad != then and t.node is None]
        for module, then in self.modules.values():
            now = _attributes(module)
            for name in now.keys() | then.keys():
                value = then.get(name, _MISSING)
                if (name != "training" and not _same(now.get(name, _MISSING), value)) or (
                        type(value) is Tensor and value.array.storage not in read):
                    then[name] = _FREE

    def hold(self) -> bool:
        """Whether all of them are as they were."""
        now = graph.settings
        random.state(self.device)                        # starts anew if there is another seed
        held = (all(_kind(t) == then for t, then in self.tensors.values())
                and all(_updated_alike(_updates(optimizer), then) for optimizer, then in self.updates)
                and all(_equal(_attributes(module), then) for module, then in self.modules.values()))
        if held:
            self.compared = now
        return held

    def change(self) -> None:
        """Do what the function does to settings."""
        for each, name, value in self.effects:
            if getattr(each, name) != value:
                setattr(each, name, value)


def _kind(t: Tensor) -> tuple[Any, ...]:
    """What else than its values a function may see of a tensor."""
    watch: Any = t._watch
    return (t.requires_grad, t.array.shape, t.array.dtype, t.array.device,
            None if watch is None else (*watch.hooks, watch.keeper is not None))


def _attributes(module: Any) -> dict[str, Any]:
    """What a module was given by name."""
    found = {**vars(module)}
    found["training"] = module.training
    if found.get("_hooks") is not None:
        found["_hooks"] = str([[*hooks] for hooks in vars(module._hooks).values()])
    return found


def _equal(now: dict[str, Any], then: dict[str, Any]) -> bool:
    return all([_same(now.get(name, _MISSING), then.get(name, _MISSING)) for name in now.keys() | then.keys()])


def _same(value: Any, then: Any) -> bool:
    if value is then or then is _FREE:
        return True
    if type(value) is not type(then):
        return False
    if isinstance(value, tuple):
        return len(value) == len(then) and all(map(_same, value, then))
    return bool((type(value) in PLAIN or isinstance(value, np.generic)) and value == then)


def _updates(optimizer: Any) -> list[Any]:
    """The groups of an optimiser, and how they are updated, as far as a plan depends on it."""
    return [(group, group.current.structure) for group in optimizer.param_groups]


def _updated_alike(now: list[Any], then: list[Any]) -> bool:
    return len(now) == len(then) and all([a is b and how == before for (a, how), (b, before)
                                          in zip(now, then, strict=True)])
