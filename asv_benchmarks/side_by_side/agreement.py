"""Sides that do not compute the same are not compared."""
import numpy as np


def check(work, sides, result=lambda run: run(), bound=1e-3):
    """See that the runs of all sides have equal results, but for `bound` times the largest number.

    Parameters
    ----------
    work : str
        What is computed.
    sides : list of dict of str to callable
        The runs.
    result : callable
        What to compare of a run: what it returns.
    """
    values = {name: np.asarray(result(run)) for side in sides for name, run in side.items()}
    expected = np.median(list(values.values()), axis=0)
    errors = {name: np.abs(value - expected).max() / np.abs(expected).max() for name, value in values.items()}
    wrong = "; ".join(f"{name} is off by {error:.1e}" for name, error in errors.items() if not error < bound)
    if wrong:
        raise SystemExit(f"{work}: the sides do not compute the same, in parts of the largest value: {wrong}")
