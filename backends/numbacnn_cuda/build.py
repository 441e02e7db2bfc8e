"""From a kernel to machine code, with or without a GPU: Numba makes LTO-IR of it, nvJitLink a cubin."""
import re
from typing import NamedTuple

import numpy as np

from numbacnn.errors import BackendError

from .compile import floating, signature_of
from .frontend import to_ltoir

ARCHITECTURES = ("sm_80", "sm_89", "sm_90a", "sm_100a", "sm_120")        # those that tests compile for


class Specification(NamedTuple):
    """What machine code is made of: a kernel, its dtype, the types of its arguments, most threads of a block."""

    kernel: object
    dtype: type
    signature: tuple
    threads: int

    @classmethod
    def of(cls, kernel, arguments):
        """Return that of a kernel and its arguments."""
        dtype = np.float64 if kernel.wide else floating(arguments)
        threads = kernel.launch_size(arguments)[1]
        return cls(kernel, dtype, signature_of(kernel, arguments),
                   threads if kernel.same_block else 1 << (threads - 1).bit_length())

    def __str__(self):
        return f"{self.kernel.__name__}({', '.join(self.signature)}) of {self.threads} threads"


class Binary(NamedTuple):
    """Machine code, and what the assembler says of it; sizes in bytes, those of spills and stack per thread."""

    cubin: bytes
    name: str
    registers: int
    stack: int
    spills: int
    warnings: tuple


def build(specification, arch):
    """Return the machine code of a specification for an architecture such as "sm_90a"."""
    function = specification.kernel.of(specification.dtype)
    try:
        code = to_ltoir(function, specification.signature, capability_of(arch), specification.threads)
    except Exception as error:
        raise BackendError(f"cuda: {specification} cannot be compiled for {arch}: {error}") from error
    return linked(code, arch)


def capability_of(arch):
    """Return the compute capability of an architecture: (9, 0) of sm_90a."""
    found = re.fullmatch(r"sm_(\d+)(\d)[af]?", arch)
    if not found:
        raise BackendError(f"cuda: an architecture has a name such as sm_90a or sm_89, got {arch!r}")
    return int(found[1]), int(found[2])


def linked(code, arch):
    """Return the machine code of LTO-IR."""
    from cuda.bindings import nvjitlink

    handle = nvjitlink.create(3, [f"-arch={arch}", "-lto", "-verbose"])
    try:
        nvjitlink.add_data(handle, nvjitlink.InputType.LTOIR, code, len(code), "kernel")
        try:
            nvjitlink.complete(handle)
        except nvjitlink.nvJitLinkError as error:
            log = bytearray(nvjitlink.get_error_log_size(handle))
            nvjitlink.get_error_log(handle, log)
            raise BackendError(f"cuda: a kernel cannot be linked for {arch}: {text_of(log)}") from error
        cubin, log = bytearray(nvjitlink.get_linked_cubin_size(handle)), bytearray(
            nvjitlink.get_info_log_size(handle))
        nvjitlink.get_linked_cubin(handle, cubin)
        nvjitlink.get_info_log(handle, log)
    finally:
        nvjitlink.destroy(handle)
    return Binary(bytes(cubin), *reported(text_of(log)))


def text_of(log):
    """Return the text of a log, which ends in a zero."""
    return bytes(log).decode(errors="replace").strip("\0\n ")


def reported(log):
    """Return name, registers, stack, spills and warnings from the report of the assembler."""
    name = re.search(r"Compiling entry function '(\w+)'", log)
    registers = re.search(r"Used (\d+) registers", log)
    stack = re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", log)
    if not (name and registers and stack):
        raise BackendError(f"cuda: the assembler's report is not as expected: {log!r}")
    warnings = tuple(line for line in log.splitlines() if "warning" in line.lower() or re.search(r"\(C75\d\d\)", line))
    return name[1], int(registers[1]), int(stack[1]), int(stack[2]) + int(stack[3]), warnings
