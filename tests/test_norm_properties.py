"""Normalisation on shapes that nobody thought of, against PyTorch: values, gradients and running statistics."""
import beside_torch
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from op_table import counterparts

from numbacnn import ops

pytestmark = pytest.mark.oracle
many = settings(max_examples=300, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
seeds, epsilons = st.integers(0, 2**32 - 1), st.sampled_from([1e-5, 1e-3, 0.5])
lengths = st.lists(st.integers(1, 6), max_size=4)
present = st.sampled_from(["weight bias", "weight", ""])   # PyTorch's gradient of a bias alone is an error


TORCH = counterparts(beside_torch.torch)


def compare(op, arrays, *arguments, **options):
    """Compare an op of arrays by name; running statistics get no gradient, and move."""
    beside_torch.compare(lambda *x: getattr(ops, op)(*x, *arguments, **options),
                         lambda *x: TORCH[op](*x, *arguments, **options), *arrays.values(),
                         constants=[n for n, name in enumerate(arrays) if name.startswith("running")])


def normal(seed, **shapes):
    rng = np.random.default_rng(seed)
    return {name: rng.standard_normal(shape) for name, shape in shapes.items()}


def arrays_for(seed, shape, own, wanted, center):
    """x, and the parameters that are wanted, else None; in the order of the signature."""
    arrays = normal(seed, x=shape, weight=own, bias=own)
    arrays["x"] += center
    return {name: array if name == "x" or name in wanted.split() else None for name, array in arrays.items()}


@many
@given(lengths, st.lists(st.integers(1, 9), min_size=1, max_size=3), present, epsilons, st.sampled_from([0, 30]), seeds)
def test_layer_norm(outer, last, wanted, eps, center, seed):
    arrays = arrays_for(seed, (*outer, *last), tuple(last), wanted, center)
    arrays = {"x": arrays["x"], "normalized_shape": tuple(last), "weight": arrays["weight"], "bias": arrays["bias"]}
    compare("layer_norm", arrays, eps=eps)
    del arrays["bias"]
    compare("rms_norm", arrays, eps=eps)


@many
@given(st.integers(1, 90), st.integers(1, 70), present, epsilons, seeds)
def test_layer_norm_of_rows(rows, size, wanted, eps, seed):
    arrays = arrays_for(seed, (rows, size), (size,), wanted, 3)
    arrays = {"x": arrays["x"], "normalized_shape": (size,), "weight": arrays["weight"], "bias": arrays["bias"]}
    compare("layer_norm", arrays, eps=eps)


@many
@given(st.integers(1, 4), st.integers(1, 5), st.integers(1, 7), lengths, present, epsilons, st.sampled_from([0, 30]),
       seeds)
def test_group_norm(n, groups, each, size, wanted, eps, center, seed):
    shape = (n, groups * each, *size)
    assume(n * each * int(np.prod(size)) > 1)
    arrays = arrays_for(seed, shape, shape[1:2], wanted, center)
    arrays = {"x": arrays["x"], "num_groups": groups, "weight": arrays["weight"], "bias": arrays["bias"]}
    compare("group_norm", arrays, eps=eps)


@many
@given(st.integers(1, 4), st.integers(1, 40), lengths, st.booleans(), st.booleans(), present, st.floats(0, 1), epsilons,
       seeds)
def test_instance_norm(n, channels, size, running, own, wanted, momentum, eps, seed):
    assume(int(np.prod(size)) > 1)
    arrays = arrays_for(seed, (n, channels, *size), (channels,), wanted, 3)
    statistics = normal(seed + 1, running_mean=channels, running_var=channels)
    statistics["running_var"] **= 2
    statistics = statistics if running or not own else dict.fromkeys(statistics)
    arrays = {"x": arrays["x"], **statistics, "weight": arrays["weight"], "bias": arrays["bias"]}
    compare("instance_norm", arrays, use_input_stats=own, momentum=momentum, eps=eps)


@many
@given(st.integers(1, 5), st.integers(1, 9), lengths, st.booleans(), st.booleans(), present, st.floats(0, 1), epsilons,
       seeds)
def test_batch_norm(n, channels, size, running, training, wanted, momentum, eps, seed):
    assume(not training or n * int(np.prod(size)) > 1)
    arrays = arrays_for(seed, (n, channels, *size), (channels,), wanted, 3)
    statistics = normal(seed + 1, running_mean=channels, running_var=channels)
    statistics["running_var"] **= 2
    statistics = statistics if running or not training else dict.fromkeys(statistics)
    arrays = {"x": arrays["x"], **statistics, "weight": arrays["weight"], "bias": arrays["bias"]}
    compare("batch_norm", arrays, training=training, momentum=momentum, eps=eps)


@many
@given(st.integers(1, 3), st.integers(1, 40), st.lists(st.integers(1, 5), min_size=1, max_size=3), st.integers(1, 12),
       st.floats(0, 2), st.sampled_from([0.25, 0.5, 0.75, 1.0, 0.4, 3.0]), st.floats(0.5, 3), seeds)
def test_local_response_norm(n, channels, size, window, alpha, beta, k, seed):
    compare("local_response_norm", normal(seed, x=(n, channels, *size)), window, alpha=alpha, beta=beta, k=k)


@many
@given(st.lists(st.integers(1, 4), max_size=2), st.integers(1, 6), st.integers(1, 6), st.integers(1, 6), st.booleans(),
       seeds)
def test_bilinear(rows, first, second, outputs, bias, seed):
    arrays = normal(seed, x1=(*rows, first), x2=(*rows, second), weight=(outputs, first, second), bias=outputs)
    arrays["bias"] = arrays["bias"] if bias else None
    compare("bilinear", arrays)
