"""What the processor has: how wide its vector registers are, how many, and whether it multiplies and adds in one.

`NUMBA_CPU_NAME` and `NUMBA_CPU_FEATURES` limit it, as they limit what Numba compiles for: features that are named
count first, then those that a processor of this name has. Numba reads a name's own features only where
`NUMBA_CPU_FEATURES` is set, be it to nothing; otherwise it names all features of this machine.
"""
import platform

import llvmlite.binding as llvm
from numba import config
from numba.core.codegen import get_host_cpu_features

AVX512 = ("skylake-avx512", "cascadelake", "cooperlake", "cannonlake", "icelake", "tigerlake", "rocketlake",
          "sapphirerapids", "emeraldrapids", "graniterapids", "diamondrapids", "znver4", "znver5", "x86-64-v4")
AVX2 = ("haswell", "broadwell", "skylake", "alderlake", "raptorlake", "meteorlake", "arrowlake", "lunarlake", "znver",
        "x86-64-v3")
V3 = "sse4.2", "avx", "avx2", "fma"   # what these processors have at least
V4 = *V3, "avx512f", "avx512vl", "avx512dq"
X86 = platform.machine().lower() in ("x86_64", "amd64")


def register():
    """Return the bytes of a vector register, and how many registers there are."""
    if not X86:
        return 16, 32
    if not (has("avx2") and has("fma")):
        return 16, 16
    return (64, 32) if has("avx512f") and has("avx512vl") and has("avx512dq") else (32, 16)


def fuses():
    """Whether a * b + c is one instruction, rounded once."""
    return not X86 or has("fma")


def has(feature):
    """Whether the processor for which Numba compiles has a feature."""
    text = get_host_cpu_features() if config.CPU_FEATURES is None else config.CPU_FEATURES
    given = {each[1:]: each[0] == "+" for each in text.split(",") if each}
    name = config.CPU_NAME or llvm.get_host_cpu_name()
    return given.get(feature, (name.startswith(AVX512) and feature in V4) or (name.startswith(AVX2) and feature in V3))


REGISTER, REGISTERS = register()
FUSES = fuses()
