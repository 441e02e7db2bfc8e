"""Comparisons and logic: NumPy's own."""
import numpy as np

eq, not_equal, less, less_equal = np.equal, np.not_equal, np.less, np.less_equal
greater, greater_equal, where = np.greater, np.greater_equal, np.where
bitwise_and, bitwise_or, bitwise_xor = np.bitwise_and, np.bitwise_or, np.bitwise_xor
logical_and, logical_or, logical_xor = np.logical_and, np.logical_or, np.logical_xor
logical_not, isnan, isinf, isfinite = np.logical_not, np.isnan, np.isinf, np.isfinite


def isclose(x, other, rtol=1e-5, atol=1e-8, equal_nan=False):
    return np.isclose(x.astype("float64"), other.astype("float64"), rtol, atol, equal_nan)


def nan_to_num(x, nan=0.0, posinf=None, neginf=None):
    return np.nan_to_num(x, True, nan, posinf, neginf)
