"""Memory that nobody wrote is full of NaN: a kernel that reads before it writes is found out.

A test module asks for it with ``from poison import poisoned``.
"""
import pytest
from numbacnn_cpu.memory import Memory, Scratch

from numbacnn.graph import Thread
from numbacnn.memory import Pool, Storage

NAN = 0xFF                # a float of such bytes is NaN, an integer is -1


def spoil(block):
    """Overwrite what lies in a block."""
    if isinstance(block, Storage):
        block = block.memory
    if isinstance(block, Memory):
        block.bytes[:] = NAN


@pytest.fixture(autouse=True)
def poisoned(monkeypatch):
    """Spoil blocks that are new or used again, the arena, and the scratch memory of programs, before each use."""
    def spoiling(owner, name):
        original = getattr(owner, name)

        def spoiled(self, *arguments):
            result = original(self, *arguments)
            spoil(self if name == "__init__" else self.memory if owner is Scratch else result)
            return result

        monkeypatch.setattr(owner, name, spoiled)

    for owner, name in (Memory, "__init__"), (Scratch, "address"), (Pool, "take"), (Thread, "arena"):
        spoiling(owner, name)
