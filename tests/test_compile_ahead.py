"""Compiling in several processes: what is gained, and that nothing but time is ever lost."""
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from numbacnn_cpu import compile_ahead
from numbacnn_cpu.compile import INTERPRETED
from processes import python

from numbacnn import crew
from numbacnn.errors import BackendError

pytestmark = pytest.mark.skipif(INTERPRETED, reason="interpreted")
VARIABLE = crew.VARIABLE

FIVE_KERNELS = """
import sys, threading
import numpy as np
import numbacnn_cpu as backend
from numbacnn.kernels import Place
from numbacnn_cpu import compile_ahead
from numbacnn_cpu.compile import outermost
take = compile_ahead.Helpers.take
is_main = lambda: threading.current_thread() is threading.main_thread()
if {idle}:                                               # this process leaves everything to the others
    compile_ahead.Helpers.take = lambda self: None if is_main() else take(self)
memories = [backend.empty(400, 0) for _ in range(6)]
for memory in memories[:2]:
    backend.upload(np.arange(1, 101, dtype=np.float32), memory)
places = [Place(slot, 0, (100,), "float32") for slot in range(6)]
calls = [(name, [*places[:2], place]) for name, place in zip(["add", "subtract", "multiply", "divide"], places[2:])]
backend.Program([*calls, ("relu", [places[0], places[1]])]).run([memory.address for memory in memories])
results = [backend.download(memory, (100,), "float32")[9] for memory in memories[2:]]
assert results == [20, 0, 100, 1], results
stats = [function.stats for function in outermost.values()]
print(sum(sum(each.cache_hits.values()) for each in stats), sum(sum(each.cache_misses.values()) for each in stats))
"""


@pytest.mark.parametrize(("processes", "idle", "loaded"), [(1, False, 0), (2, True, 6)])
def test_other_processes_compile_and_this_one_loads(processes, idle, loaded, tmp_path):
    variables = {VARIABLE: str(processes), "NUMBACNN_CACHE_DIR": str(tmp_path), "NUMBACNN_NUM_THREADS": "1"}
    assert python(FIVE_KERNELS.format(idle=idle), **variables) == f"{loaded} {6 - loaded}"
    assert python(FIVE_KERNELS.format(idle=idle), **variables) == "6 0"


# --- failures, with functions that are not really compiled -----------------------------------------------------------

@pytest.fixture
def work(tmp_path, monkeypatch):
    """Functions to compile, and what was compiled here, and the processes that were started."""
    monkeypatch.setenv("NUMBACNN_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv(VARIABLE, "3")
    monkeypatch.setattr(crew, "PATIENCE", 0.3)
    here, started = [], []

    def function(number):
        cache = SimpleNamespace(has=lambda types: False, announce=lambda types: None)
        return SimpleNamespace(__module__="numbacnn_cpu.nowhere", __qualname__=f"f{number}", overloads={}, _cache=cache,
                               py_func=lambda: number)

    class Process(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Process)
    monkeypatch.setattr(compile_ahead, "overload", lambda function, types: here.append(function.__qualname__))
    jobs = SimpleNamespace(jobs=[], here=here, started=started)
    jobs.jobs = [(Hashable(function(i)), ()) for i in range(9)]
    return jobs


class Hashable:
    """A function that is told from others by its identity."""

    def __init__(self, about):
        self.__dict__.update(vars(about))


def test_a_helper_does_not_know_what_it_shall_compile(work):
    compile_ahead.compile_all(work.jobs, 2)
    assert len(work.started) == 2


@pytest.mark.parametrize("program", ["import os; os._exit(3)", "1 / 0", "import sys; sys.stdin.close()",
                                     "import sys; print('.' * 3, flush=True); sys.exit()",
                                     "import time; time.sleep(600)"])
def test_helpers_that_fail_or_hang_are_ended(program, work, monkeypatch):
    monkeypatch.setattr(crew, "START", program)
    compile_ahead.compile_all(work.jobs, 2)
    assert len(work.started) == 2
    assert all(process.poll() is not None for process in work.started)
    assert len(work.here) >= 3                           # what one took with it is compiled when it is used


def test_what_helpers_made_is_loaded_before_all_is_made(work, monkeypatch):
    """Else this process would be busy with it while the others have nothing to do."""
    monkeypatch.setattr(crew, "START", "import sys; sys.stdout.write('.' * 99); sys.stdout.flush(); "
                                                "sys.stdin.buffer.read()")      # all is made at once
    monkeypatch.setattr(compile_ahead, "overload", lambda function, types: (
        work.here.append(function.__qualname__), time.sleep(0.2)))
    compile_ahead.compile_all(work.jobs, 2)
    assert len(work.here) > 1 and len(set(work.here)) == len(work.here)


def test_helpers_end_when_compiling_is_interrupted(work, monkeypatch):
    def interrupt(*job):
        raise KeyboardInterrupt
    monkeypatch.setattr(compile_ahead, "overload", interrupt)
    with pytest.raises(KeyboardInterrupt):
        compile_ahead.compile_all(work.jobs, 2)
    assert len(work.started) == 2
    assert all(process.poll() is not None for process in work.started)


def test_all_helpers_together_have_one_deadline(monkeypatch):
    monkeypatch.setattr(crew, "PATIENCE", 0.1)
    waits = []

    def join(seconds):
        waits.append(seconds)
        time.sleep(seconds)

    with compile_ahead.Helpers([], compile_ahead.__name__) as team:
        team.threads += [SimpleNamespace(join=join) for _ in range(3)]
    assert len(waits) == 3
    assert sum(waits) <= 0.1


def test_helpers_run_nothing_that_lies_in_the_current_folder(work, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(crew, "PATIENCE", 60)
    for name in "pickle", "sys", "numba":
        (tmp_path / f"{name}.py").write_text("open('run', 'w')")
    compile_ahead.compile_all(work.jobs, 2)
    assert work.started
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("executable", [None, "", "/usr/bin/blender", "/no/such/python3"])
def test_without_a_python_all_is_compiled_here(executable, work, monkeypatch):
    monkeypatch.setattr(sys, "executable", executable)
    compile_ahead.compile_all(work.jobs, 2)
    assert not work.started
    assert len(work.here) == (9 if executable == "/no/such/python3" else 0)    # 0: when it is used


def test_a_frozen_program_starts_nothing(work, monkeypatch):
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    compile_ahead.compile_all(work.jobs, 2)
    assert not work.started


def test_a_few_kernels_are_not_worth_a_process(work):
    compile_ahead.compile_all(work.jobs[:2], 2)
    assert not work.started and not work.here


def test_functions_of_others_are_compiled_here(work):
    for function, _ in work.jobs:
        function.__module__ = "__main__"
    compile_ahead.compile_all(work.jobs, 2)
    assert not work.started


@pytest.mark.parametrize(("setting", "workers", "expected"), [("", 2, 2), ("", 99, 8), ("1", 4, 1), ("12", 4, 12)])
def test_how_many_processes(setting, workers, expected, monkeypatch):
    monkeypatch.setenv(VARIABLE, setting)
    assert crew.processes(workers) == expected


@pytest.mark.parametrize("setting", ["0", "-1", "two", "1.5"])
def test_a_wrong_number_of_processes(setting, monkeypatch):
    monkeypatch.setenv(VARIABLE, setting)
    with pytest.raises(BackendError, match=f"{VARIABLE} must be a whole number from 1, got '{setting}'"):
        crew.processes(2)
