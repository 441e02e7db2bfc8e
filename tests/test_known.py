"""Arrays that are made once: found again, kept within a number of bytes, by any thread."""
import threading

import numpy as np
import pytest

import numbacnn as nb
from numbacnn.graph import Array
from numbacnn.known import OVERHEAD, SHARE, Known, cost, known, ones
from numbacnn.ops.constant import constant, no_bias

DEVICE = nb.device("cpu")


def array(count=1):
    return Array.of(np.zeros(count, np.float32), DEVICE)


def small_cache(count):
    """One that keeps so many arrays of one number."""
    return Known(count * cost(array()))


def test_what_is_asked_for_again_is_found():
    assert ones((2, 3), "float32", DEVICE) is ones((2, 3), "float32", DEVICE)
    assert ones((2, 3), "float32", DEVICE) is not ones((2, 3), "float64", DEVICE)
    assert no_bias(4, "float32", DEVICE) is no_bias(4, "float32", DEVICE)
    assert constant(0.0, "float32", DEVICE) is not constant(-0.0, "float32", DEVICE)
    assert str(constant(-0.0, "float32", DEVICE).numpy()) == "-0.0"


def test_what_was_asked_for_longest_ago_goes_first():
    cache = small_cache(10)
    ask = cache.remembered(lambda key: array())
    made = {key: ask(key) for key in range(10)}
    assert ask(0) is made[0]                             # used again
    ask("new")
    assert [key for _, key in cache.arrays] == [2, 3, 4, 5, 6, 7, 8, 9, 0, "new"]
    assert ask(1) is not made[1]
    assert cache.nbytes == sum(map(cost, cache.arrays.values())) <= cache.limit
    cache.clear()
    assert (len(cache.arrays), cache.nbytes) == (0, 0)


def test_what_is_too_large_is_not_kept():
    cache = Known(SHARE * cost(array(1000)))
    ask = cache.remembered(array)
    assert ask(1000) is ask(1000)
    assert ask(2000).shape == (2000,)
    assert ask(2000) is not ask(2000)
    assert [count for _, count in cache.arrays] == [1000]


def test_functions_do_not_find_what_others_made():
    cache = small_cache(10)
    first, second = cache.remembered(array), cache.remembered(lambda count: array(count))
    assert first(1) is first(1)
    assert first(1) is not second(1)


def test_small_arrays_cost_what_they_take_beside_their_numbers():
    cache = Known(100 * OVERHEAD)
    ask = cache.remembered(lambda key: array())
    for key in range(1000):
        ask(key)
    assert len(cache.arrays) <= 100


@pytest.mark.parametrize("fill", [
    lambda x, n: nb.nn.functional.pad(x, (n, n), "reflect"), lambda x, n: nb.roll(x, n, 1),
    lambda x, n: nb.tril(x, n), lambda x, n: x.repeat(1, n + 1), lambda x, n: nb.repeat_interleave(x, n + 1, 1),
    lambda x, n: nb.diagonal(x, n)])
def test_tables_of_many_sizes_stay_within_the_limit(fill, monkeypatch):
    monkeypatch.setattr(known, "limit", 200_000)
    known.clear()
    x = nb.zeros(200, 200)
    for n in range(1, 150):
        fill(x, n)
        assert known.nbytes <= 200_000
    assert known.nbytes == sum(map(cost, known.arrays.values()))
    known.clear()


def test_threads_share_what_is_kept():
    cache, wrong = small_cache(20), []
    ask = cache.remembered(lambda key: array(key % 3 + 1))

    def work(seed):
        for key in np.random.default_rng(seed).integers(0, 40, 3000).tolist():
            wrong.extend([key] * (ask(key).shape != (key % 3 + 1,)))

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert cache.nbytes == sum(map(cost, cache.arrays.values())) <= cache.limit
