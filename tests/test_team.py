"""The threads of the CPU backend: several at once, busy, asleep, refused, and in a forked child."""
import os

import numba
import pytest
from processes import python

compiled_only = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="interpreted")

# --- processes

TEAMS = """
import os
import threading
import numpy as np
import numba
import numbacnn_cpu as backend
from numbacnn.kernels import Place
N = 100_000

def work():
    memories = [backend.empty(4 * N, 0) for _ in range(2)]
    backend.upload(np.ones(N, np.float32), memories[0])
    backend.upload(np.zeros(N, np.float32), memories[1])
    places = [Place(slot, 0, (N,), "float32") for slot in (0, 1, 1)]
    program = backend.Program([("add", places)])
    assert program.workers == 2
    for _ in range(100):
        program.run([memory.address for memory in memories])
    assert (backend.download(memories[1], (N,), "float32") == 100).all()
    return program, memories

"""

TWO_THREADS = TEAMS + """
team = [threading.Thread(target=work) for _ in range(2)]
for thread in team: thread.start()
for thread in team: thread.join()
print("done")
"""

FORK = TEAMS + """
program, memories = work()
child = os.fork()
if child == 0:
    work()
    program.run([memory.address for memory in memories])      # made before the fork
    assert (backend.download(memories[1], (N,), "float32") == 101).all()
    os._exit(7)
_, status = os.waitpid(child, 0)
assert os.waitstatus_to_exitcode(status) == 7, status
work()
print("done")
"""


BUSY = TEAMS + """
from numbacnn_cpu.team import team
team.busy.acquire()                     # as if another thread's plan were running
work()
print("done")
"""

SLEEP = TEAMS + """
import time
from numbacnn_cpu.team import team
program, memories = work()
deadline = time.monotonic() + 30
while not team.helpers[0].asleep and time.monotonic() < deadline:
    time.sleep(0.01)
assert team.helpers[0].asleep
for _ in range(20):
    program.run([memory.address for memory in memories])
assert (backend.download(memories[1], (N,), "float32") == 120).all()
print("done")
"""

NO_LAYER = TEAMS + """
import numba
work()
try:
    numba.threading_layer()
except ValueError:                      # not started
    print("done")
"""


@compiled_only
@pytest.mark.parametrize("program_text", [TWO_THREADS, BUSY, SLEEP, NO_LAYER], ids=["two", "busy", "sleep", "layer"])
def test_teams(program_text):
    assert python(program_text) == "done"


@compiled_only
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_has_a_team_of_its_own():
    assert python(FORK) == "done"


@compiled_only
def test_a_system_that_refuses_threads_is_served_by_one():
    assert python(TEAMS + """
from numbacnn_cpu import team

def refuse(*arguments):
    raise RuntimeError("can't start new thread")

team.Helper = refuse
work()
print("done")
""") == "done"
