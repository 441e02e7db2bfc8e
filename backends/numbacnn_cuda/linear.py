"""Dense layers: products of x (N, C) and weight (O, C)."""
from .product import product
from .reduce import sum


def linear(x, weight, bias, y):
    """Lower to a product: rows of x times those of the weight, and a bias."""
    depth = weight.shape[1]
    return product(x, weight, y, depth, (0, depth, 1), (0, 1, depth), bias)


def linear_backward_input(dy, weight, dx):
    """Lower to a product: rows of dy times the weight."""
    outputs, depth = weight.shape
    return product(dy, weight, dx, outputs, (0, outputs, 1), (0, depth, 1))


def linear_backward_weight(x, dy, dweight):
    """Lower to a product: columns of dy times x."""
    outputs, depth = dweight.shape
    return product(dy, x, dweight, x.shape[0], (0, 1, outputs), (0, depth, 1))


def linear_backward_bias(dy, dbias):
    """Lower to a sum over rows."""
    return sum(dy, dbias.shaped((1, dbias.size)), 1.0)
