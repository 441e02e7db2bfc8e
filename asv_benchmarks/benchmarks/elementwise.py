"""What is computed number by number: activations, functions, arithmetic with broadcasting, comparisons."""
import numbacnn
from numbacnn import nn

from . import common

SHAPE = 16, 64, 56, 56
ACTIVATIONS = {
    "relu": (SHAPE, nn.ReLU), "sigmoid": (SHAPE, nn.Sigmoid), "gelu": (SHAPE, nn.GELU), "mish": (SHAPE, nn.Mish),
    "prelu of channels": (SHAPE, nn.PReLU, SHAPE[1]),
}
# a function of x of SHAPE, and the shape of a second operand
CALLS = {
    "exp": (lambda x: x.exp(), None), "a number is added": (lambda x: x + 2, None),
    "sum of two": (lambda x, y: x + y, SHAPE), "product with channels": (lambda x, y: x * y, (SHAPE[1], 1, 1)),
    "the greater one": (lambda x, y: numbacnn.where(x > y, x, y), SHAPE),
}


class Activation(common.LayerBenchmark):
    cases = ACTIVATIONS
    params = (list(ACTIVATIONS),)

    def layer(self, shape, kind, *options):
        return kind(*options)


class Elementwise(common.CallBenchmark):
    cases = CALLS
    params = (list(CALLS),)

    def arguments(self, second):
        return [common.normal(*shape) for shape in (SHAPE, second) if shape is not None]
