"""What is in machine code: opcodes, as nvdisasm prints them."""
import re
import subprocess
import sysconfig
import tempfile
from collections import Counter
from pathlib import Path

import pytest

LOCAL = {"LDL", "STL"}
DOUBLE = {"DADD", "DFMA", "DMUL", "DSETP", "DMNMX", "DMMA"}
INSTRUCTION = re.compile(r"^\s*/\*[0-9a-f]{4,}\*/\s+(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_]*)", re.MULTILINE)


def disassembler():
    """Return the path of nvdisasm, of the package nvidia-cuda-nvdisasm."""
    for folder in {sysconfig.get_path("purelib"), sysconfig.get_path("platlib")}:
        for path in Path(folder, "nvidia").glob("**/bin/nvdisasm*"):
            return path
    pytest.fail("nvdisasm is missing: pip install 'numbacnn[test]'")


def disassembled(cubin):
    """Return machine code as text."""
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(cubin)
        file.flush()
        return subprocess.run([disassembler(), "-c", file.name], capture_output=True, text=True, check=True).stdout


def opcodes(cubin):
    """Return how often each opcode occurs in machine code."""
    text = disassembled(cubin)
    found = Counter(INSTRUCTION.findall(text))
    assert found["EXIT"], text[:500]
    return found
