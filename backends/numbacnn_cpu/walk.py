"""Run a list of kernel calls in one compiled call, alone or as a team.

The calls come as words (program.py). Calls of one tile in a row make a stage, which one worker computes; a call of
several tiles is a stage by itself. All workers walk the stages together and take pieces of the tiles from counters: of
their own share first, then of the others'. Nobody waits for a worker that holds no tile, so nothing hangs however few
threads there are; and who computes a tile never changes its bits.

A team is the thread that runs a plan, worker 0, and helpers, threads that watch a board (team.py) for a job. Worker 0
writes the job, opens it, walks, closes it, and waits for the helpers that are inside: one that the system has not
given a processor is not, and is not waited for.

words: number of stages, position of the first, then for each stage: its length in words, number of calls, tiles,
shares, line of its first counter, number of its first call; and for each call: its length in words, the kernel's entry,
items, the kernel's arguments.
control, lines of 64 bytes: whether a call failed, which; for each worker: status, exception, tile, call; then, for each
stage, a counter of tiles done and one of tiles taken for each share. Two counters in a line would slow each other down.
board, lines of 64 bytes: the number of the job that is open, or 0; how many helpers are inside; the job.
"""
import numpy as np
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import populate_array

from .compile import callable_from_python, compiled
from .entry import ENTRY, WORD

LINE = 8                               # words in a cache line
STAGE, CALL = 6, 3                     # words before the calls of a stage, before the arguments of a call
OPEN, INSIDE, JOB = 0, 1, 2            # lines of the board
BOARD = 3                              # how many there are
CHUNKS = 8                             # a share of the tiles is taken in so many pieces: a call costs 40 ns


WORDS, LINES, NUMBER = types.Array(types.intp, 1, "C"), types.Array(types.intp, 2, "C"), types.intp


@callable_from_python(LINES, WORDS, WORDS, LINES, NUMBER)
def run_team(board, words, slots, control, workers):
    """Run all calls as worker 0 of a team; raise what a kernel raised."""
    clear(control)
    job = board[JOB]
    job[0], job[1] = np.intp(words.ctypes.data), words.size
    job[2], job[3] = np.intp(slots.ctypes.data), slots.size
    job[4], job[5] = np.intp(control.ctypes.data), control.shape[0]
    job[6], job[7] = workers, job[7] + 1
    fetch_add(board, OPEN, job[7])
    walk(words, slots, control, np.intp(0))      # a literal would be another type, for which all is compiled again
    fetch_add(board, OPEN, -job[7])
    while load(board, INSIDE) != 0:
        pass
    failed = first_failure(control, workers)
    if failed:
        raise_again(control[failed, 0], control[failed, 1])


@callable_from_python(WORDS, WORDS, LINES, NUMBER)
def run_alone(words, slots, control, worker):
    """Run all calls as one worker, in the same tiles; raise what a kernel raised."""
    kept = control[1 + worker]
    kept[0] = 0
    at = words[1]
    for _ in range(words[0]):
        if not run_tiles(words, slots, control, worker, at, 0, words[at + 2]):
            control[0, 1] = kept[3]
            raise_again(kept[0], kept[1])
        at += words[at]


@callable_from_python(LINES, NUMBER, NUMBER)
def help_team(board, worker, patience):
    """Take part in every job, as a helper, until there was none for a while: `patience` looks at the board."""
    done, idle = 0, 0
    while idle < patience:
        ticket = load(board, OPEN)
        if ticket == 0 or ticket == done:
            idle += 1
            continue
        fetch_add(board, INSIDE, 1)
        if load(board, OPEN) == ticket:                  # the job cannot end now, and its memory be used otherwise
            job = board[JOB]
            if worker < job[6]:
                control = words_at(job[4], job[5] * LINE).reshape((job[5], LINE))
                walk(words_at(job[0], job[1]), words_at(job[2], job[3]), control, worker)
        fetch_add(board, INSIDE, -1)
        done, idle = ticket, 0


@callable_from_python(NUMBER, WORDS, WORDS, NUMBER, NUMBER)
def call_alone(entry, words, slots, begin, end):
    """Call one kernel on items [begin, end); raise what it raised."""
    status, exception = call_entry(entry, words, 0, slots, 0, begin, end)
    raise_again(status, exception)


@compiled
def walk(words, slots, control, worker):
    """What one worker of a team does in a run."""
    at = words[1]
    for _ in range(words[0]):
        tiles, shares, line = words[at + 2], words[at + 3], words[at + 4]
        done = 0
        for turn in range(shares):
            share = (worker + turn) % shares
            first, last = tiles * share // shares, tiles * (share + 1) // shares
            chunk = max(1, (last - first) // CHUNKS)
            tile = first + fetch_add(control, line + 1 + share, chunk)
            while tile < last:
                stop = min(tile + chunk, last)
                if not run_tiles(words, slots, control, worker, at, tile, stop):
                    control[0, 0] = 1
                done += stop - tile
                tile = first + fetch_add(control, line + 1 + share, chunk)
        if fetch_add(control, line, done) + done < tiles:
            while load(control, line) < tiles:
                pass                             # yielding the processor was tried: ten times slower beside a busy one
        if control[0, 0] != 0:                   # no later call may run: parameters keep their values
            break
        at += words[at]


@compiled
def run_tiles(words, slots, control, worker, at, tile, stop):
    """Run tiles [tile, stop) of all calls of a stage, up to the first that fails; return whether none did."""
    calls, tiles, first = words[at + 1], words[at + 2], words[at + 5]
    at += STAGE
    for number in range(first, first + calls):
        items = words[at + 2]
        begin, end = items * tile // tiles, items * stop // tiles
        status, exception = call_entry(words[at + 1], words, at + CALL, slots, worker, begin, end)
        if status != 0:
            kept = control[1 + worker]
            if kept[0] == 0 or tile < kept[2]:
                kept[0], kept[1], kept[2], kept[3] = status, exception, tile, number
            return False
        at += words[at]
    return True


@compiled
def clear(control):
    """Set all counters to zero."""
    for line in range(control.shape[0]):
        for word in range(LINE):
            control[line, word] = 0


@compiled
def first_failure(control, workers):
    """Return the line of the failure in the lowest tile, the same for any number of workers; 0 if there is none."""
    found = 0
    for line in range(1, workers + 1):
        if control[line, 0] != 0 and (found == 0 or control[line, 2] < control[found, 2]):
            found = line
    if found:
        control[0, 1] = control[found, 3]
    return found


@intrinsic
def call_entry(context, entry, words, position, slots, worker, begin, end):
    """Call a kernel on one tile. Returns (0, 0), or what identifies the exception it raised."""
    def generate(context, build, signature, arguments):
        entry, words, position, slots, *rest = arguments
        convention = context.call_conv
        function = build.inttoptr(entry, convention.get_function_type(*ENTRY).as_pointer())
        words = element(context, build, signature.args[1], words, [position])
        slots = element(context, build, signature.args[3], slots, [WORD(0)])
        pointers = [build.bitcast(pointer, cgutils.voidptr_t) for pointer in (words, slots)]
        status, _ = convention.call_function(build, function, *ENTRY, [*pointers, *rest])
        code = build.select(status.is_error, build.sext(status.code, WORD), WORD(0))
        return context.make_tuple(build, signature.return_type, [code, build.ptrtoint(status.excinfoptr, WORD)])
    return types.UniTuple(types.intp, 2)(entry, words, position, slots, worker, begin, end), generate


@intrinsic
def raise_again(context, status, exception):
    """Raise, in the function that calls this, what a kernel raised."""
    def generate(context, build, signature, arguments):
        convention = context.call_conv
        pointer = convention._get_excinfo_argument(build.function).type.pointee
        status = convention._get_return_status(
            build, build.trunc(arguments[0], ir.IntType(32)), build.inttoptr(arguments[1], pointer))
        with build.if_then(status.is_error):
            convention.return_status_propagate(build, status)
        return context.get_dummy_value()
    return types.none(status, exception), generate


@intrinsic
def fetch_add(context, control, line, value):
    """Add to the counter at the beginning of a line; return what it was."""
    def generate(context, build, signature, arguments):
        control, line, value = arguments
        counter = element(context, build, signature.args[0], control, [line, WORD(0)])
        return build.atomic_rmw("add", counter, value, "seq_cst")
    return types.intp(control, types.intp, types.intp), generate


@intrinsic
def load(context, control, line):
    """Return the counter at the beginning of a line, as other workers have it."""
    def generate(context, build, signature, arguments):
        control, line = arguments
        counter = element(context, build, signature.args[0], control, [line, WORD(0)])
        return build.load_atomic(counter, "seq_cst", 8)
    return types.intp(control, types.intp), generate


@intrinsic
def words_at(context, address, size):
    """Return the words that lie at an address, as an array that owns nothing."""
    def generate(context, build, signature, arguments):
        address, size = arguments
        made = context.make_array(signature.return_type)(context, build)
        populate_array(made, build.inttoptr(address, made.data.type), [size], [WORD(8)], WORD(8), None)
        return made._getvalue()
    return types.Array(types.intp, 1, "C")(types.intp, types.intp), generate


def element(context, build, kind, array, index):
    """Return the address of an element of an array."""
    array = context.make_array(kind)(context, build, array)
    return cgutils.get_item_pointer(context, build, kind, array, index)
