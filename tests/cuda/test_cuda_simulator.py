"""The simulator: what it computes, and that it sees what would be wrong on a GPU."""
import numpy as np
import pytest
from numbacnn_cuda.simulator import MAX_SHARED, RUBBISH, cuda, simulate

from numbacnn.errors import BackendError


@pytest.fixture(params=["forwards", "backwards"])
def order(request):
    cuda.order = request.param
    yield request.param
    cuda.order = "forwards"


def test_threads_know_where_they_are():
    y = np.zeros((2, 3, 2, 4), np.int64)

    def kernel(y):
        y[cuda.blockIdx.y, cuda.blockIdx.x, cuda.threadIdx.y, cuda.threadIdx.x] = (
            cuda.grid(2)[0] * 100 + cuda.grid(2)[1] * 10 + cuda.gridDim.x)

    simulate(kernel, (3, 2), (4, 2), [y], waits=False)
    expected = [[[[(4 * x + tx) * 100 + (2 * by + ty) * 10 + 3 for tx in range(4)] for ty in range(2)]
                 for x in range(3)] for by in range(2)]
    np.testing.assert_array_equal(y, expected)


def reverse(x, y):
    """Turn the numbers of a block round, through shared memory."""
    shared = cuda.shared.array(64, np.float32)
    t = cuda.threadIdx.x
    shared[t] = x[cuda.grid(1)]
    cuda.syncthreads()
    y[cuda.grid(1)] = shared[63 - t]


def reverse_without_waiting(x, y):
    """The same, with the mistake."""
    shared = cuda.shared.array(64, np.float32)
    t = cuda.threadIdx.x
    shared[t] = x[cuda.grid(1)]
    y[cuda.grid(1)] = shared[63 - t]


def test_threads_wait_for_their_block(order):
    x = np.arange(128, dtype=np.float32)
    y = np.zeros_like(x)
    simulate(reverse, (2,), (64,), [x, y])
    np.testing.assert_array_equal(y, x.reshape(2, 64)[:, ::-1].reshape(-1))


def test_a_missing_barrier_is_seen(order):
    x = np.arange(64, dtype=np.float32)
    y = np.zeros_like(x)
    simulate(reverse_without_waiting, (1,), (64,), [x, y])
    assert not np.array_equal(y, x[::-1])


def test_shuffles(order):
    x = np.arange(64, dtype=np.int64)
    y = np.zeros((8, 64), np.int64)

    def kernel(x, y):
        i = cuda.threadIdx.x
        y[0, i] = cuda.shfl_down_sync(0xffffffff, x[i], 3)
        y[1, i] = cuda.shfl_up_sync(0xffffffff, x[i], 3)
        y[2, i] = cuda.shfl_xor_sync(0xffffffff, x[i], 5)
        y[3, i] = cuda.shfl_sync(0xffffffff, x[i], i + 1)
        y[4, i] = cuda.ballot_sync(0xffffffff, x[i] % 3 == 0)
        y[5, i] = cuda.any_sync(0xffffffff, x[i] == 40)
        y[6, i] = cuda.all_sync(0xffffffff, x[i] > 31)
        y[7, i] = cuda.laneid

    simulate(kernel, (1,), (64,), [x, y])
    lane, base = x % 32, x // 32 * 32
    np.testing.assert_array_equal(y[0], np.where(lane + 3 < 32, x + 3, x))
    np.testing.assert_array_equal(y[1], np.where(lane >= 3, x - 3, x))
    np.testing.assert_array_equal(y[2], base + (lane ^ 5))
    np.testing.assert_array_equal(y[3], base + (lane + 1) % 32)
    np.testing.assert_array_equal(y[4], [sum(1 << n for n in range(32) if (b + n) % 3 == 0) for b in base])
    np.testing.assert_array_equal(y[5], x >= 32)
    np.testing.assert_array_equal(y[6], x >= 32)
    np.testing.assert_array_equal(y[7], lane)


@pytest.mark.parametrize(("index", "text"), [(-1, "negative"), (4, "out of bounds")])
def test_an_index_outside_is_refused(index, text):
    def kernel(x):
        x[index] = 1

    with pytest.raises(IndexError, match=text) as raised:
        simulate(kernel, (1,), (32,), [np.zeros(4)], waits=False)
    assert raised.value.__notes__ == ["in block (0, 0, 0), thread (0, 0, 0) of kernel"]


def test_threads_that_never_come_are_missed():
    def kernel():
        if cuda.threadIdx.x != 7:
            cuda.syncthreads()

    with pytest.raises(RuntimeError, match="63 of 64"):
        simulate(kernel, (1,), (64,), [])


def test_threads_that_wait_at_different_places_are_seen():
    def kernel():
        if cuda.threadIdx.x < 32:
            cuda.syncthreads()
        else:
            cuda.syncthreads()

    with pytest.raises(RuntimeError, match="32 of 64"):
        simulate(kernel, (1,), (64,), [])


def test_a_part_of_a_warp_cannot_be_named():
    def kernel():
        cuda.shfl_sync(0xff, 1, 0)

    with pytest.raises(ValueError, match="0xffffffff, got 0xff"):
        simulate(kernel, (1,), (32,), [])


def test_memory_begins_as_rubbish():
    found = np.zeros(3, np.uint8)

    def kernel(found):
        found[0] = cuda.shared.array(4, np.uint8)[3]
        found[1] = cuda.local.array(4, np.uint8)[3]
        found[2] = cuda.shared.array(0, np.uint8)[9]

    simulate(kernel, (1,), (32,), [found], shared_bytes=16)
    assert found.tolist() == [RUBBISH] * 3


def test_shared_memory_belongs_to_a_place_in_the_source():
    y = np.zeros(2, np.int64)

    def kernel(y):
        one, two = cuda.shared.array(1, np.int64), cuda.shared.array(1, np.int64)
        if cuda.threadIdx.x == 0:
            one[0], two[0] = 1, 2
        cuda.syncthreads()
        y[0], y[1] = one[0], two[0]

    simulate(kernel, (1,), (32,), [y])
    assert y.tolist() == [1, 2]


@pytest.mark.parametrize(("grid", "block", "shared"), [(1, 1025, 0), (0, 32, 0), (1, 32, MAX_SHARED + 1)])
def test_launches_that_no_gpu_takes(grid, block, shared):
    with pytest.raises(BackendError, match="not possible"):
        simulate(lambda: None, (grid,), (block,), [], shared)


def test_too_much_shared_memory():
    def kernel():
        cuda.shared.array(MAX_SHARED // 8 + 1, np.float64)

    with pytest.raises(MemoryError, match="a block has"):
        simulate(kernel, (1,), (32,), [])


def test_atomics_return_the_old_value():
    x, old = np.array([5, 5, 5]), np.zeros((3, 32), np.int64)

    def kernel(x, old):
        i = cuda.threadIdx.x
        old[0, i] = cuda.atomic.add(x, 0, 1)
        old[1, i] = cuda.atomic.min(x, 1, i)
        old[2, i] = cuda.atomic.max(x, 2, i)

    simulate(kernel, (1,), (32,), [x, old], waits=False)
    assert x.tolist() == [37, 0, 31]
    assert old[0].tolist() == list(range(5, 37))
