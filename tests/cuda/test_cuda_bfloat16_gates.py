"""Machine code of kernels on arrays of bfloat16: nothing spilled, nothing in local memory, no float64."""
import numbacnn_cuda as backend
import pytest
import test_cuda_gates
from machine_code import opcodes
from numbacnn_cuda import offline, store
from numbacnn_cuda.build import linked
from numbacnn_cuda.frontend import SIMULATED, to_ltoir
from numbacnn_cuda.runtime import replace
from test_cuda_bfloat16 import calls

pytestmark = pytest.mark.skipif(SIMULATED, reason="compiles, which the simulator does not")
ARCH = "sm_90a"
SOME = ["adam", "add", "avg_pool2d", "batch_norm", "batch_norm_backward_input", "batch_norm_backward_weight",
        "batch_norm_statistics", "cast", "conv2d", "conv2d_backward_input", "conv2d_backward_weight", "cross_entropy",
        "cumsum", "dropout", "gelu", "group_norm", "interpolate", "layer_norm", "linear", "log_softmax", "matmul",
        "max_along", "max_pool2d", "p_norm", "relu_backward", "scatter_add", "sgd", "sort", "sum", "var", "where"]


@pytest.fixture
def device():
    found = offline.Device(ARCH)
    replace(offline.Runtime(found))
    yield found
    replace(None)


@pytest.mark.slow
@pytest.mark.parametrize("op", SOME)
def test_machine_code(op, device):
    for inputs, outputs, numbers in calls()[op]:
        kinds = [*[(array.shape, array.dtype.name) for array in inputs], *outputs]
        backend.launch(op, [(device.empty(1), shape, "bfloat16" if dtype == "float32" else dtype)
                            for shape, dtype in kinds], numbers)
    kernels = list(device.specifications)
    assert kernels
    faults = test_cuda_gates.faults(kernels, ARCH)
    assert not {str(each): wrong for each, (_, wrong) in zip(kernels, faults, strict=True) if wrong}


def test_numbers_are_converted_by_one_instruction_each_way(device):
    kinds = [((64,), "bfloat16"), ((64,), "float32"), ((64,), "bfloat16")]
    backend.launch("add", [(device.empty(1), *kind) for kind in kinds], ())
    specification, = device.specifications
    found, = opcodes([store.binary_of(specification, ARCH).cubin], ARCH)
    assert found["F2FP"] == 1 and found["LDG"] == 2 and found["STG"] == 1
    assert found.total() - found["NOP"] < 50


def test_a_device_function_serves_old_and_new_architectures(device):
    """Before 8.0 no instruction rounds; code of a function that was compiled for another architecture is used again."""
    kinds = [((64,), "bfloat16")] * 2
    backend.launch("relu", [(device.empty(1), *kind) for kind in kinds], ())
    specification, = device.specifications
    function = specification.kernel.of(specification.dtype)
    counts = {}
    for arch, capability in (("sm_90a", (9, 0)), ("sm_75", (7, 5)), ("sm_120", (12, 0))):
        code = to_ltoir(function, specification.signature, capability, specification.threads)
        counts[arch] = opcodes([linked(code, arch).cubin], arch)[0]["F2FP"]
    assert counts == {"sm_90a": 1, "sm_75": 0, "sm_120": 1}
