"""Arithmetic."""


def add(a, b, y):
    y[...] = a + b


def subtract(a, b, y):
    y[...] = a - b


def multiply(a, b, y):
    y[...] = a * b


def divide(a, b, y):
    y[...] = a / b
