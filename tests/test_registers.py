"""Registers of other widths than this machine has: layers are right on AVX2 and SSE2, in processes limited to them.

Vectors and tiles have other sizes there, so every kernel is another one.
"""
import numpy as np
import pytest
import reference_backend
from cases import TOLERANCE
from numba import config
from numbacnn_cpu import isa
from numbacnn_cpu.compile import INTERPRETED
from processes import python

import numbacnn as nb
from numbacnn.nn import functional as F

AVX512 = "+avx2,+fma,+avx512f,+avx512vl,+avx512dq"
LIMITED = "import test_registers; print(*test_registers.check_all())"
on_x86 = pytest.mark.skipif(not isa.X86, reason="limits an x86-64 processor")


def conv(**options):
    return lambda x, weight, bias: F.conv2d(x, weight, bias, **options)


def normalised(x, weight, mean, variance, scale, shift):
    """A convolution, a batch norm with statistics of its own and ReLU, twice."""
    for _ in range(2):
        x = F.relu(F.batch_norm(F.conv2d(x, weight, padding=1), mean, variance, scale, shift, True))
    return x


def pooled(x, weight, bias):
    return F.max_pool2d(F.relu(F.conv2d(x, weight, bias)), 2)


def classified(x, weight, bias):
    targets = nb.tensor(np.arange(len(x)) % len(weight), device=x.device)
    return F.cross_entropy(F.linear(x, weight, bias), targets)


LAYERS = {               # a layer, the shapes of its arguments, and a kernel that must have run
    "conv": (conv(padding=1), [(2, 17, 7, 9), (35, 17, 3, 3), (35,)], "conv2d_packed"),
    "strided conv": (conv(stride=2, padding=1), [(3, 24, 9, 8), (40, 24, 3, 3), (40,)], "conv2d_packed"),
    "wide conv": (conv(), [(1, 130, 5, 5), (1030, 130, 1, 1), (1030,)], "conv2d_backward_weight_tiles"),
    "Winograd": (conv(padding=1), [(8, 17, 11, 12), (35, 17, 3, 3), (35,)], "conv2d_winograd"),
    "depthwise": (conv(groups=19, padding=1), [(2, 19, 9, 11), (19, 1, 3, 3), (19,)], "conv2d_depthwise"),
    "batch norm": (normalised, [(3, 18, 5, 6), (18, 18, 3, 3), *[(18,)] * 4], "batch_norm_relu"),
    "pooled": (pooled, [(3, 1, 14, 12), (20, 1, 3, 3), (20,)], "conv2d_relu_max_pool2d"),
    "linear": (classified, [(21, 67), (10, 67), (10,)], "linear"),
}


def check_all():
    """Compare all layers with the reference, and return what they ran on."""
    for name in LAYERS:
        check(name, "float32")
    check("strided conv", "float64")
    check_few_windows()
    return isa.REGISTER, isa.REGISTERS, isa.FUSES


def check(name, dtype):
    """Compare a layer and its gradients."""
    layer, shapes, kernel = LAYERS[name]
    found = []
    plans = nb.explain(lambda: found.extend(computed(layer, shapes, dtype))).plans
    assert kernel in {line.op for lines in plans for line in lines}, name
    for got, wanted in zip(found, computed(layer, shapes, "float64", reference_backend.DEVICE), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=0, atol=TOLERANCE[dtype] * np.abs(wanted).max(), err_msg=name)


def check_few_windows():
    """In inference of one image, where weights are cut as narrow as registers are."""
    rng = np.random.default_rng(0)
    arrays, found = [rng.uniform(-1, 1, shape) for shape in ((1, 64, 8, 8), (70, 64, 3, 3))], []
    small, large = ([nb.tensor(each.astype(dtype)) for each in arrays] for dtype in ("float32", "float64"))
    with nb.no_grad():
        plans = nb.explain(lambda: found.append(F.conv2d(*small, padding=1).numpy())).plans
        wanted = F.conv2d(*large, padding=1).numpy()
    assert any("winograd" in line.op for lines in plans for line in lines)
    np.testing.assert_allclose(found[0], wanted, rtol=0, atol=1e-5 * np.abs(wanted).max())


def computed(layer, shapes, dtype, device=None):
    """The result of a layer, and the gradients of its arguments but running statistics."""
    rng = np.random.default_rng(0)
    leaves = [nb.tensor(rng.uniform(-1, 1, shape).astype(dtype), device=device) for shape in shapes]
    wanted = [leaf.requires_grad_() for n, leaf in enumerate(leaves) if n not in (2, 3) or layer is not normalised]
    y = layer(*leaves)
    y.backward(nb.tensor(rng.uniform(-1, 1, y.shape).astype(dtype), device=device))
    results = [y, *[leaf.grad for leaf in wanted]]
    nb.evaluate(*results)
    return [result.numpy() for result in results]


@on_x86
@pytest.mark.slow
@pytest.mark.skipif(INTERPRETED, reason="interpreted")
@pytest.mark.parametrize(("limits", "expected"), [
    pytest.param({"NUMBA_CPU_NAME": "haswell", "NUMBA_CPU_FEATURES": ""}, "32 16 True", id="AVX2"),
    pytest.param({"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": ""}, "16 16 False", id="SSE2"),
])
def test_layers_on_narrow_registers(limits, expected):
    assert python(LIMITED, NUMBACNN_COMPILE_PROCESSES="1", **limits) == expected       # one, as on busy cores


@on_x86
@pytest.mark.parametrize(("name", "features", "expected"), [
    (None, None, (64, 32, True)),
    ("haswell", None, (64, 32, True)),                   # Numba names all features of this machine
    ("haswell", "", (32, 16, True)),
    ("skylake-avx512", "", (64, 32, True)),
    ("skylake-avx512", "-avx512vl", (32, 16, True)),
    ("skylake-avx512", "-avx2", (16, 16, True)),
    ("sandybridge", "", (16, 16, False)),                # AVX, but no AVX2
    ("bdver2", "+fma", (16, 16, True)),
    ("generic", "", (16, 16, False)),
    ("generic", "+avx2,+fma", (32, 16, True)),
    (None, "", (32, 16, True)),
], ids=str)
def test_what_a_processor_has(name, features, expected, monkeypatch):
    """Here the machine is a znver3, with AVX-512."""
    monkeypatch.setattr(isa, "get_host_cpu_features", lambda: AVX512)
    monkeypatch.setattr(isa.llvm, "get_host_cpu_name", lambda: "znver3")
    monkeypatch.setattr(config, "CPU_NAME", name)
    monkeypatch.setattr(config, "CPU_FEATURES", features)
    assert (*isa.register(), isa.fuses()) == expected
