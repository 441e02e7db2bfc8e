"""Kernels for tensor cores, as machine code: nothing is spilled, and it uses what it was written for."""
import numpy as np
import pytest
from machine_code import code_of, disassembled
from numbacnn_cuda import conv_tf32, mma_conv, mma_weight, store, sweep, wgmma_conv, wgmma_weight
from numbacnn_cuda.build import ARCHITECTURES, Specification
from numbacnn_cuda.dtypes import BFLOAT16
from numbacnn_cuda.frontend import SIMULATED
from numbacnn_cuda.mma_tile import TILES
from numbacnn_cuda.simulator import MAX_SHARED
from numbacnn_cuda.wgmma_tile import STAGES
from test_cuda_gates import faults

from numbacnn.kernels.channels_last import c_view

pytestmark = pytest.mark.skipif(SIMULATED, reason="compiles, which the simulator does not")
AXES = (sweep.forward(14, 3, 1, 1, 1),) * 2
KINDS = {"tf32": np.float32, "bf16": BFLOAT16}


def images(slot, dtype):
    return c_view(slot, 0, (8, 14, 14, 64), dtype)


def forward(kind, module=mma_conv):
    weight, bias = c_view(1, 0, (64, 3, 3, 64), KINDS[kind]), c_view(2, 0, (64,), np.float32)
    return module.convolution(images(0, KINDS[kind]), weight, images(3, KINDS[kind]), AXES, 3, kind, bias, relu=True)


def backward(kind, out=None):
    x, dy = images(0, KINDS[kind]), images(1, KINDS[kind])
    target = c_view(2, 0, (64, 3, 3, 64), KINDS[kind])
    (kernel, arguments), *_ = mma_weight.weight_gradient(x, dy, target, AXES, conv_tf32.Scratch(), kind)
    return [(kernel, [*arguments[:2], target.flat() if out else arguments[2], *arguments[3:]])]


CALLS = {"forward tf32": lambda: forward("tf32"), "forward bf16": lambda: forward("bf16"),
         "backward tf32": lambda: backward("tf32"), "backward bf16": lambda: backward("bf16"),
         "backward bf16 in one part": lambda: backward("bf16", out=True)}


def backward_of_warpgroups():
    x, dy, target = images(0, BFLOAT16), images(1, BFLOAT16), c_view(2, 0, (64, 3, 3, 64), np.float32)
    return wgmma_weight.weight_gradient(x, dy, target, AXES, conv_tf32.Scratch())


OF_WARPGROUPS = {"forward tf32": lambda: forward("tf32", wgmma_conv),
                 "forward bf16": lambda: forward("bf16", wgmma_conv), "backward bf16": backward_of_warpgroups}


@pytest.mark.slow
@pytest.mark.parametrize("tile", TILES)
@pytest.mark.parametrize("name", CALLS)
def test_machine_code_of_tensor_cores(name, tile, monkeypatch):
    for module in mma_conv, mma_weight:
        monkeypatch.setattr(module, "tile_for", lambda *sizes: tile)
    kernel, arguments = CALLS[name]()[0]
    specification = Specification.of(kernel, arguments)
    parts = tile.warp_rows // 16 * (tile.warp_columns // 8) * 4          # of a step: 4 fragments deep
    for arch in ARCHITECTURES:
        [(found, wrong)] = faults([specification], arch)
        assert wrong == [], arch
        assert found["HMMA"] == parts, arch
        assert found["LDGSTS"], arch
        assert found["LDSM"] or name == "backward tf32", arch
        text = disassembled(code_of(store.binary_of(specification, arch).cubin), arch)
        assert text.count("HMMA.16816.F32.BF16") == ("bf16" in name) * parts, arch


@pytest.mark.slow
@pytest.mark.parametrize("columns", STAGES)
@pytest.mark.parametrize("name", OF_WARPGROUPS)
def test_machine_code_of_warpgroups(name, columns, monkeypatch):
    for module in wgmma_conv, wgmma_weight:
        monkeypatch.setattr(module, "columns_for", lambda *sizes: columns)
    kernel, arguments = OF_WARPGROUPS[name]()[0]
    specification = Specification.of(kernel, arguments)
    [(found, wrong)] = faults([specification], "sm_90a")
    assert wrong == []                                   # also that products need not wait for each other
    assert found["HGMMA"] % wgmma_conv.STEPS == 0 < found["HGMMA"]
    assert not found["HMMA"]
    assert found["UTMALDG"]
    assert (found["USETMAXREG"] == 2) == (columns > 64)
    assert kernel.shared(*arguments) * (2 if columns == 64 else 1) <= MAX_SHARED
