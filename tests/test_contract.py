"""Every installed backend, and the reference, have the kernels of the contract, with its signatures."""
import inspect
import math

import numpy as np
import pytest
import reference

from numbacnn import backend
from numbacnn.errors import BackendError
from numbacnn.kernels import Kernels, Place
from numbacnn.kernels.channels_last import physical
from numbacnn.kernels.functions import FUNCTIONS, arguments_of

CONTRACT = {name: list(inspect.signature(method).parameters.values())[1:]
            for name, method in inspect.getmembers(Kernels, inspect.isfunction) if not name.startswith("_")}
FUNCTION_NAMES = sorted(FUNCTIONS)


def parameters_of(function):
    """The parameters of a function's kernel: its arrays, its output, its options."""
    arrays, options = arguments_of(function)
    output = "dx" if arrays[0] == "dy" else "y"
    return [*[inspect.Parameter(name, inspect.Parameter.POSITIONAL_ONLY) for name in (*arrays, output)],
            *[inspect.Parameter(name, inspect.Parameter.POSITIONAL_OR_KEYWORD) for name in options]]


KNOWN = CONTRACT | {name: parameters_of(name) for name in FUNCTIONS}


VARIADIC = {op for op, found in CONTRACT.items() if any(p.kind is p.VAR_POSITIONAL for p in found)}
# Kernels that get something else than the contract's numbers: what their `arrange` makes of these.
ARRANGED = dict.fromkeys(("softmax", "softmax_backward", "log_softmax", "log_softmax_backward"), ("size", "step"))
MEMORY = ("devices", "empty", "address", "nbytes", "upload", "download", "copy", "is_view", "launch", "info")


def usable():
    """Every backend that is installed and can be used on this machine."""
    for name in backend.installed():
        try:
            yield backend.Device(name).backend
        except BackendError:
            continue


BACKENDS = list(usable())
each_backend = pytest.mark.parametrize("module", BACKENDS, ids=lambda module: module.__name__)
each_kernel = pytest.mark.parametrize("op", CONTRACT)


def split(parameters):
    """Names of the arrays, and of the numbers."""
    arrays = [p.name for p in parameters if p.kind is p.POSITIONAL_ONLY]
    return arrays, [p.name for p in parameters if p.kind is not p.POSITIONAL_ONLY]


def signature(function):
    """Names of the arguments of a kernel, and whether more may follow."""
    function = getattr(function, "py_func", getattr(function, "function", function))
    parameters = inspect.signature(function).parameters.values()
    names = [p.name for p in parameters if p.kind is not p.VAR_POSITIONAL]
    return names, len(names) < len(parameters)


def is_kernel(function):
    """Whether an op is a kernel by itself, and not lowered to others."""
    return hasattr(function, "items")


def fault(op, function):
    """Say what is wrong with the signature of a kernel, if anything."""
    arrays, numbers = split(CONTRACT[op])
    names, variadic = signature(function)
    if hasattr(function, "workspace"):                   # a kernel over a range of items
        if names[-2:] != ["begin", "end"]:
            return f"must end in begin, end, got {names}"
        names = names[:-3] if function.workspace else names[:-2]
        numbers = list(ARRANGED.get(op, numbers))
    elif is_kernel(function):                            # of one thread of a GPU
        if function.arrange is not physical:             # it is given what that makes of the contract's arguments
            return None
        names = names[:-1] if function.raises else names
    wanted = arrays + numbers
    if variadic:                                         # lowered: the rest is handed on
        wanted = wanted[:len(names)]
    return f"must take {wanted}, got {names}" if names != wanted else None


def test_the_contract_is_read():
    assert {"conv2d", "adam", "cross_entropy", "permute"} <= set(CONTRACT)
    assert split(CONTRACT["softmax"]) == (["x", "y"], ["axis"])
    assert {"sgd", "adam", "permute", "cat"} <= VARIADIC  # the contract gives them any number of arguments


@each_backend
@each_kernel
def test_every_backend_has_every_kernel(module, op):
    function = getattr(module, op)
    assert is_kernel(function) or callable(function)
    if op not in VARIADIC:
        assert fault(op, function) is None


@each_backend
@pytest.mark.parametrize("name", FUNCTION_NAMES)
def test_every_backend_has_every_function(module, name):
    assert is_kernel(getattr(module, name)) or callable(getattr(module, name))
    assert callable(getattr(reference, name))
    arrays, options = arguments_of(name)
    assert arrays in (("x",), ("x", "target"), ("dy", "x"), ("dy", "y"), ("dy", "x", "target"))
    assert (arrays[0] == "dy") == ("_backward" in name)
    for back in f"{name}_backward", f"{name}_backward_target":
        assert back not in FUNCTIONS or (arguments_of(back)[0] in (("dy", *arrays), ("dy", "y"))
                                         and arguments_of(back)[1] == options)


@each_kernel
def test_the_reference_has_every_kernel(op):
    names, variadic = signature(getattr(reference, op))
    arrays, numbers = split(CONTRACT[op])
    assert variadic or names == arrays + numbers


@each_kernel
def test_every_kernel_is_documented(op):
    assert getattr(Kernels, op).__doc__


@pytest.mark.parametrize(("op", "function"), [
    ("cast", lambda y, x: None), ("softmax", lambda x, y: None), ("add", lambda a, b, y, divisor: None),
    ("avg_pool2d", lambda x, z, *window: None)])
def test_a_wrong_signature_is_seen(op, function):
    assert fault(op, function)


@each_backend
def test_tables_name_real_ops(module):
    for op, count in module.UPDATES.items():
        assert is_kernel(getattr(module, op)) or callable(getattr(module, op))
        names, variadic = signature(getattr(module, op))
        assert count == -1 or (count > 0 and (variadic or count < len(names)))
    made = {line.op for rule in [*module.FUSIONS, *module.VARIANTS] for line in rule.new}
    assert (set(CONTRACT) | made).issuperset(module.UPDATES)
    assert module.RAISES.issubset(CONTRACT)
    for name in MEMORY:
        assert callable(getattr(module, name)), name
    assert {"run", "time"} <= set(dir(module.Program))


@each_backend
def test_rules_speak_of_real_ops_with_their_arguments(module):
    """A rule with a misspelt name, or an argument too few, never applies, and nobody would notice."""
    made = {line.op: line for rule in [*module.FUSIONS, *module.VARIANTS] for line in rule.new}
    for rule in [*module.FUSIONS, *module.VARIANTS]:
        for line in rule.lines:
            arrays, numbers = split(KNOWN[line.op]) if line.op in KNOWN else (made[line.op], None)
            if numbers is not None:
                assert len(line.inputs) + len(line.outputs) == len(arrays), line
                assert bool(line.numbers) == bool(numbers), line
        for line in rule.new:
            names, variadic = signature(getattr(module, line.op))
            assert variadic or len(line.inputs) + len(line.outputs) <= len(names), line
        known = {name for line in rule.lines for name in (*line.inputs, *line.outputs)} | set(rule.temporaries)
        assert {name for line in rule.new for name in (*line.inputs, *line.outputs)} <= known


@each_backend
@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32", "uint8", "bool"])
@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (0, 3, 4, 4), (7,), (), (2, 3, 4), (3, 5)])
def test_memory_holds_what_is_written(module, shape, dtype):
    values = np.random.default_rng(0).integers(0, 2, shape).astype(dtype)
    nbytes = module.nbytes(shape, dtype)
    assert nbytes >= values.nbytes
    memory, other = module.empty(nbytes, 0), module.empty(nbytes, 0)
    assert module.address(memory) % 64 == 0
    module.upload(values, memory)
    module.copy(memory, other, nbytes)
    found = module.download(other, shape, dtype)
    assert (found.shape, found.dtype) == (shape, np.dtype(dtype))
    assert found.flags.c_contiguous
    assert np.array_equal(found, values)
    found[...] = 0                                       # a copy
    assert np.array_equal(module.download(other, shape, dtype), values)


@each_backend
def test_views_hold_the_same_numbers(module):
    """`is_view` may say no, but what it calls a view must read as a reshape would."""
    shapes = [(24,), (2, 12), (2, 3, 4), (2, 3, 2, 2), (2, 12, 1, 1), (24, 1, 1, 1), (1, 1, 4, 6), (4, 1, 3, 2),
              (2, 2, 3, 2)]
    for shape in shapes:
        values = np.arange(math.prod(shape), dtype="float32").reshape(shape)
        memory = module.empty(module.nbytes(shape, "float32"), 0)
        module.upload(values, memory)
        for other in shapes:
            if module.is_view(shape, other):
                assert np.array_equal(module.download(memory, other, "float32"), values.reshape(other)), (shape, other)
    assert module.is_view((2, 3, 4), (24,))


@each_backend
def test_programs_run_what_launch_runs(module):
    """And again on other memory: a program keeps nothing of a run."""
    shape, dtype = (2, 3, 4, 5), "float32"
    nbytes = module.nbytes(shape, dtype)
    sums, *places = [Place(slot, offset, shape, dtype) for slot, offset in ((0, 64), (1, 0), (2, 0), (3, 0))]
    program = module.Program([("add", [places[0], places[1], sums]), ("multiply", [sums, places[1], places[2]])])
    for seed in range(3):
        a, b = np.random.default_rng(seed).standard_normal((2, *shape)).astype(dtype)
        blocks = [module.empty(64 + nbytes, 0), *[module.empty(nbytes, 0) for _ in range(3)]]
        module.upload(a, blocks[1])
        module.upload(b, blocks[2])
        program.run([module.address(block) for block in blocks])
        sums, products = module.empty(nbytes, 0), module.empty(nbytes, 0)
        module.launch("add", [(block, shape, dtype) for block in (blocks[1], blocks[2], sums)], ())
        module.launch("multiply", [(block, shape, dtype) for block in (sums, blocks[2], products)], ())
        found = module.download(blocks[3], shape, dtype)
        assert np.array_equal(found, module.download(products, shape, dtype))
        assert np.array_equal(found, (a + b) * b)
