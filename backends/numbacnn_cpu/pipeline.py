"""How Numba compiles kernels, and the functions that they call: fewer passes than it would take, each once.

Numba's own pipeline is made for any Python. It optimises each function three times, for these call others and count
references; it finds out anew what type the sum of two numbers has at each `+`; it looks for closures. Kernels need none
of it. Compiled like this, those of a training step of ResNet-18 take two thirds of the time (decision 15).
"""
import functools

from numba.core import types
from numba.core.codegen import JITCodeLibrary
from numba.core.compiler import CompilerBase
from numba.core.compiler_machinery import PassManager, register_pass
from numba.core.lowering import Lower
from numba.core.typed_passes import (
    AnnotateTypes,
    BaseNativeLowering,
    IRLegalization,
    NoPythonBackend,
    NopythonTypeInference,
    PreLowerStripPhis,
)
from numba.core.untyped_passes import (
    DeadBranchPrune,
    FixupArgs,
    GenericRewrites,
    IRProcessing,
    ReconstructSSA,
    RewriteDynamicRaises,
    RewriteSemanticConstants,
    TranslateByteCode,
)

from .entry import build_entry

UNTYPED = (TranslateByteCode, FixupArgs, IRProcessing, RewriteSemanticConstants, DeadBranchPrune, GenericRewrites,
           RewriteDynamicRaises, ReconstructSSA)
TYPED = NopythonTypeInference, PreLowerStripPhis, IRLegalization, AnnotateTypes
resolved = {}             # (function of Numba's, types of arguments) -> what it was found to be


class KernelLibrary(JITCodeLibrary):
    """The code of a kernel and of all that it calls, optimised together, once."""

    def _optimize_functions(self, module):
        module.data_layout = self._codegen._data_layout

    def _optimize_final_module(self):
        passes, builder = self._codegen._module_pass_manager()
        passes.run(self._final_module, builder)


class InnerLibrary(KernelLibrary):
    """What LLVM knows of a function that kernels call: it is never made machine code but in a kernel."""

    def _optimize_final_module(self):
        """Leave that to the kernel."""

    def _finalize_final_module(self):
        self._finalized = True


class KernelLower(Lower):
    """Numba's code generation, with our entry in place of the wrapper for C."""

    def create_cfunc_wrapper(self):
        build_entry(self.context, self.library, self.fndesc)


@register_pass(mutates_CFG=True, analysis_only=False)
class KernelLowering(BaseNativeLowering):
    """The pass that generates the code of a kernel."""

    _name = "kernel_lowering"
    lowering_class = KernelLower
    library_class = KernelLibrary

    def run_pass(self, state):
        state.library = self.library_class(state.targetctx.codegen(), state.func_id.func_qualname)
        state.library.enable_object_caching()
        return super().run_pass(state)


@register_pass(mutates_CFG=True, analysis_only=False)
class InnerLowering(KernelLowering):
    """The pass that generates the code of what kernels call."""

    _name = "inner_lowering"
    library_class = InnerLibrary

    def run_pass(self, state):
        state.flags.no_compile = True
        super().run_pass(state)
        state.library.finalize()
        key = functools.partial(state.func_id.func)      # what callers know it by: one for each signature
        state.targetctx.insert_user_function(key, state.cr.fndesc, [state.library])
        state.cr = state.cr._replace(cfunc=key)
        return True


class Remembering:
    """Numba's typing context, which remembers what a function of Numba's is for arguments of some types."""

    def __init__(self, context):
        self.context = context

    def __getattr__(self, name):
        return getattr(self.context, name)

    def resolve_function_type(self, function, arguments, named):
        """Return the signature of a call."""
        if not isinstance(function, types.Function):
            return self.context.resolve_function_type(function, arguments, named)
        key = function, tuple(arguments), tuple(named.items())
        if key not in resolved:
            resolved[key] = self.context.resolve_function_type(function, arguments, named)
        return resolved[key]


class KernelCompiler(CompilerBase):
    """Numba's compiler with the passes that a kernel needs."""

    lowering = KernelLowering

    def __init__(self, typing, *rest):
        super().__init__(Remembering(typing), *rest)

    def define_pipelines(self):
        passes = PassManager(self.lowering._name)
        for each in (*UNTYPED, *TYPED, self.lowering, NoPythonBackend):
            passes.add_pass(each, each.__name__)
        passes.finalize()
        return [passes]


class InnerCompiler(KernelCompiler):
    """The same for what kernels call."""

    lowering = InnerLowering
