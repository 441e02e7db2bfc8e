"""Ops against PyTorch, in float64: every row of op_table/ that it knows, and shapes that nobody thought of."""
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import mutually_broadcastable_shapes
from op_table import CASES, counterparts

import numbacnn as nb
from numbacnn import ops

torch = pytest.importorskip("torch", reason="needs the extra `oracle`")
pytestmark = [pytest.mark.oracle, pytest.mark.filterwarnings("ignore:Using padding='same'"),
              pytest.mark.filterwarnings("ignore:reduction. 'mean' divides the total")]

F = torch.nn.functional
quick = settings(max_examples=60, deadline=None, derandomize=True)


TORCH = counterparts(torch)
NOT_THERE = {op for op in ops.__all__ if "dropout" in op}                         # draw other numbers


def differentiated(function, arrays, make, wanted, dy_seed=0):
    """Value, gradients of the inputs `wanted`, and all inputs afterwards; `make` makes a tensor that may want one."""
    tensors = {name: make(x, name in wanted) if isinstance(x, np.ndarray) else x for name, x in arrays.items()}
    y = function(*tensors.values())
    if wanted:
        dy = np.random.default_rng(dy_seed).standard_normal(tuple(y.shape))
        y.backward(make(dy.astype(y.detach().numpy().dtype), False))
    gradients = {name: None if tensors[name].grad is None else tensors[name].grad.numpy() for name in wanted}
    inputs = {name: x.detach().numpy() for name, x in tensors.items() if hasattr(x, "detach")}
    return y.detach().numpy(), gradients, inputs


def ours(x, wanted):
    return nb.tensor(x, requires_grad=wanted)


def theirs(x, wanted):
    return torch.tensor(x, requires_grad=wanted)


def compare(op, arrays, wanted, *arguments, tolerance=1e-10, **options):
    compare_calls(lambda *x: getattr(ops, op)(*x, *arguments, **options),
                  lambda *x: TORCH[op](*x, *arguments, **options), arrays, wanted, tolerance)


def compare_calls(mine, yours, arrays, wanted, tolerance=1e-10):
    got = differentiated(mine, arrays, ours, wanted)
    right = differentiated(yours, arrays, theirs, wanted)
    assert got[0].dtype == right[0].dtype
    if got[0].dtype == np.float32:                       # of whole numbers
        tolerance = 1e-6
    np.testing.assert_allclose(got[0], right[0], rtol=tolerance, atol=tolerance)
    for mine, yours in zip(got[1:], right[1:], strict=True):
        for name, values in yours.items():
            np.testing.assert_allclose(mine[name], values, rtol=tolerance, atol=tolerance, err_msg=name)


def test_every_op_has_its_counterpart():
    assert set(ops.__all__) == set(TORCH) | NOT_THERE


DIFFERENT = {                                            # PyTorch's gradients: errors, NaN of nothing and infinity
    "softsign-4x4x4-special",
    "group_norm-2x4x3x5,2-without-weight", "group_norm-2x4x5,2-without-weight", "instance_norm-0x4x3-no-images",
    "group_norm-2x4x3x0,2-no-pixels", "group_norm-2x4x0,2-no-numbers",
}


@pytest.mark.parametrize("case", [case for case in CASES if case.op not in NOT_THERE and case.id not in DIFFERENT],
                         ids=lambda case: case.id)
def test_cases(case):
    compare_calls(lambda *x: case.call(x), lambda *x: case.result(TORCH[case.op](*x, *case.arguments, **case.options)),
                  case.values(), case.differentiable)


# --- any shape -----------------------------------------------------------------------------------------------------

numbers, pairs = st.integers(1, 3), st.tuples(st.integers(1, 3), st.integers(1, 3))
paddings, seeds = st.tuples(st.integers(0, 3), st.integers(0, 3)), st.integers(0, 2**32 - 1)


def normal(seed, **shapes):
    rng = np.random.default_rng(seed)
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


@quick
@given(st.data(), numbers, st.integers(1, 7), st.integers(1, 5), pairs, pairs, paddings, pairs, seeds)
def test_conv2d(data, groups, channels, outputs, kernel, stride, padding, dilation, seed):
    size = [max(1, d * (k - 1) + 1 - 2 * p) + data.draw(st.integers(0, 6))
            for k, p, d in zip(kernel, padding, dilation, strict=True)]
    arrays = normal(seed, x=(data.draw(st.integers(0, 3)), channels * groups, *size),
                    weight=(outputs * groups, channels, *kernel), bias=(outputs * groups,))
    compare("conv2d", arrays, list(arrays), stride=stride, padding=padding, dilation=dilation, groups=groups)


@quick
@given(st.data(), st.sampled_from(["max_pool2d", "avg_pool2d", "sum_pool2d"]), pairs, pairs, pairs, seeds)
def test_pools(data, op, kernel, stride, dilation, seed):
    options = {"stride": stride, "padding": tuple(data.draw(st.integers(0, k // 2)) for k in kernel)}
    if op == "max_pool2d":
        options["dilation"] = dilation
        for k, p, d in zip(kernel, options["padding"], dilation, strict=True):
            assume(d * (k - 1) - p < 1 or p == 0)        # no window lies wholly in the padding
    elif op == "avg_pool2d":
        options["count_include_pad"] = data.draw(st.booleans())
    size = [d * (k - 1) + 1 + data.draw(st.integers(0, 6)) for k, d in zip(kernel, dilation, strict=True)]
    compare(op, normal(seed, x=(2, 3, *size)), ["x"], kernel, **options)


@quick
@given(st.integers(1, 9), st.integers(1, 9), st.integers(1, 11), st.integers(1, 11), seeds)
def test_adaptive_pooling(height, width, rows, columns, seed):
    compare("adaptive_avg_pool2d", normal(seed, x=(2, 3, height, width)), ["x"], (rows, columns))


@quick
@given(mutually_broadcastable_shapes(num_shapes=2, min_side=0, max_dims=4, max_side=4),
       st.sampled_from(["add", "subtract", "multiply", "divide"]), seeds)
def test_arithmetic(shapes, op, seed):
    a, b = shapes.input_shapes
    compare(op, normal(seed, a=a, b=b), ["a", "b"])


@quick
@given(st.lists(st.integers(1, 5), min_size=1, max_size=4), st.data(), seeds)
def test_softmax_and_reductions(shape, data, seed):
    dim = data.draw(st.integers(-len(shape), len(shape) - 1))
    for op in "softmax", "sum", "mean":
        compare(op, normal(seed, x=tuple(shape)), ["x"], dim=dim)
    compare("argmax", normal(seed, x=tuple(shape)), [], dim=dim)


@quick
@given(st.integers(1, 4), st.integers(1, 6), st.lists(st.integers(1, 4), min_size=2, max_size=2) | st.just([]),
       st.booleans(), st.floats(0, 1), seeds)
def test_batch_norm(n, channels, size, training, momentum, seed):
    assume(not training or n * int(np.prod(size)) > 1)
    arrays = normal(seed, x=(n, channels, *size), running_mean=channels, running_var=channels, weight=channels,
                    bias=channels)
    arrays["running_var"] **= 2
    compare("batch_norm", arrays, ["x", "weight", "bias"], training=training, momentum=momentum, tolerance=1e-9)


@quick
@given(st.integers(1, 5), st.integers(1, 7), st.lists(st.integers(1, 3), min_size=2, max_size=2) | st.just([]),
       st.sampled_from(["mean", "sum", "none"]), seeds)
def test_cross_entropy(n, classes, size, reduction, seed):
    arrays = normal(seed, logits=(n, classes, *size))
    arrays["targets"] = np.random.default_rng(seed).integers(0, classes, (n, *size))
    compare("cross_entropy", arrays, ["logits"], reduction=reduction)
