"""The threads that help with plans: numbacnn's own, so that none of Numba's threading layers is ever started.

Helpers watch a board for a while after each job, in compiled code, and then sleep. One team serves the process: a
thread whose plan comes while another's runs does its work alone. A forked child has a team of its own.
"""
import os
import threading
import time

import numpy as np

from .memory import Memory
from .walk import BOARD, LINE, help_team, run_alone, run_team

PATIENCE = 3e-3           # seconds that a helper watches the board before it sleeps
LOOKS = 50_000            # at the board, to find out how long a look takes


class Team:
    """The thread that runs a plan, and helpers."""

    def __init__(self):
        self.busy = threading.Lock()
        self.helpers = []
        self.may_grow = True          # until the system refuses a thread; a smaller team does the same
        self.board = Memory(BOARD * LINE * 8).bytes.view(np.intp).reshape(BOARD, LINE)
        self.board[:] = 0

    def run(self, words, slots, control, workers):
        """Run the calls of a program; with the team, if it is free."""
        if not self.busy.acquire(blocking=False):
            run_alone(words, slots, control, 0)
            return
        try:
            while len(self.helpers) < workers - 1 and self.may_grow:
                self.hire()
            for helper in self.helpers[:workers - 1]:
                if helper.asleep:
                    helper.wake()
            run_team(self.board, words, slots, control, workers)
        finally:
            self.busy.release()

    def hire(self):
        """Add a helper, if the system has a thread for it."""
        try:
            self.helpers.append(Helper(self.board, len(self.helpers) + 1))
        except RuntimeError:
            self.may_grow = False


class Helper:
    """A thread that helps with jobs, or sleeps."""

    def __init__(self, board, worker):
        self.board, self.worker = board, worker
        self.alarm = threading.Lock()
        self.alarm.acquire()
        self.asleep = False
        help_team(board, worker, 0)                      # compiled by the thread that waits for it
        begin = time.perf_counter()
        help_team(board, worker, LOOKS)
        self.patience = int(LOOKS * PATIENCE / max(time.perf_counter() - begin, 1e-6))
        threading.Thread(target=self.live, name=f"numbacnn helper {worker}", daemon=True).start()

    def live(self):
        """Help while there are jobs, sleep, and so on."""
        while True:
            help_team(self.board, self.worker, self.patience)
            self.asleep = True
            self.alarm.acquire()                         # until `wake` releases it

    def wake(self):
        """Let it look at the board again."""
        self.asleep = False
        self.alarm.release()


def after_fork():
    """Threads of the parent do not exist in a child."""
    global team
    team = Team()


team = Team()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=after_fork)
