"""Programs that need a process of their own."""
import os
import subprocess
import sys


def python(text, *, path=(), **variables):
    """Run a program in a new process; return what it prints."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, path), *filter(None, sys.path)]),
                   "NUMBACNN_NUM_THREADS": "2", **variables}
    done = subprocess.run([sys.executable, "-c", text], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
