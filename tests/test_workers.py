"""Who reads ahead: a thread, and worker processes."""
import gc
import multiprocessing
import os
import threading

import numpy as np
import pytest
import worker_datasets as here

import numbacnn
from numbacnn.autograd import Tensor
from numbacnn.data import ChainDataset, DataLoader, TensorDataset, transport

WAYS = {"a thread": {"prefetch_factor": 3}, "one worker": {"num_workers": 1},
        "two workers": {"num_workers": 2, "prefetch_factor": 1},
        "three that stay": {"num_workers": 3, "persistent_workers": True}}
ways = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
both = pytest.mark.parametrize("way", [WAYS["a thread"], WAYS["two workers"]], ids=["a thread", "two workers"])


@pytest.fixture(autouse=True)
def nothing_stays():
    """Nobody is left when a test is done."""
    yield
    gc.collect()
    assert not multiprocessing.active_children()
    assert not [thread for thread in threading.enumerate() if thread.name == "numbacnn-reader"]


def plain(value):
    """Batches with lists of numbers in place of tensors."""
    if isinstance(value, Tensor):
        return str(value.dtype), value.numpy().tolist()
    if isinstance(value, dict):
        return {key: plain(item) for key, item in value.items()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value


def epochs(dataset, count=2, **way):
    numbacnn.manual_seed(5)
    loader = DataLoader(dataset, 5, shuffle=True, **way)
    return [plain(list(loader)) for _ in range(count)]


# --- the same batches ------------------------------------------------------------------------------------------------

@ways
def test_batches_do_not_depend_on_who_reads(way):
    expected = epochs(here.Augmented())
    assert epochs(here.Augmented(), **way) == expected
    assert expected[0] != expected[1]


@both
@pytest.mark.parametrize("collate_fn", [None, here.mixed], ids=["plain", "mixed"])
def test_augmentations_do_not_depend_on_who_reads(way, collate_fn):
    pytest.importorskip("PIL")
    expected = epochs(here.pictures(), collate_fn=collate_fn)
    assert epochs(here.pictures(), collate_fn=collate_fn, **way) == expected
    assert expected[0] != expected[1]


def test_random_numbers_follow_the_seed_and_the_epoch():
    first, second = epochs(here.Augmented())
    noise = [x for epoch in (first, second) for batch in epoch for x in batch["noise"][1]]
    assert len(set(noise)) == len(noise)                 # no batch and no epoch repeats another
    numbacnn.manual_seed(6)
    assert plain(list(DataLoader(here.Augmented(), 5, shuffle=True))) != first


def test_reading_does_not_change_what_others_draw():
    def draws(**way):
        numbacnn.manual_seed(1)
        list(DataLoader(here.Augmented(), 4, **way))
        return numbacnn.randn(3).tolist()

    assert draws() == draws(prefetch_factor=2) == numbacnn_draws()


def numbacnn_draws():
    numbacnn.manual_seed(1)
    return numbacnn.randn(3).tolist()


def test_generators_of_a_transform_give_new_numbers_in_each_epoch_and_the_same_in_each_run():
    def run():
        numbacnn.manual_seed(4)
        dataset = here.Augmented()
        loader = DataLoader([dataset.crop(dataset.images[i]) for i in range(12)], 12)      # not in a loader
        inside = DataLoader(dataset, 12, generator=3)
        return [plain(next(iter(inside)))["image"] for _ in range(2)], plain(list(loader))

    (one, two), outside = run()
    assert one != two
    assert run() == ([one, two], outside)


def test_a_generator_without_a_seed_sequence_will_do():
    def run(**way):
        generator = np.random.Generator(np.random.RandomState(3)._bit_generator)
        loader = DataLoader(here.Augmented(), 5, shuffle=True, generator=generator, **way)
        return [plain(list(loader)) for _ in range(2)]

    first, second = run()
    assert first != second and run(prefetch_factor=2) == [first, second]


def test_other_generators_are_the_same_for_any_number_of_workers():
    first, second = (epochs(here.OtherGenerators(), num_workers=n) for n in (1, 2))
    assert first == second
    values = [x for batch in first[0] for x in batch[0][1]]
    assert len(set(values)) == len(values)


@both
def test_streams(way):
    dataset = ChainDataset([here.Stream(4), here.Stream(3)])
    way = {**way, "num_workers": min(1, way.get("num_workers", 0))}

    def run(**options):
        numbacnn.manual_seed(2)
        return [[plain(list(DataLoader(dataset, size, drop_last=drop, **options))) for size, drop in
                 ((3, False), (3, True), (7, False), (9, False), (9, True))], plain(list(DataLoader(dataset, None,
                                                                                                     **options)))]
    expected = run()
    assert run(**way) == expected
    assert [len(batches) for batches in expected[0]] == [3, 2, 1, 1, 0]
    assert [x for batch in expected[0][0] for x in batch[0][1]] == [0, 1, 2, 3, 0, 1, 2]


@both
def test_samples_without_a_batch_axis(way):
    dataset = TensorDataset(np.arange(6.0).reshape(3, 2), np.arange(3))
    loader = DataLoader(dataset, batch_size=None, **way)
    assert [(x.tolist(), int(i.numpy())) for x, i in loader] == [([0, 1], 0), ([2, 3], 1), ([4, 5], 2)]
    assert len(loader) == 3
    assert list(DataLoader(["a", "b"], None, **way)) == ["a", "b"]


@ways
def test_collate_functions(way):
    (array, samples), *rest = DataLoader(here.Numbers(7), 3, collate_fn=here.listed, **way)
    assert type(array) is np.ndarray and type(samples) is tuple
    array += 1                                           # it is the user's
    assert array.tolist() == [1, 2, 3] and samples == (0, 1, 2) and [len(batch[1]) for batch in rest] == [3, 1]
    doubled = list(DataLoader(here.Numbers(4), 2, collate_fn=here.tensors, **way))
    assert [batch.tolist() for batch in doubled] == [[0, 2], [4, 6]]


@both
@pytest.mark.parametrize("memory", [True, False], ids=["memory", "pipe"])
def test_batches_of_any_size_arrive_whole(way, memory, monkeypatch):
    monkeypatch.setattr(transport, "POSSIBLE", memory and transport.POSSIBLE)
    loader = DataLoader(here.Big(), 1, **way)
    batches = list(loader)
    for i, (big, empty, square) in enumerate(batches):
        assert big.shape == (1, (1 + i % 5) * 40_000) and set(big.numpy().ravel().tolist()) == {i}
        assert empty.shape == (1, 0, 3) and square.tolist() == [(np.eye(3) * i).tolist()]


def test_without_memory_for_a_batch_it_goes_through_the_pipe(tmp_path):
    loader = DataLoader(here.Big(4), 1, num_workers=1, worker_init_fn=no_memory)
    assert [batch[0].shape[1] for batch in loader] == [40_000, 80_000, 120_000, 160_000]


def test_many_batches_ahead():
    loader = DataLoader(here.Numbers(100), 1, num_workers=1, prefetch_factor=50)
    assert [batch.tolist() for batch in loader] == [[i] for i in range(100)]


def no_memory(worker):
    def full(*arguments):
        raise OSError(28, "No space left on device")

    os.posix_fallocate = full


def test_a_worker_may_write_into_its_arrays():
    dataset = here.Writes(6)
    loader = DataLoader(dataset, 1, num_workers=2)
    assert [int(batch.numpy()[0]) for batch in loader] == [1, 1, 2, 2, 3, 3]
    assert not dataset.reads.any()


def test_a_request_larger_than_a_pipe():
    batch = next(iter(DataLoader(here.Numbers(200_000), 100_000, num_workers=1, prefetch_factor=2)))
    assert batch.numpy()[-1] == 99_999


# --- what a worker is ------------------------------------------------------------------------------------------------

def test_a_worker_is_light_and_knows_who_it_is():
    loader = DataLoader(here.Where(4), 1, num_workers=2, worker_init_fn=here.mark, collate_fn=list, pin_memory=True)
    samples = [batch[0] for batch in loader]
    assert [(sample["worker"], sample["of"], sample["started"]) for sample in samples] == [
        (i, 2, f"worker {i}") for i in (0, 1, 0, 1)]
    assert {sample["threads"] for sample in samples} == {2} and {sample["team"] for sample in samples} == {"1"}
    assert all(sample["heavy"] == [] for sample in samples)
    assert len({sample["process"] for sample in samples} | {os.getpid()}) == 3


def test_persistent_workers_stay_and_others_do_not():
    def processes(**options):
        loader = DataLoader(here.Where(2), 1, num_workers=1, collate_fn=list, **options)
        return len({batch[0]["process"] for _ in range(3) for batch in loader})

    assert processes(persistent_workers=True) == 1
    assert processes() == 3


def test_persistent_workers_forget_an_epoch_that_was_left():
    loader = DataLoader(here.Numbers(50), 2, num_workers=2, persistent_workers=True, prefetch_factor=4)
    for stop in (1, 3, 0):
        for i, _ in enumerate(loader):
            if i == stop:
                break
        assert [n for batch in loader for n in batch.tolist()] == list(range(50))


@ways
def test_two_epochs_at_once_do_not_disturb_each_other(way):
    loader = DataLoader(here.Numbers(4), 2, **way)
    assert [(a.tolist(), b.tolist()) for a in loader for b in loader] == [
        ([0, 1], [0, 1]), ([0, 1], [2, 3]), ([2, 3], [0, 1]), ([2, 3], [2, 3])]
