"""How the CPU backend compiles, calls, cuts and runs kernels. Arithmetic is not the subject: kernels here are small.

The whole file also runs interpreted (`NUMBA_DISABLE_JIT=1`), started by one of its tests.
"""
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numba
import numbacnn_cpu as backend
import numpy as np
import pytest
from numbacnn_cpu import program
from numbacnn_cpu.compile import INTERPRETED, compiled, kernel, njit, signature
from numbacnn_cpu.dots import add_dots, add_last_dots
from numbacnn_cpu.pooled_tile import add_outer_product, add_winners, chosen, passed, store_largest
from numbacnn_cpu.simd import accumulate, load, store, store_part, store_past, transpose
from numbacnn_cpu.tile import add_outers, add_products, add_turned_products, blank, spread, store_rows, store_tile

from numbacnn.errors import BackendError
from numbacnn.kernels import Place
from numbacnn.kernels.channels_last import flat

WORKERS = 1, 2, 3, 5
compiled_only = pytest.mark.skipif(INTERPRETED, reason="interpreted")


@pytest.fixture(autouse=True)
def small_tiles(monkeypatch):
    """Cut small arrays into many tiles."""
    monkeypatch.setattr(program, "TILE_BYTES", 64)


# --- kernels, one for each thing a kernel can do

@kernel(items=lambda y: y.size, arrange=flat)
def scale(x, y, factor, begin, end):
    factor = x.dtype.type(factor)
    for i in range(begin, end):
        y[i] = x[i] * factor


@kernel(items=lambda x: x.shape[0], reassociate=True)
def sum_images(x, y, begin, end):
    for n in range(begin, end):
        total = x.dtype.type(0)
        for h in range(x.shape[1]):
            for w in range(x.shape[2]):
                for c in range(x.shape[3]):
                    total += x[n, h, w, c] / 3
        y[n] = total


@kernel(items=lambda y: y.shape[0], arrange=lambda x, y: [x.logical().permuted((1, 0, 2, 3)), y])
def sum_channels(x, y, begin, end):
    for c in range(begin, end):
        y[c] = 0
        for n in range(x.shape[1]):
            for h in range(x.shape[2]):
                for w in range(x.shape[3]):
                    y[c] += x[c, n, h, w]


@kernel(items=lambda x: x.shape[0], workspace=lambda x: ((x.shape[1],), np.float64))
def reverse_rows(x, y, row, begin, end):
    for n in range(begin, end):
        for c in range(row.size):
            row[c] = x[n, c]
        for c in range(row.size):
            y[n, c] = row[row.size - 1 - c]


@kernel(items=lambda x: x.shape[0], raises=True)
def check(x, y, begin, end):
    for n in range(begin, end):
        if x[n] < 0:
            raise IndexError("check: x[{}] is {}, must not be negative", n, x[n])
        y[n] = x[n]


@kernel(items=lambda: 1, raises=True)
def refuse(x, begin, end):
    raise ValueError("refuse: never")


@kernel(items=lambda y: y.shape[0])
def take(x, y, table, begin, end):
    for i in range(begin, end):
        y[i] = x[table[i]]


def take_backwards(x, y):
    return [(take, [x, y, np.arange(x.size)[::-1].copy()])]


def arranged(calls):
    """Return what Program takes, given calls of NumPy arrays of logical shape, and the memory of each array by id."""
    memories, result = {}, []
    for op, *arguments in calls:
        for argument in arguments:
            if isinstance(argument, np.ndarray) and id(argument) not in memories:
                memories[id(argument)] = backend.empty(argument.nbytes, 0)
                backend.upload(argument, memories[id(argument)])
        slots = list(memories)
        result.append((op, [Place(slots.index(id(a)), 0, a.shape, a.dtype.name) if isinstance(a, np.ndarray) else a
                            for a in arguments]))
    return result, memories


def run(*calls, how="run"):
    """Run calls of NumPy arrays, and write back what they hold then. Returns the program."""
    places, memories = arranged(calls)
    made = backend.Program(places)
    try:
        getattr(made, how)([memory.address for memory in memories.values()])
    finally:
        for array in {id(a): a for _, *arguments in calls for a in arguments if isinstance(a, np.ndarray)}.values():
            array[...] = backend.download(memories[id(array)], array.shape, array.dtype)
    return made


def numbers(*shape, dtype="float32"):
    return np.random.default_rng(0).standard_normal(shape).astype(dtype)


# --- arguments

@pytest.mark.parametrize("dtype", ["float32", "float64", "int64", "int32"])
@pytest.mark.parametrize("shape", [(1000,), (4, 5, 6, 7), (3, 0)])
def test_arrays_and_floats(shape, dtype):
    x = (numbers(*shape) * 100).astype(dtype)
    y = np.zeros_like(x)
    run((scale, x, y, 3.0))
    assert np.array_equal(y, x * 3)


def test_a_float_keeps_all_its_bits():
    x, y = np.ones(1), np.zeros(1)
    run((scale, x, y, 0.1 + 0.2))
    assert y[0] == 0.1 + 0.2


def test_views_with_strides():
    x, y = numbers(4, 3, 5, 6, dtype="float64"), np.zeros(3)
    run((sum_channels, x, y))
    assert np.allclose(y, x.sum((0, 2, 3)))


def test_tables():
    x, y = numbers(100), np.zeros(100, np.float32)
    run((take_backwards, x, y))
    assert np.array_equal(y, x[::-1])


@pytest.mark.parametrize("workers", WORKERS)
def test_each_worker_has_a_workspace(workers, monkeypatch):
    monkeypatch.setenv("NUMBACNN_NUM_THREADS", str(workers))
    x = numbers(300, 33)
    y, z = np.zeros_like(x), np.zeros_like(x)
    made = run((reverse_rows, x, y), (reverse_rows, y, z))
    assert np.array_equal(y, x[:, ::-1]) and np.array_equal(z, x)
    assert made.workspace == 320                            # 33 float64 in whole cache lines


# --- tiles and threads

@compiled_only
def test_the_bits_do_not_depend_on_the_number_of_threads(monkeypatch):
    x = numbers(61, 3, 9, 7)
    found = []
    for workers in WORKERS:
        monkeypatch.setenv("NUMBACNN_NUM_THREADS", str(workers))
        y, z = np.zeros(61, np.float32), np.zeros((61, 3, 9, 7), np.float32)
        made = run((scale, x, z, 0.3), (sum_images, z, y), (sum_images, x, z[:, 0, 0, 0].copy()))
        assert made.workers == workers
        found.append(y.tobytes() + z.tobytes())
    assert len(set(found)) == 1


def test_tiles_follow_from_shapes():
    arrays = numbers(16), numbers(8, 8, 8, 8), numbers(0)
    places, _ = arranged([(scale, x, x.copy(), 1.0) for x in arrays])
    assert [call.tiles for call in backend.Program(places).calls] == [2, program.TILES, 1]


@compiled_only
def test_small_calls_make_one_stage_and_need_no_team(monkeypatch):
    monkeypatch.setattr(program, "TILE_BYTES", 1 << 14)
    x, y = numbers(8), np.zeros(8, np.float32)
    made = run(*[(scale, x, y, 2.0), (scale, y, x, 0.5)] * 20)
    assert made.workers == 1 and made.words[0] == 1


@pytest.mark.parametrize("workers", WORKERS)
def test_calls_run_in_order(workers, monkeypatch):
    monkeypatch.setenv("NUMBACNN_NUM_THREADS", str(workers))
    x = numbers(64, 64)
    calls, y = [], x
    for step in range(40):                                  # many tiles, and one, in turn
        y, before = np.zeros_like(y), y
        calls.append((scale, before, y, 2.0 if step % 3 else 0.25))
        small, other = numbers(4), np.zeros(4, np.float32)
        calls += [(scale, small, other, 2.0), (scale, other, small, 2.0)]
    run(*calls)
    assert np.array_equal(y, x * 2.0 ** 26 * 0.25 ** 14)


def test_two_python_threads_run_one_program():
    x = numbers(50, 40)
    places, _ = arranged([(reverse_rows, x, np.zeros_like(x)), (scale, x, x.copy(), 2.0)])
    shared = backend.Program(places)

    def work(seed):
        values = x + np.float32(seed)
        memories = [backend.empty(x.nbytes, 0) for _ in range(3)]
        backend.upload(values, memories[0])
        for _ in range(3 if INTERPRETED else 200):
            shared.run([memory.address for memory in memories])
        reverse, double = (backend.download(memory, x.shape, "float32") for memory in memories[1:])
        return np.array_equal(reverse, values[:, ::-1]) and np.array_equal(double, values * 2)

    with ThreadPoolExecutor(2) as pool:
        assert all(pool.map(work, range(2)))


@pytest.mark.parametrize("text", ["0", "-1", "two", "1.5"])
def test_a_wrong_number_of_threads_is_an_error(text, monkeypatch):
    monkeypatch.setenv("NUMBACNN_NUM_THREADS", text)
    with pytest.raises(BackendError, match=f"NUMBACNN_NUM_THREADS must be a whole number from 1 to 1024, got '{text}'"):
        backend.devices()


# --- errors

@pytest.mark.parametrize("workers", WORKERS)
def test_the_first_error_is_raised_and_nothing_runs_after_it(workers, monkeypatch):
    monkeypatch.setenv("NUMBACNN_NUM_THREADS", str(workers))
    x = np.arange(1000)
    x[[300, 305, 700, 999]] = -5
    for _ in range(10):
        y, before, after = np.zeros(1000, int), np.zeros(1000, int), np.full(1000, 7)
        with pytest.raises(IndexError) as caught:
            run((scale, x, before, 2.0), (check, x, y), (scale, x, after, 2.0))
        assert str(caught.value) == "check: x[300] is -5, must not be negative"
        assert caught.value.call == 1
        assert (before == x * 2).all() and (after == 7).all()


def test_a_program_runs_again_after_an_error():
    x, y = np.arange(1000), np.zeros(1000, int)
    places, memories = arranged([(check, x, y)])
    made, addresses = backend.Program(places), [memory.address for memory in memories.values()]
    for bad in True, False, True, False:
        backend.upload(np.where(x == 400, -1, x) if bad else x, memories[id(x)])
        if bad:
            with pytest.raises(IndexError, match=r"check: x\[400\] is -1, must"):
                made.run(addresses)
        else:
            made.run(addresses)
    assert np.array_equal(backend.download(memories[id(y)], y.shape, y.dtype), x)


def test_errors_without_values_and_in_small_calls():
    x, y = numbers(4), np.zeros(4, np.float32)
    with pytest.raises(ValueError, match=r"^refuse: never$") as caught:
        run((scale, x, y, 2.0), (scale, x, y, 3.0), (refuse, x), (scale, x, y, 4.0))
    assert caught.value.call == 2 and np.array_equal(y, x * 3)


# --- the other ways to run

def test_launch_does_what_a_program_does():
    x = numbers(5, 3, 4, 4)
    y, z = np.zeros(5, np.float32), np.zeros(5, np.float32)
    run((sum_images, x, y))
    _, memories = arranged([(sum_images, x, z)])
    backend.launch(sum_images, [(memories[id(a)], a.shape, a.dtype.name) for a in (x, z)], ())
    assert backend.download(memories[id(z)], z.shape, z.dtype).tobytes() == y.tobytes()


def test_launch_formats_errors():
    x, y = np.array([1, -2]), np.zeros(2, int)
    _, memories = arranged([(check, x, y)])
    with pytest.raises(IndexError, match=r"check: x\[1\] is -2, must not be negative"):
        backend.launch(check, [(memories[id(a)], a.shape, a.dtype.name) for a in (x, y)], ())


def test_time_runs_each_call_once():
    x, y = np.arange(1000), np.zeros(1000, int)
    places, memories = arranged([(scale, x, y, 2.0), (scale, y, y, 2.0), (check, y, x)])
    made, addresses = backend.Program(places), [memory.address for memory in memories.values()]
    seconds = made.time(addresses)
    assert len(seconds) == 3 and all(second > 0 for second in seconds)
    assert np.array_equal(backend.download(memories[id(x)], x.shape, x.dtype), x * 4)
    backend.upload(-x, memories[id(x)])
    with pytest.raises(IndexError) as caught:
        made.time(addresses)
    assert caught.value.call == 2


@numba.njit
def twice(x, y):
    scale(x, y, 2.0, 0, x.size)
    scale(y.copy(), y, 2.0, 0, x.size)


def test_a_kernel_is_a_function():
    x, y = numbers(10), np.zeros(10, np.float32)
    scale(x, y, 3.0, 2, 5)
    assert np.array_equal(y, np.where((np.arange(10) >= 2) & (np.arange(10) < 5), x * 3, 0))
    twice(x, y)                                             # and for other compiled code
    assert np.array_equal(y, x * 4)


def test_info():
    info = backend.info()
    assert {"CPU", "threads", "threading layer", "cache"} <= info.keys()
    assert all(isinstance(text, str) and text for text in info.values())


@pytest.mark.parametrize("how", [{"items": lambda size: 1}, {"items": lambda x, begin: 1}, {"items": lambda: 1,
                                 "workspace": lambda row: ((1,), np.float64)}])
def test_items_and_workspace_are_asked_about_arguments_of_the_kernel(how):
    def function(x, y, row, begin, end):
        pass

    with pytest.raises(TypeError, match=r"kernel: items and workspace of function .* are x, y.*: there is no "):
        kernel(**how)(function)


@compiled_only
def test_interpreted():
    done = subprocess.run([sys.executable, "-m", "pytest", "-q", __file__], capture_output=True, text=True, check=False,
                          env={**os.environ, "NUMBA_DISABLE_JIT": "1"})
    assert done.returncode == 0, done.stdout


# --- vectors and tiles are read and written as they are

MIXED = {
    "store": lambda x, y: store(y, 0, load(x, 0)),
    "store_past": lambda x, y: store_past(y, 0, load(x, 0)),
    "store_part": lambda x, y: store_part(y, 0, load(x, 0), 1),
    "accumulate": lambda x, y: accumulate(x, 0, load(y, 0)),
    "transpose": lambda x, y: transpose(x, 0, 16, y, 0, 16),
    "store_tile": lambda x, y: store_tile(y, (0,), blank(x, 1, 1), 1),
    "store_rows": lambda x, y: store_rows(y, (0,), blank(x, 1, 1), 1, 1),
    "add_products, left": lambda x, y: add_products(blank(x, 1, 1), y, (0,), 0, x, 0, 1),
    "add_products, right": lambda x, y: add_products(blank(x, 1, 1), x, (0,), 0, y, 0, 1),
    "add_products, sums": lambda x, y: add_products(blank(y, 1, 1), x, (0,), 0, x, 0, 1),
    "add_turned_products": lambda x, y: add_turned_products(blank(x, 1, 1), x, 0, y, 0, 1),
    "add_outers": lambda x, y: add_outers(blank(x, 1, 1), x, 0, 1, y, 0, 1, 1),
    "add_dots": lambda x, y: add_dots(blank(x, 1, 1), x, (0,), y, (0,), 0),
    "add_last_dots": lambda x, y: add_last_dots(blank(x, 1, 1), x, (0,), y, (0,), 0, 1),
    "store_largest": lambda x, y: store_largest(y, x.view(np.uint8), (0,), blank(x, 1, 1), 1),
    "passed": lambda x, y: passed(x, y, 0, 1),
    "add_outer_product": lambda x, y: add_outer_product(blank(x, 1, 1), y, (0,), 0, spread(x, 0, 1, 1)),
    "add_outer_product, row": lambda x, y: add_outer_product(blank(x, 1, 1), x, (0,), 0, spread(y, 0, 1, 1)),
    "add_winners, inputs": lambda x, y: add_winners(blank(x, 1, 1), y, 0, (0,), x, 0, x.view(np.uint8), 0,
                                                    x.view(np.intp), 0),
    "add_winners, gradient": lambda x, y: add_winners(blank(x, 1, 1), x, 0, (0,), y, 0, x.view(np.uint8), 0,
                                                      x.view(np.intp), 0),
}


@compiled_only
@pytest.mark.parametrize("name", MIXED)
def test_dtypes_are_not_mixed(name):
    """Bits of float32 in an array of float64 would be other numbers; uncompiled, they would be converted."""
    inner = compiled(MIXED[name])

    def function(x, y, begin, end):
        inner(x, y)

    same, mixed = (signature([np.zeros(512, np.float32), np.zeros(512, dtype)]) for dtype in (np.float32, np.float64))
    njit(function).compile(same)
    with pytest.raises(numba.TypingError):
        njit(function).compile(mixed)


@compiled_only
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_places_of_winners_are_bytes(dtype):
    inner = compiled(lambda x, which: chosen(spread(x, 0, 1, 1), which, 0, 0))

    def function(x, which, begin, end):
        inner(x, which)

    given = signature([np.zeros(512, np.float32), np.zeros(512, dtype)])
    if dtype == np.uint8:
        njit(function).compile(given)
    else:
        with pytest.raises(numba.TypingError):
            njit(function).compile(given)
