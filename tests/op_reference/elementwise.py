"""Arithmetic."""
import numpy as np

add, subtract, multiply, divide = np.add, np.subtract, np.multiply, np.divide


def negative(x):
    return -x
