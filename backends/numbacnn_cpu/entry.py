"""The entry of a kernel: a function beside its code that reads the arguments from words in memory.

So all entries look alike, and one compiled loop can call any kernel. A number is one word. An array is slot, offset,
bytes per worker, size, shape, strides, and lies at slots[slot] + offset + worker * bytes per worker. The words of a
call never change; a run brings its own slots.
"""
from llvmlite import ir
from numba.core import cgutils, types

WORD = ir.IntType(64)
ENTRY = types.none, (types.voidptr,) * 2 + (types.intp,) * 3       # (words, slots, worker, begin, end) -> None


def entry_name(descriptor):
    """Return the symbol of the entry beside a compiled kernel."""
    return f"entry.{descriptor.llvm_func_name}"


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
