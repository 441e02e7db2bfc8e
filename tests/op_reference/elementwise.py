"""Arithmetic: NumPy's own, but float32 where that makes float64 of what has none."""
import numpy as np


def narrow(function):
    """The function, with float32 in place of float64 where no operand is float64."""
    def op(*operands):
        y = np.asarray(function(*operands))
        double = any(isinstance(each, np.ndarray) and each.dtype == np.float64 for each in operands)
        return y.astype(np.float32) if y.dtype.kind == "f" and not double else y
    return op


add, subtract, multiply, divide = map(narrow, (np.add, np.subtract, np.multiply, np.divide))
maximum, minimum, remainder, floor_divide = map(narrow, (np.maximum, np.minimum, np.remainder, np.floor_divide))


def negative(x):
    return -x
