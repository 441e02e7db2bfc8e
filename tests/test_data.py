"""Datasets, collation and the loader."""
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import numbacnn.random
from numbacnn.autograd import Tensor
from numbacnn.data import DataLoader, Dataset, Subset, TensorDataset, default_collate, random_split
from numbacnn.errors import DTypeError, ShapeError

f32 = np.float32


class Squares(Dataset):
    """Ten samples that only know how to be read one by one."""

    def __getitem__(self, index):
        return np.full(3, index, f32), index**2

    def __len__(self):
        return 10


class Listed(Squares):
    """A dataset as PyTorch's fetchers know it: `__getitems__` gives the list of samples."""

    calls = 0

    def __getitems__(self, indices):
        self.calls += 1
        return [self[index] for index in indices]


class Point(NamedTuple):
    """A sample of two named fields."""

    x: float
    label: int


def values(batches):
    """What a loader gave, as arrays."""
    return [tuple(field.numpy() for field in batch) for batch in batches]


def assert_same(batches, others):
    assert len(batches) == len(others)
    for batch, other in zip(batches, others, strict=True):
        for field, same in zip(batch, other, strict=True):
            assert field.dtype == same.dtype
            np.testing.assert_array_equal(field, same)


# --- the loader ------------------------------------------------------------------------------------------------------

@given(total=st.integers(0, 40), batch_size=st.integers(1, 12), shuffle=st.booleans(), drop_last=st.booleans())
def test_every_sample_comes_once(total, batch_size, shuffle, drop_last):
    loader = DataLoader(range(total), batch_size, shuffle, drop_last=drop_last, generator=0)
    sizes = [len(batch) for batch in loader]
    seen = [number for batch in loader for number in batch.tolist()]
    full, rest = divmod(total, batch_size)
    assert sizes == [batch_size] * full + [rest] * (rest > 0 and not drop_last)
    assert len(loader) == len(sizes)
    assert len(set(seen)) == len(seen) == sum(sizes)
    assert shuffle or seen == list(range(sum(sizes)))


def test_a_new_order_in_each_epoch_and_the_same_for_the_same_seed():
    def epochs(generator):
        loader = DataLoader(range(50), 7, shuffle=True, generator=generator)
        return [[n for batch in loader for n in batch.tolist()] for _ in range(2)]
    first, second = epochs(3)
    assert first != second
    assert epochs(3) == [first, second] == epochs(np.random.default_rng(3))


def test_manual_seed_decides_the_order():
    loader = DataLoader(range(50), 50, shuffle=True)
    orders = []
    for seed in (5, 5, 6):
        numbacnn.random.manual_seed(seed)
        orders.append(next(iter(loader)).tolist())
    assert orders[0] == orders[1] != orders[2]


def test_who_iterates_first_draws_first():
    generator = np.random.default_rng(1)
    one, two = (iter(DataLoader(range(9), 9, shuffle=True, generator=generator)) for _ in range(2))
    late, early = next(two).tolist(), next(one).tolist()
    again = np.random.default_rng(1)
    assert (early, late) == (again.permutation(9).tolist(), again.permutation(9).tolist())


def test_two_epochs_at_once_do_not_disturb_each_other():
    loader = DataLoader(range(4), 2)
    assert [(a.tolist(), b.tolist()) for a in loader for b in loader] == [
        ([0, 1], [0, 1]), ([0, 1], [2, 3]), ([2, 3], [0, 1]), ([2, 3], [2, 3])]


def test_collate_fn_gets_the_samples():
    dataset = TensorDataset(np.arange(4), np.arange(4) * 2)
    assert list(DataLoader(dataset, 3, collate_fn=len)) == [3, 1]
    assert list(DataLoader(dataset, 4, collate_fn=lambda samples: samples[3])) == [(3, 6)]


def test_the_batch_is_made_of_tensors():
    x, label = next(iter(DataLoader(Squares(), 4)))
    assert isinstance(x, Tensor) and isinstance(label, Tensor)
    assert (x.shape, x.dtype, label.dtype) == ((4, 3), f32, np.int64)
    assert label.tolist() == [0, 1, 4, 9]


@pytest.mark.parametrize(("arguments", "error", "text"), [
    ({"batch_size": 0}, ShapeError, "batch_size must be at least 1, got 0"),
    ({"batch_size": True}, DTypeError, "batch_size must be an integer, got True"),
    ({"batch_size": 2.0}, DTypeError, "batch_size must be an integer, got 2.0"),
    ({"generator": -1}, ShapeError, "generator must be .* a seed from 0 to .* or None, got -1"),
    ({"generator": "x"}, DTypeError, "generator must be .* a seed from 0 to .* or None, got 'x'"),
    ({"dataset": iter([])}, DTypeError, "dataset must define __getitem__ and __len__, or be an Iter.* got list_it"),
])
def test_what_the_loader_refuses(arguments, error, text):
    with pytest.raises(error, match=f"^DataLoader: {text}"):
        DataLoader(**{"dataset": Squares(), **arguments})


def test_repr():
    assert repr(DataLoader(range(3), 2)) == "DataLoader(range(0, 3), batch_size=2, shuffle=False, drop_last=False)"


# --- the fast path ---------------------------------------------------------------------------------------------------

@given(batch_size=st.integers(1, 11), seed=st.integers(0, 9))
def test_arrays_read_by_batch_or_by_sample_are_the_same(batch_size, seed):
    rng = np.random.default_rng(seed)
    dataset = TensorDataset(rng.normal(size=(10, 2, 3)).astype(f32), rng.normal(size=10), np.arange(10))
    samples = [dataset[i] for i in range(10)]
    fast, slow = (values(DataLoader(data, batch_size, shuffle=True, generator=seed)) for data in (dataset, samples))
    assert_same(fast, slow)


def test_arrays_are_not_read_one_by_one(monkeypatch):
    monkeypatch.delattr(TensorDataset, "__getitem__")
    loader = DataLoader(Subset(TensorDataset(np.arange(6)), [5, 3, 1]), 2)
    assert [batch[0].tolist() for batch in loader] == [[5, 3], [1]]


def test_getitems_of_pytorch_is_used():
    dataset = Listed()
    assert_same(values(DataLoader(dataset, 4)), values(DataLoader(Squares(), 4)))
    assert dataset.calls == 3
    assert list(DataLoader(Subset(dataset, range(5)), 5, collate_fn=len)) == [5]
    assert dataset.calls == 4


def test_a_subclass_with_other_samples_is_not_bypassed():
    class WithIndex(TensorDataset):
        def __getitem__(self, index):
            return *super().__getitem__(index), index

    class Named(WithIndex):
        name = "inherits the new samples"

    for kind in (WithIndex, Named):
        x, index = next(iter(DataLoader(kind(np.array([7, 8])), 2)))
        assert (x.tolist(), index.tolist()) == ([7, 8], [0, 1])


def test_read_batch_of_a_user_is_used():
    class Ranges(Squares):
        def read_batch(self, indices):
            return {"x": np.asarray(indices, f32), "names": [str(i) for i in indices]}

    batch = next(iter(DataLoader(Subset(Ranges(), [4, 2]), 2)))
    assert batch["x"].tolist() == [4.0, 2.0] and batch["names"] == ["4", "2"]


# --- datasets --------------------------------------------------------------------------------------------------------

def test_dataset_says_what_is_missing():
    class Half(Dataset):
        pass

    with pytest.raises(NotImplementedError, match=r"Half must define __getitem__\(index\)"):
        Half()[0]
    with pytest.raises(NotImplementedError, match=r"Half must define __len__\(\)"):
        len(Half())


def test_tensor_dataset_takes_tensors_and_arrays():
    dataset = TensorDataset(Tensor(np.arange(6, dtype=f32).reshape(3, 2)), np.array([2, 1, 0]))
    x, label = dataset[-1]
    assert x.tolist() == [4, 5] and label == 0 and len(dataset) == 3
    assert [int(label) for _, label in dataset] == [2, 1, 0]      # iteration ends with IndexError


@pytest.mark.parametrize(("arrays", "error", "text"), [
    ([], ShapeError, "at least one tensor"),
    ([[1, 2]], DTypeError, "takes tensors and NumPy arrays, got list"),
    ([np.zeros(3), np.zeros((2, 3))], ShapeError, r"same number of elements, got shapes \(3,\), \(2, 3\)"),
    ([np.zeros(())], ShapeError, r"got shapes \(\)"),
])
def test_what_tensor_dataset_refuses(arrays, error, text):
    with pytest.raises(error, match=f"^TensorDataset: .*{text}"):
        TensorDataset(*arrays)


def test_subset():
    subset = Subset(Subset(range(10, 20), [9, -1, 3, 0]), np.array([2, 0]))
    assert list(subset) == [13, 19] and len(subset) == 2
    assert next(iter(DataLoader(subset, 2))).tolist() == [13, 19]
    assert len(Subset(range(3), [])) == 0 and list(DataLoader(Subset(range(3), []))) == []
    with pytest.raises(IndexError):
        subset[2]


@pytest.mark.parametrize(("indices", "error", "text"), [
    ([0, 3], IndexError, "within the 3 samples of the dataset, got 0 to 3"),
    ([-4], IndexError, "within the 3 samples of the dataset, got -4 to -4"),
    ([0.5], DTypeError, "sequence of integers, got float64"),
    ([True, False, True], DTypeError, "for a mask use numpy.flatnonzero"),
    (np.zeros((1, 1), int), DTypeError, r"of shape \(1, 1\)"),
])
def test_what_subset_refuses(indices, error, text):
    with pytest.raises(error, match=f"^Subset: .*{text}"):
        Subset(range(3), indices)


@given(counts=st.lists(st.integers(0, 9), min_size=1, max_size=5), seed=st.integers(0, 99))
def test_random_split_parts_the_dataset(counts, seed):
    total = sum(counts)
    parts = random_split(range(total), counts, generator=seed)
    assert [len(part) for part in parts] == counts
    assert sorted(n for part in parts for n in part) == list(range(total))
    again = random_split(range(total), counts, generator=np.random.default_rng(seed))
    assert [list(part) for part in parts] == [list(part) for part in again]


@pytest.mark.parametrize(("lengths", "text"), [
    ([3, 3], r"add up to the 7 samples of the dataset, got \[3, 3\] = 6"),
    ([8, -1], r"not be negative, got \[8, -1\]"),
    ([0.5, 0.4], r"add up to 1, got \[0.5, 0.4\]"),
])
def test_what_random_split_refuses(lengths, text):
    with pytest.raises(ShapeError, match=f"^random_split: .* must .*{text}|^random_split: .* must {text}"):
        random_split(range(7), lengths)


# --- collation -------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize(("samples", "dtype", "expected"), [
    ([1, 2], "int64", [1, 2]),
    ([1.5, 2], "float32", [1.5, 2]),
    ([2, 1.5], "float32", [2, 1.5]),
    ([True, False], "bool", [True, False]),
    ([True, 2], "int64", [1, 2]),
    ([np.float64(1), np.float64(2)], "float64", [1, 2]),
    ([np.int32(1), np.int32(2)], "int32", [1, 2]),
    ([np.array(3, np.uint8)], "uint8", [3]),
    ([np.array([1, 2], f32), np.array([3, 4], f32)], "float32", [[1, 2], [3, 4]]),
    ([Tensor(np.array([1.0])), np.array([2.0])], "float64", [[1], [2]]),
])
def test_dtypes_of_a_batch(samples, dtype, expected):
    batch = default_collate(samples)
    assert isinstance(batch, Tensor)
    assert (batch.dtype, batch.tolist()) == (dtype, expected)


def test_nested_samples():
    sample = {"pair": (1, [np.zeros(2, f32), 0.5]), "name": "a", "point": Point(0.25, 3), "raw": b"x"}
    batch = default_collate([sample, sample])
    assert list(batch) == ["pair", "name", "point", "raw"]
    count, (zeros, half) = batch["pair"]
    assert type(batch["pair"]) is tuple and type(batch["pair"][1]) is list
    assert count.tolist() == [1, 1] and zeros.shape == (2, 2) and half.tolist() == [0.5, 0.5]
    assert batch["name"] == ["a", "a"] and batch["raw"] == [b"x", b"x"]
    assert type(batch["point"]) is Point and batch["point"].label.tolist() == [3, 3]


@pytest.mark.parametrize(("samples", "error", "text"), [
    ([], ShapeError, "at least one sample, got none"),
    ([np.zeros(3), np.zeros(4)], ShapeError, r"one shape, sample 0 has \(3,\), sample 1 has \(4,\); make them equal"),
    ([np.zeros(3), np.zeros(3, f32)], DTypeError, "one dtype, sample 0 is float64, sample 1 is float32"),
    ([np.zeros(3), 1], DTypeError, "sample 0 is an array, sample 1 is int"),
    ([1, "a"], DTypeError, "sample 0 is int, another is str"),
    ([(1, 2), (1, 2), (1,)], ShapeError, "same fields, sample 0 has 2, sample 2 has 1"),
    ([(1, 2), 3], DTypeError, "sample 0 is tuple, sample 1 is int"),
    ([{"a": 1}, {"b": 1}], ShapeError, "same fields, sample 0 has {'a'}, sample 1 has {'b'}"),
    ([None], DTypeError, "got NoneType; convert it in the dataset, or pass collate_fn"),
])
def test_what_collate_refuses(samples, error, text):
    with pytest.raises(error, match=f"^default_collate: .*{text}"):
        default_collate(samples)


def test_collate_says_what_to_do_with_pillow_images():
    image = pytest.importorskip("PIL.Image")
    with pytest.raises(DTypeError, match=r"got PIL.Image.Image; put ToTensor\(\) into the dataset's transform"):
        default_collate([image.new("L", (2, 2))])


# --- PyTorch ---------------------------------------------------------------------------------------------------------

@pytest.mark.oracle
@pytest.mark.parametrize("drop_last", [False, True])
@pytest.mark.parametrize("batch_size", [1, 3, 5, 10, 11])
def test_batches_are_those_of_pytorch(batch_size, drop_last):
    torch = pytest.importorskip("torch")
    ours = DataLoader(Squares(), batch_size, drop_last=drop_last)
    theirs = torch.utils.data.DataLoader(Squares(), batch_size, drop_last=drop_last)
    assert len(ours) == len(theirs)
    assert_same(values(ours), values(theirs))


@pytest.mark.oracle
@pytest.mark.filterwarnings("ignore:Length of split")
@given(total=st.integers(1, 200), cut=st.lists(st.integers(1, 9), min_size=1, max_size=4))
def test_fractions_are_rounded_as_in_pytorch(total, cut):
    torch = pytest.importorskip("torch")
    lengths = [part / sum(cut) for part in cut]
    ours = random_split(range(total), lengths, generator=0)
    if sum(lengths) <= 1:                                # PyTorch refuses sums a rounding error above one
        theirs = torch.utils.data.random_split(range(total), lengths)
        assert [len(part) for part in ours] == [len(part) for part in theirs]
    assert sum(len(part) for part in ours) == total
