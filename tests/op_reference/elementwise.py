"""Arithmetic: NumPy's own, but float32 where that makes float64 of what has none."""
import numpy as np


def narrow(function):
    """The function, with float32 in place of float64 where no operand is float64."""
    def op(*operands):
        y = np.asarray(function(*operands))
        double = any(isinstance(each, np.ndarray) and each.dtype == np.float64 for each in operands)
        return y.astype(np.float32) if y.dtype.kind == "f" and not double else y
    return op


multiply, divide = map(narrow, (np.multiply, np.divide))
maximum, minimum, remainder, floor_divide = map(narrow, (np.maximum, np.minimum, np.remainder, np.floor_divide))


def add(a, b, alpha=1):
    return narrow(np.add)(a, b if alpha == 1 else multiply(b, alpha))


def subtract(a, b, alpha=1):
    return narrow(np.subtract)(a, b if alpha == 1 else multiply(b, alpha))


def negative(x):
    return -x
