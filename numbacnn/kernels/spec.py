"""What the core tells a backend of an array."""
from typing import Any, NamedTuple

Array = Any  # whatever the backend hands to its kernels


class Spec(NamedTuple):
    """What is known of an array before it is computed."""

    shape: tuple[int, ...]
    dtype: str


class Place(NamedTuple):
    """Where an array of a plan lies: at the address in a slot, plus an offset in bytes. Slot 0 is the arena."""

    slot: int
    offset: int
    shape: tuple[int, ...]
    dtype: str
