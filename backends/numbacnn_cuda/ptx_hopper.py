"""Instructions of compute capability 9.0 (Hopper): copies of parts of arrays, barriers, products of a warpgroup.

A barrier is a word of 8 bytes in shared memory. Its phases have parities 0, 1, 0 ...: one ends when so many threads
have arrived as it was made for, and as many bytes as they expect. A warpgroup is 4 warps: 128 threads, that multiply
tiles which lie in shared memory (wgmma). In the simulator functions of the same names take their place
(ptx_hopper_simulated.py).
"""
import functools

from . import ptx
from .frontend import SIMULATED, memory_of, numba_type
from .ptx import F32, S32, U16, U32, U64, assembled, named

if SIMULATED:
    from . import ptx_hopper_simulated
    op = functools.partial(ptx.op, twins=ptx_hopper_simulated)
else:
    from llvmlite import ir
    op = ptx.op

WARPGROUP = 128
DEPTHS = {"tf32": 8, "bf16": 16}      # numbers along k of one product: 32 bytes

# --- barriers --------------------------------------------------------------------------------------------------------

barrier_start = op("barrier_start", "mbarrier.init.shared::cta.b64 [$0], $1;", [], [U32, U32])
barriers_ready = op("barriers_ready", "fence.mbarrier_init.release.cluster;")       # also for copies
barrier_arrive = op("barrier_arrive", "mbarrier.arrive.shared::cta.b64 _, [$0];", [], [U32])
barrier_expect = op("barrier_expect", "mbarrier.arrive.expect_tx.shared::cta.b64 _, [$0], $1;", [], [U32, U32])
barrier_wait = op("barrier_wait", "{ .reg .pred p; again_${:uid}: mbarrier.try_wait.parity.shared::cta.b64 p, [$0], "
                  "$1; @!p bra again_${:uid}; }", [], [U32, U32])        # until the phase of a parity has ended
some_wait = op("some_wait", "bar.sync {0}, {1};", collective=True)       # for each other: {1} threads, at place {0}

# --- copies: the target is swizzled, and begins at a multiple of 1024 ------------------------------------------------

COPY = "cp.async.bulk.tensor.{}.mbarrier::complete_tx::bytes [$0], "
map_ready = op("map_ready", "fence.proxy.tensormap::generic.acquire.sys [$0], 128;", [], [U64])
copy_box = op("copy_box", COPY.format("3d.shared::cluster.global.tile") + "[$1, {$3, $4, $5}], [$2];", [],
              [U32, U64, U32] + [S32] * 3)                               # target, map, barrier, first of each axis
copy_windows = op("copy_windows", COPY.format("4d.shared::cluster.global.im2col") +
                  "[$1, {$3, $4, $5, $6}], [$2], {$7, $8};", [], [U32, U64, U32] + [S32] * 4 + [U16] * 2)

# --- products --------------------------------------------------------------------------------------------------------

products_begin = op("products_begin", "wgmma.fence.sync.aligned;", collective=True)
products_end = op("products_end", "wgmma.commit_group.sync.aligned;", collective=True)    # those since the last end
products_wait = op("products_wait", "wgmma.wait_group.sync.aligned {0};", collective=True)    # for all groups but {0}
fewer_registers = op("fewer_registers", "setmaxnreg.dec.sync.aligned.u32 {0};", collective=True)
more_registers = op("more_registers", "setmaxnreg.inc.sync.aligned.u32 {0};", collective=True)
is_elected = op("is_elected", "{ .reg .pred p; elect.sync _|p, 0xffffffff; selp.u32 $0, 1, 0, p; }", [U32],
                collective=True)                                         # whether it is the one lane that is chosen


@functools.cache
def product_of(kind, columns, turned=False):
    """Return the function multiply(total, a, b): begin total += a b, for 64 rows of a warpgroup.

    Parameters
    ----------
    kind : {"tf32", "bf16"}
    columns : int
        A multiple of 8.
    turned : bool
        Of bf16: a row of the tiles has one k, not one row or column.

    Notes
    -----
    Registers of total: (2, 2) for each 8 columns; a row, and the eighth one after it. a and b tell where tiles are, see
    `descriptor`.
    """
    if SIMULATED:
        return ptx_hopper_simulated.product_of(kind, columns, turned)
    count, wide = columns // 2, numba_type(U64)
    sums, turns = ", ".join(f"${n}" for n in range(count)), f", {int(turned)}, {int(turned)}" * (kind == "bf16")
    line = (f"{{ .reg .pred p; setp.eq.u32 p, 0, 0; wgmma.mma_async.sync.aligned.m64n{columns}k{DEPTHS[kind]}.f32."
            f"{kind}.{kind} {{{sums}}}, ${2 * count}, ${2 * count + 1}, p, 1, 1{turns}; }}")
    constraints = ",".join(["=f"] * count + [str(n) for n in range(count)] + ["l", "l"])

    def define(context, total, a, b):
        def generate(context, builder, signature, values):
            begin = memory_of(context, builder, signature.args[0], values[0])
            totals = [builder.gep(begin, [ir.IntType(64)(n)]) for n in range(count)]
            given = [*map(builder.load, totals), *values[1:]]
            found = assembled(builder, line, constraints, [F32] * count, given, True, True)
            for n, each in enumerate(totals):
                builder.store(builder.extract_value(found, n), each)
            return context.get_dummy_value()

        return numba_type("void")(total, wide, wide), generate

    return named(define, "multiply", ["total", "a", "b"], line)
