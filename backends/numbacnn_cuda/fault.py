"""What kernels find wrong, noted on the device: nobody waits for that, and what runs later overwrites nothing.

A thread has a record on each device, four words. A kernel that looks at values notes the first of its items that is not
as it must be; kernels that update memory in place look at the record first. The host clears it when it has raised the
exception (record.py). All that runs in between computes what nobody will see.
"""
import importlib
import inspect

import numpy as np
from numpy import int64, uint64

from numbacnn.kernels.channels_last import c_view

from .compile import BLOCK, Device, Kernel, cuda, device, kernel, kernels
from .ptx import store_host

RUN, FIRST, LOW, HIGH, NOTICE, WORDS = 0, 1, 2, 3, 4, 5  # runs so far; the first that failed, and its launch; the item
                                                         # with either half of its value; the address of a word of
                                                         # the host's memory, where that looks
SLOT = -2                                                # of the record, among the addresses of a run
RECORD = c_view(SLOT, 0, (WORDS,), np.int64)
NOTHING = 0x7F7F7F7F7F7F7F7F
LAUNCH_BITS, HALF = 16, 32


@device
def fail(fault, launch, item, value):
    """Note that an item is not as it must be, and its value; the first one of the first launch and run counts."""
    here = fault[RUN] << LAUNCH_BITS | launch
    if cuda.atomic.min(fault, FIRST, here) >= here:      # both minima are those of one item
        place = int64(item) << HALF
        cuda.atomic.min(fault, LOW, place | int64(value) & 0xFFFFFFFF)
        cuda.atomic.min(fault, HIGH, place | int64(value) >> HALF & 0xFFFFFFFF)
        store_host(uint64(fault[NOTICE]), uint64(1))


@kernel(items=lambda fault: 1, block=32)
def begin_run(fault):
    """Count a run that may fail."""
    if cuda.grid(1) == 0:
        fault[RUN] += 1


def found(words):
    """Return number of the run, number of the launch, item and value that a record tells of."""
    run, launch = divmod(int(words[FIRST]), 1 << LAUNCH_BITS)
    item, low = divmod(int(words[LOW]), 1 << HALF)
    value = int(words[HIGH]) % (1 << HALF) << HALF | low
    return run, launch, item, value - (value >> 2 * HALF - 1 << 2 * HALF)


# --- kernels that do nothing where something was found --------------------------------------------------------------

def guarded(inner):
    """Return the kernel that does what another does, unless the record tells of something wrong."""
    module, name = inner.place[0], inner.place[1] + GUARDED
    if (module, name) not in kernels:
        given = ", ".join(inspect.signature(inner.function).parameters)
        code = f"def {name}({given}, fault):\n    if fault[{FIRST}] == {NOTHING}:\n        inner({given})\n"
        scope = {"__name__": module, "inner": Device(inner.function)}
        exec(compile(code, f"<{module}.{name}>", "exec"), scope)
        made = Kernel(scope[name], None, None, BLOCK, inner.arrange, None, None, inner.wide)
        made.items, made.blocks, made.block, made.shared = (
            question and but_last(question) for question in (inner.items, inner.blocks, inner.block, inner.shared))
    return kernels[module, name]


def but_last(question):
    """Return a question about all arguments but the last."""
    return lambda *arguments: question(*arguments[:-1])


def located(module, name):
    """Return the kernel of that name, as another process knows it."""
    inner = name.removesuffix(GUARDED)
    getattr(importlib.import_module(module), inner, None)            # some are made when they are asked for
    return kernels[module, name] if inner == name else guarded(kernels[module, inner])


GUARDED = "_guarded"                                     # behind the name of such a kernel
