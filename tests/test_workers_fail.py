"""Errors of who reads ahead, and how a loop is left."""
import os
import signal
import subprocess
import sys
import threading
import time
import traceback

import pytest
import worker_datasets as here
from test_workers import WAYS, both, nothing_stays, ways

from numbacnn.data import DataLoader, WorkerError
from numbacnn.errors import DTypeError

__all__ = ["nothing_stays"]                              # a fixture of both files


def text_of(error):
    return "".join(traceback.format_exception(error))


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
    with pytest.raises(WorkerError, match=r"died before it delivered batch \d \(exit code 1\)"):
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
import os, signal, time
from numbacnn.data import DataLoader
from worker_datasets import Fails
if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)         # a background process may ignore it
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
