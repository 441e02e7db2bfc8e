"""Run the calls of a plan: all of them in one compiled call (`Program`), or one op at once (`launch`).

Both lower an op to kernel calls in the same way and cut these into the same tiles, by shapes alone; they share nothing
after that. `launch` calls each kernel from Python: a debugger's friend, and an oracle for `Program`.
"""
import inspect
import sys
import time
from typing import NamedTuple

import numpy as np

from numbacnn.kernels import Place
from numbacnn.kernels.channels_last import View, c_view

from . import team, threads
from .compile import INTERPRETED, Constant, entry_address, signature
from .compile_ahead import compile_all
from .isa import REGISTER
from .memory import ALIGNMENT, TEMPORARY, WORKSPACE, Memory, scratch
from .walk import CALL, LINE, STAGE, call_alone, help_team, run_alone, run_team

TILES, TILE_BYTES = 64, 1 << 14       # a call has at most so many tiles, and a tile at least so many bytes
OWN_SLOTS = 3                         # before those of the plan: address 0, temporaries, workspaces


class Program:
    """A list of calls, lowered and compiled. Several Python threads may run it at once.

    Parameters
    ----------
    calls : list of (str, list)
        The name of an op, and its arguments: places and numbers.
    """

    def __init__(self, calls):
        self.source = calls
        self.calls = lower_all(calls)
        self.temporary, self.workspace = scratch_sizes(self.calls)
        parallel = not INTERPRETED and any(call.tiles > 1 for call in self.calls)
        self.workers = threads.workers() if parallel else 1
        if not INTERPRETED:
            runners = [run_team, help_team] if self.workers > 1 else [run_alone]
            compile_all([(runner, runner.types) for runner in runners]
                        + [(call.kernel, signature(call.arguments)) for call in self.calls], threads.workers())
            self.words, self.lines = encode(self.calls, self.workers, self.workspace)
        self.spaces = []              # slots and control (walk.py) of earlier runs; one that runs takes its own
        self.parts = None

    def run(self, addresses):
        """Run all calls, slot i being at addresses[i]; the same number of slots each time.

        An exception of a kernel has the attribute `call`, the number of the call; none after it has run.
        """
        if INTERPRETED:
            return interpret(self.calls, addresses)
        try:
            space = self.spaces.pop()
        except IndexError:
            space = np.empty(OWN_SLOTS + len(addresses), np.intp), np.zeros((self.lines, LINE), np.intp)
        slots, control = space
        own = scratch.address(self.temporary + self.workers * self.workspace)
        slots[:] = [0, own, own + self.temporary, *addresses]
        try:
            if self.workers == 1:
                run_alone(self.words, slots, control, 0)
            else:
                team.team.run(self.words, slots, control, self.workers)
        except Exception as error:
            raise explained(error, self.calls[control[0, 1]].op) from None
        finally:
            self.spaces.append(space)

    def time(self, addresses):
        """Run all calls, one by one; return the seconds that each took."""
        if self.parts is None:
            self.parts = [Program([call]) for call in self.source]
        seconds = []
        for number, part in enumerate(self.parts):
            begin = time.perf_counter()
            try:
                part.run(addresses)
            except Exception as error:
                error.call = number
                raise
            seconds.append(time.perf_counter() - begin)
        return seconds

    def algorithms(self):
        """Return, for each call of the plan, how it is computed: Winograd's windows, the tile of sums in registers."""
        found = [[] for _ in self.source]
        for call in self.calls:
            text = algorithm(call)
            if text and text not in found[call.op]:
                found[call.op].append(text)
        return [", ".join(text for text in texts if not any(other.startswith(f"{text} ") for other in texts))
                for texts in found]                      # transforms have no tile


def launch(op, arrays, numbers):
    """Run one op at once, in this thread, by calling its kernels from Python.

    Parameters
    ----------
    op : str
    arrays : list of (Memory, shape, dtype)
    numbers : list of int or float
    """
    addresses = [memory.address for memory, *_ in arrays]
    places = [Place(addresses.index(memory.address), 0, shape, dtype) for memory, shape, dtype in arrays]
    interpret(lower_all([(op, [*places, *numbers])]), addresses)


class Call(NamedTuple):
    """One call of a kernel, on all its items."""

    kernel: object
    arguments: list                   # views, NumPy arrays (tables), numbers; the workspace, if any, comes last
    items: int
    tiles: int
    op: int                           # the number of the program's call to which it belongs


def algorithm(call):
    """Return how a kernel computes, as far as its constants tell."""
    names = inspect.signature(getattr(call.kernel, "py_func", call.kernel)).parameters
    known = {name: argument for name, argument in zip(names, call.arguments, strict=False)
             if isinstance(argument, Constant)}
    text = [f"F({known['edge'] - 2}, 3)"] if "edge" in known else []
    if "rows" in known and "vectors" in known:
        dtype = next(argument.dtype for argument in call.arguments if isinstance(argument, View))
        text.append(f"tile {known['rows']} x {known['vectors'] * (REGISTER // dtype.itemsize)}")
    return " ".join(text)


def lower(op, arguments):
    """Return the kernel calls `[(kernel, arguments)]` that compute an op, given views and numbers.

    An op is a kernel, which arranges its arguments itself, or a function that returns such a list; or its name.
    """
    found = getattr(sys.modules[__package__], op) if isinstance(op, str) else op
    return [(found, found.arrange(*arguments))] if hasattr(found, "items") else found(*arguments)


def lower_all(calls):
    """Return the `Call`s of a program."""
    result = []
    for number, (op, arguments) in enumerate(calls):
        views = [View.of(argument) if isinstance(argument, Place) else argument for argument in arguments]
        for kernel, arranged in lower(op, views):
            items = kernel.items(*arranged)
            nbytes = sum(argument.nbytes for argument in arranged if isinstance(argument, View))
            tiles = max(1, min(items, TILES, nbytes // TILE_BYTES))
            if kernel.workspace:
                arranged = [*arranged, c_view(WORKSPACE, 0, *kernel.workspace(*arranged))]
            result.append(Call(kernel, arranged, items, tiles, number))
    return result


def scratch_sizes(calls):
    """Return how many bytes the temporaries take together, and a worker's workspace, in whole cache lines."""
    ends = {TEMPORARY: [0], WORKSPACE: [0]}
    for call in calls:
        for argument in call.arguments:
            if isinstance(argument, View) and argument.slot in ends:
                ends[argument.slot].append(argument.offset + argument.nbytes)
    return [-(-max(found) // ALIGNMENT) * ALIGNMENT for found in ends.values()]


def interpret(calls, addresses):
    """Run calls one by one from Python."""
    temporary, workspace = (Memory(nbytes) for nbytes in scratch_sizes(calls))
    bases = [*addresses, workspace.address, temporary.address]         # slots -2 and -1
    for kernel, arguments, items, tiles, op in calls:
        types = signature(arguments)
        arguments = [argument.array(bases[argument.slot]) if isinstance(argument, View) else argument
                     for argument in arguments]
        try:
            for tile in range(tiles):
                call_directly(kernel, types, arguments, items * tile // tiles, items * (tile + 1) // tiles)
        except Exception as error:
            raise explained(error, op) from None


def call_directly(kernel, types, arguments, begin, end):
    """Call a kernel from Python on NumPy arrays and numbers."""
    if INTERPRETED:
        with np.errstate(all="ignore"):         # compiled code does not warn either
            kernel(*arguments, begin, end)
        return
    words = np.array([word for argument in arguments for word in argument_words(argument, 0)], np.intp)
    call_alone(entry_address(kernel, types), words, np.zeros(1, np.intp), begin, end)


def explained(error, op):
    """Return the exception of a kernel with its text formatted: in a kernel, that would compile a second longer."""
    if len(error.args) > 1:
        error.args = (error.args[0].format(*error.args[1:]),)
    error.call = op
    return error


# --- words: what walk.py and the entries (entry.py) read

def encode(calls, workers, workspace):
    """Return the words of the calls, and how many lines of counters they need."""
    stages = grouped(calls)
    words, line, first = [len(stages), 2], 1 + workers, 0
    for stage in stages:
        shares, tiles = min(workers, stage[0].tiles), stage[0].tiles
        body = [word for call in stage for word in call_words(call, workspace)]
        words += [STAGE + len(body), len(stage), tiles, shares, line, first, *body]
        line += 1 + shares
        first += len(stage)
    return np.array(words, np.intp), line


def grouped(calls):
    """Return the calls in stages: those of one tile in a row together, any other alone."""
    stages = []
    for call in calls:
        if stages and call.tiles == 1 and stages[-1][0].tiles == 1:
            stages[-1].append(call)
        else:
            stages.append([call])
    return stages


def call_words(call, workspace):
    """Return the words of one call."""
    body = [word for argument in call.arguments for word in argument_words(argument, workspace)]
    return [CALL + len(body), entry_address(call.kernel, signature(call.arguments)), call.items, *body]


def argument_words(argument, workspace):
    """Return the words of an array: slot, offset, bytes per worker, size, shape, strides; or the one of a number."""
    if isinstance(argument, View):
        slot = {TEMPORARY: 1, WORKSPACE: 2}.get(argument.slot, argument.slot + OWN_SLOTS)
        per_worker = workspace if argument.slot == WORKSPACE else 0
        return [slot, argument.offset, per_worker, argument.size, *argument.shape, *argument.strides]
    if isinstance(argument, np.ndarray):
        return [0, argument.ctypes.data, 0, argument.size, *argument.shape, *argument.strides]
    if isinstance(argument, float):
        return [int(np.float64(argument).view(np.int64))]
    return [int(argument)]
