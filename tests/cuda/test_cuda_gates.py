"""Every kernel that a row of the op table or a rule needs is compiled for five architectures, and its code looked at.

Other types of its arguments are compiled for one architecture. Nothing may be spilled to memory or lie in
local memory, and what computes in float32 must not compute in float64 anywhere. What runs is the plan and the launch of
each row, on GPUs that are not there.
"""
import json
from pathlib import Path

import numpy as np
import pytest
import test_ops
from large_programs import PROGRAMS
from machine_code import DOUBLE, LOCAL, opcodes
from numbacnn_cuda import build, offline, store
from numbacnn_cuda.frontend import SIMULATED
from numbacnn_cuda.runtime import replace
from op_table import CASES
from test_norm_fusions import NETWORKS, computed

from numbacnn import graph, set_default_device, testing

pytestmark = pytest.mark.skipif(SIMULATED, reason="compiles, which the simulator does not")
FAMILIES = sorted({case.op for case in CASES})
REGISTERS = 65536         # of a multiprocessor
USUAL = "sm_90a"
# of float32: libdevice takes large angles modulo pi / 2 with one product in float64
REDUCED = {"cos", "cos_backward", "sin", "sin_backward"}
BUDGETS = json.loads((Path(__file__).parent / "budgets.json").read_text(encoding="utf-8"))["kernels"]
looked_at = set()         # (specification, architecture) that this process has found to be right
kernels = set()           # those that it has compiled for all architectures


@pytest.fixture
def specifications():
    """Return a collection that fills with what is launched."""
    device = offline.Device(USUAL)
    replace(offline.Runtime(device))
    set_default_device("cuda")
    yield device.specifications
    set_default_device(None)
    replace(None)
    graph.thread.__init__()                              # its memory is none


def run_rows(op):
    """Run the rows of an op, forward and backward, as plans and one kernel after the other."""
    for case in CASES:
        if case.op == op:
            for eager in False, True:
                with testing.settings(eager=eager), np.errstate(all="ignore"):
                    test_ops.outcome(case, "float32")


def faults(specifications, arch):
    """Return the opcodes of the machine code of each of several specifications, and what is wrong with it."""
    binaries = [store.binary_of(specification, arch) for specification in specifications]
    found = opcodes([binary.cubin for binary in binaries], arch)
    return [(each, wrong_with(*of, arch, each)) for *of, each in zip(specifications, binaries, found, strict=True)]


def wrong_with(specification, binary, arch, found):
    """Say what is wrong with machine code that has these opcodes."""
    allowed = BUDGETS.get(specification.kernel.__name__, {}).get(arch, {"spills": 0, "stack": 0})
    wrong = [f"{binary.spills} bytes are spilled"] * (binary.spills > allowed["spills"])
    wrong += [f"a stack of {binary.stack} bytes"] * (binary.stack > allowed["stack"])
    wrong += ["local memory"] * (not LOCAL.isdisjoint(found) and not allowed["stack"])
    wrong += [f"float64: {sorted(DOUBLE.intersection(found))}"] * (
        specification.dtype is np.float32 and not DOUBLE.isdisjoint(found)
        and specification.kernel.__name__ not in REDUCED)
    wrong += [*binary.warnings]
    wrong += [f"{binary.registers} registers"] * (binary.registers * specification.threads > REGISTERS)
    return wrong


@pytest.mark.slow
@pytest.mark.parametrize("op", FAMILIES)
def test_machine_code(op, specifications, record_property):
    run_rows(op)
    look_at(specifications, record_property)


@pytest.mark.slow
@pytest.mark.parametrize("name", PROGRAMS)
def test_machine_code_of_what_is_large(name, specifications, record_property):
    PROGRAMS[name]()
    look_at(specifications, record_property)


@pytest.mark.slow
@pytest.mark.parametrize("rule", NETWORKS)
def test_machine_code_of_rules(rule, specifications, record_property):
    for network in NETWORKS[rule]:
        for dtype in "float32", "float64":
            with np.errstate(all="ignore"):
                computed(network, None, dtype)
    look_at(specifications, record_property)


def look_at(specifications, record_property):
    """Compile, and check what is in the machine code."""
    pairs = [(specification, arch) for specification in sorted(specifications, key=str)
             for arch in architectures(specification)]
    for specification, arch in pairs:
        store.binary_of(specification, arch)             # one after the other, as what is common is then made once
    wrong = {}
    for arch in build.ARCHITECTURES:
        new = [specification for specification, other in pairs if other == arch
               and (specification, arch) not in looked_at]
        if new:
            wrong |= {(str(specification), arch): found
                      for specification, (_, found) in zip(new, faults(new, arch), strict=True) if found}
    looked_at.update(pairs)
    assert not wrong, "\n".join(f"{what} for {arch}: {found}" for (what, arch), found in wrong.items())
    record_property("compiled", sorted((each.kernel.__name__, str(each), arch) for each, arch in pairs))


def architectures(specification):
    """Return those to compile for: all five for the first form of a kernel in float32, if they have what it needs."""
    if "tensor_map" in specification.signature:
        return [USUAL]
    name = specification.kernel.__module__, specification.kernel.__name__
    if name in kernels or (specification.dtype is not np.float32 and not specification.kernel.wide):
        return [USUAL]
    kernels.add(name)
    return build.ARCHITECTURES
