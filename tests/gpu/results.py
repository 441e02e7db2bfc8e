"""Results on disk: a line of JSON for each, written at once, so that whatever happens later loses nothing."""
import argparse
import json
import math
import os
import sys
from pathlib import Path


class Results:
    """A file of results. Several processes may add to it.

    Parameters
    ----------
    path : path
    step : str
        The step whose results are written.
    """

    def __init__(self, path, step):
        self.path, self.step = Path(path), step

    def add(self, kind, **values):
        """Write a result, and print the line."""
        line = json.dumps({"step": self.step, "kind": kind, **rounded(values)}, default=str)
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(line + "\n")
            file.flush()
            os.fsync(file.fileno())
        print(line[:300], flush=True)


def rounded(value):
    """Return a value whose floats have six digits, as JSON takes them: NaN and infinity as text."""
    if isinstance(value, dict):
        return {str(name): rounded(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(each) for each in value]
    if isinstance(value, float):
        return float(f"{value:.6g}") if math.isfinite(value) else str(value)
    return value


def read(path, step=None, kind=None):
    """Return the results in a file, all or of one step and kind; a line that was cut off is left out."""
    found = []
    for line in Path(path).read_text(encoding="utf-8").splitlines() if Path(path).exists() else []:
        try:
            each = json.loads(line)
        except ValueError:
            continue
        if step in (None, each["step"]) and kind in (None, each["kind"]):
            found.append(each)
    return found


def arguments(step, *more):
    """Read the command line of a step's process: the file of results, --rehearse, and more."""
    parser = argparse.ArgumentParser(prog=f"python -m gpu.{step}")
    parser.add_argument("results")
    parser.add_argument("--rehearse", action="store_true")
    for name, options in more:
        parser.add_argument(name, **options)
    found = parser.parse_args()
    found.results = Results(found.results, step)
    sys.stdout.reconfigure(line_buffering=True)
    return found
