"""What is in machine code: opcodes, as nvdisasm prints them."""
import bisect
import itertools
import re
import struct
import subprocess
import sysconfig
import tempfile
from collections import Counter
from pathlib import Path

import pytest

LOCAL = {"LDL", "STL"}
DOUBLE = {"DADD", "DFMA", "DMUL", "DSETP", "DMNMX", "DMMA"}
INSTRUCTION = re.compile(r"^\s*/\*([0-9a-f]{4,})\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_]*)", re.MULTILINE)
HEADER, SECTION = "<40xQ10xHHH", "<IIQQQQIIQQ"            # of ELF: where sections are, their size, number, names
NAME, OFFSET, SIZE = 0, 4, 5                             # in what describes a section


def disassembler():
    """Return the path of nvdisasm, of the package nvidia-cuda-nvdisasm."""
    for folder in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for path in Path(folder, "nvidia").glob("**/bin/nvdisasm*"):
            return path
    pytest.fail("nvdisasm is missing: pip install 'numbacnn[test]'")


def code_of(cubin):
    """Return the instructions of machine code."""
    begin, size, count, names = struct.unpack_from(HEADER, cubin)
    sections = [struct.unpack_from(SECTION, cubin, begin + size * number) for number in range(count)]
    texts = [each for each in sections if cubin.startswith(b".text.", sections[names][OFFSET] + each[NAME])]
    return b"".join(cubin[each[OFFSET]:each[OFFSET] + each[SIZE]] for each in texts)


def disassembled(code, arch):
    """Return instructions as text."""
    with tempfile.NamedTemporaryFile(suffix=".bin") as file:
        file.write(code)
        file.flush()
        return subprocess.run([disassembler(), "-ndf", "-b", arch.replace("sm_", "SM"), file.name],
                              capture_output=True, text=True, check=True).stdout


def opcodes(cubins, arch):
    """Return how often each opcode occurs, of each of several kernels for an architecture: to begin takes longest."""
    codes = [code_of(cubin) for cubin in cubins]
    ends = list(itertools.accumulate(map(len, codes)))
    found = [Counter() for _ in codes]
    for address, opcode in INSTRUCTION.findall(disassembled(b"".join(codes), arch)):
        found[bisect.bisect_right(ends, int(address, 16))][opcode] += 1
    assert all(each["EXIT"] for each in found), arch
    return found
