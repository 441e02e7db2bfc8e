"""Who reads ahead: a thread, and worker processes."""
import gc
import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
import traceback

import numpy as np
import pytest
import worker_datasets as here

import numbacnn
from numbacnn.autograd import Tensor
from numbacnn.data import ChainDataset, DataLoader, TensorDataset, WorkerError, transport
from numbacnn.errors import DTypeError

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


def text_of(error):
    return "".join(traceback.format_exception(error))


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


# --- errors ----------------------------------------------------------------------------------------------------------

ALL = {"this thread": {}, "a thread": WAYS["a thread"], "two workers": WAYS["two workers"]}


@pytest.mark.parametrize("way", ALL.values(), ids=ALL)
@pytest.mark.parametrize(("how", "error", "text"), [
    ("key", KeyError, "seven"), ("file", FileNotFoundError, "gone: 'a.png'"),
    ("stop", RuntimeError, "or collate_fn raised StopIteration")])
def test_an_error_is_raised_as_what_it_is_when_its_turn_comes(way, how, error, text):
    seen = []
    with pytest.raises(error, match=text) as info:
        seen.extend(batch.tolist() for batch in DataLoader(here.Fails(how), 3, **way))
    assert seen == [[0, 1, 2], [3, 4, 5]]
    whole = text_of(info.value)
    assert "batch 2 (samples 6, 7, 8)" in whole and f"in {how}" in whole
    assert how == "stop" or "raised by sample 7 of Fails" in whole
    assert ("raised in worker 0 (process" in whole) == ("num_workers" in way)
    if how == "file":
        assert info.value.errno == 2 and info.value.filename == "a.png"


def test_an_error_that_cannot_be_rebuilt_is_told():
    with pytest.raises(WorkerError, match=r"(?s)^DataLoader: OwnError: 3: seven\n.*in worker 0.*in own"):
        list(DataLoader(here.Fails("own"), 3, num_workers=2))


@pytest.mark.parametrize(("how", "text"), [("kill", "signal 9, SIGKILL; is there enough memory"),
                                           ("leave", "exit code 3"), ("leave_at_once", "exit code 4")])
def test_a_worker_that_dies(how, text):
    seen, start = [], time.monotonic()
    with pytest.raises(WorkerError, match=rf"worker 0 \(process \d+\) died before it delivered batch 2 \({text}"):
        seen.extend(batch.tolist() for batch in DataLoader(here.Fails(how), 3, num_workers=2))
    assert seen == [[0, 1, 2], [3, 4, 5]] and time.monotonic() - start < 20


def test_an_index_that_does_not_arrive():
    with pytest.raises(WorkerError, match=r"died before it delivered batch 1 \(exit code 1\)"):
        list(DataLoader(here.Numbers(), 1, sampler=[0, here.StrangeIndex()], num_workers=1))


@both
def test_who_does_not_answer_in_time(way, monkeypatch):
    monkeypatch.setattr(here.time, "sleep", lambda seconds: threading.Event().wait(min(seconds, 4)))
    with pytest.raises(WorkerError, match=r"batch \d .*within timeout=2 seconds; raise timeout"):
        list(DataLoader(here.Fails("sleep"), 3, timeout=2, **way))


@both
def test_errors_of_a_stream_and_of_a_sampler_come_in_their_turn(way):
    def indices():
        yield from (0, 1, 2)
        raise LookupError("no fourth")

    class Sampler:
        def __iter__(self):
            return indices()

    seen = []
    with pytest.raises(LookupError, match="no fourth"):
        seen.extend(batch.tolist() for batch in DataLoader(here.Numbers(), 2, sampler=Sampler(), **way))
    assert seen == [[0, 1]]
    way = {**way, "num_workers": min(1, way.get("num_workers", 0))}
    with pytest.raises(OSError, match="cut off") as info:
        seen.extend(batch[0].tolist() for batch in DataLoader(here.Stream(fail=True), 2, **way))
    assert seen == [[0, 1], [0, 1], [2, 3]] and "batch 2 of a stream" in text_of(info.value)


@pytest.mark.parametrize(("arguments", "error", "text"), [
    ({"dataset": [lambda: 1]}, DTypeError, "dataset must be one that can be pickled.*got list: .*lambda"),
    ({"collate_fn": lambda samples: 1}, DTypeError, "collate_fn must be one that can be pickled.*no lambda"),
    ({"worker_init_fn": lambda worker: 1}, DTypeError, "worker_init_fn must be one that can be pickled"),
    ({"dataset": here.BadState()}, OSError, "no such camera"),
    ({"worker_init_fn": here.fail}, ValueError, "no disk for 0"),
    ({"collate_fn": here.unpicklable}, (AttributeError, Exception), "(?s)pickle.*lambda|lambda.*pickle"),
])
def test_what_workers_cannot_do(arguments, error, text):
    with pytest.raises(error, match=text) as info:
        list(DataLoader(**{"dataset": here.Numbers(), "num_workers": 1, **arguments}))
    assert "DataLoader" in text_of(info.value)


# --- leaving ---------------------------------------------------------------------------------------------------------

@ways
def test_a_loop_that_is_left_leaves_nobody_behind(way):
    for batch in DataLoader(here.Numbers(100), 2, **way):
        assert batch.tolist() == [0, 1]
        break
    batches = iter(DataLoader(here.Numbers(100), 2, **way))
    next(batches)
    del batches
    with pytest.raises(ZeroDivisionError):
        for _ in DataLoader(here.Numbers(100), 2, **way):
            raise ZeroDivisionError


def test_leaving_does_not_wait_for_a_worker_that_is_busy():
    batches = iter(DataLoader(here.Fails("sleep"), 1, num_workers=1, prefetch_factor=9))
    while next(batches).tolist() != [6]:
        pass
    start = time.monotonic()
    batches.close()
    assert time.monotonic() - start < 10


def program(tmp_path, text, **options):
    path = tmp_path / "program.py"
    path.write_text(text)
    folders = [os.path.dirname(here.__file__), *filter(None, sys.path)]
    return subprocess.Popen([sys.executable, str(path)], env={**os.environ, "PYTHONPATH": os.pathsep.join(folders)},
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)


def test_a_program_without_a_guard_is_told(tmp_path):
    done = program(tmp_path, "from numbacnn.data import DataLoader\nfrom worker_datasets import Numbers\n"
                             "print(list(DataLoader(Numbers(), 6, num_workers=2)))\n")
    out, err = done.communicate(timeout=60)
    assert done.returncode == 1 and out == ""
    assert 'put what the program does under `if __name__ == "__main__":`' in err.splitlines()[-1]
    assert "before it could read anything" in err.splitlines()[-1]


def test_a_class_of_no_file_is_told(tmp_path):
    text = "from numbacnn.data import DataLoader\nclass Mine(list): pass\nlist(DataLoader(Mine([1]), num_workers=1))"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", text], env=environment, capture_output=True, text=True, timeout=60,
                          check=False)
    assert done.returncode == 1 and "define classes and functions in a file, not in a notebook" in done.stderr


SLEEPER = """
import os, time
from numbacnn.data import DataLoader
from worker_datasets import Fails
if __name__ == "__main__":
    for batch in DataLoader(Fails("sleep"), 1, num_workers=2, prefetch_factor=1):
        print(batch.tolist(), flush=True)
"""


@pytest.mark.skipif(not hasattr(os, "killpg"), reason="signals of a group are POSIX")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL], ids=["Ctrl-C", "killed"])
def test_workers_end_with_their_program(tmp_path, number):
    running = program(tmp_path, SLEEPER, start_new_session=True)
    for i in range(7):
        assert running.stdout.readline() == f"[{i}]\n"
    if number == signal.SIGINT:
        os.killpg(running.pid, number)                   # a terminal sends it to all processes of the group
    else:
        running.kill()
    out, err = running.communicate(timeout=20)           # ends when no worker holds the pipe any more
    assert out == "" and (number == signal.SIGKILL or err.count("KeyboardInterrupt") == 1)
    assert "Traceback" not in err.replace("Traceback", "", 1)
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            os.killpg(running.pid, 0)
        except ProcessLookupError:
            return
        time.sleep(0.05)
    pytest.fail("somebody of the program's group still runs")


def test_ctrl_c_is_not_for_workers():
    batches = iter(DataLoader(here.Where(30), 1, num_workers=1, collate_fn=list))
    os.kill(next(batches)[0]["process"], signal.SIGINT)
    assert len(list(batches)) == 29


def test_a_program_that_ends_within_a_loop(tmp_path):
    done = program(tmp_path, SLEEPER.replace("print(batch", "raise SystemExit(5)\n        print(batch"))
    out, err = done.communicate(timeout=30)
    assert (done.returncode, out, err) == (5, "", "")


def test_importing_the_package_does_not_import_multiprocessing():
    text = "import numbacnn, sys; print('multiprocessing' in sys.modules, 'numba' in sys.modules)"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, "-c", text], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
