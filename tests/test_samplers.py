"""Samplers, datasets one behind the other, streams, and single samples."""
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import numbacnn
from numbacnn.data import (
    BatchSampler,
    ChainDataset,
    ConcatDataset,
    DataLoader,
    IterableDataset,
    RandomSampler,
    Sampler,
    SequentialSampler,
    Subset,
    SubsetRandomSampler,
    TensorDataset,
    WeightedRandomSampler,
    default_convert,
    random_generator,
)


class Count(IterableDataset):
    """A stream of known length."""

    def __init__(self, n, known=True):
        self.n, self.known = n, known

    def __iter__(self):
        return iter(range(self.n))

    def __len__(self):
        return self.n if self.known else super().__len__()


# --- samplers --------------------------------------------------------------------------------------------------------

@given(total=st.integers(1, 20), wanted=st.integers(1, 50), seed=st.integers(0, 9))
def test_random_samplers_draw_as_many_as_wanted(total, wanted, seed):
    each = list(RandomSampler(range(total), num_samples=wanted, generator=seed))
    times = np.bincount(each, minlength=total)
    assert len(each) == wanted and times.max() - times.min() <= 1
    any_ = list(RandomSampler(range(total), replacement=True, num_samples=wanted, generator=seed))
    assert len(any_) == wanted and set(any_) <= set(range(total))
    assert sorted(SubsetRandomSampler(range(5, 5 + total), generator=seed)) == list(range(5, 5 + total))


def test_replacement_repeats():
    assert len(set(RandomSampler(range(1000), replacement=True, generator=0))) < 700


def test_a_new_order_in_each_epoch_that_the_seed_decides():
    for make in (lambda: RandomSampler(range(20)), lambda: SubsetRandomSampler(range(20)),
                 lambda: WeightedRandomSampler(np.ones(20), 20), lambda: RandomSampler(range(20), True)):
        numbacnn.manual_seed(3)
        first = [list(sampler) for sampler in [make()] for _ in range(2)]
        numbacnn.manual_seed(3)
        assert first == [list(sampler) for sampler in [make()] for _ in range(2)] and first[0] != first[1]


def test_weights_are_followed():
    weights = np.array([1.0, 0.0, 3.0, 6.0]) * 1e300
    drawn = np.bincount(list(WeightedRandomSampler(weights, 20_000, generator=0)), minlength=4)
    sigma = np.sqrt(20_000 * 0.6 * 0.4)
    assert drawn[1] == 0 and np.all(np.abs(drawn - np.array([2000, 0, 6000, 12_000])) < 5 * sigma)
    assert sorted(WeightedRandomSampler([0.1, 0, 5, 3], 3, replacement=False, generator=0)) == [0, 2, 3]
    assert len(WeightedRandomSampler(numbacnn.tensor([1.0, 2.0]), 7)) == 7


def test_lengths():
    assert len(SequentialSampler("abc")) == len(SubsetRandomSampler([1, 2, 3])) == len(RandomSampler("abc")) == 3
    growing = [1]
    sampler = RandomSampler(growing)
    growing.append(2)
    assert len(sampler) == len(list(sampler)) == 2
    assert list(RandomSampler([])) == list(SubsetRandomSampler([])) == list(RandomSampler([], True)) == []


@pytest.fixture(scope="module")
def theirs():
    """PyTorch's samplers."""
    return pytest.importorskip("torch").utils.data


@pytest.mark.oracle
@given(total=st.integers(0, 20), size=st.integers(1, 7), drop=st.booleans(), wanted=st.integers(1, 30))
def test_lengths_and_batches_are_those_of_pytorch(theirs, total, size, drop, wanted):
    batches = BatchSampler(SequentialSampler(range(total)), size, drop)
    other = theirs.BatchSampler(theirs.SequentialSampler(range(total)), size, drop)
    assert list(batches) == list(other) and len(batches) == len(other)
    if total:
        for replacement in (False, True):
            ours = RandomSampler(range(total), replacement, wanted)
            assert len(ours) == len(list(theirs.RandomSampler(range(total), replacement, wanted))) == len(list(ours))


def test_a_loader_takes_samplers():
    data = TensorDataset(np.arange(10))

    def read(**options):
        loader = DataLoader(data, **options)
        batches = [batch[0].tolist() for batch in loader]
        assert len(batches) == len(loader)
        return batches

    assert read(sampler=[3, 1, 4], batch_size=2) == [[3, 1], [4]]
    assert read(sampler=[3, 1, 4], batch_size=2, drop_last=True) == [[3, 1]]
    assert read(sampler=np.array([3, 1]), batch_size=2) == [[3, 1]]
    assert read(batch_sampler=[[1], [2, 3], []]) == [[1], [2, 3], []]
    assert read(batch_sampler=BatchSampler(Backwards(data), 4, False)) == [[9, 8, 7, 6], [5, 4, 3, 2], [1, 0]]
    assert read(sampler=Backwards(data), batch_size=None)[:2] == [9, 8]
    loader = DataLoader(data, 3, shuffle=True)
    assert isinstance(loader.sampler, RandomSampler) and isinstance(loader.batch_sampler, BatchSampler)
    numbacnn.manual_seed(0)
    first = [batch[0].tolist() for batch in loader]
    numbacnn.manual_seed(0)
    assert first == [batch[0].tolist() for batch in DataLoader(data, 3, sampler=RandomSampler(data))]


class Backwards(Sampler):
    """The last sample first."""

    def __init__(self, dataset):
        self.dataset = dataset

    def __iter__(self):
        return iter(range(len(self.dataset) - 1, -1, -1))

    def __len__(self):
        return len(self.dataset)


def test_the_order_is_drawn_when_the_epoch_begins():
    generator = np.random.default_rng(1)
    one, two = (iter(DataLoader(range(9), 9, sampler=RandomSampler(range(9), generator=generator))) for _ in range(2))
    late, early = next(two).tolist(), next(one).tolist()
    again = np.random.default_rng(1)
    assert (early, late) == (again.permutation(9).tolist(), again.permutation(9).tolist())


# --- datasets one behind the other -----------------------------------------------------------------------------------

@given(sizes=st.lists(st.integers(0, 5), min_size=1, max_size=5))
def test_concatenated_datasets(sizes):
    parts = [list(range(10 * i, 10 * i + n)) for i, n in enumerate(sizes)]
    whole, flat = ConcatDataset(parts), [i for part in parts for i in part]
    assert len(whole) == len(flat) and list(whole) == flat
    assert [whole[i] for i in range(-len(flat), 0)] == flat
    for index in (len(flat), -len(flat) - 1):
        with pytest.raises(IndexError, match=rf"^ConcatDataset: index must be within the {len(flat)} samples, got "):
            whole[index]


def test_datasets_are_added():
    one, two = TensorDataset(np.arange(3)), TensorDataset(np.arange(3, 5))
    assert [int(x) for batch in DataLoader(one + two + one, 4) for x in batch[0].tolist()] == [0, 1, 2, 3, 4, 0, 1, 2]
    assert list(Count(2) + Count(3)) == [0, 1, 0, 1, 2]


# --- streams and single samples --------------------------------------------------------------------------------------

def test_streams_have_a_length_if_they_say_so():
    assert len(DataLoader(Count(7), 3)) == 3 and len(DataLoader(Count(7), 3, drop_last=True)) == 2
    assert len(DataLoader(ChainDataset([Count(7), Count(2)]), None)) == 9
    with pytest.raises(TypeError, match="DataLoader: dataset must have a length, got Count"):
        len(DataLoader(Count(7, known=False), 3))
    assert list(Count(2, known=False)) == [0, 1]
    with pytest.raises(TypeError, match="a stream has no index"):
        Count(2)[0]


def test_default_convert():
    inner = numbacnn.tensor([1.0])
    data = {"x": np.arange(3), "n": np.float32(2), "t": (inner, [1, "a", None]), "s": np.array(["a"])}
    converted = default_convert(data)
    assert converted["x"].tolist() == [0, 1, 2] and converted["n"].shape == () and converted["n"].dtype == np.float32
    assert converted["t"][0] is inner and converted["t"][1] == [1, "a", None] and converted["s"] is data["s"]


def test_collate_fn_of_single_samples():
    assert list(DataLoader([1, 2], None, collate_fn=lambda sample: sample * 10)) == [10, 20]
    assert [x.tolist() for x in DataLoader(Subset(np.eye(2), [1, 0]), None, collate_fn=default_convert)] == [
        [0, 1], [1, 0]]


def test_a_generator_outside_of_loaders_is_the_global_one():
    numbacnn.manual_seed(0)
    assert random_generator().random() == np.random.default_rng(0).random()


# --- what is refused -------------------------------------------------------------------------------------------------

DATA = TensorDataset(np.arange(4))


def loader(**arguments):
    return lambda: DataLoader(**{"dataset": DATA, **arguments})


@pytest.mark.parametrize(("call", "error", "text"), [
    (loader(dataset=3), TypeError, "DataLoader: dataset must define __getitem__ and __len__, or be an Iter.* got int"),
    (loader(dataset=None), TypeError, "got NoneType"),
    (loader(batch_size="4"), TypeError, "batch_size must be an integer, got '4'"),
    (loader(batch_size=-3), ValueError, "batch_size must be at least 1, got -3"),
    (loader(batch_size=float("nan")), TypeError, "batch_size must be an integer, got nan"),
    (loader(shuffle=1), TypeError, "shuffle must be True or False, got 1"),
    (loader(shuffle="no"), TypeError, "shuffle must be True or False, got 'no'"),
    (loader(drop_last=None), TypeError, "drop_last must be True or False, got None"),
    (loader(batch_size=None, drop_last=True), ValueError, "batch_size=None excludes drop_last"),
    (loader(sampler=[1], shuffle=True), ValueError, "sampler and shuffle=True exclude each other"),
    (loader(sampler=3), TypeError, "sampler must be one that can be iterated in each epoch, .* got int"),
    (loader(sampler=iter([1])), TypeError, "sampler must be one that can be iterated in each epoch, .* got list_iter"),
    (loader(batch_sampler=(i for i in [])), TypeError, "batch_sampler must be one that can be .* got generator"),
    (loader(batch_sampler=[[1]], batch_size=2), ValueError, "batch_sampler excludes batch_size, shuffle"),
    (loader(batch_sampler=[[1]], shuffle=True), ValueError, "batch_sampler excludes"),
    (loader(batch_sampler=[[1]], sampler=[1]), ValueError, "batch_sampler excludes"),
    (loader(batch_sampler=[[1]], drop_last=True), ValueError, "batch_sampler excludes"),
    (loader(num_workers=-1), ValueError, "num_workers must be at least 0, got -1"),
    (loader(num_workers=10**6), ValueError, "num_workers must be at most 1000, got 1000000"),
    (loader(prefetch_factor=10**9), ValueError, "prefetch_factor must be at most 1000, got 1000000000"),
    (loader(num_workers=True), TypeError, "num_workers must be an integer, got True"),
    (loader(num_workers=1.0), TypeError, "num_workers must be an integer, got 1.0"),
    (loader(prefetch_factor=0), ValueError, "prefetch_factor must be at least 1, got 0"),
    (loader(prefetch_factor=2.5), TypeError, "prefetch_factor must be an integer, got 2.5"),
    (loader(timeout=-1, num_workers=1), ValueError, "timeout must be finite and not negative .*, got -1"),
    (loader(timeout=float("nan"), num_workers=1), ValueError, "timeout must be finite and not negative .*, got nan"),
    (loader(timeout=float("inf"), num_workers=1), ValueError, "timeout must be finite and not negative .*, got inf"),
    (loader(timeout="1", num_workers=1), TypeError, "timeout must be a number of seconds, got '1'"),
    (loader(timeout=3), ValueError, "timeout=3 needs num_workers or prefetch_factor"),
    (loader(persistent_workers=True), ValueError, "persistent_workers=True needs num_workers of at least 1, got 0"),
    (loader(persistent_workers=1, num_workers=1), TypeError, "persistent_workers must be True or False, got 1"),
    (loader(collate_fn=3), TypeError, "collate_fn must be callable or None, got 3"),
    (loader(worker_init_fn="f", num_workers=1), TypeError, "worker_init_fn must be callable or None, got 'f'"),
    (loader(pin_memory="cuda"), TypeError, "pin_memory must be True or False, got 'cuda'"),
    (loader(generator=1.5), TypeError, "generator must be a numbacnn.Generator, a numpy.random.Generator, a seed"),
    (loader(dataset=Count(3), shuffle=True), ValueError, "Count is a stream, .* shuffle, sampler and batch_sampler"),
    (loader(dataset=Count(3), sampler=[1]), ValueError, "Count is a stream"),
    (loader(dataset=Count(3), num_workers=2), ValueError, "Count is a stream, .* num_workers must be 0 or 1, got 2"),
    (lambda: list(DataLoader(DATA, sampler=[9])), IndexError, "out of bounds"),
    (lambda: list(DataLoader(DATA, sampler=[0.5])), TypeError, "indices must be a sequence of integers, got float64"),
    (lambda: list(DataLoader(DATA, sampler=["a"])), TypeError, "indices must be a sequence of integers, got <U1"),
    (lambda: list(DataLoader(DATA, batch_sampler=[3])), TypeError, "batch_sampler must give lists of indices, got 3"),
    (lambda: RandomSampler(3), TypeError, "RandomSampler: data_source must have a length, got int without __len__"),
    (lambda: RandomSampler(DATA, replacement=1), TypeError, "replacement must be True or False, got 1"),
    (lambda: RandomSampler(DATA, num_samples=0), ValueError, "num_samples must be at least 1, got 0"),
    (lambda: RandomSampler(DATA, num_samples=True), TypeError, "num_samples must be an integer, got True"),
    (lambda: list(RandomSampler([], num_samples=3)), ValueError, "3 samples cannot be drawn from an empty dataset"),
    (lambda: SequentialSampler(iter("a")), TypeError, "SequentialSampler: data_source must have a length"),
    (lambda: SubsetRandomSampler([0.5]), TypeError, "indices must be a sequence of integers, got float64"),
    (lambda: SubsetRandomSampler(7), TypeError, r"indices must be a sequence of integers, got int64 of shape \(\)"),
    (lambda: WeightedRandomSampler([1, -1], 1), ValueError, "finite and not negative, got -1.0 for sample 1"),
    (lambda: WeightedRandomSampler([1, np.nan], 1), ValueError, "finite and not negative, got nan for sample 1"),
    (lambda: WeightedRandomSampler([0, 0], 1), ValueError, "at least one weight must be above zero, got 2 weights"),
    (lambda: WeightedRandomSampler([], 1), ValueError, "at least one weight must be above zero, got 0 weights"),
    (lambda: WeightedRandomSampler([[1]], 1), TypeError, r"sequence of numbers, got int64 of shape \(1, 1\)"),
    (lambda: WeightedRandomSampler(["a"], 1), TypeError, "sequence of numbers, got <U1"),
    (lambda: WeightedRandomSampler([1], 0), ValueError, "num_samples must be at least 1, got 0"),
    (lambda: WeightedRandomSampler([1, 0], 2, replacement=False), ValueError, "at most the 1 samples .*, got 2"),
    (lambda: BatchSampler(3, 1, False), TypeError, "sampler must be iterable, got int"),
    (lambda: BatchSampler([1], 0, False), ValueError, "batch_size must be at least 1, got 0"),
    (lambda: BatchSampler([1], 1, "x"), TypeError, "drop_last must be True or False, got 'x'"),
    (lambda: len(BatchSampler(iter([1]), 1, False)), TypeError, "sampler must have a length"),
    (lambda: iter(Sampler()), NotImplementedError, r"Sampler must define __iter__\(\)"),
    (lambda: ConcatDataset([]), ValueError, "at least one dataset, got none"),
    (lambda: ConcatDataset([Count(2)]), TypeError, "dataset 0 is a stream, Count; use ChainDataset"),
    (lambda: ConcatDataset([[1], 3]), TypeError, "dataset 1 must have a length, got int"),
    (lambda: ChainDataset([[1]]), TypeError, "must be an IterableDataset, dataset 0 is list; use ConcatDataset"),
    (lambda: iter(IterableDataset()), NotImplementedError, r"IterableDataset must define __iter__\(\)"),
    (lambda: Subset(DATA, 3), TypeError, "Subset: indices must be a sequence of integers, got 3"),
    (lambda: Subset(3, [0]), TypeError, "Subset: dataset must have a length, got int"),
    (lambda: numbacnn.data.random_split(DATA, 4), TypeError, "lengths must be a sequence of numbers, got 4"),
    (lambda: numbacnn.data.random_split(DATA, "22"), TypeError, "lengths must be a sequence of numbers, got '22'"),
    (lambda: numbacnn.data.random_split(DATA, [True, 3]), TypeError, "integers or fractions, got"),
    (lambda: numbacnn.data.random_split(DATA, [float("nan"), 1.0]), ValueError, "lengths must be finite, got"),
    (lambda: numbacnn.data.random_split(DATA, [1.5, -0.5]), ValueError, "must not be negative"),
    (lambda: numbacnn.data.random_split(DATA, []), ValueError, "add up to the 4 samples"),
    (lambda: numbacnn.data.random_split(3, [3]), TypeError, "random_split: dataset must have a length, got int"),
    (lambda: numbacnn.data.default_collate(3), TypeError, "samples must be a list of samples, got int"),
    (lambda: numbacnn.data.default_collate("ab"), TypeError, "samples must be a list of samples, got str"),
])
def test_what_is_refused(call, error, text):
    with pytest.raises(error, match=text):
        call()
