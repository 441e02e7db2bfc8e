"""What the processor has: how wide its vector registers are, and how many.

`NUMBA_CPU_NAME` and `NUMBA_CPU_FEATURES` limit it, as they limit what Numba compiles for.
"""
import platform

import llvmlite.binding as llvm
from numba import config

AVX512 = ("skylake-avx512", "cascadelake", "cooperlake", "cannonlake", "icelake", "tigerlake", "rocketlake",
          "sapphirerapids", "emeraldrapids", "graniterapids", "diamondrapids", "znver4", "znver5")
AVX = ("sandybridge", "ivybridge", "haswell", "broadwell", "skylake", "alderlake", "raptorlake", "meteorlake",
       "arrowlake", "lunarlake", "bdver", "znver", "x86-64-v3")


def register():
    """Return the bytes of a vector register, and how many registers there are."""
    if platform.machine().lower() not in ("x86_64", "amd64"):
        return 16, 32
    has = features()
    if has("avx512f") and has("avx512vl") and has("avx512dq"):
        return 64, 32
    return (32, 16) if has("avx2") and has("fma") else (16, 16)


def features():
    """Return a function that tells whether the processor for which Numba compiles has a feature."""
    if config.CPU_FEATURES:
        given = dict((each[1:], each[0] == "+") for each in config.CPU_FEATURES.split(",") if each)
        return lambda name: given.get(name, False)
    if config.CPU_NAME and llvm.get_host_cpu_name() != config.CPU_NAME:
        name = config.CPU_NAME
        wide, usual = name.startswith(AVX512) or name == "x86-64-v4", name.startswith(AVX)
        return lambda feature: wide or (usual and not feature.startswith("avx512"))
    host = llvm.get_host_cpu_features()
    return lambda name: bool(host.get(name))


REGISTER, REGISTERS = register()
