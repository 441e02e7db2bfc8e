"""Arithmetic and comparisons."""
import numpy as np


def add(a, b, y):
    y[...] = a + b


def subtract(a, b, y):
    y[...] = a - b


def multiply(a, b, y):
    y[...] = a * b


def divide(a, b, y):
    y[...] = a / b


def maximum(a, b, y):
    y[...] = np.maximum(a, b)


def minimum(a, b, y):
    y[...] = np.minimum(a, b)


def share_above(a, b, y):
    y[...] = np.where(a < b, 0, np.where(a == b, 0.5, 1))


def power(a, b, y):
    y[...] = a ** b


def power_slope(a, b, y):
    y[...] = np.where(b == 0, 0, b * a ** (b - 1))


def power_growth(a, b, y):
    y[...] = np.where((a == 0) & (np.abs(b) <= 1), 0, b * np.log(a))


def floor_divide(a, b, y):
    y[...] = a // b


def remainder(a, b, y):
    y[...] = a % b


def equal(a, b, y):
    y[...] = a == b


def not_equal(a, b, y):
    y[...] = a != b


def less(a, b, y):
    y[...] = a < b


def less_equal(a, b, y):
    y[...] = a <= b


def greater(a, b, y):
    y[...] = a > b


def greater_equal(a, b, y):
    y[...] = a >= b


def bitwise_and(a, b, y):
    y[...] = a & b


def bitwise_or(a, b, y):
    y[...] = a | b


def bitwise_xor(a, b, y):
    y[...] = a ^ b


def where(condition, a, b, y):
    y[...] = np.where(condition, a, b)
