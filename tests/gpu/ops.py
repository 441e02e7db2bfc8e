"""The op table on the device, and the tests of kernels: failures by name."""
import os
import subprocess
import sys
from importlib.util import find_spec

from .results import arguments, read
from .surroundings import ROOT

FILES = ["tests/test_ops.py", "tests/cuda"]
PROCESSES = 12            # each has a context of its own, of half a gigabyte
AGAIN = 60                # tests that failed are run once more, by themselves, so many


def pytest(results, files, processes, *more):
    """Run tests; return whether pytest itself worked."""
    limits = ["--timeout=90", "--timeout-method=thread"] if find_spec("pytest_timeout") else []  # a kernel may hang
    command = [sys.executable, "-m", "pytest", "-p", "gpu.report", "-p", "no:cacheprovider", "-q", "--tb=short",
               f"-n{processes}", *(["--max-worker-restart=200"] if processes else []), "-W", "default",
               "-m", "not slow", *limits, *more, *files]
    done = subprocess.run(command, cwd=ROOT, check=False, env={
        **os.environ, "GPU_RESULTS": str(results.path), "GPU_STEP": results.step,
        "PYTHONWARNINGS": "default"})
    results.add("pytest", status=done.returncode, command=command[2:])
    return done.returncode


def main():
    """Run all of it, then what failed: a test that passes alone was hit by another one, or by a race."""
    found = arguments("ops", ("--expression", {}), ("--processes", {"type": int, "default": PROCESSES}))
    results = found.results
    more = ["-k", found.expression] if found.expression else []
    pytest(results, FILES, found.processes, *more)
    sums = read(results.path, "ops", "tests")
    failed = list(dict.fromkeys(sums[-1]["names"] if sums else []))[:AGAIN]
    if failed:
        results.step = "ops, failures again"
        pytest(results, failed, min(found.processes, 4))


if __name__ == "__main__":
    main()
