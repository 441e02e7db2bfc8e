"""Comparisons and logic: NumPy's own."""
import numpy as np

equal, not_equal, less, less_equal = np.equal, np.not_equal, np.less, np.less_equal
greater, greater_equal, where = np.greater, np.greater_equal, np.where
bitwise_and, bitwise_or, bitwise_xor = np.bitwise_and, np.bitwise_or, np.bitwise_xor
logical_not, isnan, isinf, isfinite = np.logical_not, np.isnan, np.isinf, np.isfinite
