"""A plugin for pytest, `-p gpu.report`: each failure is written when it happens; a broken context ends its process.

After an illegal address, a CUDA context is of no use: the process that has it ends, and pytest-xdist starts another.
"""
import os
import re

from .results import Results

BROKEN = re.compile(r"CUDA_ERROR_(ILLEGAL|LAUNCH|MISALIGNED|INVALID_PC|HARDWARE|ASSERT|ECC|CONTEXT_IS_DESTROYED)")
LONGEST = 1500            # characters of a failure that are kept
AT_MOST = 400             # failures whose text is kept


class Report:
    """What a run of tests gave."""

    def __init__(self, config):
        self.worker = hasattr(config, "workerinput")
        self.results = Results(os.environ["GPU_RESULTS"], os.environ.get("GPU_STEP", "ops"))
        self.count, self.failed, self.broken = {"passed": 0, "failed": 0, "skipped": 0}, [], False

    def pytest_runtest_logreport(self, report):
        """Note what became of a test."""
        if report.failed:
            self.broken |= bool(BROKEN.search(report.longreprtext))
        if self.worker or (report.failed and report.nodeid in self.failed):      # it is told again that a process ended
            return
        if report.when == "call" or report.outcome != "passed":
            self.count[report.outcome] += 1
        if report.failed:
            self.failed.append(report.nodeid)
            if len(self.failed) <= AT_MOST:
                self.results.add("failure", test=report.nodeid, when=report.when,
                                 text=report.longreprtext[-LONGEST:])
        elif sum(self.count.values()) % 500 == 0:
            self.results.add("so far", **self.count)

    def pytest_runtest_logfinish(self, nodeid):
        """End a process whose context is broken, when its report is on the way."""
        if self.worker and self.broken:
            os._exit(1)

    def pytest_sessionfinish(self):
        """Write the sums, and the names of all that failed."""
        if not self.worker:
            self.results.add("tests", **self.count, names=self.failed)


def pytest_configure(config):
    """Take part."""
    config.pluginmanager.register(Report(config), "gpu-report")
