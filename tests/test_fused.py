"""Fused kernels: both sides of a rule of the CPU backend must compute the same. The rules' language: test_fusion.py."""
import numbacnn_cpu as backend
import numpy as np
import pytest
from cases import TOLERANCE, compare, integers, normal, programmed, special

from numbacnn.fusion import Call, Fuser
from numbacnn.kernels import Spec

CHAINS = {           # x, weight, (sh, sw, ph, pw, dh, dw, groups), (kh, kw) of the pool; which rules apply to it
    "short patches": ((3, 1, 10, 12), (5, 1, 3, 3), (1, 1, 0, 0, 1, 1, 1), (2, 2)),
    "short patches, something left": ((2, 3, 9, 7), (4, 3, 3, 3), (1, 1, 1, 1, 1, 1, 1), (3, 2)),
    "few outputs": ((3, 1, 12, 15), (6, 1, 5, 5), (1, 1, 2, 2, 1, 1, 1), (2, 2)),
    "long patches": ((2, 9, 8, 7), (6, 9, 3, 3), (1, 1, 1, 1, 1, 1, 1), (2, 2)),
    "strided, dilated": ((2, 8, 17, 19), (5, 8, 3, 3), (2, 1, 1, 2, 1, 2, 1), (2, 3)),
    "many outputs": ((1, 7, 9, 9), (130, 7, 4, 3), (1, 1, 1, 0, 1, 1, 1), (2, 2)),
}
WHOLE = {"conv2d_relu_max_pool2d", "conv2d_relu_max_pool2d_backward", "relu_max_pool2d_backward"}


def chain(x, weight, conv, pool):
    """Return the calls of a convolution, ReLU and max pooling, and of their gradients; specs; and slots by name."""
    size = [(n + 2 * p - d * (k - 1) - 1) // s + 1
            for n, s, p, d, k in zip(x[2:], conv[:2], conv[2:4], conv[4:6], weight[2:], strict=True)]
    c = (x[0], weight[0], *size)
    y = (*c[:2], size[0] // pool[0], size[1] // pool[1])
    names = ["x", "weight", "bias", "dy", "c", "r", "y", "argmax", "d", "e", "dweight", "dbias"]
    shapes = [x, weight, weight[:1], y, c, c, y, y, c, c, weight, weight[:1]]
    slot = {name: number for number, name in enumerate(names)}
    window = (*pool, *pool, 0, 0, 1, 1)
    lines = [("conv2d", "x weight bias", "c", conv), ("relu", "c", "r", ()), ("max_pool2d", "r", "y argmax", window),
             ("max_pool2d_backward", "dy argmax", "d", window), ("relu_backward", "d r", "e", ()),
             ("conv2d_backward_weight", "x e", "dweight", conv), ("conv2d_backward_bias", "e", "dbias", ())]
    calls = [Call(op, [slot[name] for name in inputs.split()], [slot[name] for name in outputs.split()], numbers)
             for op, inputs, outputs, numbers in lines]
    return calls, dict(enumerate(shapes)), slot


@pytest.mark.parametrize("results", ["y argmax", "y argmax dweight dbias", "y dweight", "y e", "r dweight dbias"])
@pytest.mark.parametrize("numbers", [normal, integers, lambda *shape: special(integers(*shape))])
@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("name", CHAINS)
def test_fused_is_unfused(name, dtype, numbers, results):
    """Equal to the bit, but for sums in another order; NaN, ties and windows without a positive number included."""
    calls, shapes, slot = chain(*CHAINS[name])
    specs = {number: Spec(shape, "int32" if number == slot["argmax"] else dtype) for number, shape in shapes.items()}
    values = {slot[name]: (numbers if name == "x" else integers)(*shapes[slot[name]]).astype(dtype)
              for name in ("x", "weight", "bias", "dy")}
    wanted = [slot[name] for name in results.split()]
    found = []
    for rules in ([], backend.FUSIONS):
        specs_now = dict(specs)
        fuser = Fuser(specs_now, set(wanted))
        program = fuser.apply(backend.VARIANTS, fuser.apply(rules, pruned(calls, wanted)))
        found.append(programmed(program, specs_now, values))
    fused = {call.op for call in program}
    expected = set()
    if not results.startswith("r "):
        expected = {"conv2d_relu_max_pool2d"}
        if "dweight dbias" in results:
            expected.add("conv2d_relu_max_pool2d_backward")
        elif results != "y argmax":
            expected.add("relu_max_pool2d_backward")
    assert fused.intersection(WHOLE) == expected
    for number in wanted:
        unfused, fused = found[0][number], found[1][number]
        if number in (slot["dweight"], slot["dbias"]):
            compare(fused, unfused, dtype)
        else:
            np.testing.assert_array_equal(fused, unfused)


def pruned(calls, wanted):
    """Return the calls that lead to what is wanted."""
    needed, kept = set(wanted), []
    for call in reversed(calls):
        if not needed.isdisjoint(call.outputs):
            needed.update(call.inputs)
            kept.insert(0, call)
    return kept


def test_chains_reach_every_fused_kernel():
    for example in CHAINS.values():
        ops = set()
        for wanted in {"dweight", "dbias"}, {"e"}:
            calls, shapes, slot = chain(*example)
            specs = {number: Spec(shape, "float32") for number, shape in shapes.items()}
            fuser = Fuser(specs, {slot[name] for name in wanted})
            ops |= {call.op for call in fuser.apply(backend.FUSIONS, pruned(calls, fuser.wanted))}
        assert ops.issuperset(WHOLE)


@pytest.mark.parametrize("pool", [(2, 2, 1, 1, 0, 0, 1, 1), (2, 2, 2, 2, 1, 1, 1, 1), (2, 2, 2, 2, 0, 0, 2, 2),
                                  (5, 5, 5, 5, 0, 0, 1, 1)])
def test_windows_that_no_fused_kernel_takes(pool):
    calls, shapes, slot = chain((1, 2, 9, 9), (3, 2, 3, 3), (1, 1, 0, 0, 1, 1, 1), (2, 2))
    calls = [call if call.op != "max_pool2d" else Call(call.op, call.inputs, call.outputs, pool) for call in calls[:3]]
    fuser = Fuser({number: Spec(shape, "float32") for number, shape in shapes.items()}, {slot["y"]})
    assert WHOLE.isdisjoint(call.op for call in fuser.apply(backend.FUSIONS, calls))
