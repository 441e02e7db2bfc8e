"""Activations."""
from op_reference.made import made


def relu(x):
    return made("relu", [x], x.shape)


def leaky_relu(x, negative_slope=0.01):
    return made("leaky_relu", [x], x.shape, negative_slope)


def prelu(x, weight):
    return made("prelu", [x, weight], x.shape)


def sigmoid(x):
    return made("sigmoid", [x], x.shape)


def softmax(x, dim=-1):
    return made("softmax", [x], x.shape, dim)
