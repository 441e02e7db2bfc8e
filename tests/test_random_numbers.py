"""Random numbers: known answers, the reference, repetition, threads, statistics, and what is refused."""
import re
import threading

import numpy as np
import pytest
import reference
from cases import WAYS, Case
from numbacnn_cpu import program
from numbacnn_cpu.compile import INTERPRETED

import numbacnn as nb
from numbacnn.errors import DTypeError, EvaluationError, ShapeError

DRAWN = {"rand": lambda **o: nb.rand(3, 5, **o), "rand64": lambda **o: nb.rand(7, dtype="float64", **o),
         "randn": lambda **o: nb.randn(2, 3, 4, 5, **o), "randn64": lambda **o: nb.randn(9, dtype=nb.float64, **o),
         "randint": lambda **o: nb.randint(-5, 9, (11,), **o), "randperm": lambda **o: nb.randperm(13, **o),
         "bernoulli": lambda **o: nb.bernoulli(0.3, (17,), **o), "normal": lambda **o: nb.normal(2.0, 3.0, (5,), **o)}
each = pytest.mark.parametrize("draw", DRAWN.values(), ids=DRAWN)


@pytest.mark.parametrize("way", ["launch", "program"])
@pytest.mark.parametrize("size", [0, 1, 2, 3, 4, 5, 7, 129])
def test_kernels_do_what_the_reference_does(size, way):
    for seed, counter in ((0, 0), (12345678901234567, 3), (2**63 - 1, 5 << 40)):
        state = np.array([seed, counter])
        for dtype in "float32", "float64":
            for op in "random_uniform", "random_normal":
                y, new = WAYS[way](Case(op, [], []), [state], [np.empty(size, dtype), np.empty(2, np.int64)])
                expected, counted = np.empty(size, dtype), np.empty(2, np.int64)
                getattr(reference, op)(state, expected, counted)
                np.testing.assert_allclose(y, expected, rtol=0 if op == "random_uniform" else 1e-15 + 1e-7 * (
                    dtype == "float32"), atol=1e-15)
                np.testing.assert_array_equal(new, counted)
        for low, high in ((0, 1), (0, 10), (-2**63, 0), (-3, 2**62), (0, 2**63)):
            y, new = WAYS[way](Case("random_integers", [], [], (low, high)), [state],
                               [np.empty(size, np.int64), np.empty(2, np.int64)])
            expected = np.empty(size, np.int64)
            reference.random_integers(state, expected, counted, low, high)
            np.testing.assert_array_equal(y, expected)


def test_known_answers():
    """The first block of seed 0 and counter 0 is Random123's: 6627e8d5 e169c58d bc57ac4c 9b00dbd8."""
    nb.manual_seed(0)
    lanes = [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]
    assert nb.rand(4).tolist() == [(lane >> 8) / 2**24 for lane in lanes]
    nb.manual_seed(0)
    assert nb.rand(2, dtype="float64").tolist() == [0xe169c58d6627e8d5 // 2**11 / 2**53,
                                                    0x9b00dbd8bc57ac4c // 2**11 / 2**53]
    nb.manual_seed(0)
    assert nb.randint(0, 1000, (2,)).tolist() == [0xe169c58d6627e8d5 * 1000 >> 64, 0x9b00dbd8bc57ac4c * 1000 >> 64]


@each
def test_seeds_repeat(draw):
    nb.manual_seed(3)
    first, second = draw().numpy(), draw().numpy()
    nb.manual_seed(3)
    assert np.array_equal(draw().numpy(), first)
    assert np.array_equal(draw().numpy(), second)
    assert not np.array_equal(first, second)
    nb.manual_seed(4)
    assert not np.array_equal(draw().numpy(), first)


@each
def test_generators_are_their_own(draw):
    nb.manual_seed(3)
    plain = draw().numpy()
    generator = nb.Generator(3)
    assert np.array_equal(draw(generator=generator).numpy(), plain)
    nb.manual_seed(3)
    draw(generator=generator)
    assert np.array_equal(draw().numpy(), plain)         # not moved by the other
    assert generator.initial_seed() == 3
    assert np.array_equal(draw(generator=generator.manual_seed(3)).numpy(), plain)


@each
def test_eager_is_planned(draw):
    found = []
    for eager in False, True:
        nb.manual_seed(8)
        with nb.testing.settings(eager=eager):
            found.append(draw().numpy())
    assert np.array_equal(*found)


def test_the_shape_does_not_matter():
    nb.manual_seed(0)
    flat = nb.randn(2 * 3 * 4 * 5).numpy()
    nb.manual_seed(0)
    assert np.array_equal(nb.randn(2, 3, 4, 5).numpy().ravel(), flat)
    nb.manual_seed(0)
    assert np.array_equal(nb.randn_like(nb.zeros(2, 3, 4, 5)).numpy().ravel(), flat)


@pytest.mark.skipif(INTERPRETED, reason="one thread")
def test_bits_do_not_depend_on_threads(monkeypatch):
    monkeypatch.setattr(program, "TILE_BYTES", 64)
    found = set()
    for workers in 1, 2, 3:
        monkeypatch.setenv("NUMBACNN_NUM_THREADS", str(workers))
        nb.graph.thread.plans.clear()
        nb.manual_seed(1)
        found.add(b"".join(draw().numpy().tobytes() for draw in (lambda: nb.rand(5003), lambda: nb.randn(5003),
                                                                lambda: nb.randint(0, 99, (5003,)))))
    nb.graph.thread.plans.clear()
    assert len(found) == 1


def test_a_replay_draws_new_numbers():
    step = nb.capture(lambda x: x + nb.rand(4))
    zero = nb.zeros(4)
    nb.manual_seed(0)
    found = [step(zero).tolist() for _ in range(3)]
    nb.manual_seed(0)
    assert found == [nb.rand(4).tolist() for _ in range(3)]


def test_a_replay_draws_from_a_generator_that_it_was_given():
    generator, zero = nb.Generator(5), nb.zeros(4)
    with pytest.raises(EvaluationError, match="rand: a captured function may draw from a generator"):
        nb.capture(lambda x: x + nb.rand(4, generator=generator))(zero)
    step = nb.capture(lambda x: x + nb.rand(4, generator=generator), generator.state(zero.device))
    found = [step(zero).tolist() for _ in range(3)]
    generator.manual_seed(5)
    assert [step(zero).tolist() for _ in range(2)] == found[:2]
    assert nb.rand(4, generator=generator).tolist() == found[2]


def test_threads_draw_other_numbers():
    nb.manual_seed(0)
    found = [nb.rand(8).tolist()]
    thread = threading.Thread(target=lambda: found.append(nb.rand(8).tolist()))
    thread.start()
    thread.join()
    assert found[0] != found[1]


N = 200_000 if not INTERPRETED else 2_000


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_statistics(dtype):
    """Moments within five standard errors; Kolmogorov's distance; neighbours that do not know each other."""
    nb.manual_seed(1)
    u, z = nb.rand(N, dtype=dtype).numpy().astype(float), nb.randn(N, dtype=dtype).numpy().astype(float)
    assert u.min() >= 0
    assert u.max() < 1
    for values, moments in ((u, [1 / 2, 1 / 3, 1 / 4, 1 / 5]), (z, [0, 1, 0, 3])):
        for power, moment in enumerate(moments, start=1):
            powers = values ** power
            assert abs(powers.mean() - moment) < 5 * powers.std() / np.sqrt(N), power
        for lag in 1, 2, 3, 4:
            assert abs(np.corrcoef(values[lag:], values[:-lag])[0, 1]) < 5 / np.sqrt(N)
    grid = np.arange(1, N + 1) / N
    assert np.abs(np.sort(u) - grid).max() < 2 / np.sqrt(N)
    normal = 0.5 * (1 + nb.ops.erf(nb.tensor(np.sort(z) / np.sqrt(2))).numpy())
    assert np.abs(normal - grid).max() < 2 / np.sqrt(N)


def test_integers_are_even():
    nb.manual_seed(0)
    counts = np.bincount(nb.randint(10, 17, (N,)).numpy())[10:]
    assert len(counts) == 7
    assert ((counts - N / 7) ** 2).sum() / (N / 7) < 30   # chi squared of 6 degrees: beyond 30 once in 30,000
    assert nb.randint(0, 2, (50,), dtype="uint8").dtype == np.uint8
    orders = np.array([nb.randperm(3).tolist() for _ in range(60)])
    assert len(np.unique(orders, axis=0)) == 6
    assert (np.sort(orders, axis=1) == [0, 1, 2]).all()


def test_bernoulli_and_normal():
    nb.manual_seed(0)
    p = np.linspace(0, 1, 5)
    drawn = nb.bernoulli(nb.tensor(np.repeat(p[:, None], N // 20, 1))).numpy()
    assert set(np.unique(drawn)) == {0, 1}
    assert np.abs(drawn.mean(1) - p).max() < 5 * 0.5 / np.sqrt(N // 20)
    x = nb.normal(nb.tensor([0.0, 100.0]), nb.tensor([[1.0], [0.0]])).numpy()
    assert x.shape == (2, 2)
    assert x[1].tolist() == [0, 100]
    assert abs(nb.normal(7.0, 2.0, (N,)).numpy().mean() - 7) < 10 / np.sqrt(N)
    assert nb.rand(3, requires_grad=True).requires_grad


REFUSED = [
    (lambda: nb.rand(-1), ShapeError, "rand: sizes must not be negative, got (-1,)"),
    (lambda: nb.rand(2.5), DTypeError, "rand: sizes must be whole numbers, got 2.5"),
    (lambda: nb.rand(True), DTypeError, "rand: sizes must be whole numbers, got True"),
    (lambda: nb.rand(10**15), ShapeError, "rand: (1000000000000000,) of float32 needs 3.73e+06 GiB, this machine has"),
    (lambda: nb.rand(2, dtype="int64"), DTypeError,
     "rand: dtype must be float32, float64 or bfloat16, got int64; use randint"),
    (lambda: nb.randn(2, dtype="half"), DTypeError, "randn: dtype must be one of float32, float64"),
    (lambda: nb.randn(2, generator=-1), ShapeError, "randn: generator must be a numbacnn.Generator, a numpy.random."),
    (lambda: nb.rand(2, generator="0"), DTypeError, "a seed from 0 to 2**63 - 1 or None, got '0'"),
    (lambda: nb.rand_like([1.0]), DTypeError, "rand_like: x must be a Tensor, got list"),
    (lambda: nb.randn_like(nb.zeros(2, dtype="int64")), DTypeError,
     "randn_like: dtype must be float32, float64 or bfloat16"),
    (lambda: nb.randint(5, 5, (2,)), ShapeError, "randint: low must be below high, by 2**63 at most"),
    (lambda: nb.randint(0, 2**64, (2,)), ShapeError, "randint: low must be below high, by 2**63 at most"),
    (lambda: nb.randint(-2**63, 2**63, (2,)), ShapeError, "randint: low must be below high, by 2**63 at most"),
    (lambda: nb.randint(0.5, 3, (2,)), DTypeError, "randint: low must be a whole number, got 0.5"),
    (lambda: nb.randint(0, "9", (2,)), DTypeError, "randint: high must be a whole number, got '9'"),
    (lambda: nb.randint(0, 9, 2), DTypeError, "randint: size must be a tuple of whole numbers, got 2"),
    (lambda: nb.randint(9), DTypeError, "randint: size must be a tuple of whole numbers, got None"),
    (lambda: nb.randint(0, 300, (2,), dtype="uint8"), ShapeError, "randint: numbers from 0 to 299 must fit uint8"),
    (lambda: nb.randperm(-1), ShapeError, "randperm: sizes must not be negative"),
    (lambda: nb.randperm(2.0), DTypeError, "randperm: sizes must be whole numbers, got 2.0"),
    (lambda: nb.randperm(300, dtype="uint8"), DTypeError, "numbers must be from 0 to 255 for uint8, got 299"),
    (lambda: nb.bernoulli(1.5, (2,)), ShapeError, "bernoulli: p must be in [0, 1], got 1.5"),
    (lambda: nb.bernoulli(float("nan"), (2,)), ShapeError, "bernoulli: p must be in [0, 1], got nan"),
    (lambda: nb.bernoulli(0.5), DTypeError, "bernoulli: size must be a tuple of whole numbers, got None"),
    (lambda: nb.bernoulli(nb.zeros(2), (2,)), DTypeError, "bernoulli: size must not be given with a tensor"),
    (lambda: nb.normal(0, -1, (2,)), ShapeError, "normal: std must be at least 0, got -1"),
    (lambda: nb.normal("a", 1, (2,)), DTypeError, "normal: mean must be a number, got 'a'"),
    (lambda: nb.normal(nb.zeros(2), 1, (2,)), DTypeError, "normal: size must not be given with a tensor"),
    (lambda: nb.normal(nb.zeros(2), nb.zeros(3)), ShapeError, "shapes must be equal or broadcast"),
    (lambda: nb.Generator(-1), ShapeError, "Generator: seed must be an integer from 0 to 2**63 - 1, got -1"),
    (lambda: nb.Generator(1.5), DTypeError, "Generator: seed must be an integer from 0 to 2**63 - 1, got 1.5"),
    (lambda: nb.manual_seed(2**63), ShapeError, "manual_seed: seed must be an integer from 0 to 2**63 - 1, got 922"),
    (lambda: nb.manual_seed(True), DTypeError, "manual_seed: seed must be an integer from 0 to 2**63 - 1, got True"),
]


@pytest.mark.parametrize("row", REFUSED, ids=[row[2] for row in REFUSED])
def test_what_is_refused(row):
    call, error, text = row
    with pytest.raises(error, match=re.escape(text)):
        call()
