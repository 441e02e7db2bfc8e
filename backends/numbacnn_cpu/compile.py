"""Compile kernels. The only module that knows Numba's flags, cache and internals.

A kernel is a plain njit function over arrays and numbers, the last two `begin, end`. Beside what it compiles Numba
puts wrappers, for Python and for C; `kernel` has it put an *entry* in place of both. An entry reads the arguments from
words in memory, so all entries look alike, and one compiled loop can call any kernel. A function that is only ever
called by kernels (`compiled`) gets neither, nor code of its own: that takes a quarter less time. Called from Python,
both run uncompiled.
"""
import contextlib
import functools
import gc

import numba
import numpy as np
from llvmlite import ir
from numba.core import cgutils, types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase, DefaultPassBuilder
from numba.core.compiler_machinery import register_pass
from numba.core.lowering import Lower
from numba.core.typed_passes import BaseNativeLowering, NativeLowering

from .cache import KernelCache
from .memory import physical

INTERPRETED = bool(numba.config.DISABLE_JIT)
FASTMATH = {"contract", "nsz", "arcp"}          # never nnan or ninf: NaN must spread
WORD = ir.IntType(64)
ENTRY = types.none, (types.voidptr,) * 2 + (types.intp,) * 3       # (words, slots, worker, begin, end) -> None
outermost = {}            # (module, qualified name) -> a function that is not only called by others


def kernel(items, arrange=physical, workspace=None, raises=False, reassociate=False):
    """Make a kernel of a function `(*arrays, *numbers, [workspace,] begin, end)` that computes items [begin, end).

    Parameters
    ----------
    items : callable
        From arguments of the kernel, asked for by name, how many items there are. Each is computed by one worker, in
        one order.
    arrange : callable
        From views (memory.py, as the user sees the arrays) and numbers, the list of arguments that the kernel gets;
        the default is each array as it lies. An argument may also be a NumPy array: a table of the lowering's. It has
        no padding as blocks of memory have: no vector may be loaded past its end.
    workspace : callable, optional
        In the same way, the `(shape, dtype)` of scratch memory, which comes before `begin`; uninitialised.
    raises : bool
        Whether it may raise an exception: `raise IndexError("conv2d: {} is ...", value)`, formatted later.
    reassociate : bool
        Whether sums may be reordered, and so vectorised.
    """
    def decorate(function):
        made = in_kernels(njit(function, reassociate, no_cpython_wrapper=True, pipeline_class=KernelCompiler))
        given = parameters(function)[:-3 if workspace else -2]
        made.items, made.arrange, made.raises = by_name(items, function, given), arrange, raises
        made.workspace = by_name(workspace, function, given) if workspace else None
        return cached(made)
    return decorate


def parameters(function):
    """Return the names of what a Python function asks for."""
    return function.__code__.co_varnames[:function.__code__.co_argcount]


def by_name(question, function, given):
    """Return a function of all arguments given to a kernel that asks `question` about those it names."""
    for name in parameters(question):
        if name not in given:
            raise TypeError(f"kernel: items and workspace of {function.__name__} are asked about its arguments, which "
                            f"are {', '.join(given)}: there is no {name}")
    positions = [given.index(name) for name in parameters(question)]
    return lambda *arguments: question(*[arguments[position] for position in positions])


def compiled(function, reassociate=False, **options):
    """Return a function compiled for kernels to call."""
    return in_kernels(njit(function, reassociate, no_cpython_wrapper=True, no_cfunc_wrapper=True,
                           pipeline_class=InnerCompiler, **options))


def callable_from_python(*types):
    """Compile a function that Python calls with arguments of these types."""
    def decorate(function):
        made = cached(njit(function, no_cfunc_wrapper=True))
        made.types = types
        return made
    return decorate


def njit(function, reassociate=False, **options):
    """Return `numba.njit(function)` with our flags."""
    flags = FASTMATH | {"reassoc"} if reassociate else FASTMATH
    return numba.njit(nogil=True, error_model="numpy", fastmath=flags, **options)(function)


def in_kernels(made):
    """Let a function run uncompiled when Python calls it: it has no wrapper for Python."""
    if not INTERPRETED:
        made.add_overload = lambda result: made.overloads.update({tuple(result.signature.args): result})
        made._compile_for_args = lambda *arguments, **named: made.py_func
    return made


def cached(made):
    """Keep what a function is compiled to, and let other processes find the function."""
    if not INTERPRETED:
        made._cache = KernelCache(made.py_func)
        outermost[made.py_func.__module__, made.py_func.__qualname__] = made
    return made


def inlined(function):
    """Return a compiled function that becomes part of those that call it: small ones, on vectors."""
    return compiled(function, forceinline=True)


class Constant(int):
    """A whole number that is known when a kernel is compiled: the kernel is compiled anew for each value."""


def signature(arrays_and_numbers):
    """Return the types with which a kernel is compiled for arguments: views or NumPy arrays, and numbers."""
    return (*(type_of(argument) for argument in arrays_and_numbers), types.intp, types.intp)


def type_of(argument):
    """Return the Numba type of an argument of a kernel."""
    if isinstance(argument, float):
        return types.float64
    if isinstance(argument, Constant):
        return types.literal(int(argument))
    if isinstance(argument, int | np.integer):
        return types.intp
    contiguous = argument.flags.c_contiguous if isinstance(argument, np.ndarray) else argument.contiguous
    return array_type(argument.dtype, argument.ndim, "C" if contiguous else "A")


@functools.cache
def array_type(dtype, ndim, layout):
    """Return the Numba type of an array."""
    return types.Array(numba.from_dtype(dtype), ndim, layout)


@functools.cache
def entry_address(kernel, signature):
    """Return the address of a kernel's entry for these types, compiled or loaded from disk when first asked for."""
    result = overload(kernel, signature)
    return result.library.get_pointer_to_function(entry_name(result.fndesc))


def overload(kernel, signature):
    """Return what Numba made of a kernel for these types."""
    if signature not in kernel.overloads:
        with collector_paused():
            kernel.compile(signature)
    return kernel.overloads[signature]


@contextlib.contextmanager
def collector_paused():
    """A block without garbage collection: a compiler makes a million objects, and most stay."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def entry_name(descriptor):
    """Return the symbol of the entry beside a compiled kernel."""
    return f"entry.{descriptor.llvm_func_name}"


# --- the entry: a number is one word. An array is slot, offset, bytes per worker, size, shape, strides, and lies at
# --- slots[slot] + offset + worker * bytes per worker. The words of a call never change; a run brings its own slots.

def build_entry(context, library, descriptor):
    """Emit the entry of a kernel into the kernel's own library."""
    module, convention = context.create_module("kernel_entry"), context.call_conv
    kernel_type = convention.get_function_type(descriptor.restype, descriptor.argtypes)
    kernel = ir.Function(module, kernel_type, descriptor.llvm_func_name)
    entry = ir.Function(module, convention.get_function_type(*ENTRY), entry_name(descriptor))
    build = ir.IRBuilder(entry.append_basic_block())
    words, slots, worker, begin, end = convention.get_arguments(entry)
    words, slots = (build.bitcast(pointer, WORD.as_pointer()) for pointer in (words, slots))
    positions = iter(range(10_000))

    def word():
        return build.load(build.gep(words, [WORD(next(positions))]))

    def array(kind):
        slot, offset, per_worker, size = (word() for _ in range(4))
        base = build.load(build.gep(slots, [slot]))
        address = build.add(build.add(base, offset), build.mul(worker, per_worker))
        made = context.make_array(kind)(context, build)
        made.meminfo, made.parent = (cgutils.get_null_value(owner.type) for owner in (made.meminfo, made.parent))
        made.data, made.nitems = build.inttoptr(address, made.data.type), size
        made.itemsize = WORD(context.get_abi_sizeof(made.data.type.pointee))
        made.shape = cgutils.pack_array(build, [word() for _ in range(kind.ndim)])
        made.strides = cgutils.pack_array(build, [word() for _ in range(kind.ndim)])
        return made._getvalue()

    def argument(kind):
        if isinstance(kind, types.Array):
            return array(kind)
        return build.bitcast(word(), ir.DoubleType()) if kind == types.float64 else word()

    arguments = [argument(kind) for kind in descriptor.argtypes[:-2]]
    status, _ = convention.call_function(build, kernel, descriptor.restype, descriptor.argtypes,
                                         [*arguments, begin, end], attrs=["noinline"])   # or it is compiled twice
    with build.if_then(status.is_error, likely=False):
        convention.return_status_propagate(build, status)
    convention.return_value(build, context.get_dummy_value())
    library.add_ir_module(module)


class KernelLower(Lower):
    """Numba's code generation, with our entry in place of the wrapper for C."""

    def create_cfunc_wrapper(self):
        build_entry(self.context, self.library, self.fndesc)


@register_pass(mutates_CFG=True, analysis_only=False)
class KernelLowering(BaseNativeLowering):
    """The pass that runs it."""

    _name = "kernel_lowering"
    lowering_class = KernelLower


class KernelCompiler(CompilerBase):
    """Numba's compiler with that pass."""

    def define_pipelines(self):
        return [pipeline(self.state, KernelLowering)]


class InnerLibrary(JITCodeLibrary):
    """What LLVM knows of a function that kernels call: it is never made machine code but in a kernel."""

    def _finalize_final_module(self):
        self._finalized = True


@register_pass(mutates_CFG=True, analysis_only=False)
class InnerLowering(KernelLowering):
    """The pass that makes it."""

    _name = "inner_lowering"

    def run_pass(self, state):
        state.library = InnerLibrary(state.targetctx.codegen(), state.func_id.func_qualname)
        state.flags.no_compile = True
        super().run_pass(state)
        state.library.finalize()
        key = functools.partial(state.func_id.func)      # what callers know it by: one for each signature
        state.targetctx.insert_user_function(key, state.cr.fndesc, [state.library])
        state.cr = state.cr._replace(cfunc=key)
        return True


class InnerCompiler(CompilerBase):
    """Numba's compiler with that pass."""

    def define_pipelines(self):
        return [pipeline(self.state, InnerLowering)]


def pipeline(state, lowering):
    """Return Numba's passes with another one for lowering."""
    passes = DefaultPassBuilder.define_nopython_pipeline(state)
    passes.passes = [(lowering if step is NativeLowering else step, name) for step, name in passes.passes]
    return passes
